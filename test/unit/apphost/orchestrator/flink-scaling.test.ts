/** What is asked of a Flink for more or fewer TaskManagers, and what is refused, before a Flink that answers by a script. */
import { expect, it } from "vitest";
import { createFlinkJobRest } from "../../../../apphost/drivers/flink/flink-job-rest.ts";
import { shapeFlink } from "../../../../apphost/drivers/flink/flink-memory.ts";
import { FlinkScaling } from "../../../../apphost/orchestrator/flink-scaling.ts";
import { startScriptedFlink } from "../../../support/scripted-flink.ts";

const JOB_ID = "0123456789abcdef0123456789abcdef";
const SOURCE = "cbc357ccb763df2852fee8c4fc7d55f2";
const MIB = 1_048_576;
const { signal } = new AbortController();
const require = (upperBound: number) => ({ [SOURCE]: { parallelism: { lowerBound: 1, upperBound } } });

/** A job that was submitted with four subtasks on four TaskManagers. It runs as it is told. */
async function withJob(
  work: (scaling: FlinkScaling, flink: { required: object; running: number; state: string }) => Promise<void>,
): Promise<void> {
  const flink = { required: require(4) as object, running: 4, state: "RUNNING" };
  const served = await startScriptedFlink((call, body) => {
    if (call === `GET /jobs/${JOB_ID}`) {
      const { running, state } = flink;
      const vertex = { parallelism: running, maxParallelism: 128, tasks: { RUNNING: running } };
      return { body: { state, vertices: [vertex] } };
    }
    if (call === `PUT /jobs/${JOB_ID}/resource-requirements`) flink.required = body as object;
    return call.endsWith("/resource-requirements") ? { body: flink.required } : undefined;
  });
  const job = { rest: createFlinkJobRest(served.url, JOB_ID), parallelism: 4 };
  try {
    await work(new FlinkScaling({ isExternal: false, shape: shapeFlink(4, 4), job }), flink);
  } finally {
    served.close();
  }
}

it("is done when Flink requires the parallelism, and the job runs with it", () =>
  withJob(async (scaling, flink) => {
    expect(await scaling.look(2, signal)).toBeUndefined();
    expect(flink.required).toEqual(require(2));
    expect(await scaling.look(2, signal)).toBeUndefined();
    flink.running = 2;
    expect(await scaling.look(2, signal)).toBe(true);
    flink.state = "RESTARTING";
    expect(await scaling.look(2, signal)).toBeUndefined();
  }));

it("asks again a Flink that has forgotten it (F4)", () =>
  withJob(async (scaling, flink) => {
    expect(await scaling.require(2, signal)).toBeUndefined();
    expect(await scaling.require(2, signal)).toBe(true);
    flink.required = require(4);
    expect(await scaling.require(2, signal)).toBeUndefined();
    expect(flink.required).toEqual(require(2));
  }));

it("refuses more than memory, network memory or the job can have, and says how many can be", () =>
  withJob(async (scaling) => {
    const limit = (wanted: number, availableMib: number) =>
      scaling.findLimit({ now: 4, wanted }, signal, availableMib * MIB);
    expect(await limit(3, 0)).toBeNull();
    expect(await limit(20, 100_000)).toBeNull();
    expect(await limit(20, 900)).toBe(
      "16 more TaskManagers of Flink take 4800 MiB, and 900 MiB are available: at most 7",
    );
    expect(await limit(129, 100_000)).toBe(
      "a parallelism of 129 is more than the job was built for: at most 128 (pipeline.max-parallelism)",
    );
    const wide = new FlinkScaling({ isExternal: false, shape: shapeFlink(1, 20), job: null });
    expect(await wide.findLimit({ now: 1, wanted: 2 }, signal)).toMatch(
      /^2 TaskManagers with 20 slots each need more network memory than each was started with: at most 1; /,
    );
  }));

it("refuses to scale a Flink that runs without this host", async () => {
  const theirs = new FlinkScaling({ isExternal: true, shape: shapeFlink(4, 4), job: null });
  expect(await theirs.findLimit({ now: 0, wanted: 4 }, signal)).toMatch(/runs without this host: start or end them/);
});
