/**
 * The host's events: one line each in `events.ndjson` and on stdout under --ui json, `usage` apart; and the only input of
 * the dashboard.
 * `atUs` is run time in µs. Names and shapes are public: they change only with a new `schema` in the report.
 */

import type { Check, CheckCounts, Fault, Infrastructure, VerdictWord } from "./files/report.ts";
import type { ApplyCounts } from "./metrics.ts";

/** The life of a run, in order; `stopping` and `ended` may follow any of them. */
export type RunPhase =
  | "starting"
  | "infrastructure"
  | "job"
  | "producing"
  | "draining"
  | "validating"
  | "idle"
  | "stopping"
  | "ended";

export type ResourceState =
  | "notStarted"
  | "waiting"
  | "starting"
  | "running"
  | "stopping"
  | "exited"
  | "finished"
  | "failedToStart";
export type ResourceHealth = "healthy" | "unhealthy" | "unknown";

/** The reason of a resource that ended because the host asked it to. */
export const STOPPED = "stopped";
/** The reason of one that a person stopped, and that nobody starts but a person. */
export const STOPPED_BY_USER = "stopped by the user";
/** With this the reason begins of one that a person killed, and that is started again by itself. */
export const KILLED_BY_USER = "killed by the user";
/** The reason of one that a person paused: its process is there, and does nothing until that person resumes it. */
export const PAUSED_BY_USER = "paused by the user";

export type HostEvent = { readonly atUs: number } & HostEventBody;

export type HostEventBody =
  | { readonly type: "run"; readonly runId: string; readonly runDir: string; readonly command: string }
  | { readonly type: "phase"; readonly phase: RunPhase; readonly detail: string }
  | {
      readonly type: "resource";
      readonly name: string;
      readonly kind: ResourceKind;
      readonly state: ResourceState;
      readonly health: ResourceHealth;
      readonly pid: number | null;
      readonly endpoint: string | null;
      readonly restarts: number;
      /** Why, in a few words: `exit code 1`, `waiting for kafka`. Empty when there is nothing to say. */
      readonly reason: string;
    }
  /** It is no part of the system any more: scaled away. */
  | { readonly type: "resourceRemoved"; readonly name: string }
  | { readonly type: "infrastructure"; readonly kafka: Infrastructure; readonly redis: Infrastructure }
  /** Somebody asked the host to end: Ctrl+C, a signal, or `down`. The first time only. */
  | { readonly type: "stopRequested"; readonly signal: "SIGINT" | "SIGTERM" }
  /** Who is asked to end and has not yet: at the begin of each step of taking down, and each second while it lasts. */
  | {
      readonly type: "stopping";
      readonly names: readonly string[];
      readonly waitedMs: number;
      /** After this they are killed. */
      readonly budgetMs: number;
    }
  /** Again every few seconds while it lasts and nothing else happens. */
  | {
      readonly type: "waiting";
      readonly for: string;
      readonly waitedMs: number;
      /** Null where it is ended by other waits within it. */
      readonly deadlineMs: number | null;
    }
  | {
      readonly type: "notice";
      readonly level: "info" | "warn" | "error";
      readonly resource: string;
      readonly text: string;
    }
  | ProgressEvent
  | {
      readonly type: "checkpoint";
      readonly id: number;
      readonly status: "completed" | "failed";
      readonly durationMs: number;
      readonly total: number;
      readonly reason: string | null;
    }
  /** When it happens, `recoveredAfterMs` being null; once more, with the time that it took, when the target is back. */
  | { readonly type: "fault"; readonly fault: Fault }
  | UsageEvent
  | ExitEvent
  /** How far the validator is: `done` of `total` offsets are read again. In a step that reads none `total` is null. */
  | {
      readonly type: "validation";
      readonly step: string;
      readonly done: number;
      readonly total: number | null;
    }
  /** One check of the verdict, as soon as it is decided. */
  | { readonly type: "check"; readonly check: Check }
  | {
      readonly type: "verdict";
      readonly verdict: VerdictWord;
      readonly exitCode: number;
      readonly reasons: readonly string[];
      readonly runId: string;
      readonly report: string;
      /** Rounds that it covers: all of the run so far. 0 when nothing was produced. */
      readonly rounds: number;
      readonly processed: number | null;
      readonly notCounted: number | null;
      readonly lost: number | null;
      readonly duplicated: number | null;
      readonly endToEndPerSecond: number | null;
      readonly checks: CheckCounts;
    };

export type VerdictEvent = HostEventBody & { readonly type: "verdict" };

export type ResourceKind =
  | "kafka"
  | "redis"
  | "kafka-ui"
  | "jobmanager"
  | "taskmanager"
  | "flink-job-simulator"
  | "sql-gateway"
  | "mirror"
  | "producer"
  | "validator"
  | "report"
  /** A program of the user's own application. */
  | "node-process"
  | "watchdog";

/**
 * CPU and memory over the last interval: each second, and every ten while the host is idle. It is kept in
 * `metrics.ndjson` and not in `events.ndjson`, and while idle it is shown and not kept.
 */
export interface UsageEvent {
  readonly type: "usage";
  readonly processes: readonly {
    readonly name: string;
    /** Of one core. */
    readonly cpuPercent: number;
    readonly rssBytes: number;
  }[];
  readonly machine: { readonly cpuPercent: number; readonly memoryPercent: number };
}

/** A process of a resource has ended, however it did. */
export interface ExitEvent {
  readonly type: "exit";
  readonly name: string;
  readonly pid: number | null;
  /** `exit code 1`, `signal SIGKILL`. */
  readonly detail: string;
  /** True where the host, or a person by it, had asked for it. */
  readonly asked: boolean;
  /** Of its log, oldest first, at most 20; none where the end was asked for. */
  readonly lastLines: readonly string[];
}

/** Once a second while something in it changes. Counts are over the run; rates are over the last interval. */
export interface ProgressEvent {
  readonly type: "progress";
  readonly round: number;
  /** Messages of all rounds so far. Of a topic that is only counted: what is in it, as far as it is known. */
  readonly requested: number;
  readonly sent: number;
  readonly acknowledged: number;
  /** Messages that are in Kafka for certain: acknowledged, or already processed. Never more than were requested. */
  readonly produced: number;
  readonly processed: number;
  /** Records that are no messages: others wrote them, and they are in no other figure here. */
  readonly rejected: number;
  readonly acknowledgedPerSecond: number;
  readonly producedPerSecond: number;
  readonly processedPerSecond: number;
  /** `produced` − `processed`, of the same instant. */
  readonly lag: number;
  readonly latencyMs: { readonly p50: number | null; readonly p99: number | null };
  /** Of what was processed since the event before this one; null where nothing was. */
  readonly intervalLatencyMs: { readonly p50: number | null; readonly p99: number | null };
  /** By number. */
  readonly partitions: readonly {
    readonly p: number;
    /** Name of the TaskManager that it is assigned to; null while nobody has it. */
    readonly owner: string | null;
    /** Records between the next to apply and the end that its owner knows; null while that is not known. */
    readonly lag: number | null;
    readonly perSecond: number;
  }[];
  readonly lastCheckpointId: number;
  readonly applies: ApplyCounts;
  readonly taskManagers: readonly {
    readonly name: string;
    readonly processed: number;
    /** Null while it is not registered: what does not run has no rate. */
    readonly perSecond: number | null;
    /** Null: it cannot be known, as of one of Apache Flink. */
    readonly partitions: readonly number[] | null;
    readonly cpuMs: number;
    readonly rssBytes: number;
    /** Of one of Apache Flink, whose `processed` is what its sources have read. */
    readonly flink?: FlinkTaskManagerFigures;
  }[];
}

/**
 * What Flink's REST API says of the job's subtasks on one TaskManager, under its names. Flink counts from the begin of the
 * present attempt of the job, and so anew after each restart. Times are of the subtasks of sources, and add up over them.
 */
export interface FlinkTaskManagerFigures {
  readonly subtasks: number;
  readonly recordsIn: number;
  /** Of the subtasks behind which nothing comes. */
  readonly recordsOut: number;
  readonly busyMs: number;
  readonly backPressuredMs: number;
  readonly idleMs: number;
}
