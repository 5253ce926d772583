/**
 * What a child says to the host over its IPC channel. The host says two things only, "begin" and "ping": it stops a child
 * by SIGTERM, and tells the JobManager about drain and stop by REST, which survives a restart of either side.
 *
 * A child exits by itself when the channel closes: the host is gone.
 */

import type { ErrorCategory } from "../../foundation/error-row.ts";
import type { ErrorCode } from "../../foundation/errors.ts";
import type { RecoverySource } from "../files/checkpoint.ts";
import type { Check } from "../files/report.ts";
import type { TaskManagerMetrics } from "../metrics.ts";

/** To a child that was started with ENV.begin = "channel": the rest of its environment. Sent once. */
export interface BeginMessage {
  readonly type: "begin";
  readonly variables: Readonly<Record<string, string>>;
}

/** To a child that has said nothing for a while: one that still turns its event loop answers "pong". */
export interface PingMessage {
  readonly type: "ping";
}

export type HostMessage = BeginMessage | PingMessage;

export type ChildMessage =
  /** The answer to "ping". Any other message is as good a sign of life. */
  | { readonly type: "pong" }
  /** The process serves, or has started its work. Sent once. */
  | { readonly type: "ready"; readonly detail: string }
  /** Something a person should see; it goes into the event log. */
  | { readonly type: "notice"; readonly level: "info" | "warn" | "error"; readonly text: string }
  /** The process gives up; its exit follows. */
  | { readonly type: "failed"; readonly code: ErrorCode; readonly category: ErrorCategory; readonly message: string }
  | JobManagerMessage
  | { readonly type: "metrics"; readonly metrics: TaskManagerMetrics }
  | ProducerMessage
  | WarmUpReaderMessage
  | MirrorMessage
  | ValidatorMessage;

/** Flink's job states, as far as this runtime has them. */
export type JobState =
  | "INITIALIZING"
  | "CREATED"
  | "RUNNING"
  | "FAILING"
  | "FAILED"
  | "CANCELLING"
  | "CANCELED"
  | "FINISHED";

export type JobManagerMessage =
  | { readonly type: "taskManagers"; readonly registered: readonly string[] }
  | { readonly type: "taskManagerLost"; readonly tm: string; readonly reason: string }
  | {
      readonly type: "jobState";
      readonly jobId: string;
      readonly state: JobState;
      /** Why, for FAILING and FAILED. */
      readonly reason: string | null;
      /** Tells a job that failed because Kafka or Redis stayed away (exit 3) from one that failed by itself (exit 6). */
      readonly category: ErrorCategory | null;
      /** Somebody stops the job with a savepoint: where that is, and empty while it is being taken. */
      readonly savepoint?: string;
    }
  | {
      readonly type: "assignment";
      readonly byTaskManager: Readonly<Record<string, readonly number[]>>;
      /** Run time at which it was issued: nothing of a newly given partition was fetched before. */
      readonly atUs: number;
    }
  | {
      readonly type: "checkpoint";
      readonly id: number;
      readonly status: "completed" | "failed";
      readonly durationMs: number;
      readonly total: number;
      readonly reason: string | null;
    }
  /** Every offset reached the end offsets of a drain request, namely these, and one more checkpoint completed. */
  | {
      readonly type: "drained";
      readonly checkpointId: number;
      readonly total: number;
      readonly endOffsets: readonly number[];
    }
  /** FENCE_ALL and the final checkpoint are done. */
  | { readonly type: "stopped"; readonly checkpointId: number; readonly total: number }
  | {
      readonly type: "recovered";
      readonly life: string;
      readonly reason: string;
      readonly from: RecoverySource;
    };

export type ProducerMessage =
  | { readonly type: "produceStarted"; readonly round: number; readonly firstSendAtUs: number }
  | {
      readonly type: "produceProgress";
      readonly round: number;
      readonly sent: number;
      readonly acknowledged: number;
      readonly atUs: number;
    }
  /** All is acknowledged, the ledger is complete on disk, and these are the end offsets read after that. */
  | {
      readonly type: "produceFinished";
      readonly round: number;
      readonly acknowledged: number;
      readonly endOffsets: readonly number[];
      readonly lastAckAtUs: number;
    };

/** Sent once, at the end of the reading, whatever ended it. */
export interface WarmUpReaderMessage {
  readonly type: "warmUpRead";
  readonly messages: number;
}

/** Whenever more of what Flink committed is applied. */
export interface MirrorMessage {
  readonly type: "mirrored";
  /** By partition of the input: the offset after the highest one that the committed counts cover. */
  readonly offsets: readonly number[];
  /** Records applied, all partitions. */
  readonly total: number;
}

/** What the validator is at. */
export interface ValidationProgress {
  /** In a few words, as `reading the topic again`. */
  readonly step: string;
  /** Offsets of the topic that were read again, of those that are to be; null in a step that reads none. */
  readonly done: number;
  readonly total: number | null;
}

export type ValidatorMessage =
  /** At the begin of each step, and at most four times a second within it. */
  | ({ readonly type: "validating" } & ValidationProgress)
  /** A check is decided. The report says it of those that it makes itself. */
  | { readonly type: "checked"; readonly check: Check }
  /** All are, and `checks.json` is written. */
  | { readonly type: "validated"; readonly failedChecks: readonly string[]; readonly unknownChecks: readonly string[] };
