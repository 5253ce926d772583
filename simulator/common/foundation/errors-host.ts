import { row } from "./error-row.ts";

/** Errors of options, of processes, and of waiting. */
export const hostErrors = {
  USAGE_OPTION_INVALID: row<{ option: string; value: string; expected: string }>(
    "usage",
    false,
    (p) => `${p.option} is "${p.value}": expected ${p.expected}`,
  ),
  USAGE_CONFLICT: row<{ what: string; advice: string }>("usage", false, (p) => `${p.what}; ${p.advice}`),
  ENVIRONMENT_MISSING: row<{ name: string }>(
    "unexpected",
    false,
    (p) => `${p.name} is not set: this program is started by flink-apphost, which sets it`,
  ),
  DEADLINE_EXCEEDED: row<{ what: string; deadlineMs: number; last: string }>(
    "infrastructure",
    true,
    (p) => `${p.what} did not happen within ${p.deadlineMs} ms${p.last === "" ? "" : ` (last: ${p.last})`}`,
  ),
  CHILD_EXITED: row<{ resource: string; how: string; lastLines: string }>(
    "infrastructure",
    false,
    (p) => `${p.resource} ended ${p.how}${p.lastLines === "" ? "" : `; its last lines:\n${p.lastLines}`}`,
  ),
  ASSERTION_FAILED: row<{ what: string }>("unexpected", false, (p) => `a programmer's assumption failed: ${p.what}`),
};
