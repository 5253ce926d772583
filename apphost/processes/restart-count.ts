/** How often a resource may be started again within a time. The clock is the caller's. */

export interface RestartLimit {
  readonly max: number;
  readonly windowMs: number;
}

/** One that dies again and again will not live by another start. */
export const RESTART_LIMIT: RestartLimit = { max: 10, windowMs: 60_000 };
/** One that hangs is noticed so slowly that it would never be too often within a minute. */
export const HANG_LIMIT: RestartLimit = { max: 3, windowMs: 600_000 };

export class RestartCount {
  readonly #limit: RestartLimit;
  #atMs: number[] = [];

  constructor(limit: RestartLimit) {
    this.#limit = limit;
  }

  /** Counts one more; the limit, if that is too many. */
  add(nowMs: number): RestartLimit | null {
    this.#atMs = [...this.#atMs.filter((atMs) => nowMs - atMs < this.#limit.windowMs), nowMs];
    return this.#atMs.length > this.#limit.max ? this.#limit : null;
  }
}
