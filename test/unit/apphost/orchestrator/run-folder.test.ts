/** The folder of runs: what is kept, what the pointer says, who may read. */
import { mkdirSync, mkdtempSync, readlinkSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readStartTime } from "../../../../apphost/orchestrator/process-identity.ts";
import {
  createRunFolder,
  createRunId,
  findRun,
  listRuns,
  RUNS_KEPT,
  readCredentials,
  removeOldRuns,
  writeCredentials,
} from "../../../../apphost/orchestrator/run-folder.ts";

let base = "";
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "flink-apphost-runs-"));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

function addRun(second: number, state: object | null): string {
  const { folder } = createRunId(new Date(Date.UTC(2030, 0, 1, 0, 0, second)));
  const run = join(base, "runs", folder);
  mkdirSync(run, { recursive: true });
  if (state !== null) writeFileSync(join(run, "state.json"), JSON.stringify({ schema: 1, ...state }));
  return run;
}

it("keeps the newest 20, and any whose host still lives (D3)", () => {
  const living = addRun(0, { hostPid: process.pid, hostStartTime: readStartTime(process.pid) });
  const dead = addRun(1, { hostPid: process.pid, hostStartTime: "another start" });
  const stateless = addRun(2, null);
  const newest = Array.from({ length: RUNS_KEPT }, (_, i) => addRun(10 + i, null));
  removeOldRuns(base);
  expect(listRuns(base)).toEqual([living, ...newest]);
  expect(listRuns(base)).not.toContain(dead);
  expect(listRuns(base)).not.toContain(stateless);
});

it("points to the latest, and finds a run by its id", () => {
  const { runId, folder } = createRunId(new Date());
  const run = createRunFolder(base, folder);
  expect(basename(readlinkSync(join(base, "latest")))).toBe(folder);
  expect(findRun(base, null)).toBe(run);
  expect(findRun(base, runId)).toBe(run);
  expect(findRun(base, "ffffffff0")).toBeUndefined();
});

it("lets nobody else read (D1)", () => {
  const run = createRunFolder(base, createRunId(new Date()).folder);
  writeCredentials(run, "redis://:secret@127.0.0.1:6379");
  expect(statSync(run).mode & 0o777).toBe(0o700);
  expect(statSync(join(run, "credentials")).mode & 0o777).toBe(0o600);
  expect(readCredentials(run)).toBe("redis://:secret@127.0.0.1:6379");
});
