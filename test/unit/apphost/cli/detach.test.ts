/** Which run is that of the host that was just started. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { findNewRun } from "../../../../apphost/cli/detach.ts";
import { listRuns } from "../../../../apphost/run/run-folder.ts";
import { plantRun } from "../../../support/run-states.ts";

let base = "";
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "flink-apphost-detach-"));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const addRun = (name: string, hostPid: number) => plantRun(base, name, { hostPid, ended: true });

it("finds the new run of that pid, and never an older one whose host had the same", () => {
  addRun("20300101T000001Z-00000001", 18);
  const before = new Set(listRuns(base));
  expect(findNewRun(base, before, 18)).toBeUndefined();
  addRun("20300101T000002Z-00000002", 19);
  expect(findNewRun(base, before, 18)).toBeUndefined();
  addRun("20300101T000003Z-00000003", 18);
  expect(findNewRun(base, before, 18)?.state.runId).toBe("00000003");
});
