/** What real processes print into the log that they share with the host. */
import { mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type RunningChild, startChildProcess } from "../../../../apphost/processes/child-process.ts";
import { ResourceLog } from "../../../../apphost/processes/resource-log.ts";
import { waitUntil } from "../../../../simulator/common/foundation/deadline.ts";

let folder: string;
let path: string;
let failures: unknown[];
let log: ResourceLog;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flink-apphost-log-"));
  path = join(folder, "api.log");
  failures = [];
  log = openLog();
});
afterEach(() => {
  log.close();
  rmSync(folder, { recursive: true, force: true });
});

const openLog = (): ResourceLog =>
  new ResourceLog(path, (work) => {
    try {
      work();
    } catch (error) {
      failures.push(error);
    }
  });

const runScript = (script: string): RunningChild =>
  startChildProcess(
    { command: process.execPath, args: ["-e", script], env: {}, input: null, hasChannel: false },
    { log, onSpawn: () => undefined, onMessage: () => undefined },
  );

it("the file has what a process printed as it is, also what is no text, behind the host's own line", async () => {
  const child = runScript(`process.stdout.write(Buffer.from([0x61, 0xff, 0xc3, 0x0a]))`);
  await child.exited;
  const bytes = readFileSync(path);
  expect([...bytes.subarray(-4)]).toEqual([0x61, 0xff, 0xc3, 0x0a]);
  expect(bytes.toString("latin1")).toMatch(/^\S+Z host {2}started, pid \d+\n/);
});

it("standard output and error stand in the order in which they were written (G1)", async () => {
  const child = runScript(`for (let n = 0; n < 200; n += 1) (n % 2 === 0 ? console.log : console.error)("line " + n);`);
  await child.exited;
  const lines = readFileSync(path, "utf8").trimEnd().split("\n").slice(1);
  expect(lines).toEqual(Array.from({ length: 200 }, (_, n) => `line ${n}`));
});

it("a flood of lines holds up no child while the host does nothing else (G1)", () => {
  // Not a pipe's 64 KiB, and this thread does not go back to its event loop before all of it is there.
  const child = runScript(`process.stdout.write("x".repeat(4_000_000) + "\\n")`);
  expect(child.pid).not.toBeNull();
  const endMs = performance.now() + 20_000;
  while (log.size < 4_000_000 && performance.now() < endMs);
  expect(log.size).toBeGreaterThan(4_000_000);
});

it("the newest lines are those of this life, without the host's own, and each is bounded", async () => {
  await runScript(`console.log("of the first life")`).exited;
  const silent = runScript("");
  await silent.exited;
  expect(silent.newestLines(5)).toBe("");
  const loud = runScript(`console.log("first\\n\\nlong " + "x".repeat(10_000)); process.stdout.write("not ended")`);
  await loud.exited;
  expect(loud.newestLines(5)).toBe(`first\n${`long ${"x".repeat(10_000)}`.slice(0, 2_000)}\nnot ended`);
  expect(loud.newestLines(1)).toBe("not ended");
  const endless = runScript(`process.stdout.write("é".repeat(400_000))`);
  await endless.exited;
  expect(endless.newestLines(5).length).toBeLessThanOrEqual(2_000);
});

it("a log that somebody emptied has what came since then", async () => {
  writeFileSync(path, `${"of a former life\n".repeat(100)}`);
  const child = runScript(`console.log("before"); setTimeout(() => {}, 60_000)`);
  await waitUntil(() => child.newestLines(1) === "before" || undefined, { what: "its line", deadlineMs: 10_000 });
  truncateSync(path);
  log.write("after\n");
  expect(child.newestLines(5)).toBe("after");
  await child.stop(5_000);
});

it("nothing is written or read once it is closed (G3)", () => {
  log.write("before\n");
  log.close();
  const { fd } = new ResourceLog(join(folder, "other.log"), (work) => work());
  expect(fd).toBe(log.fd);
  log.write("late\n");
  log.close();
  expect([log.newestLines(5, 0), log.size, failures]).toEqual([[], 0, []]);
  expect(readFileSync(join(folder, "other.log"), "utf8")).toBe("");
});

it("a folder that is gone is a failure that is told, and a child can still be started and stopped (G2)", async () => {
  rmSync(folder, { recursive: true });
  log.close();
  log = openLog();
  expect(failures).toMatchObject([{ code: "ENOENT" }]);
  const child = runScript(`console.log("to nobody")`);
  expect(await child.exited).toEqual({ kind: "exit", code: 0 });
  expect(child.newestLines(5)).toBe("");
  expect(failures).toHaveLength(1);
});

it.skipIf(process.platform !== "linux")("a full disk is told for what the host writes (G2)", () => {
  const full = join(folder, "full.log");
  symlinkSync("/dev/full", full);
  path = full;
  const onFull = openLog();
  onFull.write("started\n");
  expect(failures).toMatchObject([{ code: "ENOSPC" }]);
  onFull.close();
});
