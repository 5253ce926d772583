/**
 * Merges what TaskManagers said of themselves. Counts are cumulative over an incarnation, so the newest message of each
 * incarnation counts, and histograms are added, never averaged. Pure.
 *
 * G1 Messages of an incarnation come before those of the next one, as the host wrote them; then it is added to the sum of
 *    the former ones. So a digest has the same size however many messages and incarnations there were.
 */

import type { Report } from "../../simulator/common/contract/files/report.ts";
import {
  countLatencies,
  createLatencyCounts,
  type LatencyCounts,
  latencyQuantileUs,
  mergeSparseLatency,
} from "../../simulator/common/contract/latency-histogram.ts";
import { type ApplyCounts, addMetrics, type TaskManagerMetrics } from "../../simulator/common/contract/metrics.ts";

export interface TaskManagerUse {
  readonly processed: number;
  readonly cpuMs: number;
  readonly rssBytesMax: number;
  readonly latencyMs: { readonly p50: number | null; readonly p99: number | null };
}

/** All that is known of a TaskManager. */
interface KnownTaskManager {
  newest: TaskManagerMetrics;
  /** The sum of the incarnations before; null: there was none. */
  former: TaskManagerMetrics | null;
  rssBytesMax: number;
  /** What observing had cost in all of them when the load began. */
  observerCpuMsBefore: number;
}

/** What was merged so far, to go on with later. */
export interface MetricsDigest {
  readonly loadStartedAtUs: number;
  readonly taskManagers: readonly Readonly<KnownTaskManager>[];
}

export class MetricsMerge {
  readonly #loadStartedAtUs: number;
  readonly #taskManagers = new Map<string, KnownTaskManager>();

  /** The load is that of the first round, in µs of run time. */
  constructor({ loadStartedAtUs, taskManagers }: Pick<MetricsDigest, "loadStartedAtUs"> & Partial<MetricsDigest>) {
    this.#loadStartedAtUs = loadStartedAtUs;
    for (const known of taskManagers ?? []) this.#taskManagers.set(known.newest.tm, { ...known });
  }

  add(metrics: TaskManagerMetrics): void {
    const known = this.#taskManagers.get(metrics.tm) ?? {
      newest: metrics,
      former: null,
      rssBytesMax: 0,
      observerCpuMsBefore: 0,
    };
    this.#taskManagers.set(metrics.tm, known);
    if (known.newest.incarnation !== metrics.incarnation) {
      known.former = known.former === null ? known.newest : addMetrics(known.former, known.newest);
    }
    known.newest = metrics;
    known.rssBytesMax = Math.max(known.rssBytesMax, metrics.rssBytes);
    if (metrics.atUs <= this.#loadStartedAtUs) known.observerCpuMsBefore = sumOver(known, observerCpuMsOf);
  }

  toDigest(): MetricsDigest {
    return { loadStartedAtUs: this.#loadStartedAtUs, taskManagers: [...this.#taskManagers.values()] };
  }

  /** Over all lives of a TaskManager. */
  use(tm: string): TaskManagerUse {
    const known = this.#taskManagers.get(tm);
    const unknown = { p50: null, p99: null };
    if (known === undefined) return { processed: 0, cpuMs: 0, rssBytesMax: 0, latencyMs: unknown };
    const { rssBytesMax } = known;
    const counts = mergeLatencies(livesOf(known));
    return {
      processed: sumOver(known, (m) => m.processed),
      cpuMs: sumOver(known, (m) => m.cpuMs),
      rssBytesMax,
      latencyMs: { p50: quantileMs(counts, 0.5), p99: quantileMs(counts, 0.99) },
    };
  }

  /** Of all TaskManagers, since the load began. */
  observerCpuMs(): number {
    const since = (known: KnownTaskManager) => sumOver(known, observerCpuMsOf) - known.observerCpuMsBefore;
    return [...this.#taskManagers.values()].reduce((sum, known) => sum + since(known), 0);
  }

  applies(): ApplyCounts {
    const sum = { ok: 0, dup: 0, seek: 0, fenced: 0, storeLost: 0 };
    for (const { applies } of this.#all()) {
      sum.ok += applies.ok;
      sum.dup += applies.dup;
      sum.seek += applies.seek;
      sum.fenced += applies.fenced;
      sum.storeLost += applies.storeLost;
    }
    return sum;
  }

  /**
   * `processed` is the job's total, null when unknown. What it has more than was recorded died with a TaskManager; after
   * a rollback of Redis more may be recorded than processed, and then nothing is known to be missing.
   */
  latencyMs(processed: number | null): Report["latencyMs"] {
    const counts = mergeLatencies(this.#all());
    const recorded = countLatencies(counts);
    return {
      p50: quantileMs(counts, 0.5),
      p90: quantileMs(counts, 0.9),
      p99: quantileMs(counts, 0.99),
      p999: quantileMs(counts, 0.999),
      max: recorded === 0 ? null : counts.maxUs / 1000,
      recorded,
      missing: processed === null ? null : Math.max(0, processed - recorded),
    };
  }

  #all(): TaskManagerMetrics[] {
    return [...this.#taskManagers.values()].flatMap(livesOf);
  }
}

function mergeLatencies(all: readonly TaskManagerMetrics[]): LatencyCounts {
  const counts = createLatencyCounts();
  for (const { latency, latencyUsMax } of all) mergeSparseLatency(counts, latency, latencyUsMax);
  return counts;
}

function quantileMs(counts: LatencyCounts, share: number): number | null {
  const valueUs = latencyQuantileUs(counts, share);
  return valueUs === null ? null : valueUs / 1000;
}

const livesOf = ({ former, newest }: KnownTaskManager): TaskManagerMetrics[] =>
  former === null ? [newest] : [former, newest];

const sumOver = (known: KnownTaskManager, read: (metrics: TaskManagerMetrics) => number): number =>
  livesOf(known).reduce((sum, metrics) => sum + read(metrics), 0);

const observerCpuMsOf = ({ observerCpuMs }: TaskManagerMetrics): number => observerCpuMs ?? 0;
