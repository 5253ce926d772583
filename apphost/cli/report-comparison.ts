/**
 * `report --compare` and `--baseline`: what got better or worse from one side to the other.
 *
 * P1 Nothing is written before all that was asked for could be done: a refused comparison leaves no page and no baseline,
 *    and what got worse does not become what later runs are held against.
 */
import { type Comparison, compareRuns, type Side } from "../../scripts/report/compare/compare-runs.ts";
import { refuseUnlike } from "../../scripts/report/compare/figures.ts";
import type { ComparisonPage } from "../../scripts/report/html/comparison-page.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { unreachable } from "../../simulator/common/foundation/assert.ts";
import { createError } from "../../simulator/common/foundation/errors.ts";
import type { HostChoice } from "../control/running-host.ts";
import { EXIT } from "../exit-code.ts";
import { findRun, runIdOf } from "../run/run-folder.ts";
import { saveBaseline } from "./baseline-file.ts";
import { renderComparison } from "./comparison-text.ts";
import { measureRunFolder, readSide } from "./measured-runs.ts";
import { tellPage } from "./page-file.ts";
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
  const page = await makePage(options, { comparison, a, b, failAbovePercent });
  // P1.
  if (path !== null && exitCode === EXIT.passed) await saveBaseline(path, { runs: b.runs, isForced }, terminal);
  else if (path !== null) terminal.note(`${path} is left as it is: the comparison did not pass`);
  if (options.format === "json") await terminal.write(JSON.stringify(comparison));
  else if (page !== null) await terminal.write(page);
  else for (const line of renderComparison(comparison, failAbovePercent)) await terminal.write(line);
  if (page !== null) await tellPage(page, options, terminal);
  return exitCode;
}

/** Null where none was asked for. */
async function makePage({ base, html, open }: ReportOptions, comparison: ComparisonPage): Promise<string | null> {
  if (html === null && !open) return null;
  const { writeComparisonPage } = await import("./comparison-page.ts");
  return writeComparisonPage(html ?? placeInRun(base, comparison), comparison);
}

/** One that is only to be opened is kept with the newest of the runs that has a folder here, those of B first. */
function placeInRun(base: string, { a, b }: ComparisonPage): string {
  const newest = ({ runs }: Side) => runs.toSorted((x, y) => (x.startedAt < y.startedAt ? 1 : -1));
  for (const { runId } of [...newest(b), ...newest(a)]) {
    const runDir = findRun(base, runId);
    if (runDir !== undefined) return runFolder.comparisonPage(runDir);
  }
  throw createError("USAGE_CONFLICT", {
    what: `--open has no place for the page: none of these runs is in ${base}`,
    advice: "add --html FILE",
  });
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
