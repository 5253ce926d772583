/**
 * Every wait has a deadline, says what it waits for, and ends with the signal of whoever waits. Time is
 * `performance.now()`, which never steps.
 */
import { setTimeout as delay } from "node:timers/promises";
import { createError, describeError } from "./errors.ts";

export interface WaitOptions {
  /** Completes the sentence "… took longer than N ms". */
  readonly what: string;
  readonly deadlineMs: number;
  /** Time between two looks. Default 20 ms. */
  readonly intervalMs?: number;
  readonly signal?: AbortSignal;
}

const LOOK_INTERVAL_MS = 20;

/**
 * Looks at a condition until it yields something other than undefined, and returns that. A look that throws counts as
 * "not yet" and its message is quoted if the deadline passes. Throws DEADLINE_EXCEEDED, or the signal's reason; neither
 * waits for a look that has no answer yet.
 */
export async function waitUntil<T>(
  look: () => T | undefined | Promise<T | undefined>,
  { what, deadlineMs, intervalMs = LOOK_INTERVAL_MS, signal }: WaitOptions,
): Promise<T> {
  const endsAtMs = performance.now() + deadlineMs;
  let last: unknown;
  for (;;) {
    signal?.throwIfAborted();
    try {
      const looked = look();
      const leftMs = endsAtMs - performance.now();
      const value = looked instanceof Promise ? await settleWithin(looked, leftMs, createOverdue, signal) : looked;
      if (value !== undefined) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    signal?.throwIfAborted();
    if (performance.now() >= endsAtMs) {
      throw createError(
        "DEADLINE_EXCEEDED",
        { what, deadlineMs, last: last === undefined ? "" : describeError(last) },
        last,
      );
    }
    await sleep(intervalMs, signal);
  }
}

const createOverdue = (): Error => new Error("no answer by then");

export interface DeadlineOptions {
  /** Completes the sentence "… took longer than N ms". */
  readonly what: string;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}

/**
 * The promise's outcome, DEADLINE_EXCEEDED, or the signal's reason. The work itself is not stopped: that is the caller's
 * business.
 */
export async function withDeadline<T>(work: Promise<T>, { what, deadlineMs, signal }: DeadlineOptions): Promise<T> {
  const expire = () => createError("DEADLINE_EXCEEDED", { what, deadlineMs, last: "" });
  return settleWithin(work, deadlineMs, expire, signal);
}

async function settleWithin<T>(
  work: Promise<T>,
  limitMs: number,
  expire: () => Error,
  signal: AbortSignal | undefined,
): Promise<T> {
  const { promise: cut, reject } = Promise.withResolvers<never>();
  // A wait without an end of its own ends by its signal alone.
  const timer = Number.isFinite(limitMs) ? setTimeout(() => reject(expire()), Math.max(0, limitMs)) : undefined;
  const abort = () => reject(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  if (signal?.aborted === true) abort();
  try {
    return await Promise.race([work, cut]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
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

/** Waits out a backoff, or less when the signal comes: then there is nothing left to try. */
export async function sleepUntilAborted(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Settles when the signal comes; never rejects. */
export const whenAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
