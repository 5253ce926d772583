/** What a later `up` or `down` finds by the folders of runs, at a scripted engine. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createLabels, LABEL } from "../../../../apphost/drivers/docker/labels.ts";
import { sweepDeadHosts } from "../../../../apphost/orchestrator/dead-hosts.ts";
import { createRunFolder, createRunId, readState, writeState } from "../../../../apphost/run/run-folder.ts";
import { stateOf } from "../../../support/run-states.ts";
import { startScriptedEngine } from "../../../support/scripted-engine.ts";

it("a run that ended while its engine did not answer is swept once, at that engine, and is then done (Y2)", async () => {
  const base = mkdtempSync(join(tmpdir(), "dead-hosts-"));
  const { runId, folder } = createRunId(new Date());
  const runDir = createRunFolder(base, folder);
  const labels = { ...createLabels({ base, runId, resource: "redis" }), [LABEL.ownerStarted]: "1" };
  const engine = await startScriptedEngine(join(base, "engine.sock"), [labels]);
  try {
    writeState(runDir, stateOf(runId, { hostStartTime: "1", engine: engine.address, ended: true }));
    const [swept] = await sweepDeadHosts(base);
    expect(swept).toMatchObject({
      runId,
      removed: [{ kind: "container", name: `flink-apphost-${runId}-redis` }],
      remaining: [],
    });
    expect(engine.left()).toEqual([]);
    expect(readState(runDir)).toMatchObject({ ended: true, engine: null });
    expect(await sweepDeadHosts(base)).toEqual([]);
  } finally {
    engine.close();
    rmSync(base, { recursive: true, force: true });
  }
});
