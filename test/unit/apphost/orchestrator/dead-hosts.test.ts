/** What a later `up` or `down` finds by the folders of runs, at a scripted engine. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createLabels, LABEL } from "../../../../apphost/drivers/docker/labels.ts";
import { describeSwept, sweepDeadHosts } from "../../../../apphost/orchestrator/dead-hosts.ts";
import { createRunFolder, createRunId, readState, writeState } from "../../../../apphost/run/run-folder.ts";
import { warmUpTopicName } from "../../../../simulator/common/contract/names.ts";
import { EVIDENCE, plantRun, stateOf } from "../../../support/run-states.ts";
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

it("the topic of a warm-up whose Kafka does not answer stays recorded, for a purge, and the run is done (Y3)", async () => {
  const base = mkdtempSync(join(tmpdir(), "dead-hosts-"));
  try {
    // Port 1 of this machine answers nobody.
    const evidence = { ...EVIDENCE, kafka: "127.0.0.1:1", warmUpTopic: warmUpTopicName("aaaaaaaa") };
    const runDir = plantRun(base, "20300101T000000Z-aaaaaaaa", { hostStartTime: "1", evidence });
    const swept = await sweepDeadHosts(base);
    expect(swept.map(describeSwept)).toEqual([
      expect.stringMatching(/topic \S+-aaaaaaaa-warm-up left, which down --purge aaaaaaaa removes: .*127\.0\.0\.1:1/),
    ]);
    expect(readState(runDir)).toMatchObject({ ended: true, evidence });
    expect(await sweepDeadHosts(base)).toEqual([]);
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
});
