/**
 * The report in the folder of a run.
 *
 * Q1 It is one, of this very run, and its text says the same. Anything else is refused by its path, and never passes for
 *    an older verdict.
 */
import { dirname } from "node:path";
import { type Report, readReport } from "../../simulator/common/contract/files/report.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { createError } from "../../simulator/common/foundation/errors.ts";
import { parseJson } from "../../simulator/common/foundation/json-fields.ts";
import { requireRun } from "../control/running-host.ts";
import { readOwnFile } from "../files/own-files.ts";
import { listRuns, runIdOf } from "../run/run-folder.ts";
import type { Terminal } from "./terminal.ts";

/** A report of 350 partitions and 256 TaskManagers takes a tenth of this. */
const REPORT_BYTES_MAX = 16 * 1_048_576;

export interface RunReport {
  readonly report: Report;
  /** As it stands in the file. */
  readonly document: string;
}

export function requireRunReport(runDir: string): RunReport {
  const path = runFolder.report(runDir);
  const document = readFileOf(path);
  if (document === undefined) {
    throw createError("REPORT_MISSING", { of: `run ${runIdOf(runDir)} in ${dirname(dirname(runDir))}` });
  }
  const parsed = parseJson(document, readReport);
  if (parsed.kind === "malformed") throw createError("FILE_MALFORMED", { path, reason: parsed.reason });
  const { runId } = parsed.value;
  if (runId !== runIdOf(runDir)) throw createError("FILE_MALFORMED", { path, reason: `it is of run ${runId}` });
  return { report: parsed.value, document };
}

export function readReportText(runDir: string, { verdict, exitCode, runId }: Report): string {
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

/**
 * The folder of the run that is named, or of the newest with a report. Says so when that is not the newest run: nobody
 * should take an old verdict for the present one's.
 */
export function findReportFolder(base: string, run: string | null, terminal: Pick<Terminal, "note">): string {
  if (run !== null) return requireRun(base, run);
  const runs = listRuns(base).reverse();
  const found = runs.find((runDir) => readFileOf(runFolder.report(runDir)) !== undefined);
  if (found === undefined) throw createError("REPORT_MISSING", { of: `any run in ${base}` });
  if (found !== runs[0])
    terminal.note(`run ${runIdOf(runs[0] as string)} has no report; this is run ${runIdOf(found)}`);
  return found;
}

/** Undefined when there is none. */
function readFileOf(path: string): string | undefined {
  const file = readOwnFile(path, REPORT_BYTES_MAX);
  if (file.kind === "refused") throw createError("FILE_MALFORMED", { path, reason: file.reason });
  return file.kind === "read" ? file.text : undefined;
}
