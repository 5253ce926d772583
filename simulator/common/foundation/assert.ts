import { createError } from "./errors.ts";

/** For programmer errors only. Errors of the outside world are rows of the catalogue, and are handled. */
export function assert(condition: boolean, what: string): asserts condition {
  if (!condition) throw createError("ASSERTION_FAILED", { what });
}

/** The value, which must be there: for look-ups that an invariant guarantees. */
export function present<T>(value: T | undefined | null, what: string): T {
  if (value === undefined || value === null) throw createError("ASSERTION_FAILED", { what: `${what} is missing` });
  return value;
}

/** Closes a switch over a union: a new member that is not handled fails to compile. */
export function unreachable(value: never): never {
  throw createError("ASSERTION_FAILED", { what: `unexpected value ${JSON.stringify(value)}` });
}
