/** Exponential backoff: initial, ×2 each time, up to a cap. `reset` after something worked. */
export interface Backoff {
  /** How long to wait before the next attempt, in ms. */
  nextMs(): number;
  reset(): void;
}

export function createBackoff(options: { initialMs: number; capMs: number }): Backoff {
  let currentMs = options.initialMs;
  return {
    nextMs() {
      const waitMs = currentMs;
      currentMs = Math.min(currentMs * 2, options.capMs);
      return waitMs;
    },
    reset() {
      currentMs = options.initialMs;
    },
  };
}
