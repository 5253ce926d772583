/**
 * What kind of failure it is; "exactlyOnce" is a promise that was given and broken. The host turns the category into an
 * exit code: see `apphost/exit-code.ts`.
 */
export type ErrorCategory = "usage" | "infrastructure" | "job" | "exactlyOnce" | "unexpected";

export interface ErrorRow<P> {
  readonly category: ErrorCategory;
  /** True if the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean;
  readonly message: (parameters: P) => string;
}

/** Keeps the parameter type of a row while the catalogue stays a plain object. */
export function row<P>(category: ErrorCategory, retryable: boolean, message: (parameters: P) => string): ErrorRow<P> {
  return { category, retryable, message };
}
