/**
 * Every wait has a deadline and says what it waits for. Time is `performance.now()`, which never steps.
 */
import { setTimeout as delay } from "node:timers/promises";
import { createError, describeError } from "./errors.ts";

export interface WaitOptions {
  /** Completes the sentence "… did not happen within N ms". */
  readonly what: string;
  readonly deadlineMs: number;
  /** Time between two looks. Default 20 ms. */
  readonly intervalMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Looks at a condition until it yields something other than undefined, and returns that. A look that throws counts as
 * "not yet" and its message is quoted if the deadline passes. Throws DEADLINE_EXCEEDED, or the signal's reason.
 */
export async function waitUntil<T>(
  look: () => T | undefined | Promise<T | undefined>,
  options: WaitOptions,
): Promise<T> {
  const endsAtMs = performance.now() + options.deadlineMs;
  let last: unknown;
  for (;;) {
    options.signal?.throwIfAborted();
    try {
      const value = await look();
      if (value !== undefined) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() >= endsAtMs) {
      throw createError(
        "DEADLINE_EXCEEDED",
        { what: options.what, deadlineMs: options.deadlineMs, last: last === undefined ? "" : describeError(last) },
        last,
      );
    }
    await sleep(options.intervalMs ?? 20, options.signal);
  }
}

/** Settles after the time, or rejects with the signal's reason when that comes first. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    // Node hides the reason in an AbortError, which says nothing to a reader, and no code to a caller.
    signal?.throwIfAborted();
    throw error;
  }
}

/** The promise's outcome, or DEADLINE_EXCEEDED. The work itself is not stopped: that is the caller's business. */
export async function withDeadline<T>(work: Promise<T>, options: { what: string; deadlineMs: number }): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(createError("DEADLINE_EXCEEDED", { what: options.what, deadlineMs: options.deadlineMs, last: "" })),
      options.deadlineMs,
    );
  });
  try {
    return await Promise.race([work, expired]);
  } finally {
    clearTimeout(timer);
  }
}
