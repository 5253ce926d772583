/**
 * All that the dashboard shows, as one immutable value made from the events alone. Pure: the same events give the same
 * snapshot, live or played back from a file. Every list in it is bounded, and it is a plain JSON value: another terminal
 * gets it over the control socket.
 */
import type { HostEvent, ProgressEvent, RunPhase } from "../../simulator/common/contract/events.ts";
import type { Infrastructure } from "../../simulator/common/contract/files/report.ts";
import { unreachable } from "../../simulator/common/foundation/assert.ts";
import { listNames } from "../model/name-list.ts";
import { describeEvent, type EventLine, type ResourceEvent, type VerdictEvent } from "./event-text.ts";
import { advanceHistories, appendBounded, EMPTY_HISTORIES, type Histories } from "./histories.ts";

const RECENT_LINES_MAX = 200;
/** Resources are few; this bounds what a broken feed could do. */
const RESOURCES_MAX = 1_000;

export interface Snapshot extends Histories {
  /** Run time of the first event; null before it. */
  readonly startedAtUs: number | null;
  readonly lastEventAtUs: number;
  readonly runId: string;
  readonly runDir: string;
  readonly command: string;
  readonly phase: RunPhase;
  readonly phaseDetail: string;
  /** What the host waits for, until a resource or the phase changes; while stopping, until the next step. */
  readonly waitingFor: string | null;
  /** Run time at which that wait began, and how long it may take. */
  readonly waitingSinceUs: number;
  readonly waitingMsMax: number | null;
  readonly infra: { readonly kafka: Infrastructure; readonly redis: Infrastructure } | null;
  /** The newest event of each resource, in the order of their first one. */
  readonly resources: readonly ResourceEvent[];
  readonly progress: ProgressEvent | null;
  readonly checkpoint: { readonly id: number; readonly durationMs: number; readonly total: number } | null;
  readonly checkpointsFailed: number;
  readonly faults: number;
  readonly recent: readonly EventLine[];
  readonly verdict: VerdictEvent | null;
}

export const EMPTY_SNAPSHOT: Snapshot = {
  ...EMPTY_HISTORIES,
  startedAtUs: null,
  lastEventAtUs: 0,
  runId: "",
  runDir: "",
  command: "",
  phase: "starting",
  phaseDetail: "",
  waitingFor: null,
  waitingSinceUs: 0,
  waitingMsMax: 0,
  infra: null,
  resources: [],
  progress: null,
  checkpoint: null,
  checkpointsFailed: 0,
  faults: 0,
  recent: [],
  verdict: null,
};

export function applyEvent(before: Snapshot, event: HostEvent): Snapshot {
  const line = describeEvent(event, before);
  return {
    ...before,
    startedAtUs: before.startedAtUs ?? event.atUs,
    lastEventAtUs: event.atUs,
    recent: line === undefined ? before.recent : appendBounded(before.recent, line, RECENT_LINES_MAX),
    ...advanceHistories(before, event),
    ...changeOf(before, event),
  };
}

function changeOf(before: Snapshot, event: HostEvent): Partial<Snapshot> {
  switch (event.type) {
    case "run":
      return { runId: event.runId, runDir: event.runDir, command: event.command };
    case "phase":
      // The verdict of the round before must not stand beside a new one.
      return {
        phase: event.phase,
        phaseDetail: event.detail,
        waitingFor: null,
        ...(event.phase === "producing" ? { verdict: null } : {}),
      };
    case "resource":
      return {
        resources: replaceResource(before.resources, event),
        waitingFor: before.phase === "stopping" ? before.waitingFor : null,
      };
    case "resourceRemoved":
      return { resources: before.resources.filter(({ name }) => name !== event.name) };
    case "infrastructure":
      return { infra: { kafka: event.kafka, redis: event.redis } };
    case "stopRequested":
      return {};
    case "stopping":
      return {
        waitingFor: `${listNames(event.names)} to end`,
        waitingSinceUs: event.atUs - event.waitedMs * 1_000,
        waitingMsMax: event.budgetMs,
      };
    case "waiting":
      return {
        waitingFor: event.for,
        waitingSinceUs: event.atUs - event.waitedMs * 1_000,
        waitingMsMax: event.deadlineMs,
      };
    case "notice":
      return {};
    case "progress":
      return { progress: event };
    case "checkpoint":
      if (event.status === "failed") return { checkpointsFailed: before.checkpointsFailed + 1 };
      return { checkpoint: { id: event.id, durationMs: event.durationMs, total: event.total } };
    case "fault":
      return event.fault.recoveredAfterMs === null && !event.fault.planned ? { faults: before.faults + 1 } : {};
    case "usage":
    case "exit":
    case "validation":
    case "check":
      return {};
    case "verdict":
      return { verdict: event };
    default:
      return unreachable(event);
  }
}

function replaceResource(resources: readonly ResourceEvent[], event: ResourceEvent): readonly ResourceEvent[] {
  if (resources.some((resource) => resource.name === event.name)) {
    return resources.map((resource) => (resource.name === event.name ? event : resource));
  }
  return appendBounded(resources, event, RESOURCES_MAX);
}
