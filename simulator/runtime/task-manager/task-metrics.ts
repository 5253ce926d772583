/** Turns what a TaskManager counted into its metrics message, with what the process itself says. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";
import { toSparseLatency } from "../../common/contract/latency-histogram.ts";
import type { PartitionPosition, TaskManagerMetrics } from "../../common/contract/metrics.ts";
import type { RunClock } from "../../common/foundation/clock.ts";
import { readEngineUsage } from "../../common/foundation/engine-usage.ts";
import type { TaskCounters } from "./task-counters.ts";

/** A look ten times per second sees every pause that a person would notice. */
const LAG_INTERVAL_MS = 100;

const HEAP_BYTES_MAX = getHeapStatistics().heap_size_limit;

/**
 * The longest time that something kept the event loop busy. Node looks by itself: a timer of ours would run JavaScript.
 * While there are no records there is nothing that could, and looking would be most of what the process does.
 */
export class EventLoopLag {
  readonly #delays = monitorEventLoopDelay({ resolution: LAG_INTERVAL_MS });
  #isWatching = false;

  watch(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    this.#delays.enable();
  }

  rest(): void {
    if (!this.#isWatching) return;
    this.#isWatching = false;
    this.#delays.disable();
  }

  /** The largest lag since the last call, in ms. */
  takeMax(): number {
    // Node records the whole time from one look to the next, in ns.
    const maxMs = Math.max(0, this.#delays.max / 1_000_000 - LAG_INTERVAL_MS);
    this.#delays.reset();
    return maxMs;
  }
}

export interface MetricsSource {
  readonly tm: string;
  readonly incarnation: string;
  readonly clock: RunClock;
  readonly counters: TaskCounters;
  readonly lag: EventLoopLag;
}

/** All that metrics tell but for the process and the time: while it is the same there is nothing to tell. */
export function describeCounts(counters: TaskCounters, partitions: readonly PartitionPosition[]): string {
  const { processed, rejected, skipped, bytes, applies, offsetCommitsFailed } = counters;
  return JSON.stringify({ processed, rejected, skipped, bytes, applies, offsetCommitsFailed, partitions });
}

export interface MetricsMoment {
  readonly partitions: readonly PartitionPosition[];
  readonly checkpointId: number;
  readonly final: boolean;
}

export function collectMetrics(source: MetricsSource, moment: MetricsMoment): TaskManagerMetrics {
  const { tm, incarnation, clock, counters, lag } = source;
  const cpu = process.cpuUsage();
  const memory = process.memoryUsage();
  const times = counters.times.view();
  return {
    tm,
    incarnation,
    pid: process.pid,
    atUs: clock.nowUs(),
    processed: counters.processed,
    rejected: counters.rejected,
    skipped: counters.skipped,
    bytes: counters.bytes,
    applies: { ...counters.applies },
    partitions: moment.partitions,
    checkpointId: moment.checkpointId,
    offsetCommitsFailed: counters.offsetCommitsFailed,
    final: moment.final,
    cpuMs: Math.round((cpu.user + cpu.system) / 1000),
    rssBytes: memory.rss,
    observerCpuMs: Math.round(counters.observerCpuMs * 10) / 10,
    busyMs: Math.round(times.busyMs),
    backPressuredMs: Math.round(times.backPressuredMs),
    idleMs: Math.round(times.idleMs),
    heap: { usedBytes: memory.heapUsed, committedBytes: memory.heapTotal, maxBytes: HEAP_BYTES_MAX },
    engine: readEngineUsage(memory),
    eventLoopLagMsMax: Math.round(lag.takeMax()),
    latency: toSparseLatency(counters.latency),
    latencyUsMax: counters.latency.maxUs,
  };
}
