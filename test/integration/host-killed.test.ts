/** A host that is killed at any stage of its life, alone or with its watchdog: nothing of it is left. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { runCli, startCli } from "../support/run-cli.ts";
import { canListProcesses, expectNoRunProcesses, listRunProcesses, listWatchdogs } from "../support/run-processes.ts";
import { expectNothingLeft, inTurns, killAtStage, startStagedHost, walkOnce } from "../support/stages.ts";
import { ONCE } from "../support/system.ts";

const ARGS = ["up", "--once", "--infra", "embedded", "--messages", "400", "--task-managers", "2"];
/** So many hosts at a time: they take little, but the machine may be small. */
const ABREAST = 3;
const RANDOM_KILLS = 6;
const RUN_MS_MAX = 60_000;

const seed = Number(process.env["TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

/** A small generator (mulberry32): the same seed gives the same moments. */
function createRandom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function killAfter(delayMs: number): Promise<void> {
  const host = startStagedHost(ARGS, {}, () => undefined);
  const timer = setTimeout(() => host.process.kill("SIGKILL"), delayMs);
  await host.ended;
  clearTimeout(timer);
  await expectNothingLeft(host.cwd);
  host.dispose();
}

describe.skipIf(!canListProcesses)("a host that gets kill -9 (leftovers are found by /proc, so on Linux only)", () => {
  it("at any stage of start, round and stop, and at random moments, leaves nothing within 10 s", async () => {
    const { stages, tookMs } = await walkOnce(ARGS);
    // Both ends of a run, and every kind of resource in between, or the walk would prove little.
    for (const stage of [
      "phase infrastructure",
      "kafka starting",
      "redis running",
      "jobmanager waiting",
      "taskmanager starting",
      "producer running",
      "validator finished",
      "phase stopping",
      "taskmanager stopping",
      "kafka exited",
      "phase ended",
    ]) {
      expect(stages).toContain(stage);
    }
    expect(await inTurns(stages, ABREAST, (stage) => killAtStage(stage, ARGS))).toEqual([]);
    const random = createRandom(seed);
    const moments = Array.from({ length: RANDOM_KILLS }, () => Math.round(random() * tookMs));
    expect(await inTurns(moments, ABREAST, killAfter), `TEST_SEED=${seed}`).toEqual([]);
  }, 400_000);

  it.each([
    ["up", [...ONCE, "--messages", "100", "--task-managers", "1"]],
    ["down", ["down"]],
  ] as const)("together with its watchdog is swept by the next %s", async (verb, args) => {
    const host = startCli(["up", "--infra", "embedded", "--messages", "0", "--task-managers", "2", "--ui", "json"]);
    try {
      await host.waitForEvent("phase", (event) => event.phase === "idle");
      const [runDir, runId] = [await host.runDir(), await host.runId()];
      const { socket } = JSON.parse(readFileSync(runFolder.state(runDir), "utf8")) as { socket: string };
      // One that cannot notice by itself that the host is gone, as Java and redis-server cannot.
      const stopped = listRunProcesses(runId).find(({ resource }) => resource === "taskmanager-02")?.pid as number;
      process.kill(stopped, "SIGSTOP");
      // Stopped, so that it does not start another watchdog in between.
      process.kill(host.pid, "SIGSTOP");
      for (const pid of listWatchdogs(runId)) process.kill(pid, "SIGKILL");
      await waitUntil(() => (listWatchdogs(runId).length === 0 ? true : undefined), {
        what: "the end of the watchdog",
        deadlineMs: 60_000,
      });
      process.kill(host.pid, "SIGKILL");
      await host.end();
      expect(listRunProcesses(runId).map(({ pid }) => pid)).toContain(stopped);
      expect(existsSync(socket)).toBe(true);
      const next = await runCli(args, { cwd: host.cwd, deadlineMs: RUN_MS_MAX });
      expect(next.exitCode, next.stderr).toBe(0);
      expect(next.stdout).toMatch(new RegExp(`swept run ${runId}`));
      await expectNoRunProcesses(runId, 1_000);
      expect(existsSync(socket)).toBe(false);
      const again = await runCli(["down"], { cwd: host.cwd });
      expect(again.stdout, `${verb} marked it as ended`).not.toMatch(/swept/);
    } finally {
      await host.dispose();
    }
  });
});
