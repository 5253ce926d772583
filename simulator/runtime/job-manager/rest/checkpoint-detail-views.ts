/**
 * Flink's JSON for one checkpoint and the subtasks that took part. Pure. Known is how many of them were asked and how many
 * acknowledged, and when the last did; when each of them did is not kept, and is −1.
 */
import type { JobGraph } from "../../../common/contract/job/rest.ts";
import type { CheckpointRecord } from "../../checkpoint/checkpoint-history.ts";
import { summarize } from "./aggregates.ts";
import { viewCheckpoint, viewFigures } from "./checkpoint-views.ts";
import { vertexIdOf } from "./job-views.ts";

const UNKNOWN = -1;

export const viewCheckpointDetails = (graph: JobGraph, record: CheckpointRecord): object => ({
  ...viewCheckpoint(record),
  tasks: { [vertexIdOf(graph)]: viewVertexStatistics(record) },
});

export function viewCheckpointSubtasks(record: CheckpointRecord): object {
  const none = summarizeUnknown();
  return {
    ...viewVertexStatistics(record),
    summary: {
      checkpointed_size: none,
      state_size: none,
      end_to_end_duration: none,
      checkpoint_duration: { sync: none, async: none },
      alignment: { buffered: summarize([]), processed: none, persisted: none, duration: none },
      start_delay: none,
    },
    subtasks: Array.from({ length: record.participants }, (_, index) => viewCheckpointSubtask(record, index)),
  };
}

/** The state is in the store, and a checkpoint has one file: no part of it is a subtask's. */
function viewCheckpointSubtask(record: CheckpointRecord, index: number): object {
  if (record.acknowledged < record.participants) {
    return { className: "pending_or_failed", index, status: "pending_or_failed" };
  }
  return {
    className: "completed",
    index,
    ack_timestamp: UNKNOWN,
    end_to_end_duration: UNKNOWN,
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

/** Flink's own words for quantiles of nothing. */
const summarizeUnknown = (): object => ({
  min: 0,
  max: 0,
  avg: 0,
  p50: "NaN",
  p90: "NaN",
  p95: "NaN",
  p99: "NaN",
  p999: "NaN",
});
