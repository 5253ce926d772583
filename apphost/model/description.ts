/**
 * What `describe` prints: the host, and each resource as an item. Public: fields are added, never renamed. Pure.
 */
import type {
  FlinkTaskManagerFigures,
  HostEventBody,
  ProgressEvent,
  ResourceHealth,
  ResourceState,
  RunPhase,
} from "../../simulator/common/contract/events.ts";
import type { Infrastructure } from "../../simulator/common/contract/files/report.ts";
import { maskSecrets } from "../../simulator/common/foundation/mask.ts";

export interface HostDescription {
  readonly runId: string;
  readonly runDir: string;
  readonly command: string;
  readonly version: string;
  readonly hostPid: number;
  readonly startedAt: string;
  readonly phase: RunPhase;
  /** Requests that this host answers. */
  readonly capabilities: readonly string[];
  readonly infrastructure: { readonly kafka: Infrastructure; readonly redis: Infrastructure };
  readonly job: {
    readonly id: string;
    readonly name: string;
    readonly state: string | null;
    /** What Apache Flink tells of it, by Flink's names; null on this runtime, whose JobManager answers for itself. */
    readonly metrics: Readonly<Record<string, number>> | null;
  };
  readonly topic: { readonly name: string; readonly partitions: number | null; readonly own: boolean };
  readonly rounds: readonly object[];
  /** The newest figures; null before there is a job. */
  readonly progress: ProgressEvent | null;
  readonly verdict: (HostEventBody & { readonly type: "verdict" }) | null;
  /** Sorted by name. */
  readonly resources: readonly ResourceDescription[];
}

export interface ResourceDescription {
  readonly name: string;
  readonly displayName: string;
  readonly resourceType: string;
  readonly state: ResourceState;
  readonly healthStatus: ResourceHealth;
  readonly healthReports: readonly HealthReport[];
  readonly urls: readonly { readonly name: string; readonly url: string }[];
  /** What the host gives to its own programs, without the user's own variables; secrets as `***`. */
  readonly environment: Readonly<Record<string, string>>;
  readonly properties: ResourceProperties;
  /** Of the process that ended last; 128 + n for signal n, as shells have it. Null before one has ended. */
  readonly exitCode: number | null;
  readonly startTimestamp: string | null;
  readonly relationships: readonly {
    readonly type: "waitFor";
    readonly resourceName: string;
    readonly until: string;
  }[];
  /** What can be asked of it. */
  readonly commands: readonly string[];
  /** Only while following: the last word on a resource that is no longer part of the run. */
  readonly removed?: true;
}

export interface HealthReport {
  readonly name: string;
  readonly status: ResourceHealth;
  readonly description: string;
}

export interface ResourceProperties {
  readonly pid: number | null;
  readonly restarts: number;
  /** Why it is in its state, in a few words. */
  readonly reason: string;
  /** Why it will not come back in this run; null as long as it may. */
  readonly failure: string | null;
  readonly group: string | null;
  readonly life: "standing" | "task";
  readonly logFile: string;
  /** TaskManagers only. */
  readonly partitions?: readonly number[];
  /** TaskManagers of Apache Flink only; null before it has told of them. */
  readonly flink?: FlinkTaskManagerFigures | null;
  /** Kafka and Redis only. */
  readonly mode?: string;
  readonly version?: string;
}

/** Each occurrence of a secret is replaced, in whatever variable it stands. `forms`: as it may stand there. */
export const maskVariables = (
  variables: Readonly<Record<string, string>>,
  forms: readonly string[],
): Record<string, string> =>
  Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, maskSecrets(value, forms)]));
