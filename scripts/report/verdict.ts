/**
 * Verdict and exit code, in the order of the exit codes: the first that applies. Pure.
 *
 *   130/143 interrupted · 4 exactly-once violated or a fact missing · 3 infrastructure · 6 job · 5 budget missed ·
 *   1 unexpected · 0 passed
 */

import type { ChecksFile } from "../../simulator/common/contract/checks.ts";
import type { RunEnding } from "../../simulator/common/contract/host-facts.ts";
import type { Check } from "../../simulator/common/contract/report.ts";
import { unreachable } from "../../simulator/common/foundation/assert.ts";

export interface Verdict {
  readonly verdict: "passed" | "failed" | "interrupted";
  readonly exitCode: number;
  readonly reasons: readonly string[];
}

/** Checks of time and throughput: missing them is no violation of exactly-once. */
const BUDGET_CHECKS: ReadonlySet<string> = new Set(["max-time"]);

interface Applicable {
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
  const failed = checks.filter(
    ({ id, status }) => status === "failed" && !(ending.kind === "timeExceeded" && id === "max-time"),
  );
  const byChecks = failed.map(({ id, title, reason }) => ({
    exitCode: BUDGET_CHECKS.has(id) ? 5 : 4,
    reason: `${title} (${id}): ${reason}`,
  }));
  const found: Applicable[] = [
    ...judgeEnding(ending, coverage),
    ...byChecks,
    ...judgeCoverage(ending, checks, coverage),
  ];
  const order = [130, 143, 4, 3, 6, 5, 1];
  // A stable sort: among equals the ending comes first, then the checks in their own order.
  found.sort((a, b) => order.indexOf(a.exitCode) - order.indexOf(b.exitCode));
  const first = found[0];
  if (first === undefined) return { verdict: "passed", exitCode: 0, reasons: [] };
  const interrupted = first.exitCode === 130 || first.exitCode === 143;
  const reasons = found.map(({ reason }) => reason);
  return { verdict: interrupted ? "interrupted" : "failed", exitCode: first.exitCode, reasons };
}

function judgeEnding(ending: RunEnding, coverage: Coverage): Applicable[] {
  const reached = describeReached(coverage);
  switch (ending.kind) {
    case "drained":
      return [];
    case "interrupted":
      return [
        { exitCode: ending.signal === "SIGINT" ? 130 : 143, reason: `interrupted by ${ending.signal}: ${reached}` },
      ];
    case "infrastructureFailed":
      return [{ exitCode: 3, reason: ending.reason }];
    case "jobFailed":
      return [{ exitCode: 6, reason: ending.reason }];
    case "jobCancelled":
      return [{ exitCode: 6, reason: `the job was cancelled from outside: ${reached}` }];
    case "timeExceeded":
      return [{ exitCode: 5, reason: `--max-time passed while waiting for ${ending.waitedFor}: ${reached}` }];
    case "unexpected":
      return [{ exitCode: 1, reason: ending.reason }];
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
  const missing = (reason: string) => [{ exitCode: 4, reason }];
  if (mode === null) return missing("the validator left no checks, so nothing is proven");
  if (mode === "prefix") return missing("only the part below the applied offsets was checked");
  if (roundsChecked !== roundsProduced) return missing(`the checks cover ${roundsChecked} of ${roundsProduced} rounds`);
  return checks.some(({ status }) => status === "passed") ? [] : missing("no check passed, so nothing is proven");
}
