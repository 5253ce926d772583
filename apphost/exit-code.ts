/** Exit codes tell the kinds of failure apart. A verdict's code comes from report.json; these are for all the rest. */
import type { RunEnding } from "../simulator/common/contract/files/host-facts.ts";
import { unreachable } from "../simulator/common/foundation/assert.ts";
import type { ErrorCategory } from "../simulator/common/foundation/error-row.ts";
import { categoryOf, type ErrorCode, isAppError } from "../simulator/common/foundation/errors.ts";

export const EXIT = {
  passed: 0,
  unexpected: 1,
  usage: 2,
  /** A verdict "unknown" ends with it, too: the facts could not be had. */
  infrastructure: 3,
  exactlyOnce: 4,
  budget: 5,
  job: 6,
  noHost: 7,
  waitTimedOut: 17,
  waitFailed: 18,
  interrupted: 130,
  terminated: 143,
} as const;

export function exitCodeOfCategory(category: ErrorCategory): number {
  switch (category) {
    case "usage":
      return EXIT.usage;
    case "infrastructure":
      return EXIT.infrastructure;
    case "job":
      return EXIT.job;
    case "exactlyOnce":
      return EXIT.exactlyOnce;
    case "unexpected":
      return EXIT.unexpected;
    default:
      return unreachable(category);
  }
}

/** Errors that a script tells apart by more than their category. */
const EXIT_BY_CODE: Partial<Record<ErrorCode, number>> = {
  NO_RUNNING_HOST: EXIT.noHost,
  RUN_NOT_RUNNING: EXIT.noHost,
  CONTROL_REFUSED: EXIT.unexpected,
  WAIT_TIMED_OUT: EXIT.waitTimedOut,
  WAIT_FAILED: EXIT.waitFailed,
};

export function exitCodeOfError(error: unknown): number {
  const own = isAppError(error) ? EXIT_BY_CODE[error.code] : undefined;
  return own ?? exitCodeOfCategory(categoryOf(error));
}

/** For a run that ended before a report could be made: no check has run, so the ending alone decides. */
export function exitCodeOfEnding(ending: RunEnding): number {
  switch (ending.kind) {
    case "drained":
      // The work was done and no report says how: nothing was proven.
      return EXIT.unexpected;
    case "interrupted":
      return ending.signal === "SIGINT" ? EXIT.interrupted : EXIT.terminated;
    case "timeExceeded":
      return EXIT.budget;
    case "infrastructureFailed":
      return EXIT.infrastructure;
    case "exactlyOnceViolated":
      return EXIT.exactlyOnce;
    case "jobFailed":
    case "jobCancelled":
    case "jobStopped":
      return EXIT.job;
    case "unexpected":
      return EXIT.unexpected;
    default:
      return unreachable(ending);
  }
}

/**
 * How a run ends when something threw. What the host itself finds wrong in the usage never becomes an ending; a part of
 * the job that refuses what it was given is a job that failed.
 */
export function endingOfCategory(category: ErrorCategory, reason: string): RunEnding {
  switch (category) {
    case "infrastructure":
      return { kind: "infrastructureFailed", reason };
    case "exactlyOnce":
      return { kind: "exactlyOnceViolated", reason };
    case "job":
    case "usage":
      return { kind: "jobFailed", reason };
    case "unexpected":
      return { kind: "unexpected", reason };
    default:
      return unreachable(category);
  }
}
