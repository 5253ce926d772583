/**
 * Reads the job's state and the published keys from Redis, once they are a fact of the job.
 *
 * A Redis that was restarted a moment ago holds what its files had, or nothing, until the JobManager recovered the state.
 * That is no fact yet: a life of the data belongs to one Redis server process (its run_id). So the state is read again
 *
 * J1 while its server is another one than the one in which its life began; for a state that is missing, than the one of
 *    the newest checkpoint. A state that vanished from a living server is missing at once.
 * J2 while the view of a recovered life is not published yet: its PUBLISH follows its HSET.
 * J3 The published keys are read before the hash, so of a job that runs they are never ahead of it.
 *
 * After SETTLE_MS what is there is what is judged; but a state of which J1 holds still is no fact, and judged by nobody.
 */
import type { RedisConnection } from "../../simulator/clients/redis/connection.ts";
import { openRedis } from "../../simulator/clients/redis/reader.ts";
import type { RunConfig } from "../../simulator/common/contract/child/run-config.ts";
import type { ValidatorTask } from "../../simulator/common/contract/child/tasks.ts";
import { readRecoveries } from "../../simulator/common/contract/files/checkpoint.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { publishedKeyOf } from "../../simulator/common/contract/names.ts";
import { type ParsedJobState, parseJobState } from "../../simulator/common/contract/state/redis-state.ts";
import { sleep } from "../../simulator/common/foundation/deadline.ts";
import { isAppError } from "../../simulator/common/foundation/errors.ts";
import { readJson } from "../../simulator/common/foundation/json-file.ts";
import type { Log } from "../../simulator/common/foundation/log.ts";
import { readNewestCheckpoint } from "./checkpoint-files.ts";
import { type Facts, isMoving } from "./facts.ts";

const SETTLE_MS = 30_000;
const LOOK_INTERVAL_MS = 100;
/** A Redis of our own has few keys; this is where a look at them ends in any case. */
const SCANS_MAX = 1_000;

export interface JobStateReadOptions {
  readonly redisUrl: string;
  readonly runDir: string;
  readonly config: RunConfig;
  readonly task: ValidatorTask;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Default 30 s. */
  readonly settleMs?: number;
}

export type JobStateRead = Pick<Facts, "state" | "published" | "unsettled">;

/** Throws when Redis cannot be read at all. */
export async function readSettledJobState(options: JobStateReadOptions): Promise<JobStateRead> {
  const { log, signal, settleMs = SETTLE_MS } = options;
  const endsAtMs = performance.now() + settleMs;
  for (;;) {
    const { runId, ...read } = await readRepeatedly(options, endsAtMs);
    const unsettled = await explainServerChange(options, read, runId);
    const reason = unsettled ?? (await explainUnpublished(options, read));
    if (reason === null) return { ...read, unsettled };
    if (performance.now() >= endsAtMs) {
      log.warn(`the state did not settle: ${reason}`);
      return { ...read, unsettled };
    }
    await sleep(LOOK_INTERVAL_MS, signal);
  }
}

type Reading = Omit<JobStateRead, "unsettled">;

/** A server that dies in the middle of the reading is read again, once it is back. */
async function readRepeatedly(
  options: JobStateReadOptions,
  endsAtMs: number,
): Promise<Reading & { readonly runId: string }> {
  for (;;) {
    try {
      return await readOnce(options);
    } catch (error) {
      const again = isAppError(error) && error.retryable && performance.now() < endsAtMs;
      if (!again) throw error;
      options.log.warn("the state could not be read, and is tried again", error);
    }
    await sleep(LOOK_INTERVAL_MS, options.signal);
  }
}

async function readOnce(options: JobStateReadOptions): Promise<Reading & { readonly runId: string }> {
  const { config, redisUrl, log, signal } = options;
  const redis = await openRedis(redisUrl, { log, signal });
  try {
    const own = await redis.readText(config.publishedKey);
    const counter = await redis.readText(config.counterKey);
    const sequence = await redis.readText(config.sequenceKey);
    const state = parseJobState(await redis.readHash(config.stateKey), config.partitions);
    const isShown = counter === own && sequence === own;
    const otherJobs = isShown || options.task.sharedRedis ? [] : await findOtherJobs(redis, config.publishedKey);
    return { state, published: { own, counter, sequence, otherJobs }, runId: redis.runId };
  } finally {
    redis.close();
  }
}

/** Published keys of other jobs: whoever has one writes the shared keys, too. */
async function findOtherJobs(redis: RedisConnection, own: string): Promise<string[]> {
  const found = new Set<string>();
  let cursor = "0";
  for (let scans = 0; scans < SCANS_MAX; scans += 1) {
    const pattern = publishedKeyOf("*");
    const [next, keys] = (await redis.transport.call("SCAN", [cursor, "MATCH", pattern, "COUNT", "1000"])) as [
      string,
      string[],
    ];
    for (const key of keys) if (key !== own) found.add(key);
    cursor = next;
    if (cursor === "0") break;
  }
  return [...found].sort();
}

/** J1. Null when the state is of the server that was read. */
async function explainServerChange(
  { runDir }: JobStateReadOptions,
  { state }: Reading,
  runId: string,
): Promise<string | null> {
  const began = await findServerOfLife(runDir, state);
  if (began === null || began === runId) return null;
  return `Redis has run_id ${runId}, but the life of the job's state began under ${began}: Redis was restarted, and the state is not recovered`;
}

/** J2. */
async function explainUnpublished(options: JobStateReadOptions, read: Reading): Promise<string | null> {
  const { runDir, task } = options;
  const { state, published } = read;
  // A job that was ended early may have ended before its view was published; one that goes on is behind most of the time.
  if (state.kind !== "complete" || task.mode === "prefix" || isMoving(options, state.state)) return null;
  const { life, total } = state.state;
  const recoveries = (await readJson(runFolder.recoveries(runDir), readRecoveries))?.recoveries ?? [];
  const isRecovered = recoveries.some((recovery) => recovery.life === life);
  if (!isRecovered || published.own === String(total)) return null;
  return `life ${life} is recovered with total ${total}, and that is not published yet`;
}

/** The run_id of the server in which the job's newest known life began; null when no life is known. */
async function findServerOfLife(runDir: string, state: ParsedJobState): Promise<string | null> {
  if (state.kind === "complete") return state.state.redisRunId;
  return (await readNewestCheckpoint(runDir))?.state["redisRunId"] ?? null;
}
