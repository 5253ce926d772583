/** Commands on resources under load: servers with data on disk come back on the same port, and nothing is counted twice. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { killAll, untilProcessed, untilRestarted, withRun } from "../support/faults.ts";
import { containerOf, untilNothingOfRun } from "../support/real-docker.ts";
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

const PAUSES = [
  ["paused", "kafka", true],
  ["paused", "redis", true],
];

/** For longer than a TaskManager may be silent, and shorter than anybody waits for a server. */
async function pauseAndResume(cli: Cli): Promise<void> {
  await expectDone(cli, "pause", "kafka", "redis");
  await sleep(6_000);
  await expectDone(cli, "resume", "kafka", "redis");
}

async function leavePaused(cli: Cli): Promise<void> {
  await untilProcessed(cli, 5_000);
  await expectDone(cli, "pause", "kafka", "redis");
  process.kill(cli.pid, "SIGINT");
  const report = await expectExit(cli, await cli.end(), 130);
  expect(report.messages).toMatchObject({ lost: 0, duplicated: 0 });
  expect(report.messages.processed).toBeGreaterThan(0);
  const exits = (await cli.events()).filter((event) => event.type === "exit");
  expect(exits.filter(({ detail }) => /SIGKILL|137/.test(detail))).toEqual([]);
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

  it("both may be paused and resumed, one of them killed, and a run that ends waits for neither", async () => {
    await withRun(
      args("native", 300_000, 10_000),
      async (cli) => {
        await untilProcessed(cli, 30_000);
        await pauseAndResume(cli);
        await expectDone(cli, "kill", "redis");
        await untilRestarted(cli, "redis");
        const report = await expectPassed(cli, await cli.end(), 300_000);
        expect(report.faults.map(({ kind, target, planned }) => [kind, target, planned])).toEqual([
          ...PAUSES,
          ["processExit", "redis", true],
        ]);
      },
      { env },
    );
  });

  it("paused ones end in order with the run: their records are read, and counted", async () => {
    await withRun(args("native", 1_000_000, 5_000), (cli) => leavePaused(cli), { env });
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

  it("both may be paused and resumed by their engine", async () => {
    await withRun(args("docker", 300_000, 10_000), async (cli) => {
      await untilProcessed(cli, 30_000);
      await pauseAndResume(cli);
      const report = await expectPassed(cli, await cli.end(), 300_000);
      expect(report.faults.map(({ kind, target, planned }) => [kind, target, planned])).toEqual(PAUSES);
    });
  });

  it("paused ones end in order with the run: their records are read, and counted", async () => {
    await withRun(args("docker", 1_000_000, 5_000), async (cli) => {
      const runId = await cli.runId();
      await leavePaused(cli);
      await untilNothingOfRun(runId);
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
