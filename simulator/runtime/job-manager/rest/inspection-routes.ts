/** The REST paths by which Flink's dashboard and command line look into a job and its processes. All of them only read. */

import { RestError, type RestResponse } from "../../../common/rest/http-server.ts";
import type { CheckpointRecord } from "../../checkpoint/checkpoint-history.ts";
import type { JobMaster } from "../job-master.ts";
import { viewCheckpointDetails, viewCheckpointSubtasks } from "./checkpoint-detail-views.ts";
import { vertexIdOf, viewJobConfig, viewPlan } from "./job-views.ts";
import { listLogFiles, readLogFile } from "./log-folder.ts";
import { listReporters, reporterOf } from "./metric-labels.ts";
import { answerAggregatedMetrics, answerMetrics, type MetricValues, selectNamed } from "./metric-query.ts";
import {
  listJobManagerMetrics,
  listJobMetrics,
  listSubtaskMetrics,
  listTaskManagerMetrics,
  withSubtask,
} from "./metric-values.ts";
import { viewConfiguration, viewEnvironment, viewThreadDump } from "./process-views.ts";
import {
  type Call,
  createBadParameter,
  createNotFound,
  findJob,
  findTaskManager,
  ok,
  type Route,
  readParameter,
} from "./rest-call.ts";
import {
  listSubtasks,
  type Subtask,
  viewBackPressure,
  viewSubtask,
  viewSubtasksAccumulators,
  viewSubtaskTimes,
  viewVertex,
  viewVertexAccumulators,
  viewVertexTaskManagers,
} from "./subtask-views.ts";

const NO_ACCUMULATORS = {
  "job-accumulators": [],
  "user-task-accumulators": [],
  "serialized-user-task-accumulators": {},
};
/** The number is Flink's. */
const FLAME_GRAPH_DISABLED = { endTimestamp: -2 };
const STDOUT_PLACE = "What this process writes to its standard output stands in its log.\n";

/** The vertex of a path, with its subtasks. */
interface VertexCall extends Call {
  readonly job: JobMaster;
  readonly subtasks: readonly Subtask[];
}

export const INSPECTION_ROUTES: readonly Route[] = [
  ["GET", "/jobs/metrics", describeJobsMetrics],
  ["GET", "/jobs/:id/config", (call) => ok(viewJobConfig(findJob(call).graph))],
  ["GET", "/jobs/:id/plan", (call) => ok({ plan: viewPlan(findJob(call).graph) })],
  ["GET", "/jobs/:id/accumulators", (call) => ok(findJob(call) && NO_ACCUMULATORS)],
  // The JobManager is the job's alone, so its configuration is the same by this name.
  ["GET", "/jobs/:id/jobmanager/config", (call) => ok(findJob(call) && viewConfiguration(call.site))],
  ["GET", "/jobs/:id/jobmanager/environment", (call) => ok(findJob(call) && viewEnvironment())],
  ["GET", "/jobs/:id/metrics", (call) => ok(answerMetrics(listJobMetrics(findJob(call), call.nowMs), call.query))],
  ["GET", "/jobs/:id/checkpoints/details/:checkpoint", describeCheckpoint],
  ["GET", "/jobs/:id/checkpoints/details/:checkpoint/subtasks/:vertex", describeCheckpointSubtasks],
  ["GET", "/jobs/:id/vertices/:vertex", ofVertex(({ job, subtasks, nowMs }) => viewVertex(job, subtasks, nowMs))],
  [
    "GET",
    "/jobs/:id/vertices/:vertex/subtasktimes",
    ofVertex(({ job, subtasks, nowMs }) => viewSubtaskTimes(job, subtasks, nowMs)),
  ],
  [
    "GET",
    "/jobs/:id/vertices/:vertex/taskmanagers",
    ofVertex(({ job, subtasks, nowMs }) => viewVertexTaskManagers(job, subtasks, nowMs)),
  ],
  [
    "GET",
    "/jobs/:id/vertices/:vertex/backpressure",
    ofVertex(({ subtasks, nowMs }) => viewBackPressure(subtasks, nowMs, performance.now())),
  ],
  // The job has no event time, so no subtask has a watermark.
  ["GET", "/jobs/:id/vertices/:vertex/watermarks", ofVertex(() => [])],
  ["GET", "/jobs/:id/vertices/:vertex/accumulators", ofVertex(({ job }) => viewVertexAccumulators(job))],
  [
    "GET",
    "/jobs/:id/vertices/:vertex/subtasks/accumulators",
    ofVertex(({ job, subtasks }) => viewSubtasksAccumulators(job, subtasks)),
  ],
  // As with `rest.flamegraph.enabled: false`. With `rest.profiling.enabled: false` Flink has no path for its profiler.
  ["GET", "/jobs/:id/vertices/:vertex/flamegraph", ofVertex(() => FLAME_GRAPH_DISABLED)],
  ["GET", "/jobs/:id/vertices/:vertex/metrics", ofVertex(describeVertexMetrics)],
  ["GET", "/jobs/:id/vertices/:vertex/subtasks/metrics", ofVertex(describeSubtasksMetrics)],
  ["GET", "/jobs/:id/vertices/:vertex/subtasks/:subtask", ofVertex(describeSubtask)],
  ["GET", "/jobs/:id/vertices/:vertex/subtasks/:subtask/metrics", ofVertex(describeSubtaskMetrics)],
  ["GET", "/taskmanagers/metrics", describeTaskManagersMetrics],
  ["GET", "/taskmanagers/:id/metrics", describeTaskManagerMetrics],
  ["GET", "/taskmanagers/:id/logs", (call) => describeLogs(call, findTaskManager(call).tm)],
  [
    "GET",
    "/taskmanagers/:id/logs/:file",
    (call) => sendLog(call, findTaskManager(call).tm, readParameter(call, "file")),
  ],
  ["GET", "/taskmanagers/:id/log", (call) => sendOwnLog(call, findTaskManager(call).tm)],
  ["GET", "/taskmanagers/:id/stdout", (call) => sendText(findTaskManager(call) && STDOUT_PLACE)],
  ["GET", "/taskmanagers/:id/thread-dump", (call) => ok(viewThreadDump(findTaskManager(call).tm, false))],
  ["GET", "/jobmanager/config", ({ site }) => ok(viewConfiguration(site))],
  ["GET", "/jobmanager/environment", () => ok(viewEnvironment())],
  ["GET", "/jobmanager/metrics", describeJobManagerMetrics],
  ["GET", "/jobmanager/logs", (call) => describeLogs(call, call.site.resource)],
  ["GET", "/jobmanager/logs/:file", (call) => sendLog(call, call.site.resource, readParameter(call, "file"))],
  ["GET", "/jobmanager/log", (call) => sendOwnLog(call, call.site.resource)],
  ["GET", "/jobmanager/stdout", () => sendText(STDOUT_PLACE)],
  ["GET", "/jobmanager/thread-dump", ({ site }) => ok(viewThreadDump(site.resource, true))],
  ["GET", "/jars", ({ site }) => ok({ address: site.address, files: [] })],
  ["GET", "/datasets", () => ok({ dataSets: [] })],
];

function ofVertex(view: (call: VertexCall) => object): (call: Call) => RestResponse {
  return (call) => {
    const job = findJob(call);
    checkVertex(call, job);
    return ok(view({ ...call, job, subtasks: listSubtasks(job, call.manager.rpc.registry.list()) }));
  };
}

function checkVertex(call: Call, job: JobMaster): void {
  const vertex = readParameter(call, "vertex");
  if (!/^[0-9a-f]{32}$/.test(vertex)) throw createBadParameter("vertexid", vertex);
  if (vertex === vertexIdOf(job.graph)) return;
  throw createNotFound(`JobVertex ${vertex} not found`);
}

function findSubtask(call: VertexCall): Subtask {
  const text = readParameter(call, "subtask");
  if (!/^\d{1,9}$/.test(text)) throw createBadParameter("subtaskindex", text);
  const found = call.subtasks[Number(text)];
  if (found !== undefined) return found;
  throw createNotFound(`Subtask ${text} not found`);
}

function describeSubtask(call: VertexCall): object {
  return viewSubtask(call.job, findSubtask(call), call.nowMs);
}

function describeSubtaskMetrics(call: VertexCall): object {
  return answerMetrics(metricsOf(findSubtask(call)), call.query);
}

function describeVertexMetrics({ subtasks, query }: VertexCall): object {
  return answerMetrics(new Map(subtasks.flatMap((subtask) => withSubtask(subtask.index, metricsOf(subtask)))), query);
}

function describeSubtasksMetrics({ subtasks, query }: VertexCall): object {
  const chosen = selectNamed(subtasks, ({ index }) => String(index), query.get("subtasks"));
  return answerAggregatedMetrics(chosen.map(metricsOf), query);
}

function metricsOf(subtask: Subtask): MetricValues {
  const reporter = reporterOf(subtask.taskManager);
  return reporter === null ? new Map<string, number>() : listSubtaskMetrics(reporter, performance.now());
}

function describeJobsMetrics({ manager, query, nowMs }: Call): RestResponse {
  const { job } = manager;
  const jobs = selectNamed(job === null ? [] : [job], ({ graph }) => graph.jobId, query.get("jobs"));
  return ok(
    answerAggregatedMetrics(
      jobs.map((one) => listJobMetrics(one, nowMs)),
      query,
    ),
  );
}

function describeJobManagerMetrics({ manager, site, query }: Call): RestResponse {
  return ok(answerMetrics(listJobManagerMetrics(manager, site.readCollectors()), query));
}

function describeTaskManagersMetrics({ manager, query }: Call): RestResponse {
  const reporters = selectNamed(listReporters(manager), ({ metrics }) => metrics.tm, query.get("taskmanagers"));
  return ok(
    answerAggregatedMetrics(
      reporters.map((reporter) => listTaskManagerMetrics(reporter, performance.now())),
      query,
    ),
  );
}

function describeTaskManagerMetrics(call: Call): RestResponse {
  const reporter = reporterOf(findTaskManager(call));
  if (reporter === null) return ok([]);
  return ok(answerMetrics(listTaskManagerMetrics(reporter, performance.now()), call.query));
}

function findCheckpoint(call: Call): CheckpointRecord {
  const text = readParameter(call, "checkpoint");
  if (!/^\d{1,15}$/.test(text)) throw createBadParameter("checkpointid", text);
  const found = findJob(call).checkpoints.history.find(Number(text));
  if (found !== undefined) return found;
  throw new RestError(
    404,
    `org.apache.flink.runtime.rest.handler.RestHandlerException: Could not find checkpointing statistics for checkpoint ${text}.`,
  );
}

function describeCheckpoint(call: Call): RestResponse {
  return ok(viewCheckpointDetails(findJob(call).graph, findCheckpoint(call)));
}

function describeCheckpointSubtasks(call: Call): RestResponse {
  checkVertex(call, findJob(call));
  return ok(viewCheckpointSubtasks(findCheckpoint(call)));
}

const describeLogs = async ({ site }: Call, resource: string): Promise<RestResponse> =>
  ok({ logs: await listLogFiles(site.logsFolder, resource) });

const sendOwnLog = (call: Call, resource: string): Promise<RestResponse> => sendLog(call, resource, `${resource}.log`);

async function sendLog({ site }: Call, resource: string, name: string): Promise<RestResponse> {
  const text = await readLogFile(site.logsFolder, resource, name);
  if (text !== undefined) return sendText(text);
  throw createNotFound(`${resource} has no log file "${name}"`);
}

const sendText = (text: string): RestResponse => ({
  kind: "text",
  status: 200,
  contentType: "text/plain; charset=UTF-8",
  text,
});
