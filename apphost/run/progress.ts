/**
 * The figures of each second. Pure: what was told until now in, event out. Dashboard, plain output and the `progress`
 * events show these figures and compute none of their own.
 *
 * G1 Counts are sums over all incarnations, the dead included.
 * G2 What a killed TaskManager applied after its last report is missing here; the checkpoint's total, which comes from
 *    Redis, then is the larger number and is shown.
 * G3 The figures of one event belong together: lag = produced − processed. What they are made of has different ages (the
 *    producer speaks four times a second, a TaskManager once, the JobManager at each checkpoint), and counts only rise. So
 *    of two that tell of the same, the later is the larger, and that one is shown: what is processed was produced, also
 *    when its acknowledgement has not been heard of yet.
 * G4 Figures count messages and not offsets. What others write into the topic of a run, messages or not, was not
 *    produced by it. In a topic that is only counted, what lies before the end is offsets until it is read, transaction
 *    markers and gaps among them: what is in it is known for certain only when all is applied.
 * G5 A TaskManager that is not registered has no rate.
 */
import type { ProgressEvent } from "../../simulator/common/contract/events.ts";
import {
  createLatencyCounts,
  type LatencyCounts,
  latenciesSince,
  latencyQuantileUs,
  mergeSparseLatency,
} from "../../simulator/common/contract/latency-histogram.ts";
import type { ApplyCounts, TaskManagerMetrics } from "../../simulator/common/contract/metrics.ts";
import { MIRROR } from "../../simulator/common/contract/names.ts";
import { unreachable } from "../../simulator/common/foundation/assert.ts";
import type { FlinkFigures } from "./observations.ts";

/** What the run is to process. */
export type Load =
  /** Messages of all rounds so far, the open one and the queued ones included. */
  | { readonly kind: "produced"; readonly requested: number }
  /** What was in somebody else's topic when the run began, by partition. */
  | { readonly kind: "counted"; readonly startOffsets: readonly number[]; readonly endOffsets: readonly number[] };

export interface ProgressInput {
  readonly round: number;
  readonly load: Load;
  readonly sent: number;
  readonly acknowledged: number;
  /** All that was asked of the producer is acknowledged: there is nothing on its way. */
  readonly isProduced: boolean;
  /** Of all incarnations that ever reported; several may be summed in one. */
  readonly metrics: readonly TaskManagerMetrics[];
  /** Of Apache Flink's TaskManagers; empty on this runtime. The mirror's metrics say what is applied of what these read. */
  readonly flink: FlinkFigures["taskManagers"];
  /** Names of the TaskManagers that the JobManager has. */
  readonly registered: readonly string[];
  /** The newest incarnation of each TaskManager, by name. */
  readonly assignment: Readonly<Record<string, readonly number[]>>;
  readonly checkpointTotal: number;
  readonly lastCheckpointId: number;
  readonly atUs: number;
}

/** What the next event is compared with. */
export interface ProgressMark {
  readonly atUs: number;
  readonly acknowledged: number;
  readonly produced: number;
  readonly processed: number;
  readonly byTaskManager: Readonly<Record<string, number>>;
  /** By partition: the furthest that was reported. Its former owner forgets it before the new one has it. */
  readonly positions: ReadonlyMap<number, Position>;
  readonly latencies: LatencyCounts;
}

/** Of a partition: the next offset to apply, and the end that its owner knows; -1 while it knows none. */
interface Position {
  readonly offset: number;
  readonly endOffset: number;
}

export const NO_PROGRESS: ProgressMark = {
  atUs: 0,
  acknowledged: 0,
  produced: 0,
  processed: 0,
  byTaskManager: {},
  positions: new Map(),
  latencies: createLatencyCounts(),
};

export function computeProgress(
  input: ProgressInput,
  before: ProgressMark,
): { readonly event: ProgressEvent; readonly mark: ProgressMark } {
  const seconds = before.atUs === 0 ? 0 : (input.atUs - before.atUs) / 1_000_000;
  const perSecond = (now: number, then: number) => (seconds <= 0 ? 0 : Math.max(0, Math.round((now - then) / seconds)));
  const positions = advancePositions(before.positions, input.metrics);
  const { requested, produced, processed, lag } = computeFlow(input, positions);
  const byTaskManager = { ...sumByTaskManager(input.metrics), ...readByTaskManager(input.flink) };
  const latencies = mergeLatencies(input.metrics);
  const countsOf = (name: string) => {
    const processed = byTaskManager[name] ?? 0;
    const then = before.byTaskManager[name] ?? 0;
    return { name, processed, perSecond: input.registered.includes(name) ? perSecond(processed, then) : null };
  };
  const event: ProgressEvent = {
    type: "progress",
    round: input.round,
    requested,
    sent: input.sent,
    acknowledged: input.acknowledged,
    produced,
    processed,
    rejected: sum(input.metrics, (m) => m.rejected),
    acknowledgedPerSecond: perSecond(input.acknowledged, before.acknowledged),
    producedPerSecond: perSecond(produced, before.produced),
    processedPerSecond: perSecond(processed, before.processed),
    lag,
    latencyMs: toLatencyMs(latencies),
    intervalLatencyMs: toLatencyMs(latenciesSince(latencies, before.latencies)),
    partitions: describePartitions(input.assignment, positions, (p, { offset }) =>
      perSecond(offset, before.positions.get(p)?.offset ?? offset),
    ),
    lastCheckpointId: input.lastCheckpointId,
    applies: sumApplies(input.metrics),
    // The mirror applies what all of Flink's have counted, and is none of them.
    taskManagers: [
      ...newestByTaskManager(input.metrics.filter(({ tm }) => tm !== MIRROR)).map((m) => ({
        ...countsOf(m.tm),
        partitions: input.assignment[m.tm] ?? [],
        cpuMs: m.cpuMs,
        rssBytes: m.rssBytes,
      })),
      // Their processes are measured from outside.
      ...input.flink.map(({ name, figures }) => ({
        ...countsOf(name),
        partitions: null,
        cpuMs: 0,
        rssBytes: 0,
        flink: figures,
      })),
    ],
  };
  const { atUs, acknowledged } = input;
  return { event, mark: { atUs, acknowledged, produced, processed, byTaskManager, positions, latencies } };
}

/** G3, G4. */
function computeFlow(
  { load, acknowledged, isProduced, metrics, checkpointTotal }: ProgressInput,
  positions: ReadonlyMap<number, Position>,
): Pick<ProgressEvent, "requested" | "produced" | "processed" | "lag"> {
  const processed = Math.max(
    sum(metrics, (m) => m.processed),
    checkpointTotal,
  );
  switch (load.kind) {
    case "produced": {
      const { requested } = load;
      const produced = isProduced ? acknowledged : Math.max(acknowledged, Math.min(processed, requested));
      return { requested, produced, processed, lag: Math.max(0, produced - processed) };
    }
    case "counted": {
      const { startOffsets, endOffsets } = load;
      const lengths = endOffsets.map((end, p) => Math.max(0, end - (startOffsets[p] ?? 0)));
      const open = endOffsets.map((end, p) => Math.max(0, end - (positions.get(p)?.offset ?? startOffsets[p] ?? 0)));
      // The checkpoint's total may be ahead of the positions, but what is there is never more than it has offsets.
      const inTopic = Math.max(processed, Math.min(processed + add(open), add(lengths)));
      return { requested: inTopic, produced: inTopic, processed, lag: inTopic - processed };
    }
    default:
      return unreachable(load);
  }
}

const add = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

function sum(metrics: readonly TaskManagerMetrics[], read: (m: TaskManagerMetrics) => number): number {
  return metrics.reduce((total, m) => total + read(m), 0);
}

function sumByTaskManager(metrics: readonly TaskManagerMetrics[]): Record<string, number> {
  const byName: Record<string, number> = {};
  for (const m of metrics) byName[m.tm] = (byName[m.tm] ?? 0) + m.processed;
  return byName;
}

const readByTaskManager = (flink: ProgressInput["flink"]): Record<string, number> =>
  Object.fromEntries(flink.map(({ name, figures }) => [name, figures.recordsIn]));

/** The process that reported last stands for its name. */
function newestByTaskManager(metrics: readonly TaskManagerMetrics[]): TaskManagerMetrics[] {
  const newest = new Map<string, TaskManagerMetrics>();
  for (const m of metrics) {
    const known = newest.get(m.tm);
    if (known === undefined || m.atUs >= known.atUs) newest.set(m.tm, m);
  }
  return [...newest.values()].sort((a, b) => (a.tm < b.tm ? -1 : 1));
}

/** A moved partition is known by two TaskManagers; the furthest position of each is the present one. */
function advancePositions(
  before: ReadonlyMap<number, Position>,
  metrics: readonly TaskManagerMetrics[],
): ReadonlyMap<number, Position> {
  const positions = new Map(before);
  for (const { p, offset, endOffset } of metrics.flatMap((m) => m.partitions)) {
    const known = positions.get(p);
    positions.set(p, {
      offset: Math.max(known?.offset ?? 0, offset),
      endOffset: Math.max(known?.endOffset ?? -1, endOffset),
    });
  }
  return positions;
}

function describePartitions(
  assignment: ProgressInput["assignment"],
  positions: ReadonlyMap<number, Position>,
  rateOf: (p: number, position: Position) => number,
): ProgressEvent["partitions"] {
  const owners = new Map<number, string>();
  for (const [owner, owned] of Object.entries(assignment)) for (const p of owned) owners.set(p, owner);
  const numbers = [...new Set([...owners.keys(), ...positions.keys()])].sort((a, b) => a - b);
  return numbers.map((p) => {
    const position = positions.get(p);
    const isEndKnown = position !== undefined && position.endOffset >= 0;
    return {
      p,
      owner: owners.get(p) ?? null,
      lag: isEndKnown ? Math.max(0, position.endOffset - position.offset) : null,
      perSecond: position === undefined ? 0 : rateOf(p, position),
    };
  });
}

function mergeLatencies(metrics: readonly TaskManagerMetrics[]): LatencyCounts {
  const merged = createLatencyCounts();
  for (const m of metrics) mergeSparseLatency(merged, m.latency, m.latencyUsMax);
  return merged;
}

function toLatencyMs(latencies: LatencyCounts): ProgressEvent["latencyMs"] {
  const toMs = (us: number | null) => (us === null ? null : us / 1_000);
  return { p50: toMs(latencyQuantileUs(latencies, 0.5)), p99: toMs(latencyQuantileUs(latencies, 0.99)) };
}

function sumApplies(metrics: readonly TaskManagerMetrics[]): ApplyCounts {
  const total = { ok: 0, dup: 0, seek: 0, fenced: 0, storeLost: 0 };
  for (const { applies } of metrics) {
    for (const kind of Object.keys(total) as (keyof ApplyCounts)[]) total[kind] += applies[kind];
  }
  return total;
}
