/**
 * Each GET of Flink 2.2.1 that was recorded (`support/flink-rest-samples`) against our JobManager over real HTTP: the
 * same status, the same keys and the same JSON types, all the way down. Then what the shapes cannot tell: that figures
 * are those that the TaskManager sent, and that no file outside the run's logs is served.
 */
import { symlink, writeFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TaskManagerMetrics } from "../../../../../simulator/common/contract/metrics.ts";
import { waitUntil } from "../../../../../simulator/common/foundation/deadline.ts";
import { readMemoryBytes } from "../../../../../simulator/common/foundation/machine.ts";
import type { JobManager } from "../../../../../simulator/runtime/job-manager/job-manager.ts";
import { vertexIdOf } from "../../../../../simulator/runtime/job-manager/rest/job-views.ts";
import { countingJob } from "../../../../support/counting-job.ts";
import flink from "../../../../support/flink-rest-samples/samples.json" with { type: "json" };
import { type JobManagerRest, startJobManagerRest } from "../../../../support/job-manager-rest.ts";
import { playOwningTaskManager } from "../../../../support/owning-task-manager.ts";

const tm = "taskmanager-01";
const graph = countingJob("0123456789abcdef0123456789abcdef");
const metricsAfter = (seconds: number): TaskManagerMetrics => ({
  tm,
  incarnation: "i",
  pid: 1,
  atUs: 1_000_000 * seconds,
  processed: 90 * seconds,
  rejected: 10 * seconds,
  skipped: 0,
  bytes: 1_000 * seconds,
  applies: { ok: 1, dup: 0, seek: 0, fenced: 0, storeLost: 0 },
  partitions: [{ p: 0, offset: 60, endOffset: 67 }],
  checkpointId: 1,
  final: false,
  cpuMs: 500 * seconds,
  rssBytes: 50_000_000,
  busyMs: 300 * seconds,
  backPressuredMs: 600 * seconds,
  idleMs: 100 * seconds,
  heap: { usedBytes: 10, committedBytes: 20, maxBytes: 30 },
  engine: { nonHeapBytes: 40, bufferBytes: 50, threads: 11 },
  eventLoopLagMsMax: 1,
  latency: [],
  latencyUsMax: 0,
});

let served: JobManagerRest;
let manager: JobManager;
let socket: Socket;
let origin: string;

beforeAll(async () => {
  served = await startJobManagerRest(
    new Map([
      ["rest.port", "1"],
      ["kafka.sasl.password", "not-for-you"],
      ["redis", "redis://user:not-for-you@127.0.0.1:1"],
    ]),
  );
  ({ manager } = served);
  const { folder } = served;
  await writeFile(join(folder, "jobmanager.log"), "a line of the JobManager\n");
  await writeFile(join(folder, `${tm}.log`), "a line of the TaskManager\n");
  await writeFile(join(folder, "secret"), "not for you");
  await symlink(join(folder, "secret"), join(folder, `${tm}.link`));
  origin = `http://127.0.0.1:${served.port}`;
  await manager.submit(graph);
  socket = playOwningTaskManager(served.rpcPort, tm);
  for (const seconds of [1, 2]) {
    socket.write(`${JSON.stringify({ type: "heartbeat", metrics: metricsAfter(seconds) })}\n`);
  }
  await waitUntil(
    () => {
      const { meters } = manager.rpc.registry.get(tm) ?? { meters: null };
      const isLoaded = (meters?.load.perSecond(performance.now()).busyMs ?? 0) > 0;
      return isLoaded ? manager.job?.checkpoints.history.latestCompleted?.id : undefined;
    },
    { what: "metrics and a completed checkpoint", deadlineMs: 10_000 },
  );
});
afterAll(async () => {
  socket.destroy();
  await served.close();
});

const pathOf = (request: string): string =>
  request
    .replace(":jobid", graph.jobId)
    .replace(/:source|:sink/, vertexIdOf(graph))
    .replace(":tmid", tm)
    .replace(":checkpoint", String(manager.job?.checkpoints.history.latestCompleted?.id));
const get = (path: string) => fetch(origin + path, { signal: AbortSignal.timeout(5_000) });
// biome-ignore lint/suspicious/noExplicitAny: the point of these tests is the shape of unknown JSON.
const getJson = async (path: string): Promise<any> => (await get(path)).json();

/** Where the keys are names of this job or machine, or where Flink too has null. */
const OWN_KEYS = new Set(["tasks", "user-config", "extendedResources", "serialized-user-task-accumulators"]);
const NULLABLE = new Set(["savepoint", "failed", "restored", "savepointFormat", "completed"]);

/** What differs, each with its place. */
function compareShapes(expected: unknown, found: unknown, place: string, name = ""): string[] {
  if (NULLABLE.has(name) && (expected === null || found === null)) return [];
  const kinds = [expected, found].map((value) =>
    value === null ? "null" : Array.isArray(value) ? "list" : typeof value,
  );
  if (kinds[0] !== kinds[1]) return [`${place} is ${kinds[1]}, and Flink's is ${kinds[0]}`];
  if (Array.isArray(expected) && Array.isArray(found)) {
    if (expected.length === 0 || found.length === 0) return [];
    // Checkpoints under way stand in one list with completed ones.
    const alike = found.find((one) => one?.className === expected[0]?.className) ?? found[0];
    return compareShapes(expected[0], alike, `${place}[0]`);
  }
  if (typeof expected !== "object" || expected === null || OWN_KEYS.has(name)) return [];
  const [theirs, ours] = [expected, found] as [Record<string, unknown>, Record<string, unknown>];
  const missing = Object.keys(theirs).filter((key) => !(key in ours));
  const added = Object.keys(ours).filter((key) => !(key in theirs));
  return [
    ...missing.map((key) => `${place}.${key} is missing`),
    ...added.map((key) => `${place}.${key} is not Flink's`),
    ...Object.keys(theirs).flatMap((key) =>
      key in ours ? compareShapes(theirs[key], ours[key], `${place}.${key}`, key) : [],
    ),
  ];
}

test.each(flink.samples.map(({ request, status, body }) => [request, status, body] as const))(
  "GET %s has the status and the shape of Flink's answer",
  async (request, status, body) => {
    const answer = await get(pathOf(request));
    const found: unknown = await answer.json();
    expect([answer.status, compareShapes(body, found, "answer")]).toEqual([status, []]);
    // A list that is empty would have any shape: here each that Flink filled has something in it, too.
    if (Array.isArray(body) && body.length > 0) expect(found).not.toEqual([]);
  },
);

test("busy, idle and back-pressured time are the TaskManager's, and add up to a second", async () => {
  const vertex = `/jobs/${graph.jobId}/vertices/${vertexIdOf(graph)}`;
  const names = "busyTimeMsPerSecond,backPressuredTimeMsPerSecond,idleTimeMsPerSecond,numRecordsIn";
  expect(await getJson(`${vertex}/subtasks/metrics?get=${names}&agg=sum`)).toEqual([
    { id: "busyTimeMsPerSecond", sum: 300 },
    { id: "backPressuredTimeMsPerSecond", sum: 600 },
    { id: "idleTimeMsPerSecond", sum: 100 },
    { id: "numRecordsIn", sum: 200 },
  ]);
  expect(await getJson(`${vertex}/metrics?get=0.numRecordsOut,0.nothing,1.numRecordsOut`)).toEqual([
    { id: "0.numRecordsOut", value: "180" },
  ]);
  const { subtasks } = await getJson(`${vertex}/backpressure`);
  expect(subtasks[0]).toMatchObject({ backpressureLevel: "high", ratio: 0.6, busyRatio: 0.3, idleRatio: 0.1 });
});

test("what Flink says of the Java machine is said of the JavaScript engine, and nothing that it does not tell", async () => {
  const { hardware, metrics } = await getJson(`/taskmanagers/${tm}`);
  expect(hardware).toMatchObject({ freeMemory: 30, physicalMemory: readMemoryBytes() });
  expect(metrics).toMatchObject({
    heapMax: 30,
    nonHeapUsed: 40,
    nonHeapMax: -1,
    directCount: -1,
    directUsed: 50,
    garbageCollectors: [],
  });
  const names = "NonHeap.Used,Direct.MemoryUsed,Direct.Count,Metaspace.Used,Mapped.Count".split(",");
  const asked = [...names.map((name) => `Memory.${name}`), "Threads.Count"];
  expect(await getJson(`/taskmanagers/${tm}/metrics?get=${asked.map((name) => `Status.JVM.${name}`)}`)).toEqual([
    { id: "Status.JVM.Memory.NonHeap.Used", value: "40" },
    { id: "Status.JVM.Memory.Direct.MemoryUsed", value: "50" },
    { id: "Status.JVM.Memory.Mapped.Count", value: "0" },
    { id: "Status.JVM.Threads.Count", value: "11" },
  ]);
  const [heap, nonHeap, collections] = await getJson(
    `/jobmanager/metrics?get=${["Memory.Heap.Used", "Memory.NonHeap.Used", "GarbageCollector.All.Count"].map((name) => `Status.JVM.${name}`)}`,
  );
  expect(Number(heap.value)).toBeGreaterThan(1_000_000);
  expect(Number(nonHeap.value)).toBeGreaterThan(1_000);
  expect(collections.value).toMatch(/^\d+$/);
});

test("every sum of what the vertex read and wrote is complete: to other vertices it sends nothing", async () => {
  const [vertex] = (await getJson(`/jobs/${graph.jobId}`)).vertices;
  expect(vertex.metrics).toMatchObject({
    "read-records": 200,
    "read-records-complete": true,
    "write-bytes": 0,
    "write-bytes-complete": true,
  });
});

test("a subtask of a checkpoint has the time of its acknowledgement", async () => {
  const details = `/jobs/${graph.jobId}/checkpoints/details/${manager.job?.checkpoints.history.latestCompleted?.id}`;
  const checkpoint = await getJson(details);
  const { subtasks, summary } = await getJson(`${details}/subtasks/${vertexIdOf(graph)}`);
  const durationMs = checkpoint.latest_ack_timestamp - checkpoint.trigger_timestamp;
  expect(subtasks).toMatchObject([
    { index: 0, ack_timestamp: checkpoint.latest_ack_timestamp, end_to_end_duration: durationMs, status: "completed" },
  ]);
  expect(summary.end_to_end_duration).toMatchObject({ min: durationMs, max: durationMs, avg: durationMs });
});

test("what this runtime does not do is answered as Flink answers where it is switched off", async () => {
  const vertex = `/jobs/${graph.jobId}/vertices/${vertexIdOf(graph)}`;
  expect(await getJson(`${vertex}/flamegraph?type=on_cpu`)).toEqual({ endTimestamp: -2 });
  expect(await getJson(`${vertex}/flamegraph?type=full&subtaskindex=0`)).toEqual({ endTimestamp: -2 });
  expect(await getJson(`${vertex}/subtasks/accumulators`)).toEqual({
    id: vertexIdOf(graph),
    parallelism: 1,
    subtasks: [{ subtask: 0, attempt: 0, host: expect.stringMatching(/^127\.0\.0\.1:\d+$/), "user-accumulators": [] }],
  });
  for (const process of ["jobmanager", `taskmanagers/${tm}`]) {
    expect((await get(`/${process}/profiler`)).status).toBe(404);
  }
});

test("logs are served, and nothing else that lies beside them or elsewhere", async () => {
  expect(await (await get(`/taskmanagers/${tm}/log`)).text()).toBe("a line of the TaskManager\n");
  expect(await (await get("/jobmanager/logs/jobmanager.log")).text()).toBe("a line of the JobManager\n");
  for (const name of ["secret", `${tm}.link`, "..%2fsecret", "%2e%2e", "jobmanager.log", `${tm}.log%00`]) {
    expect([name, (await get(`/taskmanagers/${tm}/logs/${name}`)).status]).toEqual([name, 404]);
  }
  expect((await get("/taskmanagers/nobody/log")).status).toBe(404);
});

test("secrets of the configuration are masked, by each of its names", async () => {
  expect(await getJson(`/jobs/${graph.jobId}/jobmanager/config`)).toEqual(await getJson("/jobmanager/config"));
  expect(JSON.stringify(await getJson("/jobmanager/config"))).not.toContain("not-for-you");
});

test.each([
  ["vertices/xyz", 400, /vertexid/],
  [`vertices/${"0".repeat(32)}`, 404, /JobVertex 0+ not found/],
  [`vertices/${vertexIdOf(graph)}/subtasks/1`, 404, /Subtask 1 not found/],
  [`vertices/${vertexIdOf(graph)}/subtasks/x`, 400, /subtaskindex/],
  [`vertices/${vertexIdOf(graph)}/subtasks/metrics?get=numRecordsIn&agg=most`, 400, /agg is "most"/],
  ["checkpoints/details/999999", 404, /checkpoint 999999/],
  ["checkpoints/details/x", 400, /checkpointid/],
])("%s is refused in Flink's form", async (path, status, reason) => {
  const answer = await get(`/jobs/${graph.jobId}/${path}`);
  const { errors } = (await answer.json()) as { errors: string[] };
  expect([answer.status, errors[0]]).toEqual([status, expect.stringMatching(reason)]);
});

// The last one: the TaskManager is gone then.
test("a TaskManager that was lost stands at its exception with its address", async () => {
  const { path } = await getJson(`/taskmanagers/${tm}`);
  socket.destroy();
  const entry = await waitUntil(
    async () => (await getJson(`/jobs/${graph.jobId}/exceptions`)).exceptionHistory.entries[0],
    { what: "the exception of the lost TaskManager", deadlineMs: 10_000 },
  );
  expect(entry).toMatchObject({ exceptionName: "TaskManagerLost", taskManagerId: tm });
  expect(`tcp://${entry.endpoint}/${tm}`).toBe(path);
});
