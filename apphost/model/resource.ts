/**
 * A resource: something the host starts and watches. Its declaration is data (`app-model.ts`); its life is this union.
 *
 *   notStarted → waiting → starting → running → exited → starting …     restarted after a fault
 *                                   ↘ failedToStart → starting …
 *                          running → finished                            a task that did its work
 *                          running → stopping → exited → starting …     stopped, and started again, by a person
 *
 * R1 A resource that ended by itself with success is `finished`, one that was stopped or died is `exited`.
 * R2 Health is derived from the state and, while a resource with a health check runs, from the newest probe.
 * R3 Who waits for a resource to be up is not let down by one that was quick and ended with success.
 */
import type {
  HostEventBody,
  ResourceHealth,
  ResourceKind,
  ResourceState,
} from "../../simulator/common/contract/events.ts";
import { assert, unreachable } from "../../simulator/common/foundation/assert.ts";
import type { ReferenceText } from "./reference.ts";

/** What a dependent may wait for. Each is reached at most once a run (a round, for producer and validator). */
export type Milestone =
  /** It answers its protocol, or said "ready". */
  | "ready"
  /** Kafka only: the topic is there, and every partition has a leader. */
  | "topicReady"
  /** The group of TaskManagers: each is registered at the JobManager. */
  | "registered"
  /** The job is RUNNING and every partition is owned. */
  | "jobRunning"
  /** Everything is acknowledged, and the end offsets are known. */
  | "produced"
  /** Every end offset is reached, and one more checkpoint is complete. */
  | "drained"
  /** Its health check was answered. */
  | "healthy"
  /** It ended with success. */
  | "finished";

export interface WaitsFor {
  /** Name of a resource or of a group. */
  readonly on: string;
  readonly until: Milestone;
  /** For "healthy" and "finished", which a user's program reaches in its own time. */
  readonly deadlineMs?: number;
}

export interface ResourceDeclaration {
  readonly name: string;
  readonly kind: ResourceKind;
  /** `standing`: started once, and kept alive to the end. `task`: started in each round, and ends by itself. */
  readonly life: "standing" | "task";
  /** Replicas share a group name, and dependents wait for the group. */
  readonly group: string | null;
  readonly waitsFor: readonly WaitsFor[];
  /** Its process may load its code while it waits. It gets addresses, and begins to work, when all is reached. */
  readonly loadsEarly: boolean;
  /** Of a user's own program; others are known by their kind. */
  readonly process?: NodeProcessDeclaration;
}

/** A user's own program, run by Node. */
export interface NodeProcessDeclaration {
  /** Absolute. */
  readonly script: string;
  readonly args: readonly string[];
  /** The folder it runs in. */
  readonly folder: string;
  /** 1-based number among its replicas, and how many there are. */
  readonly replica: number;
  readonly endpoints: readonly EndpointDeclaration[];
  readonly healthCheck: HealthCheckDeclaration | null;
  /** Whose connection variables it gets. */
  readonly references: readonly string[];
  readonly environment: Readonly<Record<string, string | ReferenceText>>;
  readonly restart: RestartDeclaration;
}

/** An HTTP address of its own on 127.0.0.1. The program is told the port; it keeps it over restarts. */
export interface EndpointDeclaration {
  readonly name: string;
  /** The variable that tells the program its port. */
  readonly env: string;
  /** null: a free one. */
  readonly port: number | null;
}

export interface HealthCheckDeclaration {
  readonly path: string;
  readonly endpoint: string;
  /** From its start to its first answer of 2xx. */
  readonly deadlineMs: number;
  readonly intervalMs: number;
}

export interface RestartDeclaration {
  /** `onFailure`: exit code 0 means that its work is done. `always`: whatever its end, it is started again. */
  readonly policy: "onFailure" | "always";
  /** Restarts within 60 s; one more ends the run. */
  readonly max: number;
}

/** As the `resource` event tells it; `endpoint` without secrets. */
export type ResourceSnapshot = Omit<Extract<HostEventBody, { type: "resource" }>, "type">;

const NEXT: Readonly<Record<ResourceState, readonly ResourceState[]>> = {
  notStarted: ["waiting", "starting", "stopping", "exited"],
  waiting: ["starting", "stopping", "exited"],
  starting: ["running", "failedToStart", "exited", "stopping", "finished"],
  running: ["exited", "finished", "stopping"],
  stopping: ["exited", "finished"],
  exited: ["starting", "waiting", "exited", "stopping"],
  finished: ["starting", "waiting"],
  failedToStart: ["starting", "waiting", "stopping", "exited"],
};

export function createResource(declaration: ResourceDeclaration): ResourceSnapshot {
  const { name, kind } = declaration;
  return {
    name,
    kind,
    state: "notStarted",
    health: "unknown",
    pid: null,
    endpoint: null,
    restarts: 0,
    reason: "",
  };
}

export interface ResourceChange {
  readonly state: ResourceState;
  readonly pid?: number | null;
  readonly endpoint?: string | null;
  readonly restarts?: number;
  readonly reason?: string;
  /** Of the newest probe; only where there is a health check. */
  readonly health?: ResourceHealth;
}

/** The next snapshot. A transition that the picture above does not have is a programmer's error. */
export function moveResource(from: ResourceSnapshot, change: ResourceChange): ResourceSnapshot {
  const allowed = from.state === change.state || NEXT[from.state].includes(change.state);
  assert(allowed, `resource ${from.name} goes from ${from.state} to ${change.state}`);
  return {
    ...from,
    state: change.state,
    health: change.health ?? healthOf(change.state, from.state),
    pid: change.pid === undefined ? from.pid : change.pid,
    endpoint: change.endpoint === undefined ? from.endpoint : change.endpoint,
    restarts: change.restarts ?? from.restarts,
    reason: change.reason ?? "",
  };
}

/** A resource that ended because it was asked to is not unhealthy. */
function healthOf(state: ResourceState, before: ResourceState): ResourceHealth {
  if (state === "exited" && (before === "stopping" || before === "waiting")) return "unknown";
  if (state === "running" || state === "finished") return "healthy";
  return state === "exited" || state === "failedToStart" ? "unhealthy" : "unknown";
}

/** What `wait`, and `waitFor` of a running app host, can wait for. */
export type WaitStatus = "running" | "healthy" | "finished";

/** R3. */
export function hasStatus(state: ResourceState, health: ResourceHealth, status: WaitStatus): boolean {
  switch (status) {
    case "finished":
      return state === "finished";
    case "running":
      return state === "running" || state === "finished";
    case "healthy":
      return health === "healthy";
    default:
      return unreachable(status);
  }
}
