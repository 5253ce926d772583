/**
 * `report`: the newest report, or that of a run, as text, as the document or as a page, or what got better or worse since
 * another. Ends with the run's exit code; a comparison with its own.
 */
import { renderJunit } from "../../scripts/report/junit.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { saveBaseline, writeOutput } from "./baseline-file.ts";
import { measureRunFolder } from "./measured-runs.ts";
import { tellPage } from "./page-file.ts";
import type { ReportOptions } from "./report-options.ts";
import { findReportFolder, readReportText, requireRunReport } from "./run-report.ts";
import type { Terminal } from "./terminal.ts";

export async function runReport(options: ReportOptions, terminal: Terminal): Promise<number> {
  const { comparison } = options;
  if (comparison === null) return printReport(options, terminal);
  const { printComparison } = await import("./report-comparison.ts");
  return printComparison(options, comparison, terminal);
}

async function printReport(options: ReportOptions, terminal: Terminal): Promise<number> {
  const { base, run, format, junit, isForced, saveBaseline: baseline } = options;
  const runDir = findReportFolder(base, run, terminal);
  const { report, document } = requireRunReport(runDir);
  const page = await makePage(runDir, document, options);
  const text = format === "json" ? document : (page ?? readReportText(runDir, report));
  if (junit !== null) await writeOutput(junit, renderJunit(report));
  if (baseline !== null) await saveBaseline(baseline, { runs: [await measureRunFolder(runDir)], isForced }, terminal);
  await terminal.write(text.trimEnd());
  if (page !== null) await tellPage(page, options, terminal);
  return report.exitCode;
}

/** Null where none was asked for. */
async function makePage(runDir: string, document: string, { html, open }: ReportOptions): Promise<string | null> {
  if (html === null && !open) return null;
  const { writeReportPage } = await import("./report-page.ts");
  return writeReportPage(runDir, document, html ?? runFolder.reportPage(runDir));
}
