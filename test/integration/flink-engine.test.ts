/**
 * `--engine flink` on a real Apache Flink, Kafka and Redis, as a user starts it: exact with a killed TaskManager, a killed
 * mirror and a killed JobManager, and found out when the mirror leaves something out.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openSqlSession } from "../../apphost/drivers/flink/sql-gateway.ts";
import type { ProgressEvent } from "../../simulator/common/contract/events.ts";
import { describeReal } from "../support/real-parts.ts";
import { type Cli, runCli, startCli } from "../support/run-cli.ts";
import { expectExit } from "../support/system.ts";

const PARTITIONS = 4;
const START_MS_MAX = 240_000;
const RUN_MS_MAX = 420_000;
const environment = {
  FLINK_HOME: process.env["FLINK_HOME"] ?? "",
  KAFKA_HOME: process.env["KAFKA_HOME"] ?? "",
};
const ON_FLINK =
  `stress --engine flink --infra native --ui json --task-managers 2 --partitions ${PARTITIONS} --max-time 300s`.split(
    " ",
  );

const processedOf = ({ processed }: ProgressEvent): number => processed;

async function kill(cli: Cli, name: string): Promise<void> {
  const { exitCode, stderr } = await runCli(["kill", name], { cwd: cli.cwd });
  expect(exitCode, stderr).toBe(0);
}

describeReal(["flink", "kafka", "redis"], "the job on Apache Flink", () => {
  it("is exact in a folder with an awkward name, though a TaskManager, the mirror and the JobManager are killed", {
    timeout: RUN_MS_MAX,
  }, async () => {
    const cwd = mkdtempSync(join(tmpdir(), "flink-apphost-fl\u00fcnk, a:b-"));
    const messages = 200_000;
    const load = ["--messages", String(messages), "--rate", "5000"];
    const cli = startCli([...ON_FLINK, ...load], { cwd, env: environment, deadlineMs: RUN_MS_MAX });
    try {
      await cli.waitForEvent("progress", (event) => processedOf(event) > 0, START_MS_MAX);
      const gateway = await cli.waitForEvent(
        "resource",
        ({ name, state }) => name === "sql-gateway" && state === "running",
      );
      const session = await openSqlSession(`http://${gateway.endpoint}`, {}, AbortSignal.timeout(60_000));
      await expect(session.execute("SELECT * FROM nowhere")).rejects.toThrow(/Object 'nowhere' not found/);
      await session.close();
      await kill(cli, "taskmanager-02");
      await kill(cli, "mirror");
      await cli.waitForEvent(
        "resource",
        ({ name, state, restarts }) => name === "taskmanager-02" && state === "running" && restarts === 1,
        START_MS_MAX,
      );
      await kill(cli, "jobmanager");
      const report = await expectExit(cli, await cli.end(), 0);
      expect(report.messages).toMatchObject({ processed: messages, lost: 0, duplicated: 0, outOfOrder: null });
      expect(report.checks.filter(({ status }) => status === "failed" || status === "unknown")).toEqual([]);
      expect(report.checks.filter(({ status }) => status === "notApplicable").map(({ id }) => id)).toEqual([
        "I6-order",
        "I9-by-task-manager",
        "by-task-manager-rows",
        "I5-ordered-ids",
        "load-balance",
      ]);
      expect(report.taskManagers).toMatchObject([{ processed: null }, { processed: null, restarts: 1 }]);
      const recovered = report.faults.filter(({ recoveredAfterMs }) => recoveredAfterMs !== null);
      expect(recovered.map(({ target }) => target).sort()).toEqual(["jobmanager", "mirror", "taskmanager-02"]);
    } finally {
      await cli.dispose();
      rmSync(cwd, { recursive: true, force: true });
    }
  });

  it("fails with exit code 4 when the mirror leaves a partition out", { timeout: RUN_MS_MAX }, async () => {
    const load = ["--messages", "10000", "--test-operator", "test-drop-row"];
    const cli = startCli([...ON_FLINK, ...load], { env: environment, deadlineMs: RUN_MS_MAX });
    try {
      const report = await expectExit(cli, await cli.end(), 4);
      const failed = report.checks.filter(({ status }) => status === "failed").map(({ id }) => id);
      expect(failed).toEqual(["I3-drained", "I3-acknowledged"]);
      expect(report.reasons[0]).toMatch(/partition 0: the applied offset is 0, expected 2500/);
    } finally {
      await cli.dispose();
    }
  });
});
