/** The JobMaster on a store in memory: what it does when things fail. The sunny side is in the integration tests. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { JobManagerMessage } from "../../../../simulator/common/contract/child/child-messages.ts";
import type { JobGraph } from "../../../../simulator/common/contract/job/rest.ts";
import { startRunClock } from "../../../../simulator/common/foundation/clock.ts";
import { waitUntil } from "../../../../simulator/common/foundation/deadline.ts";
import { createError } from "../../../../simulator/common/foundation/errors.ts";
import { createLog } from "../../../../simulator/common/foundation/log.ts";
import { CheckpointStorage } from "../../../../simulator/runtime/checkpoint/checkpoint-storage.ts";
import { openJobFiles } from "../../../../simulator/runtime/job-manager/job-files.ts";
import { JobMaster } from "../../../../simulator/runtime/job-manager/job-master.ts";
import { Numbering } from "../../../../simulator/runtime/job-manager/numbering.ts";
import type { Order } from "../../../../simulator/runtime/job-manager/task-manager-port.ts";
import { createMemoryStore, type MemoryStore } from "../../../support/memory-store.ts";

const jobId = "c".repeat(32);
const graph: JobGraph = {
  jobId,
  name: "test",
  parallelism: 1,
  source: { topic: "t", partitions: 1, group: "g" },
  operators: [],
  sink: { stateKey: "s", publishedKey: "v", counterKey: "c", sequenceKey: "q" },
  checkpointIntervalMs: 20,
};
const unreachable = createError("REDIS_UNREACHABLE", { endpoint: "127.0.0.1:1", attempts: 60, waitedMs: 60_000 });

let folder: string;
let store: MemoryStore;
let told: JobManagerMessage[];
let orders: Order[];
let stepped: unknown[];
let master: JobMaster;
let ticks: NodeJS.Timeout;
/** What the one TaskManager acknowledges. */
let acknowledged: { p: number; offset: number }[];

const ending = { triggerId: "e".repeat(32), directory: "" };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "job-master-"));
  ending.directory = join(folder, "savepoints");
  store = createMemoryStore(1);
  told = [];
  orders = [];
  stepped = [];
  acknowledged = [];
  master = new JobMaster({
    ...optionsOf(1),
    taskManagers: {
      names: () => ["tm"],
      heldBy: () => [],
      send: (tm, order) => {
        orders.push(order);
        if (order.type === "assignment") {
          for (const { p, g } of order.partitions) master.receive(tm, { type: "owned", p, g, offset: 0 });
        }
        if (order.type === "triggerCheckpoint") {
          const { checkpointId } = order;
          const life = store.hash["life"] ?? "";
          const offsets = acknowledged;
          queueMicrotask(() => master.receive(tm, { type: "checkpointAcknowledged", checkpointId, life, offsets }));
        }
      },
    },
  });
  ticks = setInterval(() => master.tick(), 5);
});
afterEach(async () => {
  clearInterval(ticks);
  master.close();
  // A file operation that was begun ends before its folder goes.
  await rm(folder, { recursive: true, maxRetries: 5 });
});

const hears = (match: (message: JobManagerMessage) => boolean) =>
  waitUntil(() => told.find(match), { what: "a message", deadlineMs: 5_000 });
const isState = (state: string) => (message: JobManagerMessage) =>
  message.type === "jobState" && message.state === state;
const isCheckpoint = (status: string) => (message: JobManagerMessage) =>
  message.type === "checkpoint" && message.status === status;

test("a store that stays unreachable fails the job as infrastructure", async () => {
  master.start();
  await hears(isState("RUNNING"));
  store.failure = unreachable;
  const failed = await hears(isState("FAILED"));
  expect(failed).toMatchObject({ category: "infrastructure", reason: unreachable.message });
  expect(orders.at(-1)).toEqual({ type: "jobEnded" });
  expect(await openJobFiles(folder).readOutcome()).toMatchObject({ state: "FAILED", category: "infrastructure" });
});

test("a store unreachable from the start fails the job too", async () => {
  store.failure = unreachable;
  master.start();
  await hears(isState("FAILED"));
});

test("a stop of the JobManager that cuts its calls short is no failure of the job", async () => {
  master.start();
  await hears(isState("RUNNING"));
  const cuts: Error[] = [];
  Object.defineProperty(store, "failure", {
    get: () => cuts[cuts.push(createError("ASKED_TO_STOP", { signal: "SIGTERM" })) - 1],
  });
  // Checkpoints go on being due, and each of them meets the stop.
  await waitUntil(() => (cuts.length > 2 ? true : undefined), { what: "calls that are cut", deadlineMs: 5_000 });
  expect(master.status.state).toBe("RUNNING");
  expect(await openJobFiles(folder).readOutcome()).toBeUndefined();
});

test("a task's own failure fences every writer before the job is FAILED", async () => {
  master.start();
  await hears(isState("RUNNING"));
  const fence = Number(store.hash["fence:0"]);
  master.receive("tm", { type: "taskFailed", code: "JOB_FAILED", category: "job", message: "bad topic" });
  await hears(isState("FAILED"));
  expect(store.hash["phase"]).toBe("stopped");
  expect(Number(store.hash["fence:0"])).toBeGreaterThan(fence);
});

test("a checkpoint that cannot be written fails alone, and the next one works", async () => {
  master.start();
  await hears(isState("RUNNING"));
  // A file where the folder of a checkpoint to come belongs.
  await writeFile(join(folder, "chk-1000010"), "");
  const failed = await hears(isCheckpoint("failed"));
  expect(failed).toMatchObject({ id: 1_000_010 });
  told.length = 0;
  await hears(isCheckpoint("completed"));
  expect(master.status.state).toBe("RUNNING");
});

test("an offset that went back within a life is a lost store, although the state looks healthy", async () => {
  master.start();
  await hears(isState("RUNNING"));
  Object.assign(store.hash, { total: "9", "count:0": "9", "offset:0": "9" });
  await hears((message) => message.type === "checkpoint" && message.total === 9);
  const { life } = store.hash;
  Object.assign(store.hash, { total: "4", "count:0": "4", "offset:0": "4" });
  const recovered = await hears((message) => message.type === "recovered");
  expect(recovered).toMatchObject({ from: "checkpoint" });
  expect(store.hash).toMatchObject({ "offset:0": "9", total: "9" });
  expect(store.hash["life"]).not.toBe(life);
});

/** Settles the job at this offset, and returns what waits until several more checkpoints were due. */
async function settle(offset: number): Promise<() => Promise<void>> {
  Object.assign(store.hash, { total: `${offset}`, "count:0": `${offset}`, "offset:0": `${offset}` });
  acknowledged = [{ p: 0, offset }];
  let reads = 0;
  const { readHash } = store;
  store.readHash = () => {
    reads += 1;
    return readHash();
  };
  const isSettled = () => master.checkpoints.isSettled({ life: store.hash["life"] ?? "", redisRunId: "server-1" });
  await waitUntil(async () => (await isSettled()) || undefined, { what: "a settled state", deadlineMs: 5_000 });
  return async () => {
    const enough = reads + 5;
    await waitUntil(() => reads >= enough || undefined, { what: "five looks at the state", deadlineMs: 5_000 });
  };
}

test("while nothing changes no checkpoint is taken, and none is told", async () => {
  master.start();
  await hears(isState("RUNNING"));
  const severalDue = await settle(9);
  const { completed } = master.checkpoints.history.counts;
  const ids = await createStorage(1).listIds();
  told.length = 0;
  orders.length = 0;
  await severalDue();
  expect(master.checkpoints.history.counts).toMatchObject({ completed, failed: 0 });
  expect(await createStorage(1).listIds()).toEqual(ids);
  expect([told, orders]).toEqual([[], []]);
  Object.assign(store.hash, { total: "12", "count:0": "12", "offset:0": "12" });
  await hears((message) => message.type === "checkpoint" && message.total === 12);
});

test("offsets that were acknowledged too early are acknowledged by one more checkpoint, to be committed", async () => {
  master.start();
  await hears(isState("RUNNING"));
  Object.assign(store.hash, { total: "9", "count:0": "9", "offset:0": "9" });
  acknowledged = [{ p: 0, offset: 7 }];
  const first = await hears((message) => message.type === "checkpoint" && message.total === 9);
  acknowledged = [{ p: 0, offset: 9 }];
  told.length = 0;
  const second = await hears(isCheckpoint("completed"));
  expect(second).toMatchObject({ total: 9 });
  expect(second).not.toEqual(first);
});

test("a drain to where a settled job stands already gets a checkpoint of its own", async () => {
  master.start();
  await hears(isState("RUNNING"));
  await settle(9);
  const before = master.snapshot().lastCheckpointId;
  await master.requestDrain({ endOffsets: [9] });
  const drained = await hears((message) => message.type === "drained");
  expect(drained).toMatchObject({ total: 9, endOffsets: [9] });
  expect(master.snapshot().lastCheckpointId).toBeGreaterThan(before);
});

test("a settled job that is stopped gets its final checkpoint", async () => {
  master.start();
  await hears(isState("RUNNING"));
  await settle(9);
  const before = master.snapshot().lastCheckpointId;
  master.requestStop();
  const stopped = await hears((message) => message.type === "stopped");
  expect(stopped).toMatchObject({ total: 9 });
  expect(master.snapshot().lastCheckpointId).toBeGreaterThan(before);
});

test("a store that is lost while the job is settled is noticed and recovered", async () => {
  master.start();
  await hears(isState("RUNNING"));
  await settle(9);
  store.server = "server-2";
  store.hash = {};
  expect(await hears((message) => message.type === "recovered")).toMatchObject({ from: "checkpoint" });
  await waitUntil(() => store.hash["total"] === "9" || undefined, { what: "the state", deadlineMs: 5_000 });
});

test("a Redis that was restarted with all its data while the job is settled is noticed", async () => {
  master.start();
  await hears(isState("RUNNING"));
  await settle(9);
  store.server = "server-2";
  expect(await hears((message) => message.type === "recovered")).toMatchObject({ from: "redis" });
});

test("a TaskManager that comes to a settled job takes part in a checkpoint, so that its metrics are known", async () => {
  master.start();
  await hears(isState("RUNNING"));
  await settle(9);
  told.length = 0;
  master.taskManagerRegistered("tm");
  await hears(isCheckpoint("completed"));
});

test("a torn state without any readable checkpoint fails the job loudly instead of counting from zero", async () => {
  master.start();
  await hears(isState("RUNNING"));
  master.close();
  const { history } = master.checkpoints;
  await waitUntil(() => history.inProgress === 0 || undefined, { what: "the last checkpoint", deadlineMs: 5_000 });
  await rm(folder, { recursive: true, maxRetries: 5 });
  await mkdir(join(folder, "chk-0"), { recursive: true });
  await writeFile(join(folder, "chk-0", "_metadata"), "torn");
  const again = new JobMaster(optionsOf(2));
  store.hash = {};
  told.length = 0;
  again.start();
  const failed = await hears(isState("FAILED"));
  expect(failed).toMatchObject({ category: "job" });
  expect(JSON.stringify(failed)).toContain("cannot be recovered");
  again.close();
});

test("a folder left by a crash before the first rename is no checkpoint: the job begins", async () => {
  await mkdir(join(folder, "chk-0"));
  await writeFile(join(folder, "chk-0", "_metadata.tmp"), "half");
  master.start();
  await hears(isState("RUNNING"));
});

test("a stop survives a store that is lost in the middle of it", async () => {
  master.start();
  await hears(isCheckpoint("completed"));
  store.server = "server-2";
  store.hash = {};
  master.requestStop();
  const stopped = await hears((message) => message.type === "stopped");
  expect(stopped).toMatchObject({ total: 0 });
  expect(master.snapshot()).toMatchObject({ state: "CANCELED", stopped: true, drained: false });
  expect(store.hash["phase"]).toBe("stopped");
});

test("a stopped state that Redis lost is brought back, stopped, until the JobManager ends", async () => {
  master.start();
  await hears(isState("RUNNING"));
  Object.assign(store.hash, { total: "9", "count:0": "9", "offset:0": "9" });
  master.requestStop();
  await hears((message) => message.type === "stopped");
  store.server = "server-2";
  store.hash = {};
  store.published = null;
  await hears((message) => message.type === "recovered");
  await waitUntil(() => store.hash["phase"] === "stopped" || undefined, { what: "the fence", deadlineMs: 5_000 });
  expect(store.hash).toMatchObject({ total: "9", "offset:0": "9", redisRunId: "server-2" });
  expect(store.published).toBe(9);
  expect(master.snapshot()).toMatchObject({ state: "CANCELED", stopped: true, total: 9 });
});

test("a JobManager that starts after the end looks after the state too", async () => {
  master.start();
  await hears(isState("RUNNING"));
  master.requestStop();
  await hears((message) => message.type === "stopped");
  master.close();
  store.server = "server-2";
  store.hash = {};
  const outcome = await openJobFiles(folder).readOutcome();
  const again = new JobMaster({ ...optionsOf(2), outcome });
  again.start();
  clearInterval(ticks);
  ticks = setInterval(() => again.tick(), 5);
  await hears((message) => message.type === "recovered");
  await waitUntil(() => store.hash["phase"] === "stopped" || undefined, { what: "the fence", deadlineMs: 5_000 });
  expect(stepped).toEqual([]);
  again.close();
});

test("a job that was asked to end with a savepoint ends so under the next JobManager, which knows the trigger (O4)", async () => {
  master.start();
  await hears(isState("RUNNING"));
  await openJobFiles(folder).writeEndRequest({ kind: "savepoint", savepoint: ending, endsAs: "FINISHED" });
  // It dies before it fenced anybody.
  master.close();
  const again = new JobMaster({ ...optionsOf(2), endRequest: await openJobFiles(folder).readEndRequest() });
  expect(again.triggered.savepoints.get(ending.triggerId)).toEqual({ kind: "inProgress" });
  again.start();
  await hears(isState("FINISHED"));
  const { savepoint } = (await openJobFiles(folder).readOutcome()) ?? {};
  expect(savepoint).toEqual({ triggerId: ending.triggerId, location: expect.stringContaining("/savepoint-cccccc-") });
  again.close();
  // And the one after that still tells whoever asks where it is.
  const last = new JobMaster({ ...optionsOf(3), outcome: await openJobFiles(folder).readOutcome() });
  last.start();
  expect(last.triggered.savepoints.get(ending.triggerId)).toEqual({
    kind: "completed",
    location: savepoint?.location,
  });
  last.close();
});

test("every TaskManager that reports a loss of a store that is whole gets new generations", async () => {
  store = createMemoryStore(2);
  const two = new JobMaster({
    ...optionsOf(1),
    graph: { ...graph, parallelism: 2, source: { ...graph.source, partitions: 2 } },
    storage: createStorage(2),
    readStartOffsets: () => Promise.resolve([0, 0]),
    taskManagers: {
      names: () => ["a", "b"],
      heldBy: () => [],
      send: (tm, order) => {
        orders.push(order);
        if (order.type !== "assignment") return;
        for (const { p, g } of order.partitions) two.receive(tm, { type: "owned", p, g, offset: 0 });
      },
    },
  });
  two.start();
  clearInterval(ticks);
  ticks = setInterval(() => two.tick(), 5);
  await hears(isState("RUNNING"));
  const life = store.hash["life"] ?? "";
  orders.length = 0;
  two.receive("a", { type: "storeLost", life });
  two.receive("b", { type: "storeLost", life });
  // Each has dropped what it held: one that is not answered would wait for ever.
  const renewed = await waitUntil(() => findAssignments(orders, 2), { what: "two assignments", deadlineMs: 5_000 });
  expect(renewed.map(({ partitions }) => partitions.map(({ p }) => p)).toSorted()).toEqual([[0], [1]]);
  expect(told.filter(({ type }) => type === "recovered")).toEqual([]);
  two.close();
});

test("a drain that is reached names its end offsets: a JobManager may still speak of the request before", async () => {
  master.start();
  await hears(isState("RUNNING"));
  await master.requestDrain({ endOffsets: [0] });
  expect(await hears((message) => message.type === "drained")).toMatchObject({ endOffsets: [0] });
  expect(master.snapshot()).toMatchObject({ drained: true, drainedTo: [0] });
  await master.requestDrain({ endOffsets: [5] });
  expect(master.snapshot()).toMatchObject({ drained: false, drainedTo: null });
});

test("a job that is FINISHED was drained to the offsets it reached, whatever is asked of it later", async () => {
  master.start();
  await hears(isState("RUNNING"));
  await master.requestDrain({ endOffsets: [0] });
  await hears((message) => message.type === "drained");
  master.requestStop();
  await hears(isState("FINISHED"));
  await master.requestDrain({ endOffsets: [5] });
  expect(master.snapshot()).toMatchObject({ drained: true, drainedTo: [0] });
});

test("a cut without its recovery is followed up, since rows above it are void", async () => {
  master.start();
  await hears(isState("RUNNING"));
  master.close();
  const { life } = store.hash;
  await createStorage(1).appendRecovery({ life: "never-came", atUs: 1, from: "redis", reason: "test", offsets: [0] });
  const again = new JobMaster(optionsOf(2));
  again.start();
  await hears((message) => message.type === "recovered");
  await waitUntil(() => store.hash["life"] !== life || undefined, { what: "the new life", deadlineMs: 5_000 });
  again.close();
});

const createStorage = (partitions: number) =>
  new CheckpointStorage({
    folder,
    recoveriesPath: join(folder, "recoveries.json"),
    jobId,
    partitions,
    log: createLog(() => undefined),
  });

function findAssignments(sent: readonly Order[], count: number) {
  const assignments = sent.filter((order) => order.type === "assignment");
  return assignments.length >= count ? assignments : undefined;
}

function optionsOf(epoch: number): ConstructorParameters<typeof JobMaster>[0] {
  const log = createLog(() => undefined);
  return {
    graph,
    drain: undefined,
    endRequest: undefined,
    outcome: undefined,
    numbering: new Numbering({ epoch, folder }),
    store,
    storage: createStorage(1),
    files: openJobFiles(folder),
    taskManagers: { names: () => [], heldBy: () => [], send: () => undefined },
    clock: startRunClock(),
    log,
    readStartOffsets: () => Promise.resolve([0]),
    readSavepoint: null,
    tell: (message) => told.push(message),
    stepDown: (error) => stepped.push(error),
  };
}
