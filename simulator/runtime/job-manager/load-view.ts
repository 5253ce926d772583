/**
 * How a TaskManager's time went, per second: busy, back-pressured and idle, as Flink's gauges of the same names have it.
 * The three add up to 1000 ms. Pure: the time comes in.
 *
 * L1 A figure is of the time between the two newest heartbeats that had metrics.
 * L2 A TaskManager that has nothing new to tell has been idle: after SILENCE_MS that is what it is said to be.
 */
import type { TaskManagerMetrics } from "../../common/contract/metrics.ts";

/** A TaskManager tells its metrics each second while its counts change. */
const SILENCE_MS = 3_000;
const SECOND_MS = 1_000;

export interface LoadPerSecond {
  readonly busyMs: number;
  readonly backPressuredMs: number;
  readonly idleMs: number;
  /** CPU time of the whole process by the time that went by: 1 is one core. */
  readonly cpuLoad: number;
}

const IDLE: LoadPerSecond = { busyMs: 0, backPressuredMs: 0, idleMs: SECOND_MS, cpuLoad: 0 };

export class LoadView {
  #newest: TaskManagerMetrics;
  #toldAtMs: number;
  #perSecond: LoadPerSecond = IDLE;

  /** `nowMs` is monotonic, here and below. */
  constructor(metrics: TaskManagerMetrics, nowMs: number) {
    this.#newest = metrics;
    this.#toldAtMs = nowMs;
  }

  /** To be called with the newest metrics, which may be those of the call before. */
  update(metrics: TaskManagerMetrics, nowMs: number): void {
    if (metrics === this.#newest) return;
    const elapsedMs = (metrics.atUs - this.#newest.atUs) / SECOND_MS;
    if (elapsedMs > 0) this.#perSecond = measureLoad(this.#newest, metrics, elapsedMs);
    this.#newest = metrics;
    this.#toldAtMs = nowMs;
  }

  /** L2. */
  perSecond(nowMs: number): LoadPerSecond {
    return nowMs - this.#toldAtMs > SILENCE_MS ? IDLE : this.#perSecond;
  }
}

function measureLoad(before: TaskManagerMetrics, after: TaskManagerMetrics, elapsedMs: number): LoadPerSecond {
  const share = (ms: number, limit: number) => Math.min(limit, Math.max(0, Math.round((ms / elapsedMs) * SECOND_MS)));
  const busyMs = share(after.busyMs - before.busyMs, SECOND_MS);
  const waited = (after.backPressuredMs ?? 0) - (before.backPressuredMs ?? 0);
  const backPressuredMs = share(waited, SECOND_MS - busyMs);
  return {
    busyMs,
    backPressuredMs,
    idleMs: SECOND_MS - busyMs - backPressuredMs,
    cpuLoad: Math.max(0, (after.cpuMs - before.cpuMs) / elapsedMs),
  };
}
