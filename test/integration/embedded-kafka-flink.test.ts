/**
 * `--engine flink --infra embedded`: Apache Flink's KafkaSource and exactly-once KafkaSink on the embedded Kafka, with a
 * TaskManager killed in the middle. The counts come by transactions, and the verdict reads the topic again.
 */
import { expect, it } from "vitest";
import type { ProgressEvent } from "../../simulator/common/contract/events.ts";
import { describeReal } from "../support/real-parts.ts";
import { runCli, startCli } from "../support/run-cli.ts";
import { expectExit } from "../support/system.ts";

const MESSAGES = 100_000;
const START_MS_MAX = 240_000;
const RUN_MS_MAX = 420_000;

const processedOf = ({ processed }: ProgressEvent): number => processed;

describeReal(["flink"], "Apache Flink on the embedded Kafka", () => {
  it("reads and commits each record once, though a TaskManager is killed", { timeout: RUN_MS_MAX }, async () => {
    const words = "stress --engine flink --infra embedded --ui json --task-managers 2 --partitions 4";
    const load = `--messages ${MESSAGES} --rate 4000 --max-time 300s`;
    const env = { FLINK_HOME: process.env["FLINK_HOME"] ?? "" };
    const cli = startCli(`${words} ${load}`.split(" "), { env, deadlineMs: RUN_MS_MAX });
    try {
      await cli.waitForEvent("progress", (event) => processedOf(event) > 0, START_MS_MAX);
      const { exitCode, stderr } = await runCli(["kill", "taskmanager-02"], { cwd: cli.cwd });
      expect(exitCode, stderr).toBe(0);
      const report = await expectExit(cli, await cli.end(), 0);
      expect(report.messages).toMatchObject({ processed: MESSAGES, lost: 0, duplicated: 0 });
      expect(report.checks.filter(({ status }) => status === "failed" || status === "unknown")).toEqual([]);
      expect(report.taskManagers).toMatchObject([{}, { restarts: 1 }]);
    } finally {
      await cli.dispose();
    }
  });
});
