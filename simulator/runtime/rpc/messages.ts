/**
 * Decoders of the messages of `contract/rpc.ts`. What comes over a socket is checked before it is believed: each field
 * has its type and its range, or the frame is malformed and closes its connection. Pure.
 *
 * Metrics are passed on as they are; only their identity is checked, since nothing is decided by the rest of them.
 */

import type { HeldPartition, JobManagerToTaskManager, TaskManagerToJobManager } from "../../common/contract/job/rpc.ts";
import type { TaskManagerMetrics } from "../../common/contract/metrics.ts";
import type { ErrorCategory } from "../../common/foundation/error-row.ts";
import type { ErrorCode } from "../../common/foundation/errors.ts";

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === "string" && value.length <= 100_000;
/** A resource name, which also becomes a field of the hash and a column of the applied log: no separator in it. */
const isName = (value: unknown): value is string => typeof value === "string" && /^[\w.-]{1,100}$/.test(value);
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isHeld = (value: unknown): value is HeldPartition =>
  isFields(value) && isWhole(value["p"]) && isWhole(value["g"]);
const isPosition = (value: unknown): value is { p: number; offset: number } =>
  isFields(value) && isWhole(value["p"]) && isWhole(value["offset"]);
const CATEGORIES: readonly unknown[] = [
  "usage",
  "infrastructure",
  "job",
  "exactlyOnce",
  "unexpected",
] satisfies ErrorCategory[];
const isCategory = (value: unknown): value is ErrorCategory => CATEGORIES.includes(value);

/** What the JobManager receives. */
export function decodeTaskManagerMessage(value: unknown): TaskManagerToJobManager | undefined {
  if (!isFields(value)) return undefined;
  switch (value["type"]) {
    case "register":
      return decodeRegister(value);
    case "heartbeat":
      return decodeHeartbeat(value);
    case "owned":
      return isHeld(value) && isPosition(value)
        ? { type: "owned", p: value.p, g: value.g, offset: value.offset }
        : undefined;
    case "released":
    case "lost":
      return isHeld(value) ? { type: value["type"], p: value.p, g: value.g } : undefined;
    case "storeLost":
      return isText(value["life"]) ? { type: "storeLost", life: value["life"] } : undefined;
    case "checkpointAcknowledged":
      return decodeAcknowledgement(value);
    case "taskFailed":
      return decodeTaskFailed(value);
    default:
      return undefined;
  }
}

function decodeRegister(value: Fields): TaskManagerToJobManager | undefined {
  const { token, tm, incarnation, pid, slots, held } = value;
  if (!isText(token) || !isName(tm) || !isName(incarnation) || !isWhole(pid) || !isWhole(slots)) return undefined;
  if (!Array.isArray(held) || !held.every(isHeld)) return undefined;
  return { type: "register", token, tm, incarnation, pid, slots, held };
}

function decodeHeartbeat(value: Fields): TaskManagerToJobManager | undefined {
  const metrics = value["metrics"];
  if (metrics === null) return { type: "heartbeat", metrics: null };
  if (!isFields(metrics) || !isName(metrics["tm"]) || !Array.isArray(metrics["partitions"])) return undefined;
  return { type: "heartbeat", metrics: metrics as unknown as TaskManagerMetrics };
}

function decodeAcknowledgement(value: Fields): TaskManagerToJobManager | undefined {
  const { checkpointId, life, offsets } = value;
  if (!isWhole(checkpointId) || !isText(life)) return undefined;
  if (!Array.isArray(offsets) || !offsets.every(isPosition)) return undefined;
  return { type: "checkpointAcknowledged", checkpointId, life, offsets };
}

function decodeTaskFailed(value: Fields): TaskManagerToJobManager | undefined {
  const { code, category, message } = value;
  if (!isText(code) || !isCategory(category) || !isText(message)) return undefined;
  return { type: "taskFailed", code: code as ErrorCode, category, message };
}

/** What a TaskManager receives. */
export function decodeJobManagerMessage(value: unknown): JobManagerToTaskManager | undefined {
  if (!isFields(value) || !isWhole(value["epoch"])) return undefined;
  const epoch = value["epoch"];
  switch (value["type"]) {
    case "registered":
    case "heartbeat":
    case "jobEnded":
      return { type: value["type"], epoch };
    case "refused":
      return isText(value["reason"]) ? { type: "refused", epoch, reason: value["reason"] } : undefined;
    case "assignment": {
      const { life, redisRunId, partitions } = value;
      if (!isText(life) || !isText(redisRunId) || !Array.isArray(partitions)) return undefined;
      return partitions.every(isHeld) ? { type: "assignment", epoch, life, redisRunId, partitions } : undefined;
    }
    case "triggerCheckpoint":
    case "checkpointCompleted":
      return isWhole(value["checkpointId"])
        ? { type: value["type"], epoch, checkpointId: value["checkpointId"] }
        : undefined;
    default:
      return undefined;
  }
}
