/** The watchdog: a host that is killed leaves nothing behind. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { isAlive, isSameProcess, readStartTime } from "../../../../apphost/orchestrator/process-identity.ts";
import { startPulseWatch } from "../../../../apphost/orchestrator/pulse.ts";
import { sweepRun } from "../../../../apphost/orchestrator/sweep.ts";
import { startWatchdog } from "../../../../apphost/orchestrator/watchdog.ts";
import { sleep, waitUntil } from "../../../../simulator/common/foundation/deadline.ts";

const FIXTURE = fileURLToPath(new URL("../fixtures/small-host.ts", import.meta.url));

it("kills recorded groups, finds unrecorded children by their run, removes paths, and ends (W1, W2, W3)", async () => {
  const folder = mkdtempSync(join(tmpdir(), "flink-apphost-watchdog-"));
  const path = join(folder, "leftover");
  const host = spawn(process.execPath, [FIXTURE, `watchdog-test-${process.pid}`, path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [line] = (await once(host.stdout, "data")) as [Buffer];
    const pids = JSON.parse(line.toString()) as number[];
    expect(pids.every(isAlive)).toBe(true);
    host.kill("SIGKILL");
    // The unrecorded child is found by its environment, which only Linux shows.
    const doomed = process.platform === "linux" ? pids : pids.slice(0, 3);
    await waitUntil(() => (doomed.some(isAlive) ? undefined : true), { what: "the end of all", deadlineMs: 10_000 });
    expect(existsSync(path)).toBe(false);
  } finally {
    host.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
});

it("is replaced when it hangs, and not while it answers; its successor knows all that it knew (G1)", async () => {
  const folder = mkdtempSync(join(tmpdir(), "flink-apphost-watchdog-"));
  const path = join(folder, "leftover");
  writeFileSync(path, "data");
  const restarts: string[] = [];
  const pulses = startPulseWatch({ hungAfterMs: 800, readCpuMs: () => undefined });
  const watchdog = startWatchdog({
    runId: `watchdog-test-${process.pid}`,
    pulses,
    onRestart: (how) => restarts.push(how),
  });
  try {
    watchdog.recordPath(path);
    const first = watchdog.pid as number;
    await sleep(3_000);
    expect(restarts).toEqual([]);
    process.kill(first, "SIGSTOP");
    const look = () => (watchdog.pid !== first ? true : undefined);
    await waitUntil(look, { what: "another watchdog", deadlineMs: 10_000 });
    expect(restarts).toEqual([expect.stringMatching(/^hung: it gave no answer for \d+ ms, and was killed$/)]);
    expect(isAlive(first)).toBe(false);
  } finally {
    pulses.stop();
    await watchdog.close();
  }
  expect(existsSync(path)).toBe(false);
  rmSync(folder, { recursive: true });
});

it("spares a process whose pid was recorded with another start time (S1)", async () => {
  const bystander = spawn("sleep", ["60"], { stdio: "ignore" });
  const pid = bystander.pid ?? 0;
  try {
    expect(isSameProcess({ pid, startTime: readStartTime(pid) ?? "" })).toBe(true);
    const swept = await sweepRun({
      runId: "no-such-run",
      children: [{ pid, startTime: "another start" }],
      paths: [],
      spare: [],
    });
    expect(swept).toEqual({ killed: [], remaining: [] });
    expect(isAlive(pid)).toBe(true);
  } finally {
    bystander.kill("SIGKILL");
  }
});
