/** How a person ends a run: in order and told who is waited for, or at once; and what the terminal is like afterwards. */
import { describe, expect, it } from "vitest";
import type { HostEvent } from "../../simulator/common/contract/events.ts";
import { processOf } from "../support/faults.ts";
import { type Cli, withCli } from "../support/run-cli.ts";
import { expectNoRunProcesses } from "../support/run-processes.ts";
import { expectExit, ONCE } from "../support/system.ts";

const SLOW = [...ONCE, "--messages", "16000", "--rate", "2000", "--task-managers", "2"];
const IDLE = ["up", "--infra", "embedded", "--messages", "0", "--task-managers", "2"];

const untilProcessing = (cli: Cli) => cli.waitForEvent("progress", (event) => event.processed > 0);
const untilIdle = (cli: Cli) => cli.waitForEvent("phase", (event) => event.phase === "idle");

/** What ended, in order: resources by kind, and the job with its final checkpoint, by which its client may end itself. */
function listEnds(events: readonly HostEvent[]): string[] {
  const ends = events.flatMap((event) => {
    if (event.type === "waiting" && event.for.includes("final checkpoint")) return ["job"];
    if (event.type !== "resource" || event.state !== "exited" || event.kind === "flink-job-simulator") return [];
    return [event.kind === "kafka" || event.kind === "redis" ? "servers" : event.kind];
  });
  return ends.filter((end, index) => end !== ends[index - 1]);
}

describe("a first signal", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGHUP", 143],
  ] as const)("%s in a round ends everything in order, and says who is waited for", async (signal, exitCode) => {
    await withCli(SLOW, async (cli) => {
      await untilProcessing(cli);
      process.kill(cli.pid, signal);
      const result = await cli.end();
      await expectExit(cli, result, exitCode);
      expect(listEnds(await cli.events())).toEqual(["producer", "job", "taskmanager", "jobmanager", "servers"]);
      expect(result.stderr).toMatch(/asked to stop.*another Ctrl\+C/);
      expect(result.stderr).toMatch(/waiting for taskmanager-01, taskmanager-02 to end, at most 10/);
    });
  });

  it("while idle takes the job's final checkpoint, too, and ends with 0", async () => {
    await withCli([...IDLE, "--ui", "quiet"], async (cli) => {
      await untilIdle(cli);
      process.kill(cli.pid, "SIGTERM");
      const result = await cli.end();
      expect(result.exitCode, result.stderr).toBe(0);
      expect(listEnds(await cli.events())).toEqual(["job", "taskmanager", "jobmanager", "servers"]);
      expect(result.stderr).toMatch(/waiting for jobmanager to end/);
    });
  });
});

describe("a resource that does not end", () => {
  it("is named with its waiting time, and a second Ctrl+C kills everything at once", async () => {
    await withCli([...IDLE, "--ui", "plain"], async (cli) => {
      await untilIdle(cli);
      process.kill(await processOf(cli, "taskmanager-02"), "SIGSTOP");
      process.kill(cli.pid, "SIGINT");
      const { names } = await cli.waitForEvent("stopping", (event) => event.waitedMs >= 1_000);
      expect(names).toEqual(["taskmanager-02"]);
      expect(cli.output().stdout).toMatch(/waiting for taskmanager-02 to end, .* of at most 10/);
      const askedAtMs = performance.now();
      process.kill(cli.pid, "SIGINT");
      const { exitCode } = await cli.end();
      expect(exitCode).toBe(130);
      // Not after the 10 s that the first one gave.
      expect(performance.now() - askedAtMs).toBeLessThan(7_000);
      await expectNoRunProcesses(await cli.runId(), 10_000);
    });
  });

  it("is killed after its time, and the run still ends in order", async () => {
    await withCli([...IDLE, "--ui", "json"], async (cli) => {
      await untilIdle(cli);
      process.kill(await processOf(cli, "taskmanager-01"), "SIGSTOP");
      process.kill(cli.pid, "SIGTERM");
      const { exitCode } = await cli.end();
      expect(exitCode).toBe(0);
      expect(listEnds(await cli.events()).at(-1)).toBe("servers");
    });
  });
});
