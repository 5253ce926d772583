/** Flink's JSON for checkpoints. Pure: the history in, JSON out. Sizes are those of the files. */
import type { CheckpointOperation, JobGraph, SavepointOperation } from "../../../common/contract/job/rest.ts";
import { unreachable } from "../../../common/foundation/assert.ts";
import type { CheckpointHistory, CheckpointRecord } from "../../checkpoint/checkpoint-history.ts";
import type { TriggerStatus } from "../../checkpoint/checkpoint-triggers.ts";
import type { SavepointStatus } from "../../checkpoint/savepoint-triggers.ts";
import { summarize } from "./aggregates.ts";
import { describeCause } from "./serialized-throwable.ts";

export function viewCheckpoints(history: CheckpointHistory): object {
  const { restored, total, completed, failed } = history.counts;
  const samples = history.completedSamples;
  const none = summarize([]);
  return {
    counts: { restored, total, in_progress: history.inProgress, completed, failed },
    summary: {
      checkpointed_size: summarize(samples.map(({ bytes }) => bytes)),
      state_size: summarize(samples.map(({ bytes }) => bytes)),
      end_to_end_duration: summarize(samples.map(({ durationMs }) => durationMs)),
      alignment_buffered: none,
      processed_data: none,
      persisted_data: none,
    },
    latest: {
      completed: viewOptional(history.latestCompleted),
      savepoint: viewOptional(history.latestSavepoint),
      failed: viewOptional(history.latestFailed),
      restored: history.restored && {
        id: history.restored.id,
        restore_timestamp: history.restored.atMs,
        is_savepoint: history.restored.isSavepoint,
        external_path: history.restored.location,
      },
    },
    history: history.records.map(viewCheckpoint),
  };
}

export function viewCheckpointConfig(graph: JobGraph): object {
  return {
    mode: "exactly_once",
    interval: graph.checkpointIntervalMs,
    // Acknowledgements are awaited for a second, then the store for as long as it may be away.
    timeout: 61_000,
    min_pause: 0,
    max_concurrent: 1,
    externalization: { enabled: true, delete_on_cancellation: false },
    state_backend: "RedisHash",
    checkpoint_storage: "FileSystemCheckpointStorage",
    unaligned_checkpoints: false,
    // A failed checkpoint never fails the job: the state is in the store.
    tolerable_failed_checkpoints: 2_147_483_647,
    aligned_checkpoint_timeout: 0,
    checkpoints_after_tasks_finish: true,
    state_changelog_enabled: false,
    changelog_periodic_materialization_interval: 0,
    changelog_storage: "none",
  };
}

export function viewTrigger(status: TriggerStatus): CheckpointOperation {
  switch (status.kind) {
    case "inProgress":
      return { status: { id: "IN_PROGRESS" } };
    case "completed":
      return { status: { id: "COMPLETED" }, operation: { checkpointId: status.checkpointId } };
    case "failed":
      return {
        status: { id: "COMPLETED" },
        operation: { failureCause: describeCause(CHECKPOINT_EXCEPTION, status.reason) },
      };
    default:
      return unreachable(status);
  }
}

/** Here Flink writes a field `operation` that is null, and names the cause in another way than for a checkpoint. */
export function viewSavepointTrigger(status: SavepointStatus): SavepointOperation {
  switch (status.kind) {
    case "inProgress":
      return { status: { id: "IN_PROGRESS" }, operation: null };
    case "completed":
      return { status: { id: "COMPLETED" }, operation: { location: status.location } };
    case "failed":
      return {
        status: { id: "COMPLETED" },
        operation: { "failure-cause": describeCause(CHECKPOINT_EXCEPTION, status.reason) },
      };
    default:
      return unreachable(status);
  }
}

const CHECKPOINT_EXCEPTION = "org.apache.flink.runtime.checkpoint.CheckpointException";

const viewOptional = (record: CheckpointRecord | null): object | null => record && viewCheckpoint(record);

export function viewCheckpoint(record: CheckpointRecord): object {
  const isSavepoint = record.kind === "savepoint";
  const common = {
    className: record.status.toLowerCase(),
    id: record.id,
    status: record.status,
    is_savepoint: isSavepoint,
    savepointFormat: isSavepoint ? "CANONICAL" : null,
    trigger_timestamp: record.triggeredAtMs,
    ...viewFigures(record),
    checkpoint_type: isSavepoint ? "SAVEPOINT" : "CHECKPOINT",
    tasks: {},
  };
  switch (record.status) {
    case "IN_PROGRESS":
      return common;
    case "COMPLETED":
      return { ...common, external_path: record.location, discarded: record.discarded };
    case "FAILED":
      return { ...common, failure_timestamp: record.failedAtMs, failure_message: record.failure };
  }
}

/** What a checkpoint has in common with its vertex: the job has a single one. */
export const viewFigures = (record: CheckpointRecord): object => ({
  latest_ack_timestamp: record.latestAckAtMs,
  checkpointed_size: record.bytes,
  state_size: record.bytes,
  end_to_end_duration: record.durationMs,
  alignment_buffered: 0,
  processed_data: 0,
  persisted_data: 0,
  num_subtasks: record.participants,
  num_acknowledged_subtasks: record.acknowledged,
});
