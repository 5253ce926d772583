/** Commands on resources under load: servers with data on disk come back on the same port, and nothing is counted twice. */
import { expect, it } from "vitest";
import { killAll, untilProcessed, withRun } from "../support/faults.ts";
import { containerOf } from "../support/real-docker.ts";
import { describeReal } from "../support/real-parts.ts";
import { type Cli, runCli } from "../support/run-cli.ts";
import { expectExit, expectPassed } from "../support/system.ts";

const args = (infra: string, messages: number, rate: number) => [
  "up",
  "--once",
  "--ui",
  "json",
  "--infra",
  infra,
  "--task-managers",
  "4",
  "--messages",
  String(messages),
  "--rate",
  String(rate),
];

async function expectDone(cli: Cli, ...command: string[]): Promise<void> {
  const { exitCode, stderr } = await runCli(command, { cwd: cli.cwd, deadlineMs: 150_000 });
  expect(exitCode, `${command.join(" ")}: ${stderr}`).toBe(0);
}

describeReal(["kafka", "redis"], "native servers under load", () => {
  const env = { KAFKA_HOME: process.env["KAFKA_HOME"] as string };

  it("both may be restarted, and stopped and started", async () => {
    await withRun(
      args("native", 500_000, 20_000),
      async (cli) => {
        await untilProcessed(cli, 30_000);
        for (const name of ["kafka", "redis"]) {
          await expectDone(cli, "restart", name);
          await expectDone(cli, "stop", name);
          await expectDone(cli, "start", name);
        }
        const report = await expectPassed(cli, await cli.end(), 500_000);
        expect(report.faults).toEqual([]);
      },
      { env },
    );
  });
});

describeReal(["docker"], "containers under load", () => {
  it("both may be restarted, and stopped and started", async () => {
    await withRun(args("docker", 500_000, 20_000), async (cli) => {
      await untilProcessed(cli, 30_000);
      const runId = await cli.runId();
      for (const name of ["kafka", "redis"] as const) {
        const before = (await containerOf(runId, name)).id;
        await expectDone(cli, "restart", name);
        await expectDone(cli, "stop", name);
        await expectDone(cli, "start", name);
        expect((await containerOf(runId, name)).id).toBe(before);
      }
      const report = await expectPassed(cli, await cli.end(), 500_000);
      expect(report.faults).toEqual([]);
    });
  });
});

it("a Redis that stays stopped is given up after a minute: the job fails with 3, and the report says why", async () => {
  await withRun(args("embedded", 600_000, 5_000), async (cli) => {
    await untilProcessed(cli, 1);
    await expectDone(cli, "stop", "redis");
    const report = await expectExit(cli, await cli.end(), 3);
    expect(report.reasons.join("\n")).toMatch(/Redis at .* did not answer/);
  });
});

it("a scale that loses its JobManager in the middle still ends exact, and done", async () => {
  await withRun(args("embedded", 150_000, 10_000), async (cli) => {
    await untilProcessed(cli, 10_000);
    for (const count of ["9", "2", "6"]) {
      const scaled = expectDone(cli, "scale", "taskmanager", count);
      await killAll(cli, "jobmanager");
      await scaled;
    }
    const report = await expectPassed(cli, await cli.end(), 150_000);
    expect(report.taskManagers.filter(({ partitions }) => partitions.length > 0)).toHaveLength(6);
  });
});
