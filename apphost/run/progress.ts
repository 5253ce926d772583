/**
 * The progress line of each second, from what TaskManagers and producer said. Pure: counters in, event out.
 *
 * G1 Counts are sums over all incarnations, the dead included.
 * G2 What a killed TaskManager applied after its last report is missing here; the checkpoint's total, which comes from
 *    Redis, then is the larger number and is shown.
 */
import type { ProgressEvent } from "../../simulator/common/contract/events.ts";
import {
  createLatencyCounts,
  latencyQuantileUs,
  mergeSparseLatency,
} from "../../simulator/common/contract/latency-histogram.ts";
import type { ApplyCounts, TaskManagerMetrics } from "../../simulator/common/contract/metrics.ts";

export interface ProgressInput {
  readonly round: number;
  /** Messages of all rounds so far, the open one included. */
  readonly requested: number;
  readonly sent: number;
  readonly acknowledged: number;
  /** Of all incarnations that ever reported; several may be summed in one. */
  readonly metrics: readonly TaskManagerMetrics[];
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
  readonly processed: number;
  readonly byTaskManager: Readonly<Record<string, number>>;
}

export const NO_PROGRESS: ProgressMark = { atUs: 0, acknowledged: 0, processed: 0, byTaskManager: {} };

export function computeProgress(
  input: ProgressInput,
  before: ProgressMark,
): { readonly event: ProgressEvent; readonly mark: ProgressMark } {
  const seconds = before.atUs === 0 ? 0 : (input.atUs - before.atUs) / 1_000_000;
  const perSecond = (now: number, then: number) => (seconds <= 0 ? 0 : Math.max(0, Math.round((now - then) / seconds)));
  const processed = Math.max(
    sum(input.metrics, (m) => m.processed),
    input.checkpointTotal,
  );
  const byTaskManager = sumByTaskManager(input.metrics);
  const event: ProgressEvent = {
    type: "progress",
    round: input.round,
    requested: input.requested,
    sent: input.sent,
    acknowledged: input.acknowledged,
    processed,
    rejected: sum(input.metrics, (m) => m.rejected),
    acknowledgedPerSecond: perSecond(input.acknowledged, before.acknowledged),
    processedPerSecond: perSecond(processed, before.processed),
    lag: computeLag(input.metrics),
    latencyMs: computeLatency(input.metrics),
    lastCheckpointId: input.lastCheckpointId,
    applies: sumApplies(input.metrics),
    taskManagers: newestByTaskManager(input.metrics).map((m) => ({
      name: m.tm,
      processed: byTaskManager[m.tm] ?? 0,
      perSecond: perSecond(byTaskManager[m.tm] ?? 0, before.byTaskManager[m.tm] ?? 0),
      partitions: input.assignment[m.tm] ?? [],
      cpuMs: m.cpuMs,
      rssBytes: m.rssBytes,
    })),
  };
  return { event, mark: { atUs: input.atUs, acknowledged: input.acknowledged, processed, byTaskManager } };
}

function sum(metrics: readonly TaskManagerMetrics[], read: (m: TaskManagerMetrics) => number): number {
  return metrics.reduce((total, m) => total + read(m), 0);
}

function sumByTaskManager(metrics: readonly TaskManagerMetrics[]): Record<string, number> {
  const byName: Record<string, number> = {};
  for (const m of metrics) byName[m.tm] = (byName[m.tm] ?? 0) + m.processed;
  return byName;
}

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
function computeLag(metrics: readonly TaskManagerMetrics[]): number | null {
  const offsets = new Map<number, { offset: number; end: number }>();
  for (const position of metrics.flatMap((m) => m.partitions)) {
    const known = offsets.get(position.p);
    offsets.set(position.p, {
      offset: Math.max(known?.offset ?? 0, position.offset),
      end: Math.max(known?.end ?? -1, position.endOffset),
    });
  }
  const known = [...offsets.values()].filter((position) => position.end >= 0);
  return known.length === 0 ? null : known.reduce((lag, { offset, end }) => lag + Math.max(0, end - offset), 0);
}

function computeLatency(metrics: readonly TaskManagerMetrics[]): ProgressEvent["latencyMs"] {
  const merged = createLatencyCounts();
  for (const m of metrics) mergeSparseLatency(merged, m.latency, m.latencyUsMax);
  const toMs = (us: number | null) => (us === null ? null : us / 1_000);
  return { p50: toMs(latencyQuantileUs(merged, 0.5)), p99: toMs(latencyQuantileUs(merged, 0.99)) };
}

function sumApplies(metrics: readonly TaskManagerMetrics[]): ApplyCounts {
  const total = { ok: 0, dup: 0, seek: 0, fenced: 0, storeLost: 0 };
  for (const { applies } of metrics) {
    for (const kind of Object.keys(total) as (keyof ApplyCounts)[]) total[kind] += applies[kind];
  }
  return total;
}
