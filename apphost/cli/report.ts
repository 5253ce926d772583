/**
 * `report`: the newest report, or that of a run, as text or as the document, or what got better or worse since another.
 * Ends with the run's exit code; a comparison with its own.
 *
 * Q2 Nothing is written before all that was asked for could be done: a refused comparison leaves no baseline.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { extendBaseline } from "../../scripts/report/compare/baseline.ts";
import { type Comparison, compareRuns, type Side } from "../../scripts/report/compare/compare-runs.ts";
import { findShapeDifferences, refuseUnlike } from "../../scripts/report/compare/figures.ts";
import type { RunMeasure } from "../../scripts/report/compare/run-measure.ts";
import { renderJunit } from "../../scripts/report/junit.ts";
import { present, unreachable } from "../../simulator/common/foundation/assert.ts";
import { createError } from "../../simulator/common/foundation/errors.ts";
import { writeText } from "../../simulator/common/foundation/json-file.ts";
import type { HostChoice } from "../control/running-host.ts";
import { EXIT } from "../exit-code.ts";
import { runIdOf } from "../run/run-folder.ts";
import { renderComparison } from "./comparison-text.ts";
import { measureRunFolder, readRunsFile, readSide } from "./measured-runs.ts";
import { findReportFolder, readReportText, requireRunReport } from "./run-report.ts";
import type { Terminal } from "./terminal.ts";

export interface ReportOptions extends HostChoice {
  readonly format: "text" | "json";
  /** Side A; null: nothing is compared. */
  readonly compared: { readonly option: "--compare" | "--baseline"; readonly runs: string } | null;
  /** Side B; null: the run that is chosen, or the newest. */
  readonly with: string | null;
  readonly isForced: boolean;
  /** Of `--fail-above`; null: nothing is judged. */
  readonly failAbovePercent: number | null;
  readonly saveBaseline: string | null;
  readonly junit: string | null;
}

export async function runReport(options: ReportOptions, terminal: Terminal): Promise<number> {
  return options.compared === null ? printReport(options, terminal) : printComparison(options, terminal);
}

async function printReport(options: ReportOptions, terminal: Terminal): Promise<number> {
  const runDir = findReportFolder(options.base, options.run, terminal);
  const { report, document } = requireRunReport(runDir);
  const text = options.format === "json" ? document : readReportText(runDir, report);
  if (options.junit !== null) await writeOutput(options.junit, renderJunit(report));
  if (options.saveBaseline !== null) await saveBaseline(options, [await measureRunFolder(runDir)], terminal);
  await terminal.write(text.trimEnd());
  return report.exitCode;
}

async function printComparison(options: ReportOptions, terminal: Terminal): Promise<number> {
  const { base, compared, failAbovePercent, saveBaseline: path } = options;
  const { option, runs } = present(compared, "the other side of the comparison");
  const a = await readSide(base, option, runs);
  const b = await readOtherSide(options, terminal);
  for (const { runId } of b.runs) {
    if (a.runs.some((run) => run.runId === runId)) terminal.note(`run ${runId} is on both sides of the comparison`);
  }
  const comparison = compareRuns(a, b, failAbovePercent === null ? null : failAbovePercent / 100);
  if (!options.isForced) refuseUnlike(comparison.differences, `${a.name} and ${b.name}`);
  const exitCode = exitCodeOf(comparison);
  // What got worse must not become what later runs are held against.
  if (path !== null && exitCode === EXIT.passed) await saveBaseline(options, b.runs, terminal);
  else if (path !== null) terminal.note(`${path} is left as it is: the comparison did not pass`);
  const lines =
    options.format === "json" ? [JSON.stringify(comparison)] : renderComparison(comparison, failAbovePercent);
  for (const line of lines) await terminal.write(line);
  return exitCode;
}

async function readOtherSide(options: ReportOptions, terminal: Terminal): Promise<Side> {
  if (options.with !== null) return readSide(options.base, "[with]", options.with);
  const runDir = findReportFolder(options.base, options.run, terminal);
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

/** A baseline is what later runs are held against, so only runs that passed get into it, and only ones of its shape. */
async function saveBaseline(options: ReportOptions, more: readonly RunMeasure[], terminal: Terminal): Promise<void> {
  const path = resolve(present(options.saveBaseline, "the baseline's file"));
  const failed = more.find(({ verdict }) => verdict !== "passed");
  if (failed !== undefined) throw createError("BASELINE_REFUSED", { run: failed.runId, verdict: failed.verdict });
  const known = existsSync(path) ? await readRunsFile(path) : [];
  if (!options.isForced && known.length > 0) {
    const shapesOf = (runs: readonly RunMeasure[]) => runs.map(({ shape }) => shape);
    refuseUnlike(findShapeDifferences(shapesOf(known), shapesOf(more)), `${path} and the run that is added`);
  }
  const { text, runs, added } = extendBaseline(known, more);
  await writeOutput(path, text);
  terminal.note(`${path}: ${added === 0 ? "has the run already" : `${added} added`}, ${runs} in all`);
}

async function writeOutput(path: string, text: string): Promise<void> {
  try {
    await writeText(resolve(path), text, { durable: false });
  } catch (error) {
    throw createError("OUTPUT_FILE_FAILED", { path: resolve(path) }, error);
  }
}
