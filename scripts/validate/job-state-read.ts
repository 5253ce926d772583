/**
 * Reads the job's state and the published keys from Redis, once they are a fact of the job.
 *
 * A Redis that was restarted a moment ago holds what its files had, or nothing, until the JobManager recovered the state.
 * That is no fact yet: a life of the data belongs to one Redis server process (its run_id). So the state is read again
 *
 * J1 while its server is another one than the one in which its life began; for a state that is missing, than the one of
 *    the newest checkpoint. A state that vanished from a living server is missing at once.
 * J2 while the view of a recovered life is not published yet: its PUBLISH follows its HSET.
 *
 * After SETTLE_MS what is there is what is judged.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { openRedis } from "../../simulator/clients/redis/reader.ts";
import { readCheckpoint, readRecoveries } from "../../simulator/common/contract/checkpoint.ts";
import { type ParsedJobState, parseJobState } from "../../simulator/common/contract/redis-state.ts";
import type { RunConfig } from "../../simulator/common/contract/run-config.ts";
import { runFolder } from "../../simulator/common/contract/run-folder.ts";
import type { ValidatorTask } from "../../simulator/common/contract/tasks.ts";
import { isAppError } from "../../simulator/common/foundation/errors.ts";
import { readJson } from "../../simulator/common/foundation/json-file.ts";
import type { Log } from "../../simulator/common/foundation/log.ts";
import type { Facts } from "./facts.ts";

const SETTLE_MS = 30_000;
const LOOK_INTERVAL_MS = 100;

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

export type JobStateRead = Pick<Facts, "state" | "published">;

/** Throws when Redis cannot be read at all. */
export async function readSettledJobState(options: JobStateReadOptions): Promise<JobStateRead> {
  const { log, signal, settleMs = SETTLE_MS } = options;
  const endsAtMs = performance.now() + settleMs;
  for (;;) {
    const read = await readRepeatedly(options, endsAtMs);
    const unsettled = await explainUnsettled(options, read);
    if (unsettled === null) return read;
    if (performance.now() >= endsAtMs) {
      log.warn(`the state is judged as it is: ${unsettled}`);
      return read;
    }
    await delay(LOOK_INTERVAL_MS, undefined, { signal });
  }
}

interface Reading extends JobStateRead {
  readonly runId: string;
}

/** A server that dies in the middle of the reading is read again, once it is back. */
async function readRepeatedly(options: JobStateReadOptions, endsAtMs: number): Promise<Reading> {
  for (;;) {
    try {
      return await readOnce(options);
    } catch (error) {
      const again = isAppError(error) && error.retryable && performance.now() < endsAtMs;
      if (!again) throw error;
      options.log.warn("the state could not be read, and is tried again", error);
    }
    await delay(LOOK_INTERVAL_MS, undefined, { signal: options.signal });
  }
}

async function readOnce(options: JobStateReadOptions): Promise<Reading> {
  const { config, redisUrl, log, signal } = options;
  const redis = await openRedis(redisUrl, { log, signal });
  try {
    const state = parseJobState(await redis.readHash(config.stateKey), config.partitions);
    const counter = await redis.readText(config.counterKey);
    const sequence = await redis.readText(config.sequenceKey);
    return { state, published: { counter, sequence }, runId: redis.runId };
  } finally {
    redis.close();
  }
}

/** Null when what was read is a fact (J1, J2). */
async function explainUnsettled(
  { runDir, task }: JobStateReadOptions,
  { state, published, runId }: Reading,
): Promise<string | null> {
  const began = await findServerOfLife(runDir, state);
  if (began !== null && began !== runId) {
    return `Redis has run_id ${runId}, the state's life began under ${began} and is not recovered yet`;
  }
  if (state.kind !== "complete") return null;
  // A job that was ended early and still runs publishes at each checkpoint: its view is behind most of the time.
  if (task.mode === "prefix" && state.state.phase === "running") return null;
  const recoveries = (await readJson(runFolder.recoveries(runDir), readRecoveries))?.recoveries ?? [];
  const isRecovered = recoveries.some(({ life }) => life === state.state.life);
  const isPublished = Object.values(published).every((value) => value === String(state.state.total));
  if (!isRecovered || isPublished) return null;
  return `life ${state.state.life} is recovered with total ${state.state.total}, and that is not published yet`;
}

/** The run_id of the server in which the job's newest known life began; null when no life is known. */
async function findServerOfLife(runDir: string, state: ParsedJobState): Promise<string | null> {
  if (state.kind === "complete") return state.state.redisRunId;
  const folder = runFolder.checkpoints(runDir);
  const ids = (await listNames(folder)).flatMap((name) => /^chk-(\d{1,16})$/.exec(name)?.[1] ?? []).map(Number);
  for (const id of ids.sort((a, b) => b - a)) {
    // The newest may be a folder without its file: a crash before the rename.
    const file = await readJson(join(folder, `chk-${id}`, "_metadata"), readCheckpoint);
    if (file !== undefined) return file.state["redisRunId"] ?? null;
  }
  return null;
}

async function listNames(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
