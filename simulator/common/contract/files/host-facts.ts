/** `host-facts.json`: what only the host knows, for the report. Every number in it was recorded in this run. */

import type { RunConfig } from "../child/run-config.ts";
import type { Fault, Infrastructure, ProcessUse, RoundFacts, WarmUpFacts } from "./report.ts";

export interface HostFacts {
  readonly schema: 1;
  readonly runId: string;
  readonly startedAtUs: number;
  readonly finishedAtUs: number;
  readonly config: RunConfig;
  /** Every option as resolved, secrets masked. */
  readonly parameters: Readonly<Record<string, string | number | boolean | null>>;
  readonly infra: { readonly kafka: Infrastructure; readonly redis: Infrastructure };
  readonly rounds: readonly RoundFacts[];
  /** Null or absent without one. */
  readonly warmUp?: WarmUpFacts | null;
  /** Host start to job RUNNING; null if it never ran. */
  readonly startupMs: number | null;
  /** Run time at which the JobManager issued the first assignment; null or absent if it never did. */
  readonly firstAssignedAtUs?: number | null;
  readonly validationMs: number | null;
  /** How the run came to its end; the report derives verdict and exit code from it and from the checks. */
  readonly ending: RunEnding;
  readonly taskManagers: readonly {
    readonly id: string;
    /** Of its newest process. */
    readonly pid: number | null;
    readonly restarts: number;
    /** In the last assignment issued. */
    readonly partitions: readonly number[];
    /** False if it was not registered when that assignment was issued; absent means it was. */
    readonly registered?: boolean;
  }[];
  /** True if a TaskManager left or joined after RUNNING. */
  readonly membershipChanged: boolean;
  readonly faults: readonly Fault[];
  /** Earlier ones, of which there were too many to list; absent means none. */
  readonly faultsDropped?: number;
  readonly checkpoints: { readonly completed: number; readonly failed: number; readonly lastId: number };
  readonly resources: {
    readonly cpuPercentPeak: number | null;
    readonly memoryPercentAvg: number | null;
    readonly byProcess: readonly ProcessUse[];
  };
}

export type RunEnding =
  | { readonly kind: "drained" }
  | { readonly kind: "interrupted"; readonly signal: "SIGINT" | "SIGTERM" }
  /** --max-time passed before the last effect. */
  | { readonly kind: "timeExceeded"; readonly waitedFor: string }
  | { readonly kind: "infrastructureFailed"; readonly reason: string }
  /** What was acknowledged is gone. */
  | { readonly kind: "exactlyOnceViolated"; readonly reason: string }
  | { readonly kind: "jobFailed"; readonly reason: string }
  /** Somebody else than the host cancelled the job, by REST, before all of the round was applied. */
  | { readonly kind: "jobCancelled" }
  /** The same with a savepoint, from which another job can go on. */
  | { readonly kind: "jobStopped"; readonly savepoint: string }
  | { readonly kind: "unexpected"; readonly reason: string };
