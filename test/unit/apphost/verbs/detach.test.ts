/** Which run is that of the host that was just started. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { listRuns } from "../../../../apphost/orchestrator/run-folder.ts";
import { findNewRun } from "../../../../apphost/verbs/detach.ts";

let base = "";
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "flink-apphost-detach-"));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

function addRun(name: string, hostPid: number): void {
  const runDir = join(base, "runs", name);
  mkdirSync(runDir, { recursive: true });
  writeFileSync(join(runDir, "state.json"), JSON.stringify({ schema: 1, runId: name.slice(-8), hostPid, ended: true }));
}

it("finds the new run of that pid, and never an older one whose host had the same", () => {
  addRun("20300101T000001Z-00000001", 18);
  const before = new Set(listRuns(base));
  expect(findNewRun(base, before, 18)).toBeUndefined();
  addRun("20300101T000002Z-00000002", 19);
  expect(findNewRun(base, before, 18)).toBeUndefined();
  addRun("20300101T000003Z-00000003", 18);
  expect(findNewRun(base, before, 18)?.state.runId).toBe("00000003");
});
