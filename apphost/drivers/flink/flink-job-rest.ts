/** What Flink's REST API says of one job, and what it is asked to do with it. */
import type { JobState } from "../../../simulator/common/contract/child/child-messages.ts";
import { unreachable } from "../../../simulator/common/foundation/assert.ts";
import { createError } from "../../../simulator/common/foundation/errors.ts";
import { type HttpAnswer, isOk } from "../../../simulator/common/foundation/http-call.ts";
import { type Fields, readValue } from "../../../simulator/common/foundation/json-fields.ts";
import { callFlink, findInnermostCause } from "./flink-rest.ts";
import { type ResourceRequirements, readResourceRequirements } from "./resource-requirements.ts";

const QUOTED_MAX = 600;

/** Flink's own states of a job. */
export const FLINK_JOB_STATES = [
  "INITIALIZING",
  "CREATED",
  "RUNNING",
  "RESTARTING",
  "FAILING",
  "FAILED",
  "CANCELLING",
  "CANCELED",
  "FINISHED",
  "SUSPENDED",
  "RECONCILING",
] as const;
export type FlinkJobState = (typeof FLINK_JOB_STATES)[number];

/** Of a state from which no job goes on. */
export const isFlinkJobOver = (state: FlinkJobState): boolean =>
  state === "FINISHED" || state === "CANCELED" || state === "FAILED";

/** As far as this host's words go: a job that Flink restarts is one that does not run yet. */
export function toJobState(state: FlinkJobState): JobState {
  switch (state) {
    case "RESTARTING":
    case "SUSPENDED":
    case "RECONCILING":
      return "CREATED";
    case "INITIALIZING":
    case "CREATED":
    case "RUNNING":
    case "FAILING":
    case "FAILED":
    case "CANCELLING":
    case "CANCELED":
    case "FINISHED":
      return state;
    default:
      return unreachable(state);
  }
}

export interface FlinkJobStatus {
  readonly state: FlinkJobState;
  /** Each subtask of each vertex runs: before that records wait. */
  readonly isProcessing: boolean;
  /** Of the vertex that has the most subtasks; 0: there is none. */
  readonly parallelism: number;
  /** Which that may become, of each vertex that has as many. */
  readonly parallelismMax: number;
}

export interface FlinkCheckpoint {
  readonly id: number;
  readonly durationMs: number;
  /** Null: it completed. */
  readonly failure: string | null;
}

export interface FlinkCheckpoints {
  /** The last ten that ended, oldest first. */
  readonly ended: readonly FlinkCheckpoint[];
  /** Where the newest completed one lies, as a URI; null before the first. */
  readonly newestPath: string | null;
  /** The highest id of those that were triggered in this life of the job, and of those that completed; 0: none. */
  readonly newestTriggered: number;
  readonly newestCompleted: number;
}

export interface FlinkJobRest {
  /** Undefined: Flink does not know the job, as after a restart of the JobManager. */
  readStatus(signal: AbortSignal): Promise<FlinkJobStatus | undefined>;
  readCheckpoints(signal: AbortSignal): Promise<FlinkCheckpoints>;
  /** Why it failed, in the words of Flink's root exception. */
  readFailure(signal: AbortSignal): Promise<string>;
  /**
   * Takes a savepoint, commits what it holds, and ends the job: FINISHED tells that it did. `drain`: time ends for the job,
   * so it lets go of what it holds until some time has passed. The answer is its request id.
   */
  stopWithSavepoint(signal: AbortSignal, how: { readonly drain: boolean }): Promise<string>;
  /** Also where Flink does not know the request. */
  hasSavepointFailed(requestId: string, signal: AbortSignal): Promise<boolean>;
  /** Of the adaptive scheduler. Undefined: Flink does not know the job. */
  readRequirements(signal: AbortSignal): Promise<ResourceRequirements | undefined>;
  writeRequirements(requirements: ResourceRequirements, signal: AbortSignal): Promise<void>;
}

/** The answer may be 404; each other refusal throws JOB_MANAGER_REFUSED. */
export async function askFlink(
  url: string,
  signal: AbortSignal,
  method: "GET" | "POST" | "PUT" = "GET",
  body: object | null = null,
): Promise<HttpAnswer> {
  const answer = await callFlink({ method, url, body, signal });
  if (isOk(answer) || answer.status === 404) return answer;
  const call = `${method} ${new URL(url).pathname}`;
  throw createError("JOB_MANAGER_REFUSED", { call, status: answer.status, body: answer.text.slice(0, QUOTED_MAX) });
}

export function parseAnswer<T>(url: string, { status, text }: HttpAnswer, as: (fields: Fields) => T): T {
  const parsed = readValue(JSON.parse(text), as);
  if (parsed.kind === "valid") return parsed.value;
  throw createError("JOB_MANAGER_REFUSED", { call: new URL(url).pathname, status, body: parsed.reason });
}

export function createFlinkJobRest(restUrl: string, jobId: string): FlinkJobRest {
  const job = `${restUrl}/jobs/${jobId}`;
  const requirements = `${job}/resource-requirements`;
  const readFields = async <T>(url: string, signal: AbortSignal, as: (fields: Fields) => T): Promise<T | undefined> => {
    const answer = await askFlink(url, signal);
    return answer.status === 404 ? undefined : parseAnswer(url, answer, as);
  };
  return {
    readStatus: (signal) => readFields(job, signal, readFlinkJobStatus),
    async readCheckpoints(signal) {
      const read = await readFields(`${job}/checkpoints`, signal, readFlinkCheckpoints);
      return read ?? { ended: [], newestPath: null, newestTriggered: 0, newestCompleted: 0 };
    },
    async readFailure(signal) {
      const failure = await readFields(`${job}/exceptions?maxExceptions=1`, signal, readFlinkFailure);
      return failure ?? "Flink does not know the job any more";
    },
    async stopWithSavepoint(signal, { drain }) {
      const url = `${job}/stop`;
      return parseAnswer(url, await askFlink(url, signal, "POST", { drain }), (fields) => fields.text("request-id"));
    },
    async hasSavepointFailed(requestId, signal) {
      const failed = await readFields(`${job}/savepoints/${requestId}`, signal, readSavepointFailure);
      return failed ?? true;
    },
    readRequirements: (signal) => readFields(requirements, signal, readResourceRequirements),
    async writeRequirements(wanted, signal) {
      await askFlink(requirements, signal, "PUT", wanted);
    },
  };
}

export function readFlinkJobStatus(fields: Fields): FlinkJobStatus {
  const state = fields.text("state", new RegExp(`^(${FLINK_JOB_STATES.join("|")})$`)) as FlinkJobState;
  const vertices = fields.list("vertices", (vertex) => {
    const parallelism = vertex.whole("parallelism", 1);
    const isRunning = vertex.object("tasks").whole("RUNNING") === parallelism;
    return { parallelism, parallelismMax: vertex.whole("maxParallelism", 1), isRunning };
  });
  const parallelism = Math.max(0, ...vertices.map((vertex) => vertex.parallelism));
  const widest = vertices.filter((vertex) => vertex.parallelism === parallelism);
  return {
    state,
    isProcessing: state === "RUNNING" && vertices.length > 0 && vertices.every(({ isRunning }) => isRunning),
    parallelism,
    parallelismMax: Math.min(...widest.map((vertex) => vertex.parallelismMax)),
  };
}

export function readFlinkCheckpoints(fields: Fields): FlinkCheckpoints {
  const latest = fields.object("latest");
  const newest = latest.nullable("completed", () => {
    const completed = latest.object("completed");
    return { id: completed.whole("id"), path: readPath(completed.text("external_path")) };
  });
  const triggered: number[] = [];
  const history = fields.list("history", (one) => {
    const status = one.text("status", /^(COMPLETED|FAILED|IN_PROGRESS)$/);
    triggered.push(one.whole("id"));
    if (status === "IN_PROGRESS") return null;
    const failure =
      status === "FAILED" ? (one.nullable("failure_message", () => one.text("failure_message")) ?? "") : null;
    return { id: one.whole("id"), durationMs: one.whole("end_to_end_duration"), failure };
  });
  const ended = history.filter((one) => one !== null).sort((a, b) => a.id - b.id);
  const newestTriggered = Math.max(0, ...triggered);
  return { ended, newestPath: newest?.path ?? null, newestTriggered, newestCompleted: newest?.id ?? 0 };
}

/** Flink tells an operation that failed as one that completed, with a cause. */
export function readOperation(fields: Fields): "open" | "failed" | "done" {
  if (fields.object("status").text("id", /^(IN_PROGRESS|COMPLETED)$/) === "IN_PROGRESS") return "open";
  const operation = fields.object("operation");
  return operation.nullable("failure-cause", () => true) === true ? "failed" : "done";
}

export const readSavepointFailure = (fields: Fields): boolean => readOperation(fields) === "failed";

/** Null of one that the JobManager keeps to itself: Flink then says so in angle brackets. */
const readPath = (text: string): string | null => (text.startsWith("<") ? null : text);

export function readFlinkFailure(fields: Fields): string {
  const [newest] = fields.object("exceptionHistory").list("entries", (entry) => entry.text("stacktrace"));
  if (newest === undefined) return "Flink gives no reason";
  return (findInnermostCause(newest) ?? newest.split("\n", 1)[0] ?? "").slice(0, QUOTED_MAX);
}
