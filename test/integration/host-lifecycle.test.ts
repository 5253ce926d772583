/** Starting hosts in the background, two at once, and ending those that do not answer. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { HostListing } from "../../apphost/cli/ps.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { runCli, startCli, waitForWords } from "../support/run-cli.ts";
import { expectNoRunProcesses } from "../support/run-processes.ts";

const SMALL = ["--infra", "embedded", "--task-managers", "2", "--partitions", "2", "--messages", "0"];

let cwd = "";
const run = (...args: string[]) => runCli(args, { cwd });
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "flink-apphost-hosts-"));
});
afterEach(async () => {
  const down = await run("down", "--all");
  expect(down.exitCode, down.stderr).toBe(0);
  for (const runDir of listRunFolders()) await expectNoRunProcesses(runDir.replace(/^.*-/, ""));
  rmSync(cwd, { recursive: true, force: true });
});

const listRunFolders = (): string[] => readdirSync(join(cwd, ".flink-apphost", "runs"));

describe("up --detach", () => {
  it("returns when the job runs, and leaves a host that works and says what it does in its log", async () => {
    const up = await run("up", "--detach", "--ui", "json", ...SMALL);
    expect(up.exitCode, up.stderr).toBe(0);
    const { runId, hostPid } = JSON.parse(up.stdout) as { runId: string; hostPid: number };
    const { stdout } = await run("describe", "--format", "json");
    expect(JSON.parse(stdout)).toMatchObject({ runId, hostPid, job: { state: "RUNNING" } });
    const produced = await run("produce", "--messages", "100");
    expect(produced.exitCode, produced.stderr).toBe(0);
    expect((await run("logs", "host")).stdout).toContain("PASSED: 100 messages processed");
    expect(readdirSync(join(cwd, ".flink-apphost")).filter((name) => name.startsWith("detached"))).toEqual([]);
    const again = await run("up", "--detach", ...SMALL);
    expect(again.exitCode).toBe(2);
    expect(again.stderr).toMatch(new RegExp(`run ${runId} \\(pid ${hostPid}\\).*--isolated`));
  });

  it("that fails ends with the run's code and its reason", async () => {
    const { exitCode, stdout, stderr } = await run("up", "--detach", ...SMALL, "--kafka", "127.0.0.1:1");
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: "" });
    expect(stderr).toMatch(/ended before its job ran \(exit code 3\)\n {2}Kafka at 127\.0\.0\.1:1 did not answer/);
    expect(JSON.parse((await run("ps", "--format", "json")).stdout)).toEqual([]);
  });

  it.each([
    ["SIGINT", 130],
    ["SIGHUP", 143],
  ] as const)("is ended by %s while it starts, and so is what it started", async (signal, code) => {
    // Nobody listens there, so the start takes seconds.
    const up = startCli(["up", "--detach", ...SMALL, "--kafka", "127.0.0.1:1"], { cwd });
    await waitUntil(async () => ((await run("ps")).stdout === "" ? undefined : true), {
      what: "the host in the list",
      deadlineMs: 20_000,
    });
    up.process.kill(signal);
    const { exitCode, stderr } = await up.end();
    expect(exitCode, stderr).toBe(code);
    expect((await run("ps")).stdout).toBe("");
    expect(readdirSync(join(cwd, ".flink-apphost")).filter((name) => name.startsWith("detached"))).toEqual([]);
  });
});

it("two hosts that start at the same moment: one runs, and the other is refused with 2", async () => {
  const hosts = [0, 1].map(() => startCli(["up", "--ui", "plain", ...SMALL], { cwd }));
  try {
    const loser = await Promise.race(hosts.map(async (host) => ({ host, result: await host.end() })));
    expect(loser.result.exitCode, loser.result.stderr).toBe(2);
    expect(loser.result.stderr).toMatch(/a host is already running in .*--isolated/);
    const winner = hosts.find((host) => host !== loser.host);
    await winner?.waitForEvent("phase", (event) => event.phase === "idle");
    expect(listRunFolders()).toHaveLength(1);
  } finally {
    for (const host of hosts) await host.dispose();
  }
});

it("down names a host that does not end, says whom it waits for meanwhile, and succeeds once it can end", async () => {
  const host = startCli(["up", "--ui", "plain", ...SMALL], { cwd });
  try {
    await host.waitForEvent("phase", (event) => event.phase === "idle");
    host.process.kill("SIGSTOP");
    const { stdout } = await run("ps", "--format", "json");
    expect(JSON.parse(stdout) as HostListing[]).toMatchObject([
      { hostPid: host.pid, phase: null, isControlAlive: false },
    ]);
    const questions = [["describe"], ["env"], ["stop", "taskmanager-01"], ["wait", "kafka"]];
    for (const { exitCode, stderr } of await Promise.all(questions.map((question) => run(...question)))) {
      expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/is alive, but did not answer at .* for 5000 ms/)]);
      expect(stderr).toMatch(/waiting for .*the host of run \w+.* 2 s of at most/);
    }
    const down = await run("down", "--timeout", "5s");
    expect(down.exitCode).toBe(1);
    const words = `waiting for the end of run \\w+ \\(host \\(pid ${host.pid}\\)\\), 3 s of at most 5 s`;
    expect(down.stderr).toMatch(new RegExp(words));
    expect(down.stderr).toMatch(new RegExp(`is not gone after 5000 ms: host \\(pid ${host.pid}\\); .*kill -KILL`));
    const interrupted = startCli(["down"], { cwd });
    await waitForWords(interrupted, "stderr", /waiting for/);
    interrupted.process.kill("SIGINT");
    expect((await interrupted.end()).exitCode).toBe(130);
    host.process.kill("SIGCONT");
    const second = await run("down");
    expect(second.exitCode, second.stderr).toBe(0);
    expect((await host.end()).exitCode).toBe(0);
  } finally {
    host.process.kill("SIGCONT");
    await host.dispose();
  }
});
