/**
 * What the dashboard draws over time, or in the order in which it came: each a plain list, newest last, and bounded. Pure.
 *
 * H1 Of marks, completed checkpoints make room first: they come each second, and would push out what is rare.
 * H2 A partition that is given to somebody is rebalanced, unless it was never seen before; one that lost its owner is
 *    so when it gets the next.
 * H3 A fault is one entry of `recoveries`: when it is told again, with the time that it took, that entry gets the time.
 * H4 A check that is told twice, as by a validator that was started again, stands in its first place as it was told last.
 */
import type { ExitEvent, HostEvent, ProgressEvent, UsageEvent } from "../../simulator/common/contract/events.ts";
import { formatCheckpointId } from "../../simulator/common/contract/files/checkpoint.ts";
import type { Check, Fault } from "../../simulator/common/contract/files/report.ts";
import { unreachable } from "../../simulator/common/foundation/assert.ts";
import type { ResourceEvent } from "./event-text.ts";
import { formatAmount, formatMs } from "./format.ts";

const USAGE_POINTS_MAX = 60;
const EXITS_MAX = 100;
const HISTORY_POINTS_MAX = 600;
const MARKS_MAX = 200;
const RECOVERIES_MAX = 100;
const CHECKPOINTS_MAX = 60;
/** These are few; this bounds what a broken feed could do. */
const NAMES_MAX = 1_000;

/** Of one progress event. */
export interface HistoryPoint {
  readonly atUs: number;
  readonly producedPerSecond: number;
  readonly processedPerSecond: number;
  readonly lag: number;
  /** Of what was processed since the point before; null where nothing was. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

export interface Mark {
  readonly atUs: number;
  readonly kind:
    | "checkpoint"
    | "checkpointFailed"
    | "restart"
    | "fault"
    | "asked"
    | "recovered"
    | "rebalance"
    | "round";
  readonly label: string;
}

export interface Recovery {
  readonly target: string;
  /** Of the fault. */
  readonly atUs: number;
  readonly kind: Fault["kind"];
  /** Null while it lasts. */
  readonly recoveredAfterMs: number | null;
}

export interface CheckpointPoint {
  readonly id: number;
  readonly atUs: number;
  readonly durationMs: number;
  readonly total: number;
  readonly status: "completed" | "failed";
}

export interface Histories {
  /** The newest. */
  readonly usage: UsageEvent | null;
  /** Percent of one core by process name. */
  readonly cpuHistory: Readonly<Record<string, readonly number[]>>;
  /** Resident bytes by process name. */
  readonly memoryHistory: Readonly<Record<string, readonly number[]>>;
  readonly exits: readonly (ExitEvent & { readonly atUs: number })[];
  /** How far the validator of the open round is; after that, how far it came, until the next round begins. */
  readonly validation: { readonly step: string; readonly done: number; readonly total: number | null } | null;
  /** Of the newest validation, in the order in which they were decided. */
  readonly checks: readonly Check[];
  readonly history: readonly HistoryPoint[];
  readonly marks: readonly Mark[];
  /** Run time at which each resource got the state that it has. */
  readonly since: Readonly<Record<string, number>>;
  readonly recoveries: readonly Recovery[];
  readonly checkpoints: readonly CheckpointPoint[];
}

export const EMPTY_HISTORIES: Histories = {
  usage: null,
  cpuHistory: {},
  memoryHistory: {},
  exits: [],
  validation: null,
  checks: [],
  history: [],
  marks: [],
  since: {},
  recoveries: [],
  checkpoints: [],
};

/** What was known before the event. */
interface Before extends Histories {
  readonly resources: readonly ResourceEvent[];
  readonly progress: ProgressEvent | null;
  readonly phase: string;
}

export function advanceHistories(before: Before, event: HostEvent): Partial<Histories> {
  const { atUs } = event;
  const mark = (kind: Mark["kind"], label: string) => ({ marks: addMark(before.marks, { atUs, kind, label }) });
  switch (event.type) {
    case "phase":
      return advancePhase(before, event);
    case "resource": {
      const previous = before.resources.find(({ name }) => name === event.name);
      const isRestarted = previous !== undefined && event.restarts > previous.restarts;
      return {
        ...(previous?.state === event.state ? {} : { since: { ...before.since, [event.name]: atUs } }),
        ...(isRestarted ? mark("restart", event.name) : {}),
      };
    }
    case "resourceRemoved":
      return {
        since: without(before.since, event.name),
        cpuHistory: without(before.cpuHistory, event.name),
        memoryHistory: without(before.memoryHistory, event.name),
      };
    case "progress": {
      const moved = countMoved(before.progress?.partitions ?? [], event.partitions);
      return {
        history: appendBounded(before.history, toPoint(event, atUs), HISTORY_POINTS_MAX),
        ...(moved === 0 ? {} : mark("rebalance", `${formatAmount(moved, "partition")} moved`)),
      };
    }
    case "checkpoint": {
      const { id, durationMs, total, status } = event;
      const point: CheckpointPoint = { id, atUs, durationMs, total, status };
      const name = formatCheckpointId(id);
      return {
        checkpoints: appendBounded(before.checkpoints, point, CHECKPOINTS_MAX),
        ...(status === "completed"
          ? mark("checkpoint", `${name} ${formatMs(durationMs)}`)
          : mark("checkpointFailed", `${name} failed: ${event.reason ?? "no reason given"}`)),
      };
    }
    case "fault":
      return advanceFault(before, event.fault, atUs);
    case "usage":
      return advanceUsage(before, event);
    case "exit":
      return { exits: appendBounded(before.exits, event, EXITS_MAX) };
    case "validation":
      return { validation: { step: event.step, done: event.done, total: event.total } };
    case "check":
      return { checks: putCheck(before.checks, event.check) };
    case "run":
    case "infrastructure":
    case "stopRequested":
    case "stopping":
    case "waiting":
    case "notice":
    case "verdict":
      return {};
    default:
      return unreachable(event);
  }
}

export function appendBounded<T>(list: readonly T[], item: T, max: number): readonly T[] {
  return list.length < max ? [...list, item] : [...list.slice(list.length - max + 1), item];
}

function advancePhase(before: Before, { phase, detail, atUs }: HostEvent & { type: "phase" }): Partial<Histories> {
  if (phase === "validating") return { validation: null, checks: [] };
  // What is only counted has no producing before it.
  const isRound = phase === "producing" || (phase === "draining" && before.phase !== "producing");
  if (!isRound) return {};
  return { validation: null, marks: addMark(before.marks, { atUs, kind: "round", label: detail }) };
}

/** H3. */
function advanceFault(before: Before, { target, kind, planned, detail, recoveredAfterMs }: Fault, atUs: number) {
  if (recoveredAfterMs === null) {
    return {
      recoveries: appendBounded(before.recoveries, { target, atUs, kind, recoveredAfterMs }, RECOVERIES_MAX),
      marks: addMark(before.marks, { atUs, kind: planned ? "asked" : "fault", label: `${target} ${detail}` }),
    };
  }
  const open = before.recoveries.findLastIndex((one) => one.target === target && one.recoveredAfterMs === null);
  return {
    recoveries: before.recoveries.map((one, i) => (i === open ? { ...one, recoveredAfterMs } : one)),
    marks: addMark(before.marks, { atUs, kind: "recovered", label: `${target} after ${formatMs(recoveredAfterMs)}` }),
  };
}

/** A process that is not in it has nothing new: what it used stays, as long as there is a resource of that name. */
function advanceUsage(before: Before, event: HostEvent & UsageEvent): Partial<Histories> {
  const { processes, machine } = event;
  const known = new Set(before.resources.map(({ name }) => name));
  const cpuHistory: Record<string, readonly number[]> = {};
  const memoryHistory: Record<string, readonly number[]> = {};
  for (const [name, points] of Object.entries(before.cpuHistory)) if (known.has(name)) cpuHistory[name] = points;
  for (const [name, points] of Object.entries(before.memoryHistory)) if (known.has(name)) memoryHistory[name] = points;
  for (const { name, cpuPercent, rssBytes } of processes.slice(0, NAMES_MAX)) {
    cpuHistory[name] = appendBounded(pointsOf(before.cpuHistory, name), cpuPercent, USAGE_POINTS_MAX);
    memoryHistory[name] = appendBounded(pointsOf(before.memoryHistory, name), rssBytes, USAGE_POINTS_MAX);
  }
  return { usage: { type: "usage", processes, machine }, cpuHistory, memoryHistory };
}

/** A user's program may be called `constructor`, which each object has. */
const pointsOf = (points: Readonly<Record<string, readonly number[]>>, name: string): readonly number[] =>
  Object.hasOwn(points, name) ? (points[name] ?? []) : [];

const toPoint = (event: ProgressEvent, atUs: number): HistoryPoint => ({
  atUs,
  producedPerSecond: event.producedPerSecond,
  processedPerSecond: event.processedPerSecond,
  lag: event.lag,
  p50Ms: event.intervalLatencyMs.p50,
  p99Ms: event.intervalLatencyMs.p99,
});

/** H2. */
function countMoved(before: ProgressEvent["partitions"], now: ProgressEvent["partitions"]): number {
  const owners = new Map(before.map(({ p, owner }) => [p, owner]));
  return now.filter(({ p, owner }) => owner !== null && owners.has(p) && owners.get(p) !== owner).length;
}

/** H1. */
function addMark(marks: readonly Mark[], mark: Mark): readonly Mark[] {
  if (marks.length < MARKS_MAX) return [...marks, mark];
  const dropped = Math.max(
    0,
    marks.findIndex(({ kind }) => kind === "checkpoint"),
  );
  return [...marks.slice(0, dropped), ...marks.slice(dropped + 1), mark];
}

/** H4. */
function putCheck(checks: readonly Check[], check: Check): readonly Check[] {
  const isKnown = checks.some(({ id }) => id === check.id);
  if (isKnown) return checks.map((one) => (one.id === check.id ? check : one));
  return appendBounded(checks, check, NAMES_MAX);
}

function without<T>(record: Readonly<Record<string, T>>, name: string): Readonly<Record<string, T>> {
  const { [name]: _, ...rest } = record;
  return rest;
}
