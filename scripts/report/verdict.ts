/**
 * Verdict and exit code, in the order of the exit codes: the first that applies decides both. Pure.
 *
 *   130/143 interrupted · 4 exactly-once violated or a fact missing · 3 infrastructure, or a check's answer is unknown ·
 *   6 job · 5 budget missed · 1 unexpected · 0 passed
 */

import type { ChecksFile } from "../../simulator/common/contract/files/checks.ts";
import type { RunEnding } from "../../simulator/common/contract/files/host-facts.ts";
import type { Check, VerdictWord } from "../../simulator/common/contract/files/report.ts";
import { unreachable } from "../../simulator/common/foundation/assert.ts";

export interface Verdict {
  readonly verdict: VerdictWord;
  readonly exitCode: number;
  readonly reasons: readonly string[];
}

/** Checks of time and throughput: missing them is no violation of exactly-once. */
const BUDGET_CHECKS: ReadonlySet<string> = new Set(["max-time"]);

interface Applicable {
  readonly verdict: Exclude<VerdictWord, "passed">;
  readonly exitCode: number;
  readonly reason: string;
}

/** What the validator left. */
export interface Coverage {
  /** Null when it left no result. */
  readonly mode: ChecksFile["mode"] | null;
  /** Rounds that were produced, and rounds that the checks cover. */
  readonly roundsProduced: number;
  readonly roundsChecked: number;
  /** On somebody else's topic there are records to check without a round. */
  readonly ownTopic: boolean;
  /** Messages that were applied; null when that is not known. */
  readonly processed: number | null;
  /** Messages that were to be produced in all rounds. */
  readonly requested: number;
}

export function decideVerdict(ending: RunEnding, checks: readonly Check[], coverage: Coverage): Verdict {
  // A budget that the ending names needs no second reason.
  const others = checks.filter(({ id }) => !(ending.kind === "timeExceeded" && id === "max-time"));
  const found: Applicable[] = [
    ...judgeEnding(ending, coverage),
    ...others.flatMap(judgeCheck),
    ...judgeCoverage(ending, checks, coverage),
  ];
  const order = [130, 143, 4, 3, 6, 5, 1];
  // A stable sort: among equals the ending comes first, then the checks in their own order.
  found.sort((a, b) => order.indexOf(a.exitCode) - order.indexOf(b.exitCode));
  const first = found[0];
  if (first === undefined) return { verdict: "passed", exitCode: 0, reasons: [] };
  return { verdict: first.verdict, exitCode: first.exitCode, reasons: found.map(({ reason }) => reason) };
}

function judgeCheck({ id, title, status, reason }: Check): Applicable[] {
  const named = `${title} (${id}): ${reason}`;
  switch (status) {
    case "failed":
      return [{ verdict: "failed", exitCode: BUDGET_CHECKS.has(id) ? 5 : 4, reason: named }];
    case "unknown":
      return [{ verdict: "unknown", exitCode: 3, reason: `not known: ${named}` }];
    case "passed":
    case "notApplicable":
      return [];
    default:
      return unreachable(status);
  }
}

function judgeEnding(ending: RunEnding, coverage: Coverage): Applicable[] {
  const reached = describeReached(coverage);
  switch (ending.kind) {
    case "drained":
      return [];
    case "interrupted": {
      const exitCode = ending.signal === "SIGINT" ? 130 : 143;
      return [{ verdict: "interrupted", exitCode, reason: `interrupted by ${ending.signal}: ${reached}` }];
    }
    case "infrastructureFailed":
      return fail(3, ending.reason);
    case "exactlyOnceViolated":
      return fail(4, ending.reason);
    case "jobFailed":
      return fail(6, ending.reason);
    case "jobCancelled":
      return [{ verdict: "interrupted", exitCode: 6, reason: `the job was cancelled from outside: ${reached}` }];
    case "jobStopped": {
      const reason = `the job was stopped from outside with savepoint ${ending.savepoint}: ${reached}`;
      return [{ verdict: "interrupted", exitCode: 6, reason }];
    }
    case "timeExceeded":
      return fail(5, `--max-time passed while waiting for ${ending.waitedFor}: ${reached}`);
    case "unexpected":
      return fail(1, ending.reason);
    default:
      return unreachable(ending);
  }
}

/** What a run that ended early had done by then. */
function describeReached({ processed, requested, ownTopic }: Coverage): string {
  if (processed === null) return "how many messages were processed is not known";
  const done = processed.toLocaleString("en-US");
  return ownTopic
    ? `${done} of ${requested.toLocaleString("en-US")} messages were processed`
    : `${done} messages were processed`;
}

/**
 * A run passes by what was checked: one without checks, or checked only in part, cannot pass. Only a host that was left
 * before anything was produced has nothing to prove.
 */
function judgeCoverage(ending: RunEnding, checks: readonly Check[], coverage: Coverage): Applicable[] {
  const { mode, roundsProduced, roundsChecked, ownTopic } = coverage;
  if (ending.kind !== "drained" || (ownTopic && roundsProduced === 0)) return [];
  if (mode === null) return fail(4, "the validator left no checks, so nothing is proven");
  if (mode === "prefix") return fail(4, "only the part below the applied offsets was checked");
  if (roundsChecked !== roundsProduced) return fail(4, `the checks cover ${roundsChecked} of ${roundsProduced} rounds`);
  const isAnswered = checks.some(({ status }) => status === "passed" || status === "unknown");
  return isAnswered ? [] : fail(4, "no check passed, so nothing is proven");
}

const fail = (exitCode: number, reason: string): Applicable[] => [{ verdict: "failed", exitCode, reason }];
