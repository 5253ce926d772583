/**
 * How a comparison becomes a check. Pure.
 *
 * C1 Counts are compared for equality.
 * C2 A check that examined nothing fails; only where the run was ended before there was anything to examine (mode
 *    "prefix") it is not applicable, with that reason.
 * C3 A fact that is missing though its writer ended normally fails the check that needs it. One that could not be read,
 *    or that another fact contradicts, leaves it unknown.
 * C4 What is wrong is said first: a problem fails the check, also where a part of it is unknown.
 */
import type { CheckDefinition } from "../../../simulator/common/contract/files/check-catalogue.ts";
import type { Check } from "../../../simulator/common/contract/files/report.ts";
import type { JobState } from "../../../simulator/common/contract/state/redis-state.ts";
import type { FactsBeforeTopic } from "../facts.ts";

/** Problems named in a reason; the rest is counted. */
const PROBLEMS_NAMED_MAX = 5;

export interface Finding {
  readonly expected: string;
  readonly actual: string;
  readonly examined: number;
  /** What is wrong, one sentence each, naming partitions and values. Empty: the check passes, or is unknown. */
  readonly problems: readonly string[];
  /** What could not be compared, one sentence each. */
  readonly unknowns?: readonly string[];
  /** What was compared, for a check that passes. */
  readonly compared: string;
  /** What whoever reads "passed" should know beside it. */
  readonly notes?: readonly string[];
  /** Why the two sources are one in this run, though in general they are not. */
  readonly dependence?: string | null;
}

export function judge(facts: Pick<FactsBeforeTopic, "task">, definition: CheckDefinition, finding: Finding): Check {
  const { expected, actual, examined, problems, unknowns = [], compared, notes = [], dependence = null } = finding;
  const sources = dependence === null ? definition : { ...definition, independent: false, why: dependence };
  const base = { ...sources, expected, actual, examined };
  if (problems.length > 0) return { ...base, status: "failed", reason: nameAll(problems) };
  if (unknowns.length > 0) return { ...base, status: "unknown", reason: nameAll(unknowns) };
  if (examined > 0) return { ...base, status: "passed", reason: [compared, ...notes].join("; ") };
  if (facts.task.mode === "prefix") {
    return { ...base, status: "notApplicable", reason: "the run was ended before there was anything to examine" };
  }
  return { ...base, status: "failed", reason: "nothing was examined, so nothing is proven" };
}

export function notApplicable(definition: CheckDefinition, reason: string): Check {
  return { ...definition, expected: "—", actual: "—", examined: 0, status: "notApplicable", reason };
}

export function failMissing(definition: CheckDefinition, expected: string, reason: string): Check {
  return { ...definition, expected, actual: "missing", examined: 0, status: "failed", reason };
}

/** A check of the job's state in Redis; without a complete state it fails, or the job had not begun. */
export function checkState(
  facts: FactsBeforeTopic,
  definition: CheckDefinition,
  find: (state: JobState) => Finding,
): Check {
  const { state, unsettled } = facts;
  if (unsettled !== null) {
    const base = { ...definition, expected: "a state in Redis that is the job's", actual: "unknown", examined: 0 };
    return { ...base, status: "unknown", reason: unsettled };
  }
  if (state.kind === "complete") return judge(facts, definition, find(state.state));
  if (state.kind === "missing" && facts.task.mode === "prefix" && !facts.jobBegan) {
    return notApplicable(definition, "the run was ended before the job's state was created");
  }
  return failMissing(definition, "a complete state in Redis", describeMissingState(facts));
}

export function describeMissingState(facts: FactsBeforeTopic): string {
  const { state, config } = facts;
  return state.kind === "incomplete"
    ? `field ${state.field} of Redis hash ${config.stateKey} is missing or no whole number`
    : `Redis hash ${config.stateKey} does not exist`;
}

function nameAll(problems: readonly string[]): string {
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
