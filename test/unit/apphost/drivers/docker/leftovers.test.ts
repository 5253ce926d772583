/** What is removed of a run, and what is left alone, at a scripted engine. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openEngine } from "../../../../../apphost/drivers/docker/engine.ts";
import { createLabels, LABEL } from "../../../../../apphost/drivers/docker/labels.ts";
import { removeDeadRun, removeOfDeadOwners } from "../../../../../apphost/drivers/docker/leftovers.ts";
import { readProcessView } from "../../../../../apphost/processes/process-identity.ts";
import { type ScriptedEngine, startScriptedEngine } from "../../../../support/scripted-engine.ts";

const RUN = "0d437693";
const label = (resource: string) => createLabels({ base: "/project/.flink-apphost", runId: RUN, resource });
const nameOf = (resource: string) => `flink-apphost-${RUN}-${resource}`;
const living = label("kafka");
const dead = { ...label("redis"), [LABEL.ownerStarted]: "1" };
const elsewhere = {
  ...label("kafka-ui"),
  [LABEL.ownerStarted]: "1",
  [LABEL.ownerView]: readProcessView("of another machine"),
};

let folder: string;
let engine: ScriptedEngine;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "leftovers-"));
});
afterEach(() => {
  engine.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(containers: Parameters<typeof startScriptedEngine>[1]) {
  engine = await startScriptedEngine(join(folder, "engine.sock"), containers);
  return { docker: await openEngine(engine.address, {}), left: engine.left };
}

describe("what a dead host left", () => {
  it("goes, whatever its run; what has a living owner, or one that is out of sight, does not (L2 of `labels.ts`)", async () => {
    const { docker, left } = await start([dead, living, elsewhere]);
    const { removed, remaining } = await removeOfDeadOwners(docker);
    expect(removed.map(({ name }) => name)).toEqual([nameOf("redis")]);
    expect(remaining).toEqual([]);
    expect(left()).toEqual([nameOf("kafka"), nameOf("kafka-ui")]);
  });

  it("of one run goes by the same rule, and what stays is told (L2 of `labels.ts`)", async () => {
    const { docker, left } = await start([dead, elsewhere]);
    const { removed, remaining } = await removeDeadRun(docker, RUN);
    expect(removed.map(({ name }) => name)).toEqual([nameOf("redis")]);
    expect(remaining.join()).toMatch(
      /^container flink-apphost-0d437693-kafka-ui of run 0d437693: its owner may live where it cannot be seen/,
    );
    expect(left()).toEqual([nameOf("kafka-ui")]);
  });

  it("is only what has a name of ours: a container takes over the labels of its image (L3 of `labels.ts`)", async () => {
    const theirs = [
      { name: "production-database", labels: dead },
      { name: nameOf("redis").replace(RUN, "11111111"), labels: dead },
    ];
    const { docker, left } = await start(theirs);
    expect((await removeOfDeadOwners(docker)).removed).toEqual([]);
    expect(await removeDeadRun(docker, RUN)).toEqual({ removed: [], remaining: [] });
    expect(left()).toEqual(theirs.map(({ name }) => name));
  });

  it("is looked for at an engine of this machine only, whatever a file says", async () => {
    await start([]);
    await expect(openEngine("tcp://engine.example:2375", {})).rejects.toThrow(/tcp:\/\/engine.example:2375: it is on/);
  });
});
