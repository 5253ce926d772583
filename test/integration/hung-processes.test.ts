/**
 * Processes that live and do nothing. `stop-walk.test.ts` stops each kind of them at each phase; here are the cases
 * around it: who hangs and who only seems to, what no hang may delay, and what is hung before there is a resource.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { processOf, taskManagers, untilProcessed, whileStopped } from "../support/faults.ts";
import { type Cli, type CliOptions, type CliResult, runCli, startCli } from "../support/run-cli.ts";
import { canListProcesses, expectNoRunProcesses, listRunProcesses, listWatchdogs } from "../support/run-processes.ts";
import { expectNothingLeft } from "../support/stages.ts";
import { expectExit, expectPassed, ONCE } from "../support/system.ts";

const HUNG_AFTER_MS = 3_000;
const HUNG_SOON = ["--test-hung-after", String(HUNG_AFTER_MS)];
const SMALL = [...ONCE, "--task-managers", "2", "--partitions", "4"];
const MESSAGES = 15_000;
/** Five seconds of load. */
const LONG = [...SMALL, "--messages", String(MESSAGES), "--rate", "3000"];

const preload = (name: string, more: Readonly<Record<string, string>> = {}): CliOptions => ({
  env: { ...more, NODE_OPTIONS: `--import ${fileURLToPath(new URL(`../support/preload/${name}`, import.meta.url))}` },
});

const stopProducer = (at: string) =>
  preload("stop-at-message.mjs", { TEST_STOP_RESOURCE: "producer", TEST_STOP_AT: at });

describe("a producer that is stopped just after its last ledger", () => {
  const AT_LAST_WORD = stopProducer("produceFinished");

  it("delays neither what is measured nor the verdict: it is killed, and its work counts", async () => {
    // All is applied in time. The process is silent for longer than that, and than news of it may take.
    const times = ["--max-time", "4s", "--test-hung-after", "12s"];
    await runCli([...SMALL, "--messages", "2000", ...times], AT_LAST_WORD, async (cli, result) => {
      const report = await expectPassed(cli, result, 2_000);
      const detail = expect.stringMatching(/hung.*work was done/);
      expect(report.faults).toMatchObject([{ target: "producer", detail }]);
    });
  });

  it("keeps nobody from leaving by Ctrl+C", async () => {
    const cli = startCli([...SMALL, "--messages", "2000"], AT_LAST_WORD);
    try {
      await cli.waitForEvent("phase", (event) => event.phase === "draining");
      // Everything is applied by now, and the run waits for nothing but the process.
      await sleep(500);
      process.kill(cli.pid, "SIGINT");
      const report = await expectExit(cli, await cli.end(), 130);
      expect(report.messages).toMatchObject({ processed: 2_000, lost: 0, duplicated: 0 });
    } finally {
      await cli.dispose();
    }
  });
});

describe("a producer that is stopped before its first send", () => {
  /** It has no ledger then (P1 of `producer/round.ts`), and nothing was lost. */
  it("leaves a run that is left by Ctrl+C with nothing to complain about", async () => {
    const cli = startCli([...SMALL, "--messages", "2000"], stopProducer("ready"));
    try {
      await cli.waitForEvent("resource", ({ name, state }) => name === "producer" && state === "running");
      process.kill(cli.pid, "SIGINT");
      const report = await expectExit(cli, await cli.end(), 130);
      expect(report.verdict).toBe("interrupted");
      expect(report.messages).toMatchObject({ requested: 2_000, acknowledged: 0, inKafka: 0, processed: 0, lost: 0 });
      expect(report.checks.filter(({ status }) => status === "failed" || status === "unknown")).toEqual([]);
    } finally {
      await cli.dispose();
    }
  });
});

describe("--max-time", () => {
  // Beside one that is stopped, the end in order takes half a minute for some.
  const stopped = process.env["STOP_WALK"] === "all" ? ["producer", "jobmanager", "redis", "kafka"] : ["producer"];

  it.each(stopped)("is kept when %s hangs: the run ends with exit 5", async (name) => {
    const cli = startCli([...LONG, "--max-time", "3s"]);
    try {
      await untilProcessed(cli, 1);
      process.kill(await processOf(cli, name), "SIGSTOP");
      const report = await expectExit(cli, await cli.end(), 5);
      expect(report.reasons[0]).toMatch(/--max-time passed/);
    } finally {
      await cli.dispose();
    }
  });
});

describe("who does not hang", () => {
  it("is a process that is busy for longer than a silent one may be", async () => {
    const options = preload("block-once.mjs", { TEST_BLOCK: `taskmanager-01 busy ${2 * HUNG_AFTER_MS}` });
    await runCli([...LONG, ...HUNG_SOON], options, async (cli, result) => {
      const report = await expectPassed(cli, result, MESSAGES);
      expect(report.faults).toEqual([]);
    });
  });

  it("is a machine that slept: host and processes were away for longer than a silent one may be", async () => {
    const cli = startCli([...LONG, ...HUNG_SOON]);
    try {
      await untilProcessed(cli, 1);
      const all = ["kafka", "redis", "jobmanager", "producer", "flink-job-simulator", ...taskManagers(2)];
      await whileStopped(cli, all, async () => {
        process.kill(cli.pid, "SIGSTOP");
        await sleep(2 * HUNG_AFTER_MS);
        process.kill(cli.pid, "SIGCONT");
      });
      const report = await expectPassed(cli, await cli.end(), MESSAGES);
      expect(report.faults).toEqual([]);
    } finally {
      await cli.dispose();
    }
  });
});

describe("who hangs", () => {
  it("is a process that is stuck in a call, too: it is replaced", async () => {
    const options = preload("block-once.mjs", { TEST_BLOCK: "jobmanager asleep 60000" });
    await runCli([...LONG, ...HUNG_SOON], options, async (cli, result) => {
      const report = await expectPassed(cli, result, MESSAGES);
      expect(report.faults).toMatchObject([{ target: "jobmanager", detail: expect.stringContaining("hung") }]);
      expect(report.faults[0]?.recoveredAfterMs).toBeGreaterThan(0);
    });
  });

  it.skipIf(!canListProcesses)("is a tool that prepares a server, too: Ctrl+C does not wait for it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "flink-apphost-hung-tool-"));
    try {
      const cli = startCli([...SMALL, "--messages", "100", "--infra", "native"], {
        env: createHangingPrograms(folder),
      });
      await cli.waitForEvent("resource", (event) => event.name === "kafka" && event.state === "starting");
      const runId = await cli.runId();
      await waitForProcess(runId, "StorageTool");
      const askedAtMs = performance.now();
      process.kill(cli.pid, "SIGINT");
      const result: CliResult = await cli.end();
      expect(result.exitCode, result.stderr).toBe(130);
      // 10 s for the stopped server beside it.
      expect(performance.now() - askedAtMs).toBeLessThan(25_000);
      await expectNoRunProcesses(runId, 1_000);
      await cli.dispose();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe.skipIf(!canListProcesses)("a watchdog that hangs (leftovers are found by /proc)", () => {
  const IDLE = ["up", "--infra", "embedded", "--messages", "0", "--task-managers", "1", "--ui", "json"];

  async function withStoppedWatchdog(work: (cli: Cli, runId: string) => Promise<void>): Promise<void> {
    const cli = startCli(IDLE);
    try {
      await cli.waitForEvent("phase", (event) => event.phase === "idle");
      const runId = await cli.runId();
      for (const pid of listWatchdogs(runId)) process.kill(pid, "SIGSTOP");
      await work(cli, runId);
      expect(listWatchdogs(runId)).toEqual([]);
    } finally {
      await cli.dispose();
    }
  }

  it("does not outlive a second Ctrl+C, and nothing else does", async () => {
    await withStoppedWatchdog(async (cli) => {
      process.kill(cli.pid, "SIGINT");
      await cli.waitForEvent("stopRequested", () => true);
      process.kill(cli.pid, "SIGINT");
      expect((await cli.end()).exitCode).toBe(130);
      await expectNothingLeft(cli.cwd);
    });
  });

  it("is swept by the next `down` when its host was killed", async () => {
    await withStoppedWatchdog(async (cli) => {
      process.kill(cli.pid, "SIGKILL");
      await cli.end();
      const { exitCode, stdout } = await runCli(["down"], { cwd: cli.cwd });
      expect(exitCode, stdout).toBe(0);
      expect(stdout).toMatch(/swept run .* processes killed/);
    });
  });
});

/** A Java and a redis-server that are there, say their version, and then never do anything. */
function createHangingPrograms(folder: string): Record<string, string> {
  const home = join(folder, "kafka");
  mkdirSync(join(home, "libs"), { recursive: true });
  writeFileSync(join(home, "libs", "kafka_2.13-4.3.0.jar"), "");
  const script = '#!/bin/sh\n[ "$1" = "-version" ] && { echo \'openjdk version "17.0.9"\' >&2; exit 0; }\nsleep 600\n';
  for (const name of ["java", "redis-server"]) {
    writeFileSync(join(folder, name), script);
    chmodSync(join(folder, name), 0o755);
  }
  return { KAFKA_HOME: home, PATH: `${folder}:${process.env["PATH"] ?? ""}`, JAVA_HOME: "" };
}

const waitForProcess = (runId: string, text: string): Promise<true> =>
  waitUntil(() => listRunProcesses(runId).some(({ command }) => command.includes(text)) || undefined, {
    what: `a process of the run with "${text}" in its command`,
    deadlineMs: 60_000,
  });
