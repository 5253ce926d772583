/** TaskManager processes against embedded Kafka and Redis, under a JobManager that the test plays. */

import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { KafkaCluster } from "../../simulator/clients/kafka/cluster.ts";
import { ENV } from "../../simulator/common/contract/child/environment.ts";
import type { TaskManagerToJobManager } from "../../simulator/common/contract/job/rpc.ts";
import {
  countLatencies,
  createLatencyCounts,
  mergeSparseLatency,
} from "../../simulator/common/contract/latency-histogram.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { kafkaAt } from "../support/addresses.ts";
import { FakeJobManager } from "../support/fake-job-manager.ts";
import { EPOCH_ONE, generation, TaskManagerRun } from "../support/task-manager-run.ts";

const A = "taskmanager-01";
const B = "taskmanager-02";
let run: TaskManagerRun;
afterEach(() => run.close());

type Heard<T extends TaskManagerToJobManager["type"]> = Extract<TaskManagerToJobManager, { type: T }>;
const is =
  <T extends TaskManagerToJobManager["type"]>(type: T) =>
  (message: TaskManagerToJobManager): message is Heard<T> =>
    message.type === type;

async function launchBoth(): Promise<ReturnType<TaskManagerRun["launch"]>[]> {
  const both = [run.launch(A), run.launch(B)];
  await run.jobManager.untilRegistered(A);
  await run.jobManager.untilRegistered(B);
  return both;
}

/** I1, I2, I4, I5, I6, I9 for a topic that holds nothing but our messages. */
async function expectExact(): Promise<void> {
  const state = await run.untilDrained();
  expect(state.total).toBe(run.produced);
  expect(Object.values(state.by).reduce((sum, n) => sum + n, 0)).toBe(state.total);
  for (const { p, count, idSum, idMix, lastId, rejected, skipped, disorder } of state.partitions) {
    expect({ p, count, idSum, idMix, lastId, rejected, skipped, disorder }).toEqual({
      p,
      rejected: 0,
      skipped: 0,
      disorder: 0,
      ...run.expectedOf(p),
    });
  }
  let ordered = 0;
  for (const row of await run.orderedRows()) {
    expect(row.base).toBe(ordered);
    ordered += row.n;
  }
  expect(ordered).toBe(state.total);
}

describe("TaskManager processes", () => {
  it("count every message exactly once, acknowledge checkpoints, and commit what they acknowledged", async () => {
    run = await TaskManagerRun.start({ partitions: 4, taskManagers: 2 });
    const both = await launchBoth();
    expect(run.jobManager.session(A)?.register).toMatchObject({
      token: "secret",
      incarnation: "i1",
      slots: 2,
      held: [],
    });
    await run.produce(5_000);
    run.assign(A, [0, generation(1)], [1, generation(2)]);
    run.assign(B, [2, generation(3)], [3, generation(4)]);
    await run.produce(5_000);
    await expectExact();
    run.jobManager.send(A, { type: "triggerCheckpoint", epoch: EPOCH_ONE, checkpointId: 77 });
    const acknowledged = await run.jobManager.untilHeard(A, is("checkpointAcknowledged"));
    expect(acknowledged).toMatchObject({ checkpointId: 77, life: "L1" });
    expect(acknowledged.offsets).toEqual([
      { p: 0, offset: 10_000 },
      { p: 1, offset: 10_000 },
    ]);
    run.jobManager.send(A, { type: "checkpointCompleted", epoch: EPOCH_ONE, checkpointId: 77 });
    const cluster = await KafkaCluster.open({ bootstrap: kafkaAt(`127.0.0.1:${run.kafka.port}`), clientId: "test" });
    try {
      await waitUntil(
        async () => {
          const committed = await cluster.fetchCommittedOffsets("g", "t", [0, 1, 2]);
          return committed.join() === "10000,10000,-1" ? true : undefined;
        },
        { what: "the commit of the checkpoint's offsets", deadlineMs: 60_000 },
      );
    } finally {
      cluster.close();
    }
    for (const { tm } of both) run.jobManager.send(tm, { type: "jobEnded", epoch: EPOCH_ONE });
    const final = await Promise.all(
      both.map((one) =>
        waitUntil(() => (run.newestMetrics(one)?.final === true ? run.newestMetrics(one) : undefined), {
          what: `the final metrics of ${one.tm}`,
          deadlineMs: 60_000,
        }),
      ),
    );
    expect(final.reduce((sum, metrics) => sum + metrics.processed, 0)).toBe(40_000);
    const latency = createLatencyCounts();
    for (const metrics of final) mergeSparseLatency(latency, metrics.latency, metrics.latencyUsMax);
    expect(countLatencies(latency)).toBe(40_000);
    expect(both.map(({ messages }) => messages[0]?.type)).toEqual(["ready", "ready"]);
    expect(await Promise.all(both.map((one) => run.end(one, "SIGTERM")))).toEqual([0, 0]);
  });

  it("have nothing to say while nothing happens, and say what happens then", async () => {
    run = await TaskManagerRun.start({ partitions: 2, taskManagers: 1 });
    const one = run.launch(A);
    await run.jobManager.untilRegistered(A);
    run.assign(A, [0, generation(1)], [1, generation(2)]);
    await run.produce(1_000);
    await run.untilDrained();
    const until = (what: string, look: () => boolean) =>
      waitUntil(() => look() || undefined, { what, deadlineMs: 20_000 });
    await until("the metrics of all", () => run.newestMetrics(one)?.processed === 2_000);
    // The clock of this test: what it holds by its third heartbeat, it holds by its sixth.
    const beats = () => run.jobManager.heard(A).filter(is("heartbeat"));
    const start = beats().length;
    await until("three heartbeats", () => beats().length >= start + 3);
    const told = one.messages.length;
    await until("six heartbeats", () => beats().length >= start + 6);
    expect(one.messages.length).toBe(told);
    expect(beats().slice(-3)).toEqual(Array(3).fill({ type: "heartbeat", metrics: null }));
    await run.produce(1);
    await until("the metrics of two more", () => run.newestMetrics(one)?.processed === 2_002);
    await expectExact();
  });

  it("continue where a killed one stopped", async () => {
    run = await TaskManagerRun.start({ partitions: 2, taskManagers: 1 });
    for (let round = 0; round < 4; round += 1) {
      const one = run.launch(A);
      await waitUntil(() => (run.jobManager.session(A)?.register.incarnation === one.incarnation ? true : undefined), {
        what: "the registration",
        deadlineMs: 20_000,
      });
      run.assign(A, [0, generation(2 * round + 1)], [1, generation(2 * round + 2)]);
      const before = (await run.readState()).total;
      await run.produce(20_000, 200);
      if (round === 3) break;
      // Killed in the middle of it, at whatever point that is.
      await waitUntil(async () => ((await run.readState()).total > before ? true : undefined), {
        what: "progress",
        deadlineMs: 20_000,
        intervalMs: 1,
      });
      expect(await run.end(one, "SIGKILL")).toBe("SIGKILL");
    }
    await expectExact();
  });

  it("let a stale generation apply nothing", async () => {
    run = await TaskManagerRun.start({ partitions: 2, taskManagers: 2 });
    await launchBoth();
    run.assign(A, [0, generation(1)], [1, generation(2)]);
    await run.untilOwned(A, [0, generation(1)], [1, generation(2)]);
    await run.produce(3_000);
    await run.untilDrained();
    // A is not told: it fetches and tries to apply as before.
    run.assign(B, [0, generation(3)], [1, generation(4)]);
    await run.untilOwned(B, [0, generation(3)], [1, generation(4)]);
    await run.produce(3_000);
    await expectExact();
    const lost = await run.jobManager.untilHeard(A, is("lost"));
    expect([generation(1), generation(2)]).toContain(lost.g);
    expect((await run.readState()).by).toEqual({ [A]: 6_000, [B]: 6_000 });
    for (const row of await run.orderedRows()) expect(row.g >= generation(3)).toBe(row.prev >= 3_000);
  });

  it("move partitions without a pause of those that stay", async () => {
    run = await TaskManagerRun.start({ partitions: 3, taskManagers: 2 });
    await launchBoth();
    run.assign(A, [0, generation(1)], [1, generation(2)], [2, generation(3)]);
    await run.untilOwned(A, [0, generation(1)], [1, generation(2)], [2, generation(3)]);
    await run.produce(1_000);
    run.assign(A, [0, generation(1)], [1, generation(2)]);
    const released = await run.jobManager.untilHeard(A, is("released"));
    expect(released).toEqual({ type: "released", p: 2, g: generation(3) });
    run.assign(B, [2, generation(4)]);
    await run.produce(1_000);
    await expectExact();
    const acquired = run.appliedRows().filter((row) => row.kind === "acquire");
    expect(acquired.map(({ p, g }) => [p, g])).toHaveLength(4);
  });

  it("go on counting while the JobManager is away, and tell a new one what they hold", async () => {
    run = await TaskManagerRun.start({ partitions: 2, taskManagers: 1 });
    run.launch(A);
    await run.jobManager.untilRegistered(A);
    run.assign(A, [0, generation(1)], [1, generation(2)]);
    await run.untilOwned(A, [0, generation(1)], [1, generation(2)]);
    const { port } = run.jobManager;
    await run.jobManager.close();
    await run.produce(2_000);
    await expectExact();
    const next = await FakeJobManager.listen(port);
    try {
      const { register } = await next.untilRegistered(A);
      expect(register.held).toEqual([
        { p: 0, g: generation(1) },
        { p: 1, g: generation(2) },
      ]);
    } finally {
      await next.close();
    }
  });

  it("report a lost Redis once, and count from the state of its next life", async () => {
    run = await TaskManagerRun.start({ partitions: 2, taskManagers: 1 });
    run.launch(A);
    await run.jobManager.untilRegistered(A);
    run.assign(A, [0, generation(1)], [1, generation(2)]);
    await run.produce(1_000);
    await run.untilDrained();
    await run.replaceRedis("L2");
    await run.produce(1_000);
    const lost = await run.jobManager.untilHeard(A, is("storeLost"));
    expect(lost).toEqual({ type: "storeLost", life: "L1" });
    await run.init();
    run.assign(A, [0, generation(3)], [1, generation(4)]);
    await expectExact();
    expect(run.jobManager.heard(A).filter(is("storeLost"))).toHaveLength(1);
  });

  it("write down what they reject before they count it", async () => {
    run = await TaskManagerRun.start({ partitions: 1, taskManagers: 1 });
    run.launch(A);
    await run.jobManager.untilRegistered(A);
    await run.produce(10);
    await run.produceValues(0, ["garbage", '{"id":7}', "{}"]);
    run.assign(A, [0, generation(1)]);
    const state = await run.untilDrained();
    expect(state.partitions[0]).toMatchObject({ count: 11, rejected: 2, offset: 13, lastId: 7, disorder: 1 });
    const file = readdirSync(join(run.runDir, "rejected"))[0] as string;
    const lines = readFileSync(join(run.runDir, "rejected", file), "utf8")
      .trimEnd()
      .split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { p: 0, offset: 10, reason: "notJson", bytes: Buffer.from("garbage").toString("base64"), size: 7 },
      { p: 0, offset: 12, reason: "idMissing", bytes: Buffer.from("{}").toString("base64"), size: 2 },
    ]);
  });

  it("lose exactly one message in a run with test-drop-one, and repeat one with test-repeat-one", async () => {
    for (const [operator, change] of [
      ["test-drop-one", -1],
      ["test-repeat-one", 1],
    ] as const) {
      run = await TaskManagerRun.start({ partitions: 2, taskManagers: 2, operators: ["identity", operator] });
      await launchBoth();
      run.assign(A, [0, generation(1)]);
      run.assign(B, [1, generation(2)]);
      await run.produce(2_000);
      expect((await run.untilDrained()).total).toBe(4_000 + change);
      if (operator === "test-drop-one") await run.close();
    }
  });

  it("fail the task, and stay, when Kafka does not hold the offset that Redis asks for", async () => {
    run = await TaskManagerRun.start({ partitions: 1, taskManagers: 1, startOffset: 1_000 });
    const one = run.launch(A);
    await run.jobManager.untilRegistered(A);
    run.assign(A, [0, generation(1)]);
    const failed = await run.jobManager.untilHeard(A, is("taskFailed"));
    expect(failed).toMatchObject({ code: "KAFKA_OFFSET_OUT_OF_RANGE", category: "infrastructure" });
    expect(failed.message).toMatch(/offset 1000 of t-0/);
    await run.jobManager.untilHeard(A, is("heartbeat"));
    // A JobManager that comes later learns of it too.
    run.jobManager.session(A)?.socket.destroy();
    await waitUntil(() => (run.jobManager.heard(A).filter(is("taskFailed")).length === 2 ? true : undefined), {
      what: "the failure, said again",
      deadlineMs: 60_000,
    });
    expect(await run.end(one, "SIGTERM")).toBe(0);
  });

  it("end at once, and well, when they are stopped before Redis answers", async () => {
    run = await TaskManagerRun.start({ partitions: 1, taskManagers: 1 });
    // Accepts, and says nothing.
    const silent = createServer();
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const connected = once(silent, "connection");
    const one = run.launch(A, { [ENV.redis]: `redis://127.0.0.1:${port}` });
    const [socket] = (await connected) as [Socket];
    const startMs = performance.now();
    expect({ code: await run.end(one, "SIGTERM"), stderr: one.stderr.join("") }).toMatchObject({ code: 0 });
    expect(performance.now() - startMs).toBeLessThan(8_000);
    socket.destroy();
    silent.close();
  });
});
