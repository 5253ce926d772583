/**
 * `report`: the newest report, or that of a run, as text, as the document or as a page. Ends with the run's exit code.
 *
 * Q1 The code is that of a report which is one, of this very run, and whose text says the same. Anything else is refused
 *    by its path, and never passes for an older verdict.
 * Q2 Where a page is made, its path is printed in place of the text. The document is printed wherever it is asked for.
 */
import { type Report, readReport } from "../../simulator/common/contract/files/report.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { createError } from "../../simulator/common/foundation/errors.ts";
import { parseJson } from "../../simulator/common/foundation/json-fields.ts";
import { type HostChoice, requireRun } from "../control/running-host.ts";
import { readOwnFile } from "../files/own-files.ts";
import { listRuns, runIdOf } from "../run/run-folder.ts";
import type { Terminal } from "./terminal.ts";

export interface ReportOptions extends HostChoice {
  readonly format: "text" | "json";
  /** Where the page goes; null: into the run's folder, if it is to be opened. */
  readonly html: string | null;
  readonly open: boolean;
}

/** A report of 350 partitions and 256 TaskManagers takes a tenth of this. */
const REPORT_BYTES_MAX = 16 * 1_048_576;

export async function runReport(options: ReportOptions, terminal: Terminal): Promise<number> {
  const { base, run, format } = options;
  const runDir = run === null ? findNewestReport(base, terminal) : requireRun(base, run);
  const document = readFileOf(runFolder.report(runDir));
  if (document === undefined) throw createError("REPORT_MISSING", { of: `run ${runIdOf(runDir)} in ${base}` });
  const report = parseReport(runDir, document);
  const page = await makePage(runDir, document, options);
  if (format === "json") await terminal.write(document.trimEnd());
  else await terminal.write(page ?? readText(runDir, report).trimEnd());
  if (page !== null) await tellPage(page, options, terminal);
  return report.exitCode;
}

/** Null where none was asked for. */
async function makePage(runDir: string, document: string, { html, open }: ReportOptions): Promise<string | null> {
  if (html === null && !open) return null;
  const { writeReportPage } = await import("./report-page.ts");
  return writeReportPage(runDir, document, html ?? runFolder.reportPage(runDir));
}

/** For people, beside what was printed. */
async function tellPage(page: string, { format, open }: ReportOptions, terminal: Terminal): Promise<void> {
  if (format === "json") terminal.note(`the page is ${page}`);
  if (!open) return;
  const { openPage } = await import("./opener.ts");
  const opening = await openPage(page, process.env);
  if (opening.kind === "opened") terminal.note(`opened by ${opening.by}`);
  else terminal.note(`open ${page} in a browser: no program here does it (${opening.tried.join(", ")})`);
}

/** Undefined when there is none. */
function readFileOf(path: string): string | undefined {
  const file = readOwnFile(path, REPORT_BYTES_MAX);
  if (file.kind === "refused") throw createError("FILE_MALFORMED", { path, reason: file.reason });
  return file.kind === "read" ? file.text : undefined;
}

function parseReport(runDir: string, document: string): Report {
  const path = runFolder.report(runDir);
  const parsed = parseJson(document, readReport);
  if (parsed.kind === "malformed") throw createError("FILE_MALFORMED", { path, reason: parsed.reason });
  const { runId } = parsed.value;
  if (runId !== runIdOf(runDir)) throw createError("FILE_MALFORMED", { path, reason: `it is of run ${runId}` });
  return parsed.value;
}

function readText(runDir: string, { verdict, exitCode, runId }: Report): string {
  const path = runFolder.reportText(runDir);
  const text = readFileOf(path) ?? "";
  const lines = text.split("\n", 5);
  const expected = [`Verdict: ${verdict.toUpperCase()} (exit code ${exitCode})`, `Run: ${runId}`];
  if (expected.every((line) => lines.includes(line))) return text;
  throw createError("FILE_MALFORMED", {
    path,
    reason: `it does not say what report.json says: ${expected.join(", ")}`,
  });
}

/** Says so when it is not that of the newest run: nobody should take an old verdict for the present one's. */
function findNewestReport(base: string, terminal: Terminal): string {
  const runs = listRuns(base).reverse();
  const found = runs.find((run) => readFileOf(runFolder.report(run)) !== undefined);
  if (found === undefined) throw createError("REPORT_MISSING", { of: `any run in ${base}` });
  if (found !== runs[0])
    terminal.note(`run ${runIdOf(runs[0] as string)} has no report; this is run ${runIdOf(found)}`);
  return found;
}
