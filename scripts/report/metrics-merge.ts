/**
 * Merges what TaskManagers said of themselves. Counts are cumulative over an incarnation, so the newest message of each
 * incarnation counts, and histograms are added, never averaged. Pure.
 */
import {
  countLatencies,
  createLatencyCounts,
  type LatencyCounts,
  latencyQuantileUs,
  mergeSparseLatency,
} from "../../simulator/common/contract/latency-histogram.ts";
import type { ApplyCounts, TaskManagerMetrics } from "../../simulator/common/contract/metrics.ts";
import type { Report } from "../../simulator/common/contract/report.ts";

export interface TaskManagerUse {
  readonly processed: number;
  readonly cpuMs: number;
  readonly rssBytesMax: number;
}

export class MetricsMerge {
  readonly #loadStartedAtUs: number;
  readonly #newest = new Map<string, TaskManagerMetrics>();
  /** Of each incarnation, what observing had cost when the load began; a later incarnation has no such entry. */
  readonly #observerCpuMsBefore = new Map<string, number>();
  readonly #rssBytesMax = new Map<string, number>();

  /** The load is that of the first round, in µs of run time. */
  constructor(options: { readonly loadStartedAtUs: number }) {
    this.#loadStartedAtUs = options.loadStartedAtUs;
  }

  add(metrics: TaskManagerMetrics): void {
    const key = `${metrics.tm} ${metrics.incarnation}`;
    if (metrics.atUs <= this.#loadStartedAtUs) this.#observerCpuMsBefore.set(key, metrics.observerCpuMs ?? 0);
    const known = this.#newest.get(key);
    if (known === undefined || metrics.atUs >= known.atUs) this.#newest.set(key, metrics);
    this.#rssBytesMax.set(metrics.tm, Math.max(this.#rssBytesMax.get(metrics.tm) ?? 0, metrics.rssBytes));
  }

  /** Over all lives of a TaskManager. */
  use(tm: string): TaskManagerUse {
    let cpuMs = 0;
    let processed = 0;
    for (const metrics of this.#newest.values()) {
      if (metrics.tm !== tm) continue;
      cpuMs += metrics.cpuMs;
      processed += metrics.processed;
    }
    return { processed, cpuMs, rssBytesMax: this.#rssBytesMax.get(tm) ?? 0 };
  }

  /** Of all TaskManagers, since the load began. */
  observerCpuMs(): number {
    const since = ([key, { observerCpuMs }]: readonly [string, TaskManagerMetrics]) =>
      (observerCpuMs ?? 0) - (this.#observerCpuMsBefore.get(key) ?? 0);
    return [...this.#newest].reduce((sum, entry) => sum + since(entry), 0);
  }

  applies(): ApplyCounts {
    const sum = { ok: 0, dup: 0, seek: 0, fenced: 0, storeLost: 0 };
    for (const { applies } of this.#newest.values()) {
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
    const counts = this.#mergeLatencies();
    const toMs = (share: number) => {
      const valueUs = latencyQuantileUs(counts, share);
      return valueUs === null ? null : valueUs / 1000;
    };
    const recorded = countLatencies(counts);
    return {
      p50: toMs(0.5),
      p90: toMs(0.9),
      p99: toMs(0.99),
      p999: toMs(0.999),
      max: recorded === 0 ? null : counts.maxUs / 1000,
      recorded,
      missing: processed === null ? null : Math.max(0, processed - recorded),
    };
  }

  #mergeLatencies(): LatencyCounts {
    const counts = createLatencyCounts();
    for (const { latency, latencyUsMax } of this.#newest.values()) mergeSparseLatency(counts, latency, latencyUsMax);
    return counts;
  }
}
