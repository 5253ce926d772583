/**
 * Flink's JSON for jobs: the lists, one job with its single vertex, and its exceptions. Pure: JobMaster in, JSON out.
 *
 * The job graph source → map → sink runs as one chain in each TaskManager, so it is one vertex, as in Flink. Record
 * counts are sums over the processes that are alive (`…-complete` is false when one of them has not reported yet).
 */
import { createHash } from "node:crypto";
import type { JobState } from "../../../common/contract/child/child-messages.ts";
import type { JobGraph } from "../../../common/contract/job/rest.ts";
import type { ExceptionHistory } from "../exception-history.ts";
import type { JobMaster } from "../job-master.ts";
import type { RegisteredTaskManager } from "../registry.ts";
import { viewIo } from "./io-figures.ts";

/** The operators at the ends of the chain. */
export const SOURCE = "Source: kafka";
export const SINK = "Sink: redis";

const JOB_STATES = [
  "INITIALIZING",
  "CREATED",
  "RUNNING",
  "FAILING",
  "FAILED",
  "CANCELLING",
  "CANCELED",
  "FINISHED",
  "RESTARTING",
  "SUSPENDED",
  "RECONCILING",
] as const;
export const TASK_STATES = [
  "CREATED",
  "SCHEDULED",
  "DEPLOYING",
  "RECONCILING",
  "INITIALIZING",
  "RUNNING",
  "CANCELING",
  "FINISHED",
  "CANCELED",
  "FAILED",
] as const;
export type TaskState = (typeof TASK_STATES)[number];

export function viewJobIds(job: JobMaster | null): object {
  return { jobs: job === null ? [] : [{ id: job.graph.jobId, status: job.status.state }] };
}

export function viewJobsOverview(job: JobMaster | null, registered: number, nowMs: number): object {
  if (job === null) return { jobs: [] };
  const tasks = countTasks(job, registered);
  const lower = Object.fromEntries(TASK_STATES.map((state) => [state.toLowerCase(), tasks[state]]));
  const overview = {
    jid: job.graph.jobId,
    name: job.graph.name,
    ...viewTimes(job, nowMs),
    state: job.status.state,
    "last-modification": Math.max(...Object.values(job.status.timestampsMs)),
    tasks: { total: job.graph.parallelism, ...lower },
    "pending-operators": 0,
  };
  return { jobs: [overview] };
}

export function viewJob(job: JobMaster, taskManagers: readonly RegisteredTaskManager[], nowMs: number): object {
  const { graph, status } = job;
  const tasks = countTasks(job, taskManagers.length);
  const vertexState = TASK_STATES.find((state) => tasks[state] === graph.parallelism) ?? taskStateOf(status.state);
  const vertex = {
    id: vertexIdOf(graph),
    slotSharingGroupId: idOf(`${graph.jobId}:slot-sharing-group`),
    name: chainNameOf(graph),
    maxParallelism: graph.source.partitions,
    parallelism: graph.parallelism,
    status: vertexState,
    ...viewTimes(job, nowMs),
    tasks,
    metrics: viewIo(taskManagers),
  };
  return {
    jid: graph.jobId,
    name: graph.name,
    isStoppable: false,
    state: status.state,
    "job-type": "STREAMING",
    ...viewTimes(job, nowMs),
    maxParallelism: -1,
    now: nowMs,
    timestamps: Object.fromEntries(JOB_STATES.map((state) => [state, timestampOf(job, state)])),
    vertices: [vertex],
    "status-counts": Object.fromEntries(TASK_STATES.map((state) => [state, state === vertexState ? 1 : 0])),
    plan: viewPlan(graph),
    "pending-operators": 0,
  };
}

export function viewExceptions(exceptions: ExceptionHistory, maximum: number): object {
  const entries = exceptions.entries.slice(0, maximum).map(({ name, message, atMs, place }) => ({
    exceptionName: name,
    stacktrace: `${name}: ${message}`,
    timestamp: atMs,
    failureLabels: {},
    taskName: null,
    endpoint: place?.address ?? null,
    taskManagerId: place?.tm ?? null,
    concurrentExceptions: [],
  }));
  const truncated = exceptions.truncated || entries.length < exceptions.entries.length;
  return { exceptionHistory: { entries, truncated } };
}

/** A task is a subtask of the chain: one TaskManager's share. */
function countTasks(job: JobMaster, registered: number): Record<TaskState, number> {
  const counts = Object.fromEntries(TASK_STATES.map((state) => [state, 0])) as Record<TaskState, number>;
  const { parallelism } = job.graph;
  const state = taskStateOf(job.status.state);
  // Subtasks whose TaskManager is away wait for it.
  const present = state === "RUNNING" ? Math.min(registered, parallelism) : parallelism;
  counts[state] += present;
  counts.SCHEDULED += parallelism - present;
  return counts;
}

export function taskStateOf(state: JobState): TaskState {
  switch (state) {
    case "INITIALIZING":
      return "CREATED";
    case "CREATED":
      return "DEPLOYING";
    case "FAILING":
    case "CANCELLING":
      return "CANCELING";
    case "RUNNING":
    case "FAILED":
    case "CANCELED":
    case "FINISHED":
      return state;
  }
}

export const startTimeOf = (job: JobMaster, nowMs: number): number => job.status.timestampsMs.INITIALIZING ?? nowMs;

export function viewTimes(
  job: JobMaster,
  nowMs: number,
): { "start-time": number; "end-time": number; duration: number } {
  const start = startTimeOf(job, nowMs);
  const end = job.status.terminal ? (job.status.timestampsMs[job.status.state] ?? nowMs) : -1;
  return { "start-time": start, "end-time": end, duration: (end === -1 ? nowMs : end) - start };
}

const timestampOf = (job: JobMaster, state: (typeof JOB_STATES)[number]): number =>
  (job.status.timestampsMs as Readonly<Record<string, number>>)[state] ?? 0;

export const viewJobConfig = ({ jobId, name, parallelism }: JobGraph): object => ({
  jid: jobId,
  name,
  "execution-config": {
    "restart-strategy": "Partitions of a lost TaskManager go to the others; the job does not restart.",
    "job-parallelism": parallelism,
    "object-reuse-mode": false,
    "user-config": {},
  },
});

export function viewPlan(graph: JobGraph): object {
  const operators = [SOURCE, ...graph.operators, SINK];
  const description = operators.map((name, depth) => `${"   ".repeat(depth)}${depth === 0 ? "" : "+- "}${name}<br/>`);
  const node = {
    id: vertexIdOf(graph),
    operator: "",
    parallelism: graph.parallelism,
    operator_strategy: "",
    description: description.join(""),
    optimizer_properties: {},
  };
  return { jid: graph.jobId, name: graph.name, type: "STREAMING", nodes: [node] };
}

export const chainNameOf = (graph: JobGraph): string => [SOURCE, ...graph.operators, SINK].join(" -> ");
export const vertexIdOf = (graph: JobGraph): string => idOf(`${graph.jobId}:chain`);
export const operatorIdOf = (graph: JobGraph, operator: string): string => idOf(`${graph.jobId}:${operator}`);
/** Flink's form of ids: 32 hex digits. */
const idOf = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 32);
