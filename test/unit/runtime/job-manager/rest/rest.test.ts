/**
 * REST over real HTTP: Flink's key sets (copied from the answers of a running Flink 2.2.1), its error form, and who may
 * call what. The JobManager behind it has a store in memory that never answers, or none.
 */
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitUntil } from "../../../../../simulator/common/foundation/deadline.ts";
import { countingJob } from "../../../../support/counting-job.ts";
import { type JobManagerRest, startJobManagerRest, REST_TOKEN as token } from "../../../../support/job-manager-rest.ts";

const jobId = "0123456789abcdef0123456789abcdef";
const graph = countingJob(jobId);
let served: JobManagerRest;
let port: number;

beforeAll(async () => {
  served = await startJobManagerRest();
  ({ port } = served);
  const socket = connect(served.rpcPort, "127.0.0.1");
  const register = { type: "register", token, tm: "taskmanager-01", incarnation: "i", pid: 1, slots: 1, held: [] };
  socket.write(`${JSON.stringify(register)}\n`);
  socket.on("data", (data) => {
    // Owns whatever it is given, and acknowledges nothing.
    for (const line of data.toString().split("\n").filter(Boolean)) {
      const message = JSON.parse(line);
      for (const { p, g } of message.partitions ?? []) {
        socket.write(`${JSON.stringify({ type: "owned", p, g, offset: 0 })}\n`);
      }
    }
  });
});
afterAll(() => served.close());

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: the point of these tests is the shape of unknown JSON.
  readonly body: any;
  readonly headers: Record<string, unknown>;
}

function call(
  method: string,
  path: string,
  more: { headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: "127.0.0.1", port, method, path, headers: more.headers ?? {} }, (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body: JSON.parse(text), headers: response.headers }),
      );
    });
    request.on("error", reject);
    request.end(more.body);
  });
}
const authorized = (body?: unknown) => ({
  headers: { authorization: `Bearer ${token}` },
  ...(body === undefined ? {} : { body: JSON.stringify(body) }),
});
const keys = (value: object) => Object.keys(value).toSorted();
const get = async (path: string) => (await call("GET", path)).body;

test("before a submission there is no job, and the cluster has Flink's shapes", async () => {
  expect(await get("/jobs")).toEqual({ jobs: [] });
  expect(keys(await get("/overview"))).toEqual(
    [
      "taskmanagers",
      "slots-total",
      "slots-available",
      "jobs-running",
      "jobs-finished",
      "jobs-cancelled",
      "jobs-failed",
      "flink-version",
      "flink-commit",
    ].toSorted(),
  );
  expect(keys(await get("/config"))).toEqual(
    ["refresh-interval", "timezone-name", "timezone-offset", "flink-version", "flink-revision", "features"].toSorted(),
  );
  await waitUntil(async () => ((await get("/overview")).taskmanagers === 1 ? true : undefined), {
    what: "the TaskManager is registered",
    deadlineMs: 5_000,
  });
});

test("a submission is checked field by field, needs the token, and is idempotent", async () => {
  expect((await call("POST", "/ts/jobs", { body: JSON.stringify(graph) })).status).toBe(401);
  const bad = await call("POST", "/ts/jobs", authorized({ ...graph, operators: ["../evil"] }));
  expect(bad.status).toBe(400);
  expect(bad.body.errors[0]).toContain('operators is "../evil"');
  for (const broken of [
    { parallelism: 0 },
    { jobId: "x" },
    { source: 1 },
    { sink: {} },
    { checkpointIntervalMs: "1" },
  ]) {
    expect((await call("POST", "/ts/jobs", authorized({ ...graph, ...broken }))).status).toBe(400);
  }
  for (let i = 0; i < 2; i += 1) {
    expect(await call("POST", "/ts/jobs", authorized(graph))).toMatchObject({ status: 202, body: { jobid: jobId } });
  }
  expect((await call("POST", "/ts/jobs", authorized({ ...graph, name: "other" }))).status).toBe(409);
  await waitUntil(async () => ((await get(`/jobs/${jobId}/status`)).status === "RUNNING" ? true : undefined), {
    what: "the job runs",
    deadlineMs: 5_000,
  });
});

test("jobs, one job and its vertex have Flink's keys, with and without /v1", async () => {
  expect(await get("/v1/jobs")).toEqual({ jobs: [{ id: jobId, status: "RUNNING" }] });
  const [overview] = (await get("/jobs/overview")).jobs;
  expect(keys(overview)).toEqual(
    [
      "jid",
      "name",
      "start-time",
      "end-time",
      "duration",
      "state",
      "last-modification",
      "tasks",
      "pending-operators",
    ].toSorted(),
  );
  expect(overview.tasks).toEqual({
    running: 1,
    canceling: 0,
    canceled: 0,
    total: 1,
    created: 0,
    scheduled: 0,
    deploying: 0,
    reconciling: 0,
    finished: 0,
    initializing: 0,
    failed: 0,
  });
  const job = await get(`/jobs/${jobId}`);
  expect(keys(job)).toEqual(
    [
      "jid",
      "name",
      "isStoppable",
      "state",
      "job-type",
      "start-time",
      "end-time",
      "duration",
      "maxParallelism",
      "now",
      "timestamps",
      "vertices",
      "status-counts",
      "plan",
      "pending-operators",
    ].toSorted(),
  );
  expect(keys(job.timestamps)).toEqual(
    "CANCELLING SUSPENDED FAILED RECONCILING FAILING FINISHED CREATED INITIALIZING RUNNING RESTARTING CANCELED"
      .split(" ")
      .toSorted(),
  );
  expect(keys(job.vertices[0])).toEqual(
    [
      "id",
      "slotSharingGroupId",
      "name",
      "maxParallelism",
      "parallelism",
      "status",
      "start-time",
      "end-time",
      "duration",
      "tasks",
      "metrics",
    ].toSorted(),
  );
  expect(keys(job.vertices[0].metrics)).toEqual(
    [
      "read-bytes",
      "read-bytes-complete",
      "write-bytes",
      "write-bytes-complete",
      "read-records",
      "read-records-complete",
      "write-records",
      "write-records-complete",
      "accumulated-backpressured-time",
      "accumulated-idle-time",
      "accumulated-busy-time",
    ].toSorted(),
  );
  expect(keys(job.vertices[0].tasks)).toEqual(keys(job["status-counts"]));
  expect(keys(job.plan.nodes[0])).toEqual(
    ["id", "operator", "parallelism", "operator_strategy", "description", "optimizer_properties"].toSorted(),
  );
});

test("a checkpoint is triggered as in Flink: an id at once, and what became of it by that id", async () => {
  const path = `/jobs/${jobId}/checkpoints`;
  const trigger = (body: object) => call("POST", path, authorized(body));
  const untilDone = (id: string) =>
    waitUntil(
      async () => {
        const answer = await get(`${path}/${id}`);
        return answer.status.id === "COMPLETED" ? answer : undefined;
      },
      { what: "the triggered checkpoint", deadlineMs: 10_000 },
    );
  const accepted = await trigger({ checkpointType: "FULL" });
  expect([accepted.status, keys(accepted.body)]).toEqual([202, ["request-id"]]);
  const { operation, ...rest } = await untilDone(accepted.body["request-id"]);
  expect([keys(operation), keys(rest)]).toEqual([["checkpointId"], ["status"]]);
  // Whoever got no answer asks again, and it is the same checkpoint.
  const triggerId = "00000000000000000000000000000abc";
  expect((await trigger({ triggerId })).body).toEqual({ "request-id": triggerId });
  const first = await untilDone(triggerId);
  expect(first.operation.checkpointId).toBeGreaterThan(operation.checkpointId);
  await trigger({ triggerId });
  expect(await untilDone(triggerId)).toEqual(first);
});

test.each([
  ["a type that it does not have", { checkpointType: "INCREMENTAL" }, 400, /checkpointType is "INCREMENTAL"/],
  ["an id that is none", { triggerId: "1" }, 400, /triggerId is "1": expected 32 hex digits/],
])("a trigger is refused: %s", async (_, body, status, reason) => {
  const answer = await call("POST", `/jobs/${jobId}/checkpoints`, authorized(body));
  expect([answer.status, answer.body.errors[0]]).toEqual([status, expect.stringMatching(reason)]);
});

test("a trigger needs the token, and an id that nobody triggered is not found", async () => {
  const refused = await call("POST", `/jobs/${jobId}/checkpoints`, { body: "{}" });
  expect(refused.status).toBe(401);
  const unknown = await call("GET", `/jobs/${jobId}/checkpoints/${"f".repeat(32)}`);
  expect([unknown.status, unknown.body.errors[0]]).toEqual([404, expect.stringMatching(/no checkpoint operation/)]);
});

test("checkpoints have Flink's keys and this job's numbers", async () => {
  const checkpoints = await waitUntil(
    async () => {
      const answer = await get(`/jobs/${jobId}/checkpoints`);
      return answer.counts.completed > 0 ? answer : undefined;
    },
    { what: "a checkpoint completes", deadlineMs: 5_000 },
  );
  expect(keys(checkpoints)).toEqual(["counts", "history", "latest", "summary"]);
  expect(keys(checkpoints.counts)).toEqual(["completed", "failed", "in_progress", "restored", "total"]);
  expect(keys(checkpoints.summary)).toEqual(
    [
      "checkpointed_size",
      "state_size",
      "end_to_end_duration",
      "alignment_buffered",
      "processed_data",
      "persisted_data",
    ].toSorted(),
  );
  expect(keys(checkpoints.summary.state_size)).toEqual(
    ["min", "max", "avg", "p50", "p90", "p95", "p99", "p999"].toSorted(),
  );
  const common = [
    "className",
    "id",
    "status",
    "is_savepoint",
    "savepointFormat",
    "trigger_timestamp",
    "latest_ack_timestamp",
    "checkpointed_size",
    "state_size",
    "end_to_end_duration",
    "alignment_buffered",
    "processed_data",
    "persisted_data",
    "num_subtasks",
    "num_acknowledged_subtasks",
    "checkpoint_type",
    "tasks",
  ];
  expect(keys(checkpoints.latest.completed)).toEqual([...common, "external_path", "discarded"].toSorted());
  expect(checkpoints.latest.completed.checkpointed_size).toBeGreaterThan(100);
  expect(keys(await get(`/jobs/${jobId}/checkpoints/config`))).toEqual(
    [
      "mode",
      "interval",
      "timeout",
      "min_pause",
      "max_concurrent",
      "externalization",
      "state_backend",
      "checkpoint_storage",
      "unaligned_checkpoints",
      "tolerable_failed_checkpoints",
      "aligned_checkpoint_timeout",
      "checkpoints_after_tasks_finish",
      "state_changelog_enabled",
      "changelog_periodic_materialization_interval",
      "changelog_storage",
    ].toSorted(),
  );
});

test("TaskManagers and exceptions have Flink's keys", async () => {
  const [listed] = (await get("/taskmanagers")).taskmanagers;
  const shared = [
    "id",
    "path",
    "dataPort",
    "jmxPort",
    "timeSinceLastHeartbeat",
    "slotsNumber",
    "freeSlots",
    "totalResource",
    "freeResource",
    "hardware",
    "memoryConfiguration",
  ];
  expect(keys(listed)).toEqual(shared.toSorted());
  expect(listed).toMatchObject({ id: "taskmanager-01", slotsNumber: 1, freeSlots: 0 });
  const details = await get("/taskmanagers/taskmanager-01");
  expect(keys(details)).toEqual([...shared, "metrics", "allocatedSlots"].toSorted());
  expect(details.metrics).toHaveProperty("garbageCollectors");
  expect((await call("GET", "/taskmanagers/nobody")).status).toBe(404);
  expect(await get(`/jobs/${jobId}/exceptions`)).toEqual({ exceptionHistory: { entries: [], truncated: false } });
});

test("errors have Flink's form and say what is wrong", async () => {
  const unknown = "f".repeat(32);
  expect(await call("GET", "/nope")).toMatchObject({
    status: 404,
    body: { errors: ["Unable to load requested file /nope."] },
  });
  const missing = await call("GET", `/jobs/${unknown}`);
  expect(missing.status).toBe(404);
  expect(missing.body.errors[0]).toContain(`Job ${unknown} not found`);
  const malformed = await call("GET", "/jobs/xyz");
  expect(malformed.status).toBe(400);
  expect(malformed.body.errors[0]).toContain('Cannot resolve path parameter (jobid) from value "xyz"');
  expect((await call("DELETE", "/jobs", authorized())).status).toBe(405);
  expect((await call("POST", "/ts/jobs", { ...authorized(), body: "{" })).status).toBe(400);
});

test("another host name, a wrong token and a huge body are refused; no CORS header is sent", async () => {
  const foreign = await call("GET", "/overview", { headers: { host: `evil.example:${port}` } });
  expect(foreign.status).toBe(403);
  expect((await call("GET", "/overview", { headers: { host: "127.0.0.1:1" } })).status).toBe(403);
  const local = await call("GET", "/overview", { headers: { host: `localhost:${port}` } });
  expect(local.status).toBe(200);
  expect(Object.keys(local.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  const wrong = await call("PATCH", `/jobs/${jobId}?mode=cancel`, {
    headers: { authorization: "Bearer wrong-token!" },
  });
  expect(wrong.status).toBe(401);
  expect((await call("POST", "/ts/jobs", { ...authorized(), body: "x".repeat(300_000) })).status).toBe(413);
});

test("a scale is checked, and its parallelism is the job's in every view", async () => {
  const scale = (body: unknown) => call("POST", `/ts/jobs/${jobId}/scale`, authorized(body));
  expect((await call("POST", `/ts/jobs/${jobId}/scale`, { body: "{}" })).status).toBe(401);
  for (const bad of [{ parallelism: 0, leaving: [] }, { parallelism: 1 }, { parallelism: 1, leaving: ["a b"] }]) {
    expect((await scale(bad)).status).toBe(400);
  }
  expect((await scale({ parallelism: 3, leaving: [] })).status).toBe(202);
  const job = await get(`/jobs/${jobId}`);
  expect([job.vertices[0].parallelism, job.plan.nodes[0].parallelism]).toEqual([3, 3]);
  expect((await get("/jobs/overview")).jobs[0].tasks).toMatchObject({ total: 3, running: 1, scheduled: 2 });
  expect(await get(`/ts/jobs/${jobId}`)).toMatchObject({ parallelism: 3, settled: true });
  expect((await scale({ parallelism: 1, leaving: ["taskmanager-01"] })).status).toBe(202);
  // Nobody else is there, so it keeps what it has; and it is told so: the job is not settled.
  expect(await get(`/ts/jobs/${jobId}`)).toMatchObject({ parallelism: 1, settled: false });
  expect((await scale({ parallelism: 1, leaving: [] })).status).toBe(202);
});

test("drain and cancel answer 202, and the snapshot tells what became of them", async () => {
  expect((await call("POST", `/ts/jobs/${jobId}/drain`, authorized({ endOffsets: [1] }))).status).toBe(400);
  expect((await call("POST", `/ts/jobs/${jobId}/drain`, authorized({ endOffsets: [0, 0] }))).status).toBe(202);
  await waitUntil(async () => ((await get(`/ts/jobs/${jobId}`)).drained ? true : undefined), {
    what: "the job is drained",
    deadlineMs: 5_000,
  });
  expect((await call("PATCH", `/jobs/${jobId}?mode=nonsense`, authorized())).status).toBe(400);
  expect((await call("GET", `/ts/jobs/${jobId}?changedFrom=RUNNING&waitMs=30001`)).status).toBe(400);
  const changed = get(`/ts/jobs/${jobId}?changedFrom=RUNNING&waitMs=30000`);
  expect((await call("PATCH", `/jobs/${jobId}?mode=cancel`, authorized())).status).toBe(202);
  expect((await changed).state).not.toBe("RUNNING");
  const ended = await waitUntil(
    async () => {
      const snapshot = await get(`/ts/jobs/${jobId}`);
      return snapshot.stopped ? snapshot : undefined;
    },
    { what: "the job is stopped", deadlineMs: 5_000 },
  );
  // Cancelled is cancelled, also where all of it was applied.
  expect(ended).toMatchObject({ state: "CANCELED", drained: true, stopped: true, total: 0 });
  expect((await get("/overview"))["jobs-cancelled"]).toBe(1);
});
