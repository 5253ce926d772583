/** The REST paths: Flink's, /metrics for Prometheus, and our own under /ts (contract/rest.ts). One line per path; views and checks are elsewhere. */
import { randomUUID } from "node:crypto";
import { RestError, type RestRequest, type RestResponse } from "../../../common/rest/http-server.ts";
import { writeMetricFamilies } from "../../../common/rest/prometheus-text.ts";
import type { JobManager } from "../job-manager.ts";
import { viewCheckpointConfig, viewCheckpoints, viewTrigger } from "./checkpoint-views.ts";
import { viewConfig, viewOverview, viewTaskManagerDetails, viewTaskManagers } from "./cluster-views.ts";
import { ENDING_ROUTES } from "./ending-routes.ts";
import { INSPECTION_ROUTES } from "./inspection-routes.ts";
import { viewExceptions, viewJob, viewJobIds, viewJobsOverview } from "./job-views.ts";
import { viewMetricFamilies } from "./metric-views.ts";
import type { JobManagerSite } from "./process-views.ts";
import { readCheckpointTrigger, readDrainRequest, readJobGraph, readScaleRequest } from "./request-bodies.ts";
import { accepted, type Call, findJob, findTaskManager, ok, type Route, readParameter } from "./rest-call.ts";

const EXCEPTIONS_DEFAULT = 16;
/** An answer that takes longer could not be told from a JobManager that hangs. */
const STATE_WAIT_MS_MAX = 30_000;

const registeredCount = ({ manager }: Call): number => manager.rpc.names().length;

const PATHS_OF_THEIR_OWN = ["overview", "config", "metrics", "accumulators"];

const ROUTES: readonly Route[] = [
  ...INSPECTION_ROUTES,
  ...ENDING_ROUTES,
  ["GET", "/overview", ({ manager }) => ok(viewOverview(manager))],
  ["GET", "/config", () => ok(viewConfig())],
  ["GET", "/taskmanagers", ({ manager, nowMs }) => ok(viewTaskManagers(manager, nowMs))],
  ["GET", "/taskmanagers/:id", describeTaskManager],
  ["GET", "/jobs", ({ manager }) => ok(viewJobIds(manager.job))],
  ["GET", "/jobs/overview", (call) => ok(viewJobsOverview(call.manager.job, registeredCount(call), call.nowMs))],
  ["GET", "/jobs/:id", (call) => ok(viewJob(findJob(call), call.manager.rpc.registry.list(), call.nowMs))],
  ["GET", "/jobs/:id/status", (call) => ok({ status: findJob(call).status.state })],
  ["GET", "/jobs/:id/checkpoints", (call) => ok(viewCheckpoints(findJob(call).checkpoints.history))],
  ["GET", "/jobs/:id/checkpoints/config", (call) => ok(viewCheckpointConfig(findJob(call).graph))],
  ["POST", "/jobs/:id/checkpoints", triggerCheckpoint],
  ["GET", "/jobs/:id/checkpoints/:trigger", readTrigger],
  ["GET", "/jobs/:id/exceptions", describeExceptions],
  ["GET", "/metrics", ({ manager, nowMs }) => scrape(manager, nowMs)],
  ["POST", "/ts/jobs", submitJob],
  ["GET", "/ts/jobs/:id", readJob],
  ["POST", "/ts/jobs/:id/drain", drainJob],
  ["POST", "/ts/jobs/:id/scale", scaleJob],
  ["POST", "/ts/jobs/:id/stop", stopJob],
];

/** Answers one request. `nowMs`: run time, in ms since 1970. */
export async function route(
  manager: JobManager,
  site: JobManagerSite,
  request: RestRequest,
  nowMs: number,
): Promise<RestResponse> {
  const segments = request.path.split("/");
  // HEAD is GET without its body, which node:http leaves out by itself.
  const method = request.method === "HEAD" ? "GET" : request.method;
  let known = false;
  for (const [routeMethod, path, handler] of ROUTES) {
    const params = matchPath(path.split("/"), segments);
    if (params === undefined) continue;
    known = true;
    if (routeMethod === method) return handler({ ...request, manager, site, params, nowMs });
  }
  if (known) throw new RestError(405, `Method ${request.method} is not supported for ${request.path}.`);
  throw new RestError(404, `Unable to load requested file ${request.path}.`);
}

/** What each `:name` of the pattern stands for; undefined when it is another path. */
function matchPath(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, expected] of pattern.entries()) {
    const found = segments[i] ?? "";
    // `/jobs/overview` is a path of its own, not the job "overview"; so is `/checkpoints/config`.
    if (expected.startsWith(":") && !PATHS_OF_THEIR_OWN.includes(found)) params[expected.slice(1)] = found;
    else if (expected !== found) return undefined;
  }
  return params;
}

function describeTaskManager(call: Call): RestResponse {
  return ok(viewTaskManagerDetails(call.manager, findTaskManager(call), call.nowMs));
}

function describeExceptions(call: Call): RestResponse {
  findJob(call);
  const maximum = call.query.get("maxExceptions") ?? String(EXCEPTIONS_DEFAULT);
  if (!/^\d{1,6}$/.test(maximum)) {
    throw new RestError(400, `Bad request: maxExceptions is "${maximum}": expected a whole number.`);
  }
  return ok(viewExceptions(call.manager.exceptions, Number(maximum)));
}

/** For Prometheus, which asks every few seconds. */
async function scrape(manager: JobManager, nowMs: number): Promise<RestResponse> {
  return { kind: "text", status: 200, ...(await writeMetricFamilies(viewMetricFamilies(manager, nowMs))) };
}

/** With `changedFrom` and `waitMs` the answer waits for another state: who follows a job need not ask again and again. */
async function readJob(call: Call): Promise<RestResponse> {
  const job = findJob(call);
  const changedFrom = call.query.get("changedFrom");
  if (changedFrom !== null) await job.status.leaves(changedFrom, readWaitMs(call.query));
  return ok(job.snapshot());
}

function readWaitMs(query: URLSearchParams): number {
  const text = query.get("waitMs") ?? "";
  const waitMs = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (waitMs >= 1 && waitMs <= STATE_WAIT_MS_MAX) return waitMs;
  throw new RestError(400, `Bad request: waitMs is "${text}": expected a whole number from 1 to ${STATE_WAIT_MS_MAX}.`);
}

async function submitJob({ manager, body }: Call): Promise<RestResponse> {
  const graph = readJobGraph(body);
  const submission = await manager.submit(graph);
  if (submission.kind === "conflict") throw new RestError(409, `Conflict: ${submission.reason}.`);
  return accepted({ jobid: graph.jobId });
}

async function drainJob(call: Call): Promise<RestResponse> {
  const job = findJob(call);
  await job.requestDrain(readDrainRequest(call.body, job.graph.source.partitions));
  return accepted({});
}

async function scaleJob(call: Call): Promise<RestResponse> {
  const job = findJob(call);
  const request = readScaleRequest(call.body, job.graph.source.partitions);
  const { state } = job.status;
  if (state !== "RUNNING" && state !== "CREATED") throw new RestError(409, `Conflict: the job is ${state}.`);
  await job.requestScale(request);
  return accepted({});
}

/** As in Flink the caller may choose the id, and so may repeat the call. */
function triggerCheckpoint(call: Call): RestResponse {
  const job = findJob(call);
  const triggerId = readCheckpointTrigger(call.body) ?? randomUUID().replaceAll("-", "");
  job.triggered.triggerCheckpoint(triggerId);
  return accepted({ "request-id": triggerId });
}

function readTrigger(call: Call): RestResponse {
  const job = findJob(call);
  const triggerId = readParameter(call, "trigger");
  const status = job.triggered.checkpoints.get(triggerId);
  if (status !== undefined) return ok(viewTrigger(status));
  throw new RestError(
    404,
    `org.apache.flink.runtime.rest.handler.RestHandlerException: There is no checkpoint operation with triggerId=${triggerId} for job ${job.graph.jobId}.`,
  );
}

function stopJob(call: Call): RestResponse {
  findJob(call).requestStop();
  return accepted({});
}
