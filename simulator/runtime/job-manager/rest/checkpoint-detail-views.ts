/**
 * Flink's JSON for one checkpoint and the subtasks that took part. Pure. Known is who was asked and when each
 * acknowledged; how long a subtask was busy with it is not, and is −1.
 */
import type { JobGraph } from "../../../common/contract/job/rest.ts";
import type { CheckpointRecord } from "../../checkpoint/checkpoint-history.ts";
import { distribute, summarize } from "./aggregates.ts";
import { viewCheckpoint, viewFigures } from "./checkpoint-views.ts";
import { vertexIdOf } from "./job-views.ts";
import { placeByNumber } from "./subtask-views.ts";

const UNKNOWN = -1;

export const viewCheckpointDetails = (graph: JobGraph, record: CheckpointRecord): object => ({
  ...viewCheckpoint(record),
  tasks: { [vertexIdOf(graph)]: viewVertexStatistics(record) },
});

export function viewCheckpointSubtasks(record: CheckpointRecord): object {
  const none = summarizeSubtasks([]);
  return {
    ...viewVertexStatistics(record),
    summary: {
      checkpointed_size: none,
      state_size: none,
      end_to_end_duration: summarizeSubtasks(record.acknowledgements.map(({ atMs }) => atMs - record.triggeredAtMs)),
      checkpoint_duration: { sync: none, async: none },
      alignment: { buffered: summarize([]), processed: none, persisted: none, duration: none },
      start_delay: none,
    },
    subtasks: placeByNumber(record.participants, record.acknowledgements).map((acknowledgement, index) =>
      viewCheckpointSubtask(record, index, acknowledgement?.atMs),
    ),
  };
}

/** The state is in the store, and a checkpoint has one file: no part of it is a subtask's. */
function viewCheckpointSubtask(record: CheckpointRecord, index: number, acknowledgedAtMs: number | undefined): object {
  if (acknowledgedAtMs === undefined) {
    return { className: "pending_or_failed", index, status: "pending_or_failed" };
  }
  return {
    className: "completed",
    index,
    ack_timestamp: acknowledgedAtMs,
    end_to_end_duration: acknowledgedAtMs - record.triggeredAtMs,
    checkpointed_size: 0,
    state_size: 0,
    checkpoint: { sync: UNKNOWN, async: UNKNOWN },
    alignment: { buffered: 0, processed: 0, persisted: 0, duration: 0 },
    start_delay: UNKNOWN,
    unaligned_checkpoint: false,
    aborted: false,
    status: "completed",
  };
}

const viewVertexStatistics = (record: CheckpointRecord): object => ({
  id: record.id,
  status: record.status,
  ...viewFigures(record),
});

/** Quantiles of subtasks Flink does not keep; these are its words for them. */
function summarizeSubtasks(values: readonly number[]): object {
  const { min, max, avg } = distribute(values);
  return { min, max, avg, p50: "NaN", p90: "NaN", p95: "NaN", p99: "NaN", p999: "NaN" };
}
