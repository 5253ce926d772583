/**
 * `report --compare` and `--baseline`: what got better or worse from one side to the other.
 *
 * P1 Nothing is written before all that was asked for could be done: a refused comparison leaves no baseline, and what got
 *    worse does not become what later runs are held against.
 */
import { type Comparison, compareRuns, type Side } from "../../scripts/report/compare/compare-runs.ts";
import { refuseUnlike } from "../../scripts/report/compare/figures.ts";
import { unreachable } from "../../simulator/common/foundation/assert.ts";
import type { HostChoice } from "../control/running-host.ts";
import { EXIT } from "../exit-code.ts";
import { runIdOf } from "../run/run-folder.ts";
import { saveBaseline } from "./baseline-file.ts";
import { renderComparison } from "./comparison-text.ts";
import { measureRunFolder, readSide } from "./measured-runs.ts";
import type { ComparisonOptions, ReportOptions } from "./report-options.ts";
import { findReportFolder } from "./run-report.ts";
import type { Terminal } from "./terminal.ts";

export async function printComparison(
  options: ReportOptions,
  { option, runs, with: other, failAbovePercent }: ComparisonOptions,
  terminal: Terminal,
): Promise<number> {
  const { base, isForced, saveBaseline: path } = options;
  const a = await readSide(base, option, runs);
  const b = other === null ? await readChosenRun(options, terminal) : await readSide(base, "[with]", other);
  for (const { runId } of b.runs) {
    if (a.runs.some((run) => run.runId === runId)) terminal.note(`run ${runId} is on both sides of the comparison`);
  }
  const comparison = compareRuns(a, b, failAbovePercent === null ? null : failAbovePercent / 100);
  if (!isForced) refuseUnlike(comparison.differences, `${a.name} and ${b.name}`);
  const exitCode = exitCodeOf(comparison);
  // P1.
  if (path !== null && exitCode === EXIT.passed) await saveBaseline(path, { runs: b.runs, isForced }, terminal);
  else if (path !== null) terminal.note(`${path} is left as it is: the comparison did not pass`);
  const lines =
    options.format === "json" ? [JSON.stringify(comparison)] : renderComparison(comparison, failAbovePercent);
  for (const line of lines) await terminal.write(line);
  return exitCode;
}

async function readChosenRun({ base, run }: HostChoice, terminal: Terminal): Promise<Side> {
  const runDir = findReportFolder(base, run, terminal);
  return { name: runIdOf(runDir), runs: [await measureRunFolder(runDir)] };
}

function exitCodeOf({ judgement }: Comparison): number {
  switch (judgement?.kind) {
    case undefined:
    case "kept":
      return EXIT.passed;
    case "worse":
      return EXIT.budget;
    case "unknown":
      return EXIT.infrastructure;
    default:
      return unreachable(judgement);
  }
}
