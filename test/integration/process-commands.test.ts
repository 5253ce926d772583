/** Processes of a running host, killed, paused and resumed from a second terminal while it counts, and a checkpoint now. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import type { HostDescription } from "../../apphost/model/description.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { endStanding, STANDING, untilProcessed, untilRestarted, withRun } from "../support/faults.ts";
import { type Cli, runCli } from "../support/run-cli.ts";
import { expectExit, expectPassed, ONCE } from "../support/system.ts";

const SMALL = ["--task-managers", "3", "--partitions", "6"];
/** Slow enough for some commands to find it in its middle, on a busy machine, too. */
const atRate = (messages: number) => [...SMALL, "--messages", String(messages), "--rate", "1500"];
const load = (messages: number) => [...ONCE, ...atRate(messages)];
const IDLE = [...STANDING, "--messages", "0", ...SMALL];

async function expectDone(host: Cli, ...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runCli(args, { cwd: host.cwd });
  expect(exitCode, `${args.join(" ")}: ${stderr}`).toBe(0);
  return stdout;
}

async function expectRefused(host: Cli, args: readonly string[], reason: RegExp): Promise<void> {
  const { exitCode, stderr } = await runCli(args, { cwd: host.cwd });
  expect([exitCode, stderr], args.join(" ")).toEqual([1, expect.stringMatching(reason)]);
}

/** A JobManager that was killed has its job RUNNING again a while after it is back; until then it refuses. */
const untilCheckpoint = (host: Cli) =>
  waitUntil(async () => JSON.parse(await expectDone(host, "checkpoint", "--format", "json")), {
    what: "a checkpoint of the new JobManager",
    deadlineMs: 30_000,
  });

async function find(host: Cli, name: string) {
  const description = JSON.parse(await expectDone(host, "describe", "--format", "json")) as HostDescription;
  return description.resources.find((resource) => resource.name === name);
}

/** What the JobManager says of a TaskManager. */
const untilRegistered = (host: Cli, name: string, status: "healthy" | "unknown") =>
  waitUntil(
    async () => {
      const reports = (await find(host, name))?.healthReports ?? [];
      return reports.find((report) => report.name === "registered")?.status === status ? true : undefined;
    },
    { what: `${name} registered: ${status}`, deadlineMs: 30_000 },
  );

const newestProgress = async (host: Cli) => {
  const newest = (await host.events()).findLast((event) => event.type === "progress");
  return newest?.type === "progress" ? newest : { sent: 0, processed: 0 };
};

it("each is a planned fault from which the job recovers, and the count is exact", async () => {
  await withRun([...STANDING, ...atRate(120_000)], async (host) => {
    await untilProcessed(host, 1);
    expect(await expectDone(host, "kill", "taskmanager-02")).toBe("taskmanager-02: killed\n");
    await untilRestarted(host, "taskmanager-02");
    expect(await expectDone(host, "pause", "taskmanager-01")).toBe("taskmanager-01: paused\n");
    expect(await find(host, "taskmanager-01")).toMatchObject({
      state: "running",
      healthStatus: "unknown",
      properties: { reason: "paused by the user", restarts: 0 },
    });
    await expectDone(host, "pause", "jobmanager");
    await expectRefused(host, ["checkpoint"], /jobmanager is paused by the user: resume it/);
    await sleep(3_000);
    await expectDone(host, "resume", "jobmanager");
    // The JobManager loses the TaskManager, and gives its partitions to the others.
    await untilRegistered(host, "taskmanager-01", "unknown");
    expect(await expectDone(host, "resume", "taskmanager-01")).toBe("taskmanager-01: running again\n");
    await untilRegistered(host, "taskmanager-01", "healthy");
    await expectDone(host, "pause", "producer");
    const { sent } = await newestProgress(host);
    await sleep(2_000);
    // What was on its way when it was paused.
    expect((await newestProgress(host)).sent - sent).toBeLessThan(3_000);
    await expectDone(host, "resume", "producer");
    await expectDone(host, "kill", "jobmanager");
    const { kind, id, total } = await untilCheckpoint(host);
    expect([kind, id > 0, total > 0]).toEqual(["completed", true, true]);
    const report = await expectPassed(host, await endStanding(host), 120_000);
    expect(report.faults.map(({ kind, target, planned }) => [kind, target, planned])).toEqual([
      ["processExit", "taskmanager-02", true],
      ["paused", "taskmanager-01", true],
      ["paused", "jobmanager", true],
      ["paused", "producer", true],
      ["processExit", "jobmanager", true],
    ]);
    expect(report.faults.filter(({ recoveredAfterMs }) => recoveredAfterMs === null)).toEqual([]);
    const exits = (await host.events()).filter((event) => event.type === "exit");
    // One for each process: two lives of those that were killed.
    expect(exits.filter(({ name }) => name === "taskmanager-02")).toMatchObject([
      { detail: "signal SIGKILL", asked: true, lastLines: [] },
      { asked: true },
    ]);
    expect(new Set(exits.map(({ pid }) => pid)).size).toBe(exits.length);
  });
});

it("the embedded servers may be paused, too: all that needs them waits, and none is taken for hung", async () => {
  await withRun([...load(20_000), "--test-hung-after", "2s"], async (host) => {
    await untilProcessed(host, 1);
    await expectDone(host, "pause", "kafka", "redis");
    await sleep(4_000);
    await expectDone(host, "resume", "kafka", "redis");
    const report = await expectPassed(host, await host.end(), 20_000);
    expect(report.faults.map(({ kind, target }) => [kind, target])).toEqual([
      ["paused", "kafka"],
      ["paused", "redis"],
    ]);
    expect(report.taskManagers.map(({ restarts }) => restarts)).toEqual([0, 0, 0]);
  });
});

it("nobody waits for one that is paused: Ctrl+C, stop, restart, kill and scale end it in order", async () => {
  await withRun(
    [...ONCE, "--task-managers", "6", "--partitions", "6", "--messages", "400_000", "--rate", "3000"],
    async (host) => {
      await untilProcessed(host, 1);
      await expectDone(host, "pause", "taskmanager-01", "taskmanager-02", "taskmanager-03", "taskmanager-06");
      await expectDone(host, "stop", "taskmanager-01");
      await expectDone(host, "restart", "taskmanager-02");
      await expectDone(host, "kill", "taskmanager-03");
      await untilRestarted(host, "taskmanager-03");
      await expectDone(host, "start", "taskmanager-01");
      await expectDone(host, "scale", "taskmanager", "5");
      await expectDone(host, "pause", "taskmanager-02", "taskmanager-04", "producer", "jobmanager", "redis", "kafka");
      process.kill(host.pid, "SIGINT");
      const report = await expectExit(host, await host.end(), 130);
      expect(report.messages).toMatchObject({ lost: 0, duplicated: 0 });
      expect(report.messages.processed).toBeGreaterThan(0);
      const exits = (await host.events()).filter((event) => event.type === "exit");
      // Each had its time to end in order: nothing had to be killed but what a person killed.
      expect(exits.filter(({ detail }) => detail.startsWith("signal")).map(({ name }) => name)).toEqual([
        "taskmanager-03",
      ]);
    },
  );
});

it("one that nobody resumes goes on when the run has counted all, and ends with it", async () => {
  await withRun(load(20_000), async (host) => {
    await untilProcessed(host, 1);
    await expectDone(host, "pause", "taskmanager-01");
    const report = await expectPassed(host, await host.end(), 20_000);
    expect(report.faults).toMatchObject([{ kind: "paused", target: "taskmanager-01", planned: true }]);
    expect(report.faults[0]?.recoveredAfterMs).toBeGreaterThan(0);
    const exits = (await host.events()).filter((event) => event.type === "exit");
    expect(exits.filter(({ detail }) => detail.startsWith("signal"))).toEqual([]);
  });
});

it("says no with a reason and exit 1: what is not there, not ours, lost by it, or so already", async () => {
  await withRun(IDLE, async (host) => {
    await host.waitForEvent("phase", (event) => event.phase === "idle");
    await expectRefused(host, ["kill", "kafka"], /records in memory only, and a kill would lose them/);
    await expectRefused(host, ["pause", "producer"], /producer is not running/);
    await expectRefused(host, ["resume", "redis"], /redis is not paused/);
    await expectDone(host, "pause", "taskmanager-01");
    await expectRefused(host, ["pause", "taskmanager-01"], /it is paused already/);
    await expectRefused(host, ["start", "taskmanager-01"], /paused by the user: resume it/);
    await expectRefused(host, ["scale", "taskmanager", "4"], /taskmanager-01 paused by the user: resume first/);
    // Of a group those that can be.
    expect(await expectDone(host, "pause", "taskmanager")).toMatch(/^taskmanager: paused, but taskmanager-01 cannot/);
    expect(await expectDone(host, "resume", "taskmanager")).toBe("taskmanager: running again\n");
    await expectDone(host, "stop", "taskmanager-02");
    await expectRefused(host, ["kill", "taskmanager-02"], /taskmanager-02 is not running/);
    const unknown = await runCli(["pause", "taskmanger-01"], { cwd: host.cwd });
    expect([unknown.exitCode, unknown.stderr]).toEqual([2, expect.stringMatching(/did you mean taskmanager-01/)]);
    await expectDone(host, "pause", "jobmanager", "taskmanager-01");
    await expectDone(host, "down");
    expect((await host.end()).exitCode).toBe(0);
  });
});

it("a round has a rate of its own, which its report tells; the next is as the run was started, with one paused", async () => {
  await withRun(IDLE, async (host) => {
    await host.waitForEvent("phase", (event) => event.phase === "idle");
    await expectDone(host, "produce", "--messages", "1000", "--rate", "500");
    await expectDone(host, "pause", "taskmanager-01");
    await expectDone(host, "produce", "--messages", "1000");
    expect((await find(host, "taskmanager-01"))?.properties.reason).toBe("paused by the user");
    const report = await host.report();
    expect(report.messages).toMatchObject({ processed: 2_000, lost: 0, duplicated: 0 });
    expect(report.rounds?.map(({ messages, rate }) => [messages, rate])).toEqual([
      [1_000, 500],
      [1_000, 0],
    ]);
    // The schedule is open: the last of 1,000 messages at 500/s is due after two seconds.
    expect(report.durationMs.produce).toBeGreaterThan(1_900);
  });
});
