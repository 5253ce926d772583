/** The bodies that REST accepts, checked field by field; each refusal names the field, its value and what is expected. */
import { parseFileLocation } from "../../../common/contract/files/savepoint.ts";
import { isOperatorName, OPERATOR_NAMES } from "../../../common/contract/job/operators.ts";
import type { DrainRequest, JobGraph, ScaleRequest } from "../../../common/contract/job/rest.ts";
import { PARTITIONS_MAX, TASK_MANAGERS_MAX, taskManagersMax } from "../../../common/contract/state/redis-state.ts";
import { RestError } from "../../../common/rest/http-server.ts";

type Fields = Readonly<Record<string, unknown>>;
const OPERATORS_MAX = 100;
const DIRECTORY_LENGTH_MAX = 3_000;

export function readJobGraph(body: unknown): JobGraph {
  const graph = fieldsOf(body, "the body");
  const source = fieldsOf(graph["source"], "source");
  const sink = fieldsOf(graph["sink"], "sink");
  const partitions = wholeOf(source, "partitions", { min: 1, max: PARTITIONS_MAX }, "source.");
  const jobId = textOf(graph, "jobId");
  if (!/^[0-9a-f]{32}$/.test(jobId)) throw refusal("jobId", jobId, "32 hex digits");
  return {
    jobId,
    name: textOf(graph, "name"),
    parallelism: wholeOf(graph, "parallelism", { min: 1, max: taskManagersMax(partitions) }),
    source: {
      topic: textOf(source, "topic", "source."),
      partitions,
      group: textOf(source, "group", "source."),
    },
    operators: readOperators(graph["operators"]),
    sink: {
      stateKey: textOf(sink, "stateKey", "sink."),
      publishedKey: textOf(sink, "publishedKey", "sink."),
      counterKey: textOf(sink, "counterKey", "sink."),
      sequenceKey: textOf(sink, "sequenceKey", "sink."),
    },
    checkpointIntervalMs: wholeOf(graph, "checkpointIntervalMs", { min: 10, max: 86_400_000 }),
    ...(graph["savepointPath"] === undefined ? {} : { savepointPath: textOf(graph, "savepointPath") }),
  };
}

export function readDrainRequest(body: unknown, partitions: number): DrainRequest {
  const ends = fieldsOf(body, "the body")["endOffsets"];
  const valid = Array.isArray(ends) && ends.every((end) => Number.isSafeInteger(end) && (end as number) >= 0);
  if (!valid || ends.length !== partitions) {
    throw refusal("endOffsets", ends, `${partitions} whole numbers, one for each partition`);
  }
  return { endOffsets: ends as number[] };
}

export function readScaleRequest(body: unknown, partitions: number): ScaleRequest {
  const fields = fieldsOf(body, "the body");
  const { leaving } = fields;
  const valid = Array.isArray(leaving) && leaving.length <= TASK_MANAGERS_MAX && leaving.every(isName);
  if (!valid) throw refusal("leaving", leaving, `a list of at most ${TASK_MANAGERS_MAX} names of TaskManagers`);
  return {
    parallelism: wholeOf(fields, "parallelism", { min: 1, max: taskManagersMax(partitions) }),
    leaving: leaving as string[],
  };
}

/** The trigger's id, if the caller chose one. Every checkpoint is a full one here, as the configured one is. */
export function readCheckpointTrigger(body: unknown): string | null {
  const { triggerId = null, checkpointType = null } = fieldsOf(body ?? {}, "the body");
  if (checkpointType !== null && checkpointType !== "FULL" && checkpointType !== "CONFIGURED") {
    throw refusal("checkpointType", checkpointType, "FULL or CONFIGURED: each checkpoint is a full one");
  }
  return readTriggerId(triggerId);
}

export interface SavepointRequest {
  /** Null: the caller did not choose one. */
  readonly triggerId: string | null;
  /** Null: where the run keeps its own. */
  readonly directory: string | null;
}

/** A savepoint has one format here, so either of Flink's is it. */
export function readSavepointRequest(body: unknown): SavepointRequest & { readonly endsJob: boolean } {
  const fields = fieldsOf(body ?? {}, "the body");
  const endsJob = readFlag(fields, "cancel-job");
  return { ...readPlace(fields, "target-directory"), endsJob };
}

/** The job has no event time, so there is nothing that "drain" would still bring out. */
export function readStopRequest(body: unknown): SavepointRequest {
  const fields = fieldsOf(body ?? {}, "the body");
  readFlag(fields, "drain");
  return readPlace(fields, "targetDirectory");
}

function readPlace(fields: Fields, name: "target-directory" | "targetDirectory"): SavepointRequest {
  const { formatType = null } = fields;
  if (formatType !== null && formatType !== "CANONICAL" && formatType !== "NATIVE") {
    throw refusal("formatType", formatType, "CANONICAL or NATIVE");
  }
  return {
    triggerId: readTriggerId(fields["triggerId"] ?? null),
    directory: readDirectory(name, fields[name] ?? null),
  };
}

function readDirectory(name: string, value: unknown): string | null {
  if (value === null) return null;
  const directory = typeof value === "string" && value.length <= DIRECTORY_LENGTH_MAX ? parseFileLocation(value) : null;
  if (directory === null) throw refusal(name, value, "an absolute path of this machine, or a file: URL of one");
  return directory;
}

function readFlag(fields: Fields, name: string): boolean {
  const value = fields[name] ?? false;
  if (typeof value !== "boolean") throw refusal(name, value, "true or false");
  return value;
}

function readTriggerId(triggerId: unknown): string | null {
  if (triggerId === null) return null;
  if (typeof triggerId === "string" && /^[0-9a-f]{32}$/.test(triggerId)) return triggerId;
  throw refusal("triggerId", triggerId, "32 hex digits");
}

const isName = (value: unknown): boolean => typeof value === "string" && /^[\w.-]{1,100}$/.test(value);

function readOperators(value: unknown): string[] {
  const valid = Array.isArray(value) && value.length <= OPERATORS_MAX;
  if (!valid) throw refusal("operators", value, `a list of at most ${OPERATORS_MAX} names`);
  for (const name of value) {
    if (typeof name !== "string" || !isOperatorName(name)) {
      throw refusal("operators", name, `names among ${OPERATOR_NAMES.join(", ")}`);
    }
  }
  return value as string[];
}

function fieldsOf(value: unknown, name: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refusal(name, value, "an object");
  return value as Fields;
}

function textOf(fields: Fields, name: string, prefix = ""): string {
  const value = fields[name];
  if (typeof value !== "string" || value === "" || value.length > 1_000) {
    throw refusal(prefix + name, value, "a text of 1 to 1000 characters");
  }
  return value;
}

function wholeOf(fields: Fields, name: string, range: { min: number; max: number }, prefix = ""): number {
  const value = fields[name];
  if (!Number.isSafeInteger(value) || (value as number) < range.min || (value as number) > range.max) {
    throw refusal(prefix + name, value, `a whole number from ${range.min} to ${range.max}`);
  }
  return value as number;
}

function refusal(name: string, value: unknown, expected: string): RestError {
  const shown = (JSON.stringify(value) ?? "missing").slice(0, 200);
  return new RestError(400, `Bad request: ${name} is ${shown}: expected ${expected}.`);
}
