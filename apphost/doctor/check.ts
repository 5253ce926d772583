/**
 * What a check of `doctor` is, and how all of them are run: at the same time, each with a deadline. A check looks, and
 * starts, changes and removes nothing.
 *
 * D1 A check that hangs, or that cannot look, is a warning that says so: it has neither found a fault nor excluded one.
 * D2 The order of the results is that of the plans, whichever was faster.
 */
import { withDeadline } from "../../simulator/common/foundation/deadline.ts";
import { describeError, isAppError } from "../../simulator/common/foundation/errors.ts";

export type CheckResult = "ok" | "warning" | "failed";

export interface Finding {
  /** `failed`: a run with these options cannot work. `warning`: it works, perhaps not as expected. */
  readonly result: CheckResult;
  /** What is there, values with their units. */
  readonly found: string;
  /** What that means for a run; empty when `found` says it all. */
  readonly reason: string;
  /** What to do; empty when there is nothing to do. */
  readonly fix: string;
}

export interface CheckPlan {
  readonly id: string;
  readonly title: string;
  /** Which runs need it: `every run`, `--infra native`. */
  readonly neededFor: string;
  /** True for an infrastructure that was asked for: when it cannot work, the exit code says so. */
  readonly isAskedInfrastructure: boolean;
  /** null: there is nothing to look at in this run, and the check is left out. */
  readonly examine: () => Promise<Finding | null>;
}

/** As `doctor --format json` prints it. */
export interface Check extends Finding {
  readonly id: string;
  readonly title: string;
  readonly neededFor: string;
}

export const CHECK_MS_MAX = 5_000;

export const ok = (found: string, reason = ""): Finding => ({ result: "ok", found, reason, fix: "" });

export const warning = (found: string, reason: string, fix = ""): Finding => ({
  result: "warning",
  found,
  reason,
  fix,
});

export const failed = (found: string, reason: string, fix: string): Finding => ({
  result: "failed",
  found,
  reason,
  fix,
});

export async function runChecks(plans: readonly CheckPlan[], deadlineMs = CHECK_MS_MAX): Promise<Check[]> {
  const findings = await Promise.all(plans.map(({ examine }) => examineInTime(examine, deadlineMs)));
  return plans.flatMap(({ id, title, neededFor }, index) => {
    const finding = findings[index] ?? null;
    return finding === null ? [] : [{ id, title, ...finding, neededFor }];
  });
}

async function examineInTime(examine: CheckPlan["examine"], deadlineMs: number): Promise<Finding | null> {
  try {
    return await withDeadline(examine(), { what: "this check", deadlineMs });
  } catch (error) {
    if (isAppError(error) && error.code === "DEADLINE_EXCEEDED") {
      return warning(
        "not known",
        `the check was given up after ${deadlineMs} ms`,
        "find out why this machine hangs there",
      );
    }
    return warning("not known", `the check could not look: ${describeError(error)}`);
  }
}
