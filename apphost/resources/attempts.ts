/**
 * The first contact with a server that is not ours: it is there already, so five attempts, 0.5, 1, 2 and 4 s apart, tell
 * a moment's trouble from a wrong address. A server that we start is waited for instead.
 */
import { setTimeout as delay } from "node:timers/promises";
import { type Backoff, createBackoff } from "../../simulator/common/foundation/backoff.ts";
import { type AppError, isAppError } from "../../simulator/common/foundation/errors.ts";

export const ATTEMPTS = 5;
const BACKOFF = { initialMs: 500, capMs: 4_000 };

/** How long all of them take at most, when each may take so long. */
export const longestAttemptsMs = (attemptMs: number): number => ATTEMPTS * attemptMs + (ATTEMPTS - 1) * BACKOFF.capMs;

export interface Attempts<T> {
  readonly attempt: () => Promise<T>;
  /** Whether another attempt may succeed. */
  readonly isWorthRepeating: (error: AppError) => boolean;
  /** The error of all attempts, from that of the last one. */
  readonly conclude: (last: AppError, waitedMs: number) => AppError;
  readonly signal: AbortSignal;
}

export async function attemptRepeatedly<T>(what: Attempts<T>, backoff: Backoff = createBackoff(BACKOFF)): Promise<T> {
  const startedMs = performance.now();
  for (let number = 1; ; number += 1) {
    what.signal.throwIfAborted();
    try {
      return await what.attempt();
    } catch (error) {
      what.signal.throwIfAborted();
      if (!isAppError(error) || !what.isWorthRepeating(error)) throw error;
      if (number === ATTEMPTS) throw what.conclude(error, Math.round(performance.now() - startedMs));
    }
    await delay(backoff.nextMs(), undefined, { signal: what.signal });
  }
}
