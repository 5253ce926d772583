import { setTimeout as delay } from "node:timers/promises";

/** Waits out a backoff, or less when the signal comes: then there is nothing left to try. */
export async function sleepUntilAborted(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
