/**
 * Savepoints and the end of a job over real HTTP, as Flink's command line asks for them (the requests are those of
 * cli-calls.txt): every GET has the body {} and every path the prefix /v1.
 */
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import type { Socket } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseSavepoint } from "../../../../../simulator/common/contract/files/savepoint.ts";
import { waitUntil } from "../../../../../simulator/common/foundation/deadline.ts";
import { countingJob } from "../../../../support/counting-job.ts";
import { type JobManagerRest, REST_TOKEN, startJobManagerRest } from "../../../../support/job-manager-rest.ts";
import { playOwningTaskManager } from "../../../../support/owning-task-manager.ts";

const jobId = "0123456789abcdef0123456789abcdef";
const graph = countingJob(jobId);
let served: JobManagerRest;
let taskManager: Socket;

beforeEach(async () => {
  served = await startJobManagerRest();
  taskManager = playOwningTaskManager(served.rpcPort, "taskmanager-01");
  await served.manager.submit(graph);
  await reaches("RUNNING");
});
afterEach(async () => {
  taskManager.destroy();
  await served.close();
});

// biome-ignore lint/suspicious/noExplicitAny: the point of these tests is the shape of unknown JSON.
type Answer = { readonly status: number; readonly body: any };

/** `fetch` refuses a GET that has a body. */
function call(method: string, path: string, body: object = {}): Promise<Answer> {
  const text = JSON.stringify(body);
  const headers = {
    authorization: `Bearer ${REST_TOKEN}`,
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  };
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: "127.0.0.1", port: served.port, method, path, headers }, (response) => {
      response.setEncoding("utf8");
      let answer = "";
      response.on("data", (chunk: string) => {
        answer += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(answer) }));
    });
    request.on("error", reject);
    request.end(text);
  });
}

const readState = async (): Promise<string> => (await call("GET", `/v1/jobs/${jobId}/status`)).body.status;
const reaches = (state: string) =>
  waitUntil(async () => (await readState()) === state || undefined, { what: `the job ${state}`, deadlineMs: 5_000 });

/** What Flink's clients do: they ask until it is COMPLETED. */
async function poll(triggerId: string) {
  const answer = await waitUntil(
    async () => {
      const { status, body } = await call("GET", `/v1/jobs/${jobId}/savepoints/${triggerId}`);
      expect(status).toBe(200);
      if (body.status.id === "COMPLETED") return body.operation;
      expect(body).toEqual({ status: { id: "IN_PROGRESS" }, operation: null });
      return undefined;
    },
    { what: "the savepoint", deadlineMs: 5_000 },
  );
  return answer;
}

const savepointBody = (directory: string | null, more: object = {}) => ({
  "target-directory": directory,
  "cancel-job": false,
  formatType: "CANONICAL",
  triggerId: null,
  ...more,
});
const stopBody = (directory: string | null, more: object = {}) => ({
  targetDirectory: directory,
  drain: false,
  formatType: "CANONICAL",
  triggerId: null,
  ...more,
});

test.each([
  "/overview",
  "/config",
  "/taskmanagers",
  "/taskmanagers/taskmanager-01",
  "/jobs",
  "/jobs/overview",
  `/jobs/${jobId}`,
  `/jobs/${jobId}/status`,
  `/jobs/${jobId}/exceptions`,
  `/jobs/${jobId}/checkpoints`,
  `/jobs/${jobId}/checkpoints/config`,
  "/jobmanager/config",
  `/ts/jobs/${jobId}`,
])("GET %s answers with the prefix and the body that Flink's clients send", async (path) => {
  expect((await call("GET", `/v1${path}`)).status).toBe(200);
});

test("a savepoint lies where it was asked for, can be read by itself, and is listed as one", async () => {
  const directory = join(served.folder, "mine", "deeper");
  const { status, body } = await call("POST", `/v1/jobs/${jobId}/savepoints`, savepointBody(directory));
  expect([status, Object.keys(body)]).toEqual([202, ["request-id"]]);
  const { location } = await poll(body["request-id"]);
  expect(location).toMatch(new RegExp(`^file://${directory}/savepoint-012345-[0-9a-f]{12}$`));
  const parsed = parseSavepoint(await readFile(join(fileURLToPath(location), "_metadata"), "utf8"));
  expect(parsed).toMatchObject({ kind: "valid", value: { file: { jobId, source: graph.source } } });
  const { latest, history } = (await call("GET", `/v1/jobs/${jobId}/checkpoints`)).body;
  const shape = { is_savepoint: true, savepointFormat: "CANONICAL", checkpoint_type: "SAVEPOINT" };
  expect(latest.savepoint).toMatchObject({ ...shape, external_path: location, discarded: false, status: "COMPLETED" });
  expect(history).toContainEqual(latest.savepoint);
  const readCompleted = async () => (await call("GET", `/v1/jobs/${jobId}/checkpoints`)).body.latest.completed;
  const completed = await waitUntil(async () => (await readCompleted()) ?? undefined, {
    what: "a checkpoint of the job's own",
    deadlineMs: 10_000,
  });
  expect(completed.is_savepoint).toBe(false);
  expect(await readState()).toBe("RUNNING");
});

test("without a directory it goes to the run's own, and a file: URL is as good as a path", async () => {
  const own = await call("POST", `/jobs/${jobId}/savepoints`, {});
  expect((await poll(own.body["request-id"])).location).toContain(`${served.folder}/savepoints/savepoint-`);
  const url = await call("POST", `/jobs/${jobId}/savepoints`, savepointBody(`file:${served.folder}/by%20url`));
  expect((await poll(url.body["request-id"])).location).toContain("/by%20url/savepoint-");
  expect((await stat(join(served.folder, "by url"))).isDirectory()).toBe(true);
});

test("a trigger that is repeated is the same savepoint, and an unknown one is told as Flink does", async () => {
  const triggerId = "a".repeat(32);
  const body = savepointBody(null, { triggerId });
  for (let i = 0; i < 2; i += 1) {
    expect(await call("POST", `/jobs/${jobId}/savepoints`, body)).toMatchObject({ body: { "request-id": triggerId } });
  }
  await poll(triggerId);
  expect((await call("POST", `/jobs/${jobId}/savepoints`, body)).status).toBe(202);
  const { history } = (await call("GET", `/jobs/${jobId}/checkpoints`)).body;
  expect(history.filter((one: { is_savepoint: boolean }) => one.is_savepoint)).toHaveLength(1);
  const unknown = await call("GET", `/jobs/${jobId}/savepoints/${"b".repeat(32)}`);
  expect(unknown.status).toBe(404);
  expect(unknown.body.errors[0]).toContain(`There is no savepoint operation with triggerId=${"b".repeat(32)}`);
});

test.each([
  ["savepoints", "relative", { "target-directory": "here" }, 'target-directory is \\"here\\"'],
  ["savepoints", "elsewhere", { "target-directory": "hdfs://h/x" }, "an absolute path of this machine"],
  ["savepoints", "a host", { "target-directory": "file://h/x" }, "an absolute path of this machine"],
  ["savepoints", "no flag", { "cancel-job": "yes" }, 'cancel-job is \\"yes\\"'],
  ["stop", "no format", { formatType: "XML" }, 'formatType is \\"XML\\"'],
  ["stop", "no trigger", { triggerId: "7" }, 'triggerId is \\"7\\"'],
])("POST /%s with %s is refused by name, and the job goes on", async (path, _, body, reason) => {
  const answer = await call("POST", `/jobs/${jobId}/${path}`, body);
  expect([answer.status, answer.body.errors[0]]).toEqual([400, expect.stringContaining(JSON.parse(`"${reason}"`))]);
  expect(await readState()).toBe("RUNNING");
});

test.each([
  ["a file", () => join(served.folder, "file"), "ENOTDIR"],
  ["below a file", () => join(served.folder, "file", "below"), "ENOTDIR"],
  // Node's own recursive mkdir never ends there.
  ["where no directory can be", () => "/proc/none", "(ENOENT|EACCES)"],
])("a directory that is %s is refused with the system's reason before anything is fenced", async (_, locate, code) => {
  await writeFile(join(served.folder, "file"), "");
  for (const path of ["savepoints", "stop"]) {
    const answer = await call(
      "POST",
      `/jobs/${jobId}/${path}`,
      path === "stop" ? stopBody(locate()) : savepointBody(locate()),
    );
    expect(answer).toMatchObject({ status: 400, body: { errors: [expect.stringMatching(`no savepoint.*${code}`)] } });
  }
  expect(await readState()).toBe("RUNNING");
});

test("a stop ends FINISHED with a savepoint of the very state, and takes none a second time", async () => {
  const { body } = await call("POST", `/v1/jobs/${jobId}/stop`, stopBody(null));
  const { location } = await poll(body["request-id"]);
  await reaches("FINISHED");
  const parsed = parseSavepoint(await readFile(join(fileURLToPath(location), "_metadata"), "utf8"));
  expect(parsed.kind === "valid" && parsed.value.state.phase).toBe("stopped");
  expect(served.manager.job?.snapshot().stopped).toBe(true);
  for (const path of ["stop", "savepoints"]) {
    const late = await call("POST", `/jobs/${jobId}/${path}`, {});
    expect(late).toMatchObject({ status: 409, body: { errors: [expect.stringContaining("the job is FINISHED")] } });
  }
  const cancel = await call("PATCH", `/jobs/${jobId}?mode=cancel`);
  expect(cancel.body.errors[0]).toContain("already reached another terminal state (FINISHED)");
});

test("a savepoint with cancel-job ends CANCELED, and a plain cancel too, as often as it is asked for", async () => {
  const { body } = await call("POST", `/jobs/${jobId}/savepoints`, savepointBody(null, { "cancel-job": true }));
  expect(await poll(body["request-id"])).toHaveProperty("location");
  await reaches("CANCELED");
  expect(await call("PATCH", `/v1/jobs/${jobId}?mode=cancel`)).toEqual({ status: 202, body: {} });
});

test("a savepoint that fails leaves nothing that looks like one, and the job goes on", async () => {
  const directory = join(served.folder, "spoiled");
  await mkdir(directory);
  const { job } = served.manager;
  job?.triggered.triggerSavepoint("c".repeat(32), join(directory, "\0"));
  const operation = await poll("c".repeat(32));
  expect(operation["failure-cause"]["stack-trace"]).toContain("no savepoint could be written");
  const { latest, counts } = (await call("GET", `/jobs/${jobId}/checkpoints`)).body;
  expect([latest.savepoint, counts.failed, latest.failed.is_savepoint]).toEqual([null, 1, true]);
  expect(await readState()).toBe("RUNNING");
});
