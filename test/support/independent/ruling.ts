/**
 * Whether the product's verdict is right, by the reader's own judgement of the same run. Pure.
 *
 * R1 Passed is right only where the reader found everything exact.
 * R2 "Exactly-once violated" (exit code 4) is right only where the reader found a breach, and every failed check is
 *    confirmed by something that the reader found.
 * R3 Infrastructure, budget, job (3, 5, 6) are right when they give a reason and claim no violation.
 * R4 Every other end is wrong: these runs ask for none. So is an exit code that the report does not have.
 * R5 Whatever the end: a number that the report does not leave open (null) is the reader's number, too.
 */
import type { Evidence } from "./evidence.ts";
import { type Judgement, judge } from "./judgement.ts";
import { confirmedChecks } from "./violations.ts";

/** What of `report.json` is compared; written down anew, so that a change of its shape shows here. */
interface ReportClaims {
  readonly verdict: string;
  readonly exitCode: number;
  readonly reasons: readonly string[];
  readonly messages: Readonly<Record<string, number | null>>;
  readonly partitions: readonly Readonly<Record<string, number | null>>[];
  readonly checks: readonly { readonly id: string; readonly status: string; readonly reason: string }[];
}

export interface Ruling {
  /** Empty: the verdict is right. */
  readonly wrongs: readonly string[];
  /** Right, but worth knowing: what went on after the product had looked. */
  readonly notes: readonly string[];
  readonly judgement: Judgement;
}

export interface Claim {
  readonly exitCode: number | null;
  /** The text of report.json; null when there is none. */
  readonly reportText: string | null;
}

const HONEST_ENDS: readonly number[] = [3, 5, 6];
/** Checks of the budget and of the spread of load, which say nothing of exactly-once. */
const OTHER_CHECKS: readonly string[] = ["max-time"];

export function ruleOn({ exitCode, reportText }: Claim, evidence: Evidence): Ruling {
  const judgement = judge(evidence);
  if (reportText === null) return { judgement, notes: [], wrongs: [`exit code ${exitCode} without a report`] };
  const report = JSON.parse(reportText) as ReportClaims;
  const wrongs: string[] = [];
  const notes: string[] = [];
  if (report.exitCode !== exitCode) wrongs.push(`the report says exit code ${report.exitCode}, it was ${exitCode}`);
  wrongs.push(...ruleOnEnd(report, judgement));
  compareMessages(report, evidence, judgement, wrongs, notes);
  comparePartitions(report, evidence, judgement, wrongs, notes);
  return { wrongs, notes, judgement };
}

function ruleOnEnd(report: ReportClaims, judgement: Judgement): string[] {
  const { exitCode, verdict, reasons, checks } = report;
  const failed = checks.filter(({ id, status }) => status === "failed" && !OTHER_CHECKS.includes(id));
  const found = judgement.violations.map(({ text }) => text).slice(0, 3);
  if (exitCode === 0) {
    if (verdict !== "passed" || failed.length > 0) return [`exit code 0 with verdict "${verdict}"`];
    return judgement.finding.kind === "exact" ? [] : [`FALSE PASS: ${found.join("; ")}`];
  }
  if (verdict === "passed" || reasons.length === 0) return [`exit code ${exitCode}: "${verdict}" without a reason`];
  const confirmed = confirmedChecks(judgement.violations);
  const unconfirmed = failed.filter(({ id }) => !confirmed.has(id)).map(({ id, reason }) => `${id} (${reason})`);
  if (exitCode === 4) {
    if (!judgement.violations.some(({ isBreach }) => isBreach)) {
      return [`FALSE FAILURE: nothing is violated (${judgement.finding.kind}), it says ${reasons.join("; ")}`];
    }
    return unconfirmed.map((text) => `not confirmed: ${text}`);
  }
  if (HONEST_ENDS.includes(exitCode)) return unconfirmed.map((text) => `exit code ${exitCode} claims ${text}`);
  return [`exit code ${exitCode}, which nobody asked for: ${reasons.join("; ")}`];
}

/** What may go on after the product has looked: a producer's last requests, and a job that could not be stopped. */
function describeMovement({ ledger, job }: Evidence) {
  return { topicMoves: ledger !== null && !ledger.isFinished, stateMoves: job.hash["phase"] === "running" };
}

function compareMessages(
  { messages }: ReportClaims,
  evidence: Evidence,
  { counts }: Judgement,
  wrongs: string[],
  notes: string[],
): void {
  const { topicMoves, stateMoves } = describeMovement(evidence);
  for (const [name, own] of Object.entries(counts)) {
    const claimed = messages[name];
    if (claimed === undefined) wrongs.push(`the report has no messages.${name}`);
    if (claimed === undefined || claimed === null || claimed === own) continue;
    const mayGrow =
      (name === "inKafka" && topicMoves) ||
      (name === "processed" && stateMoves) ||
      (name === "unprocessed" && (topicMoves || stateMoves));
    const grewBy = own === null ? Number.NaN : own - claimed;
    if (mayGrow && (name === "unprocessed" || grewBy > 0)) notes.push(`${name} changed by ${grewBy} after the report`);
    else wrongs.push(`the report says ${name} ${claimed}, the reader ${own}`);
  }
}

function comparePartitions(
  { partitions }: ReportClaims,
  evidence: Evidence,
  { states }: Judgement,
  wrongs: string[],
  notes: string[],
): void {
  const { topicMoves, stateMoves } = describeMovement(evidence);
  const differing = partitions.flatMap((claimed) => {
    const state = states.find(({ p }) => p === claimed["p"]);
    const read = evidence.topic.partitions.find(({ p }) => p === claimed["p"]);
    if (state === undefined || read === undefined)
      return [`partition ${claimed["p"]}, of which the reader knows nothing`];
    const { offset: _offset, disorder: _disorder, ...own } = { ...state, end: read.end };
    return Object.entries(own)
      .filter(([name, value]) => claimed[name] !== null && claimed[name] !== value)
      .map(([name, value]) => `${name} of partition ${state.p} ${claimed[name]}, the reader ${value}`);
  });
  if (differing.length === 0) return;
  const text = `the report says ${differing.slice(0, 3).join("; ")}; ${differing.length} in all`;
  if (topicMoves || stateMoves) notes.push(text);
  else wrongs.push(text);
}
