/**
 * Repeats an attempt until it succeeds, a fatal error comes, or the deadline passes. Between attempts it backs off
 * from 50 ms to 1 s.
 */
import { createBackoff } from "../../common/foundation/backoff.ts";
import { sleep } from "../../common/foundation/deadline.ts";
import { type AppError, createError, isAppError } from "../../common/foundation/errors.ts";
import type { Log } from "../../common/foundation/log.ts";
import { describeBrokerError } from "./wire/error-codes.ts";

export type Attempt<T> =
  | { readonly kind: "done"; readonly value: T }
  /** Worth another try. `error` is thrown as it is when the deadline passes. */
  | { readonly kind: "again"; readonly error: AppError };

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
  for (;;) {
    options.signal?.throwIfAborted();
    const outcome = await attempt().catch((error: unknown) => classifyFailure<T>(error));
    if (outcome.kind === "done") return outcome.value;
    const waitedMs = Math.round(performance.now() - startedAtMs);
    if (waitedMs >= options.deadlineMs) throw concludeWaiting(outcome.error, options.endpoint, waitedMs);
    if (!told && waitedMs >= TELL_AFTER_MS) {
      told = true;
      options.log?.warn(`still waiting for Kafka after ${waitedMs} ms`, outcome.error);
    }
    await sleep(backoff.nextMs(), options.signal);
  }
}

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

function concludeWaiting(error: AppError, endpoint: string, waitedMs: number): AppError {
  return isConnectionFailure(error) ? createError("KAFKA_UNREACHABLE", { endpoint, waitedMs }, error) : error;
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
  return createError("KAFKA_BROKER_ERROR", { what, name: describeBrokerError(code).name, code, detail });
}
