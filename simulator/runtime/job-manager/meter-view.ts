/**
 * A rate over the last minute, as Flink's MeterView has it: the count is looked at every five seconds, and the rate is
 * what came in since the look a minute ago, by sixty seconds. So it rises over the first minute, as Flink's does. Pure:
 * the time comes in.
 */
const LOOK_INTERVAL_MS = 5_000;
const TIME_SPAN_MS = 60_000;
const LOOKS = TIME_SPAN_MS / LOOK_INTERVAL_MS + 1;

export class MeterView {
  /** By look, newest last, at most LOOKS. */
  #counts: readonly number[];
  #nextLookMs: number;

  /** What is counted already at the beginning is no part of the rate. `nowMs` is monotonic, here and below. */
  constructor(count: number, nowMs: number) {
    this.#counts = [count];
    this.#nextLookMs = nowMs + LOOK_INTERVAL_MS;
  }

  /** To be called about once a second; most calls change nothing. */
  update(count: number, nowMs: number): void {
    const due = Math.floor((nowMs - this.#nextLookMs) / LOOK_INTERVAL_MS) + 1;
    if (due <= 0) return;
    // Looks that were missed in a pause would have seen no more than what is seen after it.
    const seen = new Array<number>(Math.min(due, LOOKS)).fill(count);
    this.#counts = [...this.#counts, ...seen].slice(-LOOKS);
    this.#nextLookMs += due * LOOK_INTERVAL_MS;
  }

  get perSecond(): number {
    return ((this.#counts.at(-1) ?? 0) - (this.#counts[0] ?? 0)) / (TIME_SPAN_MS / 1_000);
  }
}
