/** The report process: merges what the run left in its folder into `report.json`, `report.txt` and the text's copy. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type ChildProcess, runChild } from "../../simulator/common/contract/child/child-channel.ts";
import { readChildEnvironment, readTask } from "../../simulator/common/contract/child/environment.ts";
import type { ReportTask } from "../../simulator/common/contract/child/tasks.ts";
import type { ChecksFile } from "../../simulator/common/contract/files/checks.ts";
import type { HostFacts } from "../../simulator/common/contract/files/host-facts.ts";
import { type Ledger, readLedger } from "../../simulator/common/contract/files/ledger.ts";
import type { Report } from "../../simulator/common/contract/files/report.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { createError, describeError } from "../../simulator/common/foundation/errors.ts";
import { readJson, writeJson, writeText } from "../../simulator/common/foundation/json-file.ts";
import type { Log } from "../../simulator/common/foundation/log.ts";
import { readMachine } from "../../simulator/common/foundation/machine.ts";
import { buildReport } from "./build-report.ts";
import { readMetrics } from "./metrics-file.ts";
import { renderReport } from "./report-text.ts";

await runChild(async (child) => {
  const { runDir } = readChildEnvironment();
  const task = readTask<ReportTask>();
  child.send({ type: "ready", detail: runFolder.report(runDir) });
  const host = await readJson<HostFacts>(runFolder.hostFacts(runDir));
  if (host === undefined) throw createError("RUN_FILE_MISSING", { path: runFolder.hostFacts(runDir) });
  const ledgers = await readLedgers(runDir, host, child.log);
  // 0 in the ledger: nothing was sent. Without a round the load is what was in the topic.
  const loadStartedAtUs = ledgers[0]?.firstSendAtUs || (host.firstAssignedAtUs ?? 0);
  const checks = (await readJson<ChecksFile>(runFolder.checks(runDir))) ?? null;
  const report = buildReport({
    host,
    checks,
    ledgers,
    metrics: await readMetrics({ runDir, loadStartedAtUs, log: child.log }),
    machine: readMachine(),
  });
  // The validator has told its own.
  const known = new Set(checks?.checks.map(({ id }) => id));
  for (const check of report.checks) if (!known.has(check.id)) child.send({ type: "checked", check });
  await writeJson(runFolder.report(runDir), report, { durable: false });
  const text = renderReport(report);
  await writeText(runFolder.reportText(runDir), text, { durable: false });
  if (task.textFolder !== null) await offerText(child, task, report, text);
  child.log.info(`${report.verdict}, exit code ${report.exitCode}: ${runFolder.report(runDir)}`);
});

/** Those that can be read. A broken one is the validator's finding, and must not keep the report from telling it. */
async function readLedgers(runDir: string, host: HostFacts, log: Log): Promise<Ledger[]> {
  const ledgers: Ledger[] = [];
  for (const { round } of host.rounds) {
    try {
      const ledger = await readJson(runFolder.ledger(runDir, round), readLedger);
      if (ledger !== undefined) ledgers.push(ledger);
    } catch (error) {
      log.warn(`the ledger of round ${round} cannot be read`, error);
    }
  }
  return ledgers;
}

/** A copy for whoever looks for it there. Where it cannot be written the report stands all the same. */
async function offerText(child: ChildProcess, task: ReportTask, report: Report, text: string): Promise<void> {
  const folder = task.textFolder ?? "";
  try {
    await copyText(task, folder, report, text);
  } catch (error) {
    const notice = `the report's text could not be copied to ${folder}: ${describeError(error)}`;
    child.log.warn(notice);
    child.send({ type: "notice", level: "warn", text: notice });
  }
}

/** The text of this run only: a file of the other name would be an earlier run's. */
async function copyText(task: ReportTask, folder: string, report: Report, text: string): Promise<void> {
  const name = (result: "passed" | "failed") => join(folder, `${task.prefix}_${result}_output.txt`);
  const result = report.verdict === "passed" ? "passed" : "failed";
  await writeText(name(result), text, { durable: false });
  await rm(name(result === "passed" ? "failed" : "passed"), { force: true });
}
