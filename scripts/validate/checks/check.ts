/**
 * How a comparison becomes a check. Pure.
 *
 * C1 Counts are compared for equality.
 * C2 A check that examined nothing fails; only where the run was ended before there was anything to examine (mode
 *    "prefix") it is not applicable, with that reason.
 * C3 A fact that is missing fails the check that needs it.
 */
import type { JobState } from "../../../simulator/common/contract/redis-state.ts";
import type { Check } from "../../../simulator/common/contract/report.ts";
import type { Facts } from "../facts.ts";

/** Problems named in a reason; the rest is counted. */
const PROBLEMS_NAMED_MAX = 5;

export interface Finding {
  readonly expected: string;
  readonly actual: string;
  readonly examined: number;
  /** What is wrong, one sentence each, naming partitions and values. Empty: the check passes. */
  readonly problems: readonly string[];
  /** What was compared, for a check that passes. */
  readonly compared: string;
}

export interface CheckTitle {
  readonly id: string;
  readonly title: string;
}

export function judge(facts: Pick<Facts, "task">, title: CheckTitle, finding: Finding): Check {
  const { expected, actual, examined, problems, compared } = finding;
  const base = { ...title, expected, actual, examined };
  if (problems.length > 0) return { ...base, status: "failed", reason: nameProblems(problems) };
  if (examined > 0) return { ...base, status: "passed", reason: compared };
  if (facts.task.mode === "prefix") {
    return { ...base, status: "notApplicable", reason: "the run was ended before there was anything to examine" };
  }
  return { ...base, status: "failed", reason: "nothing was examined, so nothing is proven" };
}

export function notApplicable(title: CheckTitle, reason: string): Check {
  return { ...title, expected: "—", actual: "—", examined: 0, status: "notApplicable", reason };
}

export function failMissing(title: CheckTitle, expected: string, reason: string): Check {
  return { ...title, expected, actual: "missing", examined: 0, status: "failed", reason };
}

/** A check of the job's state in Redis; without a complete state it fails, or the job had not begun. */
export function checkState(facts: Facts, title: CheckTitle, find: (state: JobState) => Finding): Check {
  const { state } = facts;
  if (state.kind === "complete") return judge(facts, title, find(state.state));
  if (state.kind === "missing" && facts.task.mode === "prefix" && !facts.jobBegan) {
    return notApplicable(title, "the run was ended before the job's state was created");
  }
  return failMissing(title, "a complete state in Redis", describeMissingState(facts));
}

export function describeMissingState(facts: Facts): string {
  const { state, config } = facts;
  return state.kind === "incomplete"
    ? `field ${state.field} of Redis hash ${config.stateKey} is missing or no whole number`
    : `Redis hash ${config.stateKey} does not exist`;
}

function nameProblems(problems: readonly string[]): string {
  const named = problems.slice(0, PROBLEMS_NAMED_MAX).join("; ");
  const rest = problems.length - PROBLEMS_NAMED_MAX;
  return rest > 0 ? `${named}; and ${rest} more` : named;
}

/** Compares one number of each partition. */
export function compareEach(
  what: string,
  pairs: readonly { readonly p: number; readonly expected: number; readonly actual: number }[],
): string[] {
  return pairs
    .filter(({ expected, actual }) => expected !== actual)
    .map(({ p, expected, actual }) => `partition ${p}: ${what} is ${actual}, expected ${expected}`);
}
