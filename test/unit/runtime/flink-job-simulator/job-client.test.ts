/** The job's client against a scripted HTTP server: restarts, refusals, detaching. */
import { createServer, type Server } from "node:http";
import getPort from "get-port";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RunConfig } from "../../../../simulator/common/contract/child/run-config.ts";
import type { JobSnapshot } from "../../../../simulator/common/contract/job/rest.ts";
import { createLog } from "../../../../simulator/common/foundation/log.ts";
import { JobClient } from "../../../../simulator/runtime/flink-job-simulator/job-client.ts";
import { declareJob } from "../../../../simulator/runtime/flink-job-simulator/job-graph.ts";

const config = {
  jobId: "d".repeat(32),
  jobName: "counting",
  topic: "t",
  group: "g",
  partitions: 3,
  taskManagers: 2,
  operators: ["identity", "test-drop-one"],
  stateKey: "s",
  publishedKey: "v",
  counterKey: "c",
  sequenceKey: "q",
  checkpointIntervalMs: 1_000,
} as unknown as RunConfig;
const graph = declareJob(config);

let port: number;
let server: Server | undefined;
let calls: string[];
let aborted: AbortController;
let client: JobClient;

beforeEach(async () => {
  port = await getPort();
  calls = [];
  aborted = new AbortController();
  client = new JobClient({
    endpoint: `http://127.0.0.1:${port}`,
    token: "secret",
    log: createLog(() => undefined),
    signal: aborted.signal,
    unreachableMaxMs: 2_000,
  });
});
afterEach(() => {
  aborted.abort();
  stop();
});

function stop(): void {
  server?.close();
  server?.closeAllConnections();
}

interface Answer {
  readonly status: number;
  readonly body: object;
}

/** Answers each call by what the script returns for it. */
function serve(answer: (call: string, n: number) => Answer | Promise<Answer>): Promise<void> {
  server = createServer(async (request, response) => {
    const call = `${request.method} ${request.url} ${request.headers.authorization}`;
    calls.push(call);
    request.resume();
    const { status, body } = await answer(call, calls.length);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  return new Promise((resolve) => server?.listen(port, "127.0.0.1", resolve));
}
const snapshot = (state: JobSnapshot["state"], reason: string | null = null) => ({
  status: 200,
  body: { jobId: graph.jobId, state, reason },
});

test("the declared graph has a source, the operators in order, and a sink", () => {
  expect(graph).toMatchObject({
    parallelism: 2,
    source: { topic: "t", partitions: 3 },
    operators: ["identity", "test-drop-one"],
    sink: { stateKey: "s", publishedKey: "v" },
  });
  expect(() => declareJob({ ...config, operators: ["rm -rf"] })).toThrow(/an operator is "rm -rf"/);
});

test("a submission waits for a JobManager that starts later, and carries the token", async () => {
  const submitted = client.submit(graph);
  await serve(() => ({ status: 202, body: { jobid: graph.jobId } }));
  await submitted;
  expect(calls).toEqual(["POST /ts/jobs Bearer secret"]);
});

test("a refusal is final and quotes the answer", async () => {
  await serve(() => ({ status: 400, body: { errors: ["parallelism is 0"] } }));
  await expect(client.submit(graph)).rejects.toMatchObject({ code: "JOB_REJECTED" });
  expect(calls).toHaveLength(1);
});

test("a JobManager that stays away fails the client within its deadline", async () => {
  await expect(client.submit(graph)).rejects.toMatchObject({ code: "JOB_MANAGER_UNREACHABLE" });
});

test("the client follows a job through a restart of the JobManager, and submits again what was lost", async () => {
  await serve((_, n) => (n === 1 ? snapshot("RUNNING") : { status: 503, body: {} }));
  let running = 0;
  const ending = client.follow(graph, () => {
    running += 1;
    stop();
    setTimeout(() => {
      calls = [];
      void serve((call, n) => {
        if (n === 1) return { status: 404, body: { errors: ["not found"] } };
        return call.startsWith("POST") ? { status: 202, body: {} } : snapshot(n < 5 ? "RUNNING" : "FINISHED");
      });
    }, 300);
  });
  expect(await ending).toMatchObject({ kind: "ended", snapshot: { state: "FINISHED" } });
  expect(running).toBe(1);
  expect(calls[1]).toContain("POST /ts/jobs");
});

test("a job that runs is asked about once: its end is the answer", async () => {
  const end = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  await serve(async (_, n) => {
    if (n === 1) return snapshot("RUNNING");
    held.resolve();
    await end.promise;
    return snapshot("FINISHED");
  });
  const ending = client.follow(graph, () => undefined);
  await held.promise;
  end.resolve();
  expect(await ending).toMatchObject({ kind: "ended", snapshot: { state: "FINISHED" } });
  const path = `GET /ts/jobs/${graph.jobId}`;
  expect(calls).toEqual([`${path} Bearer secret`, `${path}?changedFrom=RUNNING&waitMs=10000 Bearer secret`]);
});

test("detaching ends the following at once", async () => {
  await serve(() => snapshot("RUNNING"));
  const ending = client.follow(graph, () => aborted.abort());
  expect(await ending).toEqual({ kind: "detached" });
});
