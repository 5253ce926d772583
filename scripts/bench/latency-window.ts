/**
 * Latencies of a part of a run. TaskManagers tell their histograms each second, cumulative over an incarnation, so the
 * newest one minus the first one of the window holds exactly the records between those two moments. Pure.
 */
import {
  countLatencies,
  createLatencyCounts,
  latencyQuantileUs,
  mergeSparseLatency,
} from "../../simulator/common/contract/latency-histogram.ts";
import type { TaskManagerMetrics } from "../../simulator/common/contract/metrics.ts";

export interface WindowLatency {
  readonly records: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly p999Ms: number | null;
  /** When the window began, TaskManager by TaskManager: at its first message at or after the asked moment. */
  readonly beganAtUs: readonly number[];
}

/**
 * What was applied after the window began. Everything up to a TaskManager's first message at or after `fromUs` is left
 * out, so up to a second more than was asked for, and nothing of the time before.
 */
export function latencyAfter(metrics: readonly TaskManagerMetrics[], fromUs: number): WindowLatency {
  const counts = createLatencyCounts();
  const beganAtUs: number[] = [];
  for (const messages of groupByIncarnation(metrics)) {
    const first = messages.find(({ atUs }) => atUs >= fromUs);
    const newest = messages.at(-1);
    if (first === undefined || newest === undefined) continue;
    beganAtUs.push(first.atUs);
    mergeSparseLatency(counts, newest.latency, newest.latencyUsMax);
    mergeSparseLatency(counts, negate(first.latency), 0);
  }
  const toMs = (share: number) => {
    const valueUs = latencyQuantileUs(counts, share);
    return valueUs === null ? null : valueUs / 1_000;
  };
  return { records: countLatencies(counts), p50Ms: toMs(0.5), p99Ms: toMs(0.99), p999Ms: toMs(0.999), beganAtUs };
}

/** In the order of their time. */
function groupByIncarnation(metrics: readonly TaskManagerMetrics[]): TaskManagerMetrics[][] {
  const groups = Map.groupBy(metrics, ({ tm, incarnation }) => `${tm} ${incarnation}`);
  return [...groups.values()].map((messages) => messages.sort((a, b) => a.atUs - b.atUs));
}

/** [bucket, count, bucket, count, …] */
const negate = (sparse: readonly number[]): number[] => sparse.map((value, i) => (i % 2 === 1 ? -value : value));
