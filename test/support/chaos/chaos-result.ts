/** What came of a run with random faults, and how it is told: one line per run, and a last one of all. */
import { describeJudgement } from "../independent/judgement.ts";
import type { Ruling } from "../independent/ruling.ts";
import type { Outcome } from "./fault-actions.ts";
import { describeSchedule, type Schedule } from "./schedule.ts";

const TOLD_CHARS_MAX = 600;

export interface ChaosResult {
  readonly schedule: Schedule;
  readonly exitCode: number | null;
  readonly reasons: readonly string[];
  readonly seconds: number;
  /** What came of each fault, in their order. */
  readonly outcomes: readonly Outcome[];
  /** Null: the run hung, and nothing of it could be judged. */
  readonly ruling: Ruling | null;
  /** Empty: the verdict is right, and nothing was left behind. */
  readonly wrongs: readonly string[];
}

export function describeResult({
  schedule,
  exitCode,
  reasons,
  seconds,
  outcomes,
  ruling,
  wrongs,
}: ChaosResult): string {
  const ending = reasons.length === 0 ? "" : ` (${shorten(reasons.join("; "))})`;
  const parts = [
    `seed ${schedule.seed}`,
    wrongs.length === 0 ? "RIGHT" : `WRONG: ${shorten(wrongs.join("; "))}`,
    `exit ${exitCode}${ending}`,
    `${seconds.toFixed(1)} s`,
    `reader: ${ruling === null ? "nothing to judge" : describeJudgement(ruling.judgement)}`,
    ...(ruling?.notes ?? []).map((note) => `note: ${note}`),
    describeSchedule(schedule),
    `faults: ${outcomes.map(({ text }) => text).join(", ")}`,
  ];
  return parts.join(" | ").replaceAll("\n", " ");
}

/** A wrong verdict may name every partition; all of it is in the report that is kept. */
const shorten = (text: string): string =>
  text.length <= TOLD_CHARS_MAX ? text : `${text.slice(0, TOLD_CHARS_MAX)}… (${text.length} characters)`;

/** So many of the faults were done: without harm a right verdict proves little. */
export const countHarms = (results: readonly ChaosResult[]): number =>
  results.flatMap(({ outcomes }) => outcomes).filter(({ isDone }) => isDone).length;

/** How many were right, what they ended with, and the seeds of those that were wrong. */
export function summarize(results: readonly ChaosResult[]): string {
  const byExitCode = new Map<string, number>();
  for (const { exitCode } of results) byExitCode.set(String(exitCode), (byExitCode.get(String(exitCode)) ?? 0) + 1);
  const ends = [...byExitCode].map(([exitCode, runs]) => `${runs} with exit ${exitCode}`).join(", ");
  const wrong = results.filter(({ wrongs }) => wrongs.length > 0);
  const seeds = wrong.map(({ schedule }) => `${schedule.seed} (${schedule.brokers} brokers)`).join(", ");
  const planned = results.reduce((sum, { outcomes }) => sum + outcomes.length, 0);
  const harms = `${countHarms(results)} of ${planned} faults were done`;
  const right = results.length - wrong.length;
  return `${right} of ${results.length} verdicts right: ${ends}; ${harms}${wrong.length === 0 ? "" : `; wrong: ${seeds}`}`;
}
