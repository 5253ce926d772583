/** `report`: the newest report, or that of a run, as text or as the document. Ends with the run's exit code. */
import { existsSync, readFileSync } from "node:fs";
import type { Report } from "../../simulator/common/contract/report.ts";
import { runFolder } from "../../simulator/common/contract/run-folder.ts";
import { createError } from "../../simulator/common/foundation/errors.ts";
import { listRuns, runIdOf } from "../orchestrator/run-folder.ts";
import { type HostChoice, requireRun } from "./running-host.ts";
import type { Terminal } from "./terminal.ts";

export interface ReportOptions extends HostChoice {
  readonly format: "text" | "json";
}

export async function runReport(options: ReportOptions, terminal: Terminal): Promise<number> {
  const { base, run, format } = options;
  const runDir = run === null ? findNewestReport(base, terminal) : requireRun(base, run);
  if (!hasReport(runDir)) throw createError("REPORT_MISSING", { what: `run ${runIdOf(runDir)} in ${base}` });
  const document = readFileSync(runFolder.report(runDir), "utf8");
  const text = format === "json" ? document : readFileSync(runFolder.reportText(runDir), "utf8");
  await terminal.write(text.trimEnd());
  return (JSON.parse(document) as Report).exitCode;
}

const hasReport = (runDir: string): boolean => existsSync(runFolder.report(runDir));

/** Says so when it is not that of the newest run: nobody should take an old verdict for the present one's. */
function findNewestReport(base: string, terminal: Terminal): string {
  const runs = listRuns(base).reverse();
  const found = runs.find(hasReport);
  if (found === undefined)
    throw createError("REPORT_MISSING", { what: runs.length === 0 ? base : `no run in ${base}` });
  if (found !== runs[0])
    terminal.note(`run ${runIdOf(runs[0] as string)} has no report; this is run ${runIdOf(found)}`);
  return found;
}
