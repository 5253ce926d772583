/** Processes that die, and people who leave: what was promised of counts and of what stays behind. */
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Cli, withCli } from "../support/run-cli.ts";
import { expectNoRunProcesses, listRunProcesses } from "../support/run-processes.ts";
import { expectExit, expectPassed, ONCE } from "../support/system.ts";

/** Four seconds of load, so that there is a middle to interrupt. */
const SLOW = [...ONCE, "--messages", "8000", "--rate", "2000", "--task-managers", "4"];

const untilProcessing = (cli: Cli) => cli.waitForEvent("progress", (event) => event.processed > 0);

describe("a run whose processes are killed", () => {
  it("stays exact when a TaskManager gets kill -9 in the middle, and reports the fault", async () => {
    await withCli(SLOW, async (cli) => {
      await untilProcessing(cli);
      const { pid } = await cli.waitForEvent("resource", (e) => e.name === "taskmanager-02" && e.pid !== null);
      process.kill(pid as number, "SIGKILL");
      const report = await expectPassed(cli, await cli.end(), 8_000);
      expect(report.taskManagers.find((tm) => tm.id === "taskmanager-02")?.restarts).toBe(1);
      expect(report.faults).toContainEqual(expect.objectContaining({ kind: "processExit", target: "taskmanager-02" }));
    });
  });

  it("stays exact when the JobManager gets kill -9 in the middle", async () => {
    await withCli(SLOW, async (cli) => {
      await untilProcessing(cli);
      const { pid } = await cli.waitForEvent("resource", (e) => e.name === "jobmanager" && e.pid !== null);
      process.kill(pid as number, "SIGKILL");
      await expectPassed(cli, await cli.end(), 8_000);
    });
  });

  it("never passes when the embedded Kafka dies: it held the only copy", async () => {
    await withCli(SLOW, async (cli) => {
      await untilProcessing(cli);
      const { pid } = await cli.waitForEvent("resource", (e) => e.name === "kafka" && e.pid !== null);
      process.kill(pid as number, "SIGKILL");
      await expectExit(cli, await cli.end(), 3);
    });
  });

  it("leaves no process 5 s after kill -9 of the host", async () => {
    await withCli(SLOW, async (cli) => {
      await untilProcessing(cli);
      const runId = await cli.runId();
      expect(listRunProcesses(runId).length).toBeGreaterThan(6);
      process.kill(cli.pid, "SIGKILL");
      await cli.end();
      await expectNoRunProcesses(runId, 5_000);
    });
  });
});

describe("a person who leaves", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s during a round gives exit %i, checks what was done, and loses nothing", async (signal, exitCode) => {
    await withCli(SLOW, async (cli) => {
      await untilProcessing(cli);
      process.kill(cli.pid, signal);
      const report = await expectExit(cli, await cli.end(), exitCode);
      expect(report.verdict).toBe("interrupted");
      expect(report.messages.processed).toBeGreaterThan(0);
      expect(report.messages.lost).toBe(0);
      expect(report.messages.duplicated).toBe(0);
      expect(report.checks.filter((check) => check.status === "failed")).toEqual([]);
    });
  });

  it("before anything runs still ends at once, without leftovers", async () => {
    await withCli(SLOW, async (cli) => {
      await cli.waitForEvent("run", () => true);
      const runId = await cli.runId();
      process.kill(cli.pid, "SIGINT");
      const { exitCode } = await cli.end();
      expect(exitCode).toBe(130);
      await expectNoRunProcesses(runId, 1_000);
      expect(existsSync(await cli.runDir())).toBe(true);
    });
  });
});
