/** What a later `up` or `down` finds by the folders of runs, at a scripted engine. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLabels, LABEL } from "../../../../apphost/drivers/docker/labels.ts";
import { describeSwept, forgetHostElsewhere, sweepDeadHosts } from "../../../../apphost/orchestrator/dead-hosts.ts";
import {
  createRunFolder,
  createRunId,
  credentialsPath,
  readState,
  writeState,
} from "../../../../apphost/run/run-folder.ts";
import { runFolder } from "../../../../simulator/common/contract/files/run-folder.ts";
import { jobIdOf, warmUpTopicName } from "../../../../simulator/common/contract/names.ts";
import { EVIDENCE, plantRun, stateOf } from "../../../support/run-states.ts";
import { startScriptedEngine } from "../../../support/scripted-engine.ts";
import { startScriptedFlink } from "../../../support/scripted-flink.ts";

let base = "";
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "dead-hosts-"));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

it("a run that ended while its engine did not answer is swept once, at that engine, and is then done (Y2)", async () => {
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
  }
});

it("the topic of a warm-up whose Kafka does not answer stays recorded, for a purge, and the run is done (Y4)", async () => {
  // Port 1 of this machine answers nobody.
  const evidence = { ...EVIDENCE, kafka: "127.0.0.1:1", warmUpTopic: warmUpTopicName("aaaaaaaa") };
  const runDir = plantRun(base, "20300101T000000Z-aaaaaaaa", { hostStartTime: "1", evidence });
  const swept = await sweepDeadHosts(base);
  expect(swept.map(describeSwept)).toEqual([
    expect.stringMatching(/topic \S+-aaaaaaaa-warm-up left, which down --purge aaaaaaaa removes: .*127\.0\.0\.1:1/),
  ]);
  expect(readState(runDir)).toMatchObject({ ended: true, evidence });
  expect(await sweepDeadHosts(base)).toEqual([]);
});

it("secrets of a run that left nothing elsewhere go with it, and stay where a purge gets in by them", async () => {
  const plant = (name: string, kafka: string | null) => {
    const runDir = plantRun(base, name, { hostStartTime: "1", evidence: { ...EVIDENCE, kafka } });
    for (const path of [credentialsPath(runDir), runFolder.kafkaSecurity(runDir)]) writeFileSync(path, "secret");
    return runDir;
  };
  const needless = plant("20300101T000000Z-aaaaaaaa", null);
  const needed = plant("20300101T000001Z-bbbbbbbb", "127.0.0.1:1");
  expect(await sweepDeadHosts(base)).toHaveLength(2);
  expect(readdirSync(needless)).toEqual(["state.json"]);
  expect(readdirSync(needed).sort()).toEqual(["credentials", "kafka-security.json", "state.json"]);
});

describe("what cannot be reached (Y3)", () => {
  /** Refused before it is asked. */
  const GONE = "tcp://192.0.2.1:2375";
  const plant = (change: Parameters<typeof stateOf>[1]) => {
    const { runId, folder } = createRunId(new Date());
    const runDir = createRunFolder(base, folder);
    writeState(runDir, stateOf(runId, change));
    return { runId, runDir };
  };

  it("in an engine is named each time, until the run is given up", async () => {
    const { runId, runDir } = plant({ hostStartTime: "1", engine: GONE });
    const { runId: other } = plant({ hostStartTime: "1", engine: GONE });
    for (const forgotten of [null, other]) {
      const swept = await sweepDeadHosts(base, forgotten);
      const found = swept.find((one) => one.runId === runId);
      expect(found?.unreached).toContain(
        `containers flink-apphost-${runId}-… with their volumes, and network flink-apphost-${runId}, ` +
          `each with the label ${LABEL.run}=${runId}, in the engine at ${GONE}: `,
      );
      expect(readState(runDir)).toMatchObject({ ended: false, engine: GONE });
    }
    const [swept] = await sweepDeadHosts(base, runId);
    expect(swept === undefined ? "" : describeSwept(swept)).toContain("; given up: containers ");
    expect(await sweepDeadHosts(base)).toEqual([]);
  });

  it("on a Flink is named, and its job is cancelled where that answers", async () => {
    const states = ["RUNNING", "CANCELED"];
    const flink = await startScriptedFlink((call) =>
      call.startsWith("PATCH") ? { status: 202, body: {} } : { body: { status: states.shift() } },
    );
    try {
      const { runId, runDir } = plant({ hostStartTime: "1", ended: true, flink: flink.url });
      expect((await sweepDeadHosts(base)).map(describeSwept)).toEqual([
        `swept run ${runId}, whose host had died: 0 processes killed, its job on Flink cancelled`,
      ]);
      expect(flink.calls[1]).toBe(`PATCH /jobs/${jobIdOf(runId)}?mode=cancel`);
      expect(readState(runDir)).toMatchObject({ ended: true, flink: null });
      expect(await sweepDeadHosts(base)).toEqual([]);
    } finally {
      flink.close();
    }
  });

  it("because its host is on another machine counts as ended when it is given up, and not while it writes", () => {
    const { runId, runDir } = plant({ hostView: "another machine", engine: GONE });
    expect(() => forgetHostElsewhere(runDir)).toThrow(/cannot be seen from here, wrote to its folder \d+ ms ago/);
    expect(readState(runDir)).toMatchObject({ ended: false });
    const inAnHourMs = Date.now() + 3_600_000;
    const words = forgetHostElsewhere(runDir, inAnHourMs);
    expect(words).toMatch(
      `run ${runId} counts as ended: its host was started on another machine or in another container`,
    );
    expect(words).toContain(`in the engine at ${GONE}`);
    expect(readState(runDir)).toMatchObject({ ended: true, engine: null });
    expect(forgetHostElsewhere(runDir, inAnHourMs)).toBeUndefined();
  });

  it("is none of a host that lives here, nor of one that died here", () => {
    for (const change of [{}, { hostStartTime: "1" }]) {
      const { runDir } = plant(change);
      expect(forgetHostElsewhere(runDir, Date.now() + 3_600_000)).toBeUndefined();
      expect(readState(runDir)).toMatchObject({ ended: false });
    }
  });
});
