/** The watchdog: a host that is killed leaves nothing behind. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import {
  createRunMark,
  isAlive,
  markVariables,
  readStartTime,
} from "../../../../apphost/processes/process-identity.ts";
import { startPulseWatch } from "../../../../apphost/processes/pulse.ts";
import { listLiving } from "../../../../apphost/watchdog/sweep.ts";
import { startWatchdog } from "../../../../apphost/watchdog/watchdog.ts";
import { sleep, waitUntil } from "../../../../simulator/common/foundation/deadline.ts";
import { canListProcesses } from "../../../support/run-processes.ts";

const FIXTURE = fileURLToPath(new URL("../fixtures/small-host.ts", import.meta.url));

it("kills recorded groups, finds unrecorded children by their run, removes data alone, and ends (W1, W2, W3)", async () => {
  const folder = mkdtempSync(join(tmpdir(), "flink-apphost-watchdog-"));
  mkdirSync(join(folder, "data", "redis"), { recursive: true });
  writeFileSync(join(folder, "report.json"), "evidence");
  const host = spawn(process.execPath, [FIXTURE, "0d437693", folder], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [line] = (await once(host.stdout, "data")) as [Buffer];
    const pids = JSON.parse(line.toString()) as number[];
    expect(pids.every(isAlive)).toBe(true);
    host.kill("SIGKILL");
    // The unrecorded child is found by its environment, which only Linux shows.
    const doomed = process.platform === "linux" ? pids : pids.slice(0, 3);
    await waitUntil(() => (doomed.some(isAlive) ? undefined : true), { what: "the end of all", deadlineMs: 10_000 });
    expect(readdirSync(folder)).toEqual(["report.json"]);
    expect(existsSync(join(folder, "report.json"))).toBe(true);
  } finally {
    host.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
});

it("is replaced when it hangs, and not while it answers; its successor knows all that it knew (G1)", async () => {
  const folder = mkdtempSync(join(tmpdir(), "flink-apphost-watchdog-"));
  mkdirSync(join(folder, "data"));
  const restarts: string[] = [];
  const mark = createRunMark(folder, { runId: "0d437694", token: "token" });
  const pulses = startPulseWatch({ hungAfterMs: 800, readCpuMs: () => undefined });
  const watchdog = startWatchdog({ mark, pulses, onRestart: (how) => restarts.push(how) });
  const child = spawn("/bin/sleep", ["60"], { stdio: "ignore", detached: true, env: markVariables(mark) });
  try {
    await once(child, "spawn");
    const pid = child.pid as number;
    watchdog.recordChild({ pid, startTime: readStartTime(pid) as string });
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
    child.kill("SIGKILL");
  }
  expect(child.pid === undefined || isAlive(child.pid)).toBe(false);
  expect(existsSync(join(folder, "data"))).toBe(false);
  rmSync(folder, { recursive: true });
});

it.skipIf(!canListProcesses)("is found by a later sweep that knows its pid, and by no other (G3)", async () => {
  const folder = mkdtempSync(join(tmpdir(), "flink-apphost-watchdog-"));
  const mark = createRunMark(folder, { runId: "0d437695", token: "token" });
  const pulses = startPulseWatch({ readCpuMs: () => undefined });
  const watchdog = startWatchdog({ mark, pulses, onRestart: () => undefined });
  try {
    const pid = watchdog.pid as number;
    const recorded = { pid, startTime: readStartTime(pid) as string };
    const look = () => (listLiving({ mark, children: [recorded], spare: [] }).includes(pid) ? true : undefined);
    await waitUntil(look, { what: "the watchdog among what a sweep finds", deadlineMs: 5_000 });
    expect(listLiving({ mark, children: [], spare: [] })).toEqual([]);
  } finally {
    pulses.stop();
    await watchdog.close();
    rmSync(folder, { recursive: true });
  }
});
