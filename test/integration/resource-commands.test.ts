/** Single resources of a running host, stopped, started, restarted and scaled from a second terminal while it counts. */
import { existsSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { HostDescription } from "../../apphost/model/description.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { endStanding, STANDING, sendSignal, untilRestarted } from "../support/faults.ts";
import { type Cli, runCli, startCli, waitForWords } from "../support/run-cli.ts";
import { listRunProcesses } from "../support/run-processes.ts";
import { expectPassed, releaseHold, waitForHold } from "../support/system.ts";

/** Half a minute of load: on a busy machine each command takes two or three seconds to load its program. */
const MESSAGES = 45_000;
const ARGS = [
  ...STANDING,
  "--messages",
  String(MESSAGES),
  "--rate",
  "3000",
  "--task-managers",
  "3",
  "--partitions",
  "8",
];

describe("commands on resources of a running host", () => {
  let host: Cli;
  beforeEach(async () => {
    host = startCli(ARGS);
    await host.waitForEvent("progress", (event) => event.processed > 0);
  });
  afterEach(() => host.dispose());

  const ask = (...args: string[]) => runCli(args, { cwd: host.cwd });
  const expectDone = async (...args: string[]) => {
    const result = await ask(...args);
    expect(result.exitCode, `${args.join(" ")}: ${result.stderr}`).toBe(0);
    return result;
  };
  const describeAll = async () =>
    (JSON.parse((await expectDone("describe", "--format", "json")).stdout) as HostDescription).resources;
  const find = async (name: string) => (await describeAll()).find((resource) => resource.name === name);

  it("stop is no fault and lasts until start; the same port and exact counts after each", async () => {
    const before = await find("jobmanager");
    await expectDone("stop", "jobmanager");
    expect(await find("jobmanager")).toMatchObject({
      state: "exited",
      properties: { reason: "stopped by the user", pid: null },
    });
    await expectDone("stop", "jobmanager");
    await expectDone("start", "jobmanager");
    expect(await find("jobmanager")).toMatchObject({
      state: "running",
      urls: before?.urls,
      properties: { restarts: 1 },
    });
    await expectDone("stop", "taskmanager-02");
    expect((await describeAll()).filter(({ state }) => state === "exited").map(({ name }) => name)).toEqual([
      "taskmanager-02",
    ]);
    await expectDone("restart", "taskmanager");
    await expectDone("restart", "redis");
    await expectDone("restart", "flink-job-simulator");
    const report = await expectPassed(host, await endStanding(host), MESSAGES);
    expect(report.faults).toEqual([]);
  });

  it("says no with a reason and exit 1, and does not know a name with exit 2 and the names", async () => {
    const kafka = await ask("restart", "kafka");
    expect([kafka.exitCode, kafka.stderr]).toEqual([1, expect.stringMatching(/keeps its records in memory only/)]);
    const producer = await ask("stop", "producer");
    expect([producer.exitCode, producer.stderr]).toEqual([1, expect.stringMatching(/task of a round/)]);
    const unknown = await ask("stop", "taskmanager-99");
    expect([unknown.exitCode, unknown.stderr]).toEqual([2, expect.stringMatching(/expected one of .*taskmanager-03/)]);
    const group = await ask("scale", "kafka", "2");
    expect([group.exitCode, group.stderr]).toEqual([2, expect.stringMatching(/expected one of taskmanager/)]);
    for (const count of ["0", "257", "x"]) expect((await ask("scale", "taskmanager", count)).exitCode).toBe(2);
  });

  it("tries each of several names, tells each failure, and ends with the highest code", async () => {
    const stopped = await expectDone("stop", "taskmanager-01", "taskmanager-02");
    expect(stopped.stdout).toBe("taskmanager-01: stopped\ntaskmanager-02: stopped\n");
    const { exitCode, stdout, stderr } = await ask(
      "start",
      "taskmanger-01",
      "producer",
      "taskmanager-01",
      "taskmanager-02",
    );
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "taskmanager-01: running\ntaskmanager-02: running\n" });
    expect(stderr).toMatch(
      /"taskmanger-01": expected .*did you mean taskmanager-01\?\n.*producer is the task of a round/s,
    );
    const answers = (await expectDone("restart", "taskmanager-03", "jobmanager", "--format", "json")).stdout
      .trim()
      .split("\n");
    expect(answers.map((line) => (JSON.parse(line) as { kind: string }).kind)).toEqual(["done", "done"]);
  });

  it("scale moves partitions to more and to fewer TaskManagers, exactly, and the fewer leave no process", async () => {
    const { stdout } = await expectDone("scale", "taskmanager", "6", "--format", "json");
    expect(JSON.parse(stdout)).toMatchObject({ kind: "done" });
    expect((await describeAll()).filter(({ resourceType }) => resourceType === "taskmanager")).toHaveLength(6);
    await expectDone("scale", "taskmanager", "2");
    const names = (await describeAll())
      .filter(({ resourceType }) => resourceType === "taskmanager")
      .map(({ name }) => name);
    expect(names).toEqual(["taskmanager-01", "taskmanager-02"]);
    const processes = listRunProcesses(await host.runId()).map(({ resource }) => resource);
    expect(processes.filter((name) => name.startsWith("taskmanager-")).sort()).toEqual(names);
    // A name that comes back goes on as a new incarnation: its former counts are still its own.
    await expectDone("scale", "taskmanager", "4");
    const report = await expectPassed(host, await endStanding(host), MESSAGES);
    expect(report.taskManagers.map(({ id, partitions }) => [id, partitions.length])).toEqual([
      ["taskmanager-01", 2],
      ["taskmanager-02", 2],
      ["taskmanager-03", 2],
      ["taskmanager-04", 2],
      ["taskmanager-05", 0],
      ["taskmanager-06", 0],
    ]);
    expect(report.latencyMs).toMatchObject({ recorded: MESSAGES, missing: 0 });
    expect(existsSync(runFolder.applied(await host.runDir(), "taskmanager-03", "2"))).toBe(true);
    expect(report.taskManagers.reduce((sum, { processed }) => sum + (processed ?? 0), 0)).toBe(MESSAGES);
    expect(report.faults).toEqual([]);
  });
});

it("TaskManagers that a person has stopped in the moment of the verdict do not make it another one", async () => {
  const load = ["--messages", "2000", "--task-managers", "2", "--test-hold", "before-validation"];
  const host = startCli([...STANDING, ...load]);
  try {
    await waitForHold(host);
    expect((await runCli(["stop", "taskmanager"], { cwd: host.cwd })).exitCode).toBe(0);
    await releaseHold(host);
    const report = await expectPassed(host, await endStanding(host), 2_000);
    // They leave one after the other, and the first one's partitions go to the second.
    expect(report.taskManagers.flatMap(({ partitions }) => partitions)).toHaveLength(20);
  } finally {
    await host.dispose();
  }
});

it("a scale and a checkpoint that meet a job which is still starting wait for it, with words", async () => {
  const host = startCli(["up", "--infra", "embedded", "--ui", "json", "--messages", "0", "--task-managers", "2"]);
  const processes: number[] = [];
  try {
    await host.waitForEvent("phase", (event) => event.phase === "idle");
    const pidOf = async (name: string) => {
      const found = listRunProcesses(await host.runId()).find(({ resource }) => resource === name);
      if (found === undefined) throw new Error(`no process of ${name}`);
      return found.pid;
    };
    for (const [index, [command, words]] of [
      [["scale", "taskmanager", "3"], "waiting for the job to be RUNNING"],
      [["checkpoint"], "waiting for the checkpoint"],
    ].entries()) {
      // Without an answer of Redis a new JobManager cannot establish the state of its job, which stays INITIALIZING.
      const redis = await pidOf("redis");
      processes.push(redis);
      process.kill(redis, "SIGSTOP");
      process.kill(await pidOf("jobmanager"), "SIGKILL");
      await untilRestarted(host, "jobmanager", index + 1);
      const asked = startCli(command as string[], { cwd: host.cwd });
      await waitForWords(asked, "stderr", new RegExp(words as string));
      process.kill(redis, "SIGCONT");
      expect(await asked.end(), `command ${index + 1}`).toMatchObject({ exitCode: 0 });
      await asked.dispose();
    }
    process.kill(host.pid, "SIGTERM");
    expect((await host.end()).exitCode).toBe(0);
  } finally {
    for (const pid of processes) sendSignal(pid, "SIGCONT");
    await host.dispose();
  }
});

it("a run that is left while resources are stopped ends in order, and one that waits for them is answered", async () => {
  const host = startCli(["up", "--infra", "embedded", "--ui", "json", "--messages", "0", "--task-managers", "2"]);
  try {
    await host.waitForEvent("phase", (event) => event.phase === "idle");
    for (const name of ["taskmanager-02", "jobmanager"]) {
      expect((await runCli(["stop", name], { cwd: host.cwd })).exitCode).toBe(0);
    }
    const scale = await runCli(["scale", "taskmanager", "3"], { cwd: host.cwd });
    expect([scale.exitCode, scale.stderr]).toEqual([1, expect.stringMatching(/jobmanager, taskmanager-02 .*start/)]);
    // While Redis is paused it cannot get ready.
    const pid = listRunProcesses(await host.runId()).find(({ resource }) => resource === "redis")?.pid as number;
    process.kill(pid, "SIGSTOP");
    const waiting = startCli(["start", "taskmanager-02"], { cwd: host.cwd });
    await host.waitForEvent(
      "resource",
      (e) => e.name === "taskmanager-02" && e.state === "starting" && e.restarts === 1,
    );
    process.kill(host.pid, "SIGTERM");
    expect(await waiting.end()).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/the run is ending/) });
    expect((await host.end()).exitCode).toBe(0);
  } finally {
    await host.dispose();
  }
});

it("a command without a host ends with 7", async () => {
  expect((await runCli(["restart", "redis"])).exitCode).toBe(7);
  expect((await runCli(["scale", "taskmanager", "3"])).exitCode).toBe(7);
});
