/**
 * JobManager ↔ TaskManager, over one TCP connection that the TaskManager opens: newline-delimited JSON, one message a
 * line, at most 1 MiB. The first line is `register` with the run's token; anything else first closes the connection.
 *
 * Every message of a JobManager carries its epoch. A TaskManager remembers the highest it has seen and ignores lower
 * ones, so a paused old JobManager that wakes up changes nothing.
 */

import type { ErrorCategory } from "../../foundation/error-row.ts";
import type { ErrorCode } from "../../foundation/errors.ts";
import type { TaskManagerMetrics } from "../metrics.ts";

export const RPC_LINE_BYTES_MAX = 1_048_576;
export const HEARTBEAT_INTERVAL_MS = 1_000;
export const HEARTBEAT_TIMEOUT_MS = 5_000;

/** A partition and the generation under which it is held: the fence of its writes. */
export interface HeldPartition {
  readonly p: number;
  readonly g: number;
}

export type TaskManagerToJobManager =
  | {
      readonly type: "register";
      readonly token: string;
      readonly tm: string;
      readonly incarnation: string;
      readonly pid: number;
      readonly slots: number;
      /** What it still holds from before: the higher g wins. */
      readonly held: readonly HeldPartition[];
    }
  /** With metrics that this JobManager has not got yet; null: the newest ones still hold. */
  | { readonly type: "heartbeat"; readonly metrics: TaskManagerMetrics | null }
  /** ACQUIRE succeeded: from here on the partition is processed under g. */
  | { readonly type: "owned"; readonly p: number; readonly g: number; readonly offset: number }
  /** No longer fetched, and no APPLY in flight. Answers an assignment without the partition. */
  | { readonly type: "released"; readonly p: number; readonly g: number }
  /** A script answered FENCED: somebody newer owns it. */
  | { readonly type: "lost"; readonly p: number; readonly g: number }
  /** A script answered STORE_LOST, or the server behind the connection has another run_id. */
  | { readonly type: "storeLost"; readonly life: string }
  | {
      readonly type: "checkpointAcknowledged";
      readonly checkpointId: number;
      readonly life: string;
      /** Applied positions whose rows are in the applied log. */
      readonly offsets: readonly { readonly p: number; readonly offset: number }[];
    }
  /** The job cannot go on here: it fails with this reason. */
  | {
      readonly type: "taskFailed";
      readonly code: ErrorCode;
      readonly category: ErrorCategory;
      readonly message: string;
    };

export type JobManagerToTaskManager =
  | { readonly type: "registered"; readonly epoch: number }
  | { readonly type: "refused"; readonly epoch: number; readonly reason: string }
  | { readonly type: "heartbeat"; readonly epoch: number }
  /**
   * The whole desired state of this TaskManager, so a lost or repeated message does no harm. A partition that is held
   * but not named is to be released; one named with another g (or another life) is acquired anew; the rest goes on
   * without a pause.
   */
  | {
      readonly type: "assignment";
      readonly epoch: number;
      readonly life: string;
      readonly redisRunId: string;
      readonly partitions: readonly HeldPartition[];
    }
  | { readonly type: "triggerCheckpoint"; readonly epoch: number; readonly checkpointId: number }
  | { readonly type: "checkpointCompleted"; readonly epoch: number; readonly checkpointId: number }
  /** All partitions are fenced; stop fetching and send the final metrics. */
  | { readonly type: "jobEnded"; readonly epoch: number };
