/** What is removed of a run, and what is left alone, at a scripted engine. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openEngine } from "../../../../apphost/drivers/docker-engine.ts";
import { createLabels, LABEL, type Labels, readProcessView } from "../../../../apphost/drivers/docker-labels.ts";
import { removeDeadRun, removeOfDeadOwners } from "../../../../apphost/drivers/docker-leftovers.ts";
import { type ScriptedEngine, startScriptedEngine } from "../../../support/scripted-engine.ts";

const RUN = "0d437693";
const living = createLabels({ base: "/project/.flink-apphost", runId: RUN, resource: "kafka" });
const dead = { ...living, [LABEL.ownerStarted]: "1" };
const elsewhere = { ...dead, [LABEL.ownerView]: readProcessView("of another machine") };

let folder: string;
let engine: ScriptedEngine;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "leftovers-"));
});
afterEach(() => {
  engine.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(containers: Record<string, Labels>) {
  engine = await startScriptedEngine(join(folder, "engine.sock"), containers);
  return { docker: await openEngine(engine.address, {}), left: engine.left };
}

describe("what a dead host left", () => {
  it("goes, whatever its run; what has a living owner, or one that is out of sight, does not (L2)", async () => {
    const { docker, left } = await start({ dead, living, elsewhere });
    const { removed, remaining } = await removeOfDeadOwners(docker);
    expect(removed.map(({ name }) => name)).toEqual(["dead"]);
    expect(remaining).toEqual([]);
    expect(left()).toEqual(["living", "elsewhere"]);
  });

  it("of one run goes by the same rule, and what stays is told (L2)", async () => {
    const { docker, left } = await start({ dead, elsewhere });
    const { removed, remaining } = await removeDeadRun(docker, RUN);
    expect(removed.map(({ name }) => name)).toEqual(["dead"]);
    expect(remaining.join()).toMatch(
      /^container elsewhere of run 0d437693: its owner may live where it cannot be seen/,
    );
    expect(left()).toEqual(["elsewhere"]);
  });
});
