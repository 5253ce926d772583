/**
 * Our own REST calls beside Flink's paths. Calls that change something carry `Authorization: Bearer <token>`.
 *
 *   POST /ts/jobs              JobGraph       202 {"jobid"}        idempotent by job id
 *   POST /ts/jobs/:id/drain    DrainRequest   202 {}               the newest request counts
 *   POST /ts/jobs/:id/stop     {}             202 {}               FENCE_ALL, final checkpoint; idempotent
 *   POST /ts/jobs/:id/scale    ScaleRequest   202 {}               the newest request counts; 409 unless it can run
 *   GET  /ts/jobs/:id          JobSnapshot    200
 *     ?changedFrom=RUNNING&waitMs=10000   the same, once the state is another one or that time has passed
 * Flink's own paths, which we use and offer:
 *   POST /jobs/:id/checkpoints            {"triggerId"?,"checkpointType"?}   202 {"request-id"}   idempotent by trigger id
 *   GET  /jobs/:id/checkpoints/:trigger   CheckpointOperation                200
 *   PATCH /jobs/:id?mode=cancel           202 {}             final checkpoint, CANCELED; durable when it is answered
 *   POST /jobs/:id/savepoints             {"target-directory"?,"cancel-job"?,"triggerId"?}   202 {"request-id"}   idempotent by trigger id
 *   POST /jobs/:id/stop                   {"targetDirectory"?,"drain"?,"triggerId"?}   202 {"request-id"}   FENCE_ALL, savepoint, FINISHED
 *   GET  /jobs/:id/savepoints/:trigger    SavepointOperation 200                  of both
 * Errors are Flink's: {"errors":["…"]}.
 */
import type { ErrorCategory } from "../../foundation/error-row.ts";
import type { JobState } from "../child/child-messages.ts";

export interface JobGraph {
  readonly jobId: string;
  readonly name: string;
  readonly parallelism: number;
  readonly source: { readonly topic: string; readonly partitions: number; readonly group: string };
  /** Names from the operator registry; no path or code travels. */
  readonly operators: readonly string[];
  /** Redis keys. */
  readonly sink: {
    readonly stateKey: string;
    readonly publishedKey: string;
    readonly counterKey: string;
    readonly sequenceKey: string;
  };
  readonly checkpointIntervalMs: number;
  /** Of the savepoint that the job starts from; absent: it starts at the topic's earliest offsets. */
  readonly savepointPath?: string;
}

export interface DrainRequest {
  /** By partition: the job is drained when each applied offset is at least this. */
  readonly endOffsets: readonly number[];
}

/** How many TaskManagers the job has from now on. */
export interface ScaleRequest {
  readonly parallelism: number;
  /** Those that are to give everything away: they get no partition any more, and will be stopped. */
  readonly leaving: readonly string[];
}

/** What became of a checkpoint that was triggered. */
export type CheckpointOperation =
  | { readonly status: { readonly id: "IN_PROGRESS" } }
  | {
      readonly status: { readonly id: "COMPLETED" };
      readonly operation:
        | { readonly checkpointId: number }
        | { readonly failureCause: { readonly class: string; readonly "stack-trace": string } };
    };

/** What became of a savepoint. `location` is a URL of its folder. */
export type SavepointOperation =
  | { readonly status: { readonly id: "IN_PROGRESS" }; readonly operation: null }
  | {
      readonly status: { readonly id: "COMPLETED" };
      readonly operation:
        | { readonly location: string }
        | { readonly "failure-cause": { readonly class: string; readonly "stack-trace": string } };
    };

export interface JobSnapshot {
  readonly jobId: string;
  readonly name: string;
  readonly state: JobState;
  readonly reason: string | null;
  readonly category: ErrorCategory | null;
  readonly epoch: number;
  readonly total: number;
  readonly lastCheckpointId: number;
  /** True when the offsets of the newest drain request are reached and checkpointed. */
  readonly drained: boolean;
  /** The end offsets of that request; null while they are not reached. */
  readonly drainedTo: readonly number[] | null;
  readonly stopped: boolean;
  readonly parallelism: number;
  /** True when every partition is processed by a TaskManager that stays. */
  readonly settled: boolean;
}
