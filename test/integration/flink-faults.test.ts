/**
 * Faults against a real Apache Flink while it counts, from outside and by the verbs: what was sent is counted exactly
 * once, and the report says of each fault when Flink's job ran again.
 */
import { expect, it } from "vitest";
import { killAll } from "../support/faults.ts";
import { killBehindSavepoint } from "../support/final-savepoint.ts";
import { describeReal } from "../support/real-parts.ts";
import { type Cli, runCli, startCli } from "../support/run-cli.ts";
import { expectExit } from "../support/system.ts";

const RUN_MS_MAX = 480_000;
const WAIT_MS_MAX = 240_000;
const MESSAGES = 60_000;
const ON_FLINK =
  `stress --engine flink --infra native --ui json --task-managers 2 --partitions 4 --max-time 300s --rate 1000 --messages ${MESSAGES}`.split(
    " ",
  );
const env = { FLINK_HOME: process.env["FLINK_HOME"] ?? "", KAFKA_HOME: process.env["KAFKA_HOME"] ?? "" };

const waitForShare = (cli: Cli, share: number) =>
  cli.waitForEvent("progress", ({ produced }) => produced >= share * MESSAGES, WAIT_MS_MAX);

async function act(cli: Cli, ...args: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await runCli(args, { cwd: cli.cwd, deadlineMs: WAIT_MS_MAX });
  expect(exitCode, stderr).toBe(0);
}

describeReal(["flink", "kafka", "redis"], "faults against Apache Flink", () => {
  it("is exact with a TaskManager killed at 40 % and the JobManager at 60 %, and tells when the job ran again", {
    timeout: RUN_MS_MAX,
  }, async () => {
    const cli = startCli(ON_FLINK, { env, deadlineMs: RUN_MS_MAX });
    try {
      await waitForShare(cli, 0.1);
      await act(cli, "pause", "taskmanager-01");
      await act(cli, "resume", "taskmanager-01");
      await act(cli, "restart", "redis");
      await waitForShare(cli, 0.4);
      await killAll(cli, "taskmanager-02");
      await waitForShare(cli, 0.6);
      await killAll(cli, "jobmanager");
      await act(cli, "kill", "kafka");
      // Its savepoint may be under way then, or the job may be over: none of it may cost the verdict.
      await cli.waitForEvent(
        "waiting",
        (event) => event.for === "the job to stop with a final checkpoint",
        WAIT_MS_MAX,
      );
      await killAll(cli, "taskmanager-01");
      const report = await expectExit(cli, await cli.end(), 0);
      expect(report.messages).toMatchObject({ processed: MESSAGES, lost: 0, duplicated: 0 });
      expect(report.faults.map(({ target, kind, planned }) => ({ target, kind, planned }))).toEqual([
        { target: "taskmanager-01", kind: "paused", planned: true },
        { target: "taskmanager-02", kind: "processExit", planned: false },
        { target: "jobmanager", kind: "processExit", planned: false },
        { target: "kafka", kind: "processExit", planned: true },
        { target: "taskmanager-01", kind: "processExit", planned: false },
      ]);
      const events = await cli.events();
      // The last one may be left when the run is over.
      for (const fault of report.faults.slice(0, -1)) {
        const recoveredAtMs = Date.parse(fault.at) + (fault.recoveredAfterMs ?? Number.NaN);
        // The resource served again before the job could run on it.
        const served = events.find(
          (event) =>
            event.type === "resource" &&
            event.name === fault.target &&
            event.state === "running" &&
            event.reason === "" &&
            event.atUs / 1_000 > Date.parse(fault.at),
        );
        expect(recoveredAtMs, fault.target).toBeGreaterThanOrEqual((served?.atUs ?? Number.NaN) / 1_000);
      }
      const resubmissions = events.filter((event) => event.type === "notice" && /submitted again/.test(event.text));
      expect(resubmissions).toHaveLength(1);
    } finally {
      await cli.dispose();
    }
  });

  it("is exact with a TaskManager killed right behind the final savepoint", { timeout: RUN_MS_MAX }, async () => {
    const line = "stress --engine flink --infra native --ui json --task-managers 3 --partitions 3 --messages 9000";
    const cli = startCli(line.split(" "), { env, deadlineMs: RUN_MS_MAX });
    try {
      await killBehindSavepoint(cli, "taskmanager-01");
      const report = await expectExit(cli, await cli.end(), 0);
      expect(report.messages).toMatchObject({ processed: 9_000, lost: 0, duplicated: 0 });
    } finally {
      await cli.dispose();
    }
  });
});
