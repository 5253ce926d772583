/**
 * Repeats an attempt until it succeeds, a fatal error comes, or the deadline passes. Between attempts it backs off
 * from 50 ms to 1 s.
 *
 * Y1 How long a reason lasts is counted from its first answer in a row: what failed before for another reason says
 *    nothing about it. A topic that is missing right after an outage is one that its broker has not loaded yet.
 * Y2 A reason with a time of its own (`believedAfterMs`) ends the wait when it has lasted so long, and not before.
 */
import { createBackoff } from "../../common/foundation/backoff.ts";
import { sleep } from "../../common/foundation/deadline.ts";
import { type AppError, createError, isAppError } from "../../common/foundation/errors.ts";
import type { Log } from "../../common/foundation/log.ts";
import { describeBrokerError } from "./wire/error-codes.ts";

export type Attempt<T> =
  | { readonly kind: "done"; readonly value: T }
  /** Worth another try. `error` is thrown as it is when the deadline passes, or after a time of its own (Y2). */
  | { readonly kind: "again"; readonly error: AppError; readonly believedAfterMs?: number };

export interface RetryOptions {
  /** For KAFKA_UNREACHABLE when the last attempt failed without an answer. */
  readonly endpoint: string;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly log?: Log | undefined;
}

export const BACKOFF_INITIAL_MS = 50;
export const BACKOFF_CAP_MS = 1_000;
/** A wait that is shorter is not worth a line in the log. */
const TELL_AFTER_MS = 2_000;

export async function retryAttempts<T>(attempt: () => Promise<Attempt<T>>, options: RetryOptions): Promise<T> {
  const startedAtMs = performance.now();
  const backoff = createBackoff({ initialMs: BACKOFF_INITIAL_MS, capMs: BACKOFF_CAP_MS });
  let told = false;
  let reason: { readonly code: string; readonly sinceMs: number } | undefined;
  for (;;) {
    options.signal?.throwIfAborted();
    const attemptedAtMs = performance.now();
    const attempting = attempt().catch((error: unknown) => classifyFailure<T>(error));
    const outcome = await untilAborted(attempting, options.signal);
    if (outcome.kind === "done") return outcome.value;
    const nowMs = performance.now();
    const code = reasonOf(outcome.error);
    if (reason?.code !== code) reason = { code, sinceMs: code === NO_ANSWER ? attemptedAtMs : nowMs };
    const lastedMs = Math.round(nowMs - reason.sinceMs);
    const waitedMs = Math.round(nowMs - startedAtMs);
    const isOver =
      outcome.believedAfterMs === undefined ? waitedMs >= options.deadlineMs : lastedMs >= outcome.believedAfterMs;
    if (isOver) throw concludeWaiting(outcome.error, options.endpoint, lastedMs);
    if (!told && waitedMs >= TELL_AFTER_MS) {
      told = true;
      options.log?.warn(`still waiting for Kafka after ${waitedMs} ms`, outcome.error);
    }
    await sleep(backoff.nextMs(), options.signal);
  }
}

/** Its outcome, or the signal's reason as soon as that comes: nobody waits for what an attempt would still give. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** All ways in which no answer comes are one reason. */
const NO_ANSWER = "no answer";
const reasonOf = (error: AppError): string => (isConnectionFailure(error) ? NO_ANSWER : error.code);

/** A connection that failed is worth another try; everything else goes up. */
function classifyFailure<T>(error: unknown): Attempt<T> {
  if (isConnectionFailure(error)) return { kind: "again", error };
  throw error;
}

/** No answer came: what the broker did, if anything, is unknown. */
type ConnectionFailure = AppError & { readonly code: "KAFKA_CONNECTION_LOST" | "DEADLINE_EXCEEDED" };

export function isConnectionFailure(error: unknown): error is ConnectionFailure {
  return isAppError(error) && (error.code === "KAFKA_CONNECTION_LOST" || error.code === "DEADLINE_EXCEEDED");
}

/** Who gives up says how long it waited, and for what. */
function concludeWaiting(error: AppError, endpoint: string, waitedMs: number): AppError {
  if (isConnectionFailure(error)) return createError("KAFKA_UNREACHABLE", { endpoint, waitedMs }, error);
  if (error.code === "KAFKA_BROKER_ERROR") {
    return createError("KAFKA_NOT_READY", { waitedMs, answer: error.message }, error);
  }
  return error;
}

/** Undefined for success, the error when a retry may help; thrown when it is fatal. */
export function checkCode(code: number, what: string, detail = ""): AppError | undefined {
  const { action } = describeBrokerError(code);
  if (action === "none") return undefined;
  const error = brokerError(what, code, detail);
  if (action === "fatal") throw error;
  return error;
}

export function brokerError(what: string, code: number, detail = ""): AppError {
  const { name, advice } = describeBrokerError(code);
  const told = [detail.replace(/\.$/, ""), advice].filter((text) => text !== "").join("; ");
  return createError("KAFKA_BROKER_ERROR", { what, name, code, detail: told });
}
