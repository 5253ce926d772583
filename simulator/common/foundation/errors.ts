/**
 * The one error catalogue. Every failure a user or a caller can meet is a row here: a code, its category, whether the
 * same call may succeed later, and a message that says what failed, with its values and units, and what to do.
 *
 * Callers ask `error.retryable` or `error.category`, and never match text.
 */

import type { ErrorCategory, ErrorRow } from "./error-row.ts";
import { hostErrors } from "./errors-host.ts";
import { kafkaErrors } from "./errors-kafka.ts";
import { kafkaSecurityErrors } from "./errors-kafka-security.ts";
import { redisErrors } from "./errors-redis.ts";
import { runtimeErrors } from "./errors-runtime.ts";
import { verbErrors } from "./errors-verbs.ts";
import { maskAddresses } from "./mask.ts";

const catalogue = {
  ...hostErrors,
  ...kafkaErrors,
  ...kafkaSecurityErrors,
  ...redisErrors,
  ...runtimeErrors,
  ...verbErrors,
};

export type ErrorCode = keyof typeof catalogue;
type ParametersOf<C extends ErrorCode> = (typeof catalogue)[C] extends ErrorRow<infer P> ? P : never;

export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly category: ErrorCategory;
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, row: { category: ErrorCategory; retryable: boolean }, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.category = row.category;
    this.retryable = row.retryable;
  }
}

/** Makes the error of a catalogue row. `cause` is the error beneath it, if there is one. No message holds a password. */
export function createError<C extends ErrorCode>(code: C, parameters: ParametersOf<C>, cause?: unknown): AppError {
  const row = catalogue[code] as ErrorRow<ParametersOf<C>>;
  return new AppError(code, maskAddresses(row.message(parameters)), row, cause);
}

export function isAppError(error: unknown): error is AppError {
  return error instanceof AppError;
}

/** What a machine that has run out of something, or a broken disk, answers to a program that did nothing wrong. */
const MACHINE_TROUBLES: readonly unknown[] = ["ENOSPC", "EDQUOT", "EROFS", "EIO", "EMFILE", "ENFILE", "ENOMEM"];

export function categoryOf(error: unknown): ErrorCategory {
  if (isAppError(error)) return error.category;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return MACHINE_TROUBLES.includes(code) ? "infrastructure" : "unexpected";
}

/** What a message may carry of somebody else's text; an RPC line and a log take this much everywhere. */
const DESCRIPTION_LENGTH_MAX = 10_000;

/** What is no error may be thrown, too. Of an object only the names of its fields: they may hold anything. */
function describeThrown(thrown: unknown): string {
  if (typeof thrown !== "object" || thrown === null) return String(thrown);
  if ("message" in thrown && typeof thrown.message === "string") return thrown.message;
  return `an object that is no Error (${Object.keys(thrown).join(", ") || "without fields"})`;
}

/**
 * One line for a person: the message and the messages of its causes, outermost first. At most five levels and 10,000
 * characters.
 */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  if (error === undefined || error === null) return String(error);
  let current: unknown = error;
  for (let depth = 0; depth < 5 && current !== undefined && current !== null; depth += 1) {
    const text = current instanceof Error ? current.message || current.name : describeThrown(current);
    if (text !== "" && !parts.some((part) => part.includes(text))) parts.push(text);
    current = current instanceof Error ? current.cause : undefined;
  }
  return maskAddresses(parts.join(": ")).slice(0, DESCRIPTION_LENGTH_MAX);
}
