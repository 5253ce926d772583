/** Exit codes tell the kinds of failure apart. */
import { expect, it } from "vitest";
import { endingOfCategory, exitCodeOfEnding, exitCodeOfError } from "../../../apphost/exit-code.ts";
import { createError } from "../../../simulator/common/foundation/errors.ts";

it.each([
  [createError("USAGE_OPTION_INVALID", { option: "--x", value: "y", expected: "z" }), 2],
  [createError("INFRASTRUCTURE_UNAVAILABLE", { resource: "kafka", mode: "docker", reason: "none" }), 3],
  [createError("JOB_FAILED", { jobId: "j", reason: "r" }), 6],
  [createError("PRODUCER_RECORDS_LOST", { topic: "t", p: 0, acknowledged: 2, endOffset: 1 }), 4],
  [createError("NO_RUNNING_HOST", { folder: "." }), 7],
  [createError("CONTROL_REFUSED", { request: "produce", reason: "it is ending" }), 1],
  [createError("ASSERTION_FAILED", { what: "w" }), 1],
  [new Error("whatever"), 1],
])("%s → %i", (error, code) => expect(exitCodeOfError(error)).toBe(code));

it.each([
  [{ kind: "interrupted", signal: "SIGINT" } as const, 130],
  [{ kind: "interrupted", signal: "SIGTERM" } as const, 143],
  [{ kind: "timeExceeded", waitedFor: "x" } as const, 5],
  [endingOfCategory("infrastructure", "r"), 3],
  [endingOfCategory("exactlyOnce", "r"), 4],
  [endingOfCategory("job", "r"), 6],
  // A part of the job that refuses what it was given; the host's own refusals never become an ending.
  [endingOfCategory("usage", "r"), 6],
  [endingOfCategory("unexpected", "r"), 1],
  // Without a report nothing was proven, whatever the run did.
  [{ kind: "drained" } as const, 1],
])("an ending without a report: %o → %i", (ending, code) => expect(exitCodeOfEnding(ending)).toBe(code));
