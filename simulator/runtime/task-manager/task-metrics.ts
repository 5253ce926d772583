/** Turns what a TaskManager counted into its metrics message, with what the process itself says. */
import { toSparseLatency } from "../../common/contract/latency-histogram.ts";
import type { PartitionPosition, TaskManagerMetrics } from "../../common/contract/metrics.ts";
import type { RunClock } from "../../common/foundation/clock.ts";
import type { TaskCounters } from "./task-counters.ts";

/** A look ten times a second costs next to nothing and sees every pause that a person would notice. */
const LAG_INTERVAL_MS = 100;

/** Measures by how much a timer comes late: the longest time that something kept the event loop busy. */
export class EventLoopLag {
  readonly #timer: NodeJS.Timeout;
  #dueAtMs = performance.now() + LAG_INTERVAL_MS;
  #maxMs = 0;

  constructor() {
    this.#timer = setInterval(() => this.#look(), LAG_INTERVAL_MS);
    this.#timer.unref();
  }

  /** The largest lag since the last call, in ms. */
  takeMax(): number {
    const maxMs = this.#maxMs;
    this.#maxMs = 0;
    return maxMs;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const nowMs = performance.now();
    this.#maxMs = Math.max(this.#maxMs, nowMs - this.#dueAtMs);
    this.#dueAtMs = nowMs + LAG_INTERVAL_MS;
  }
}

export interface MetricsSource {
  readonly tm: string;
  readonly incarnation: string;
  readonly clock: RunClock;
  readonly counters: TaskCounters;
  readonly lag: EventLoopLag;
}

export interface MetricsMoment {
  readonly partitions: readonly PartitionPosition[];
  readonly checkpointId: number;
  readonly final: boolean;
}

export function collectMetrics(source: MetricsSource, moment: MetricsMoment): TaskManagerMetrics {
  const { tm, incarnation, clock, counters, lag } = source;
  const cpu = process.cpuUsage();
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
    rssBytes: process.memoryUsage.rss(),
    busyMs: Math.round(counters.busyMs),
    eventLoopLagMsMax: Math.round(lag.takeMax()),
    latency: toSparseLatency(counters.latency),
    latencyUsMax: counters.latency.maxUs,
  };
}
