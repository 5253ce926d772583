/** Redis as a resource: ready is an answer to AUTH, INFO and PING, never a bare connect. */
import type { RedisConnection } from "../../simulator/clients/redis/connection.ts";
import { openRedis, probeRedis } from "../../simulator/clients/redis/reader.ts";
import type { Infrastructure } from "../../simulator/common/contract/files/report.ts";
import type { RedisAddress } from "../../simulator/common/foundation/address.ts";
import { createError, isAppError } from "../../simulator/common/foundation/errors.ts";
import { redisOf, type ServerPlan } from "../drivers/driver.ts";
import { ATTEMPTS, attemptRepeatedly, longestAttemptsMs } from "./attempts.ts";

/** A server that hangs gets this long for one attempt; one that refuses answers at once. */
const ATTEMPT_MS_MAX = 60_000;
const READY_MS_MAX = 120_000;
const PROBE_MS_MAX = 3_000;
const PURGE_MS_MAX = 10_000;

/** When `waitForRedis` gives up. */
export const readyMsMax = ({ launch }: ServerPlan): number =>
  launch === null ? longestAttemptsMs(ATTEMPT_MS_MAX) : READY_MS_MAX;

/** Waits for the server, and says what it is. */
export async function waitForRedis(plan: ServerPlan, signal: AbortSignal): Promise<Infrastructure> {
  const isOurs = plan.launch !== null;
  const connection = isOurs
    ? await openRedis(redisOf(plan), { deadlineMs: READY_MS_MAX, signal })
    : await contactRedis(plan, signal);
  try {
    const facts = await connection.readFacts();
    const { mode, endpoint } = plan;
    // Our own server tells clients which Redis it behaves like; in a report that would pass for a real one.
    const version = facts.embedded ? `${plan.version ?? "flink-apphost"} (Redis 7.0 dialect)` : facts.version;
    return { mode, endpoint, version, aof: facts.aof, fsync: facts.fsync };
  } finally {
    connection.close();
  }
}

function contactRedis(plan: ServerPlan, signal: AbortSignal): Promise<RedisConnection> {
  const { endpoint } = plan;
  return attemptRepeatedly({
    attempt: () => probeRedis(redisOf(plan), { dialMs: ATTEMPT_MS_MAX, signal }),
    isWorthRepeating: (error) => error.retryable,
    conclude: (last, waitedMs) =>
      createError("REDIS_UNREACHABLE", { endpoint, attempts: ATTEMPTS, waitedMs }, last.cause ?? last),
    signal,
  });
}

/** Its version; throws why it does not answer now. */
export async function readRedisVersion(address: RedisAddress): Promise<string> {
  const connection = await probeRedis(address, { dialMs: PROBE_MS_MAX });
  try {
    return (await connection.readFacts()).version;
  } finally {
    connection.close();
  }
}

/** Whether it answers now. */
export async function isRedisAnswering(address: RedisAddress): Promise<boolean> {
  try {
    (await probeRedis(address, { dialMs: PROBE_MS_MAX })).close();
    return true;
  } catch {
    // Whatever the reason, a validator could not read from it either.
    return false;
  }
}

export interface RemovedKeys {
  /** How many of the keys existed. */
  readonly count: number;
  /** Shared keys that were left: nothing shows that this run wrote them last. */
  readonly left: readonly string[];
}

export interface KeysOfRun {
  readonly stateKey: string;
  /** The published view of this run alone. */
  readonly publishedKey: string;
  /** The published view of whichever run wrote it last. */
  readonly shared: readonly string[];
  /** The run's own keys are what shows whose the shared ones are, so they go last. */
  readonly keepOwn: boolean;
}

/**
 * For `down --purge`: the own keys of a run, and of the shared ones those that hold the very total of its state, or of
 * its own view. Their names are no run's own, so the server must show that it was this run which wrote them.
 */
export async function removeRunKeys(address: RedisAddress, keys: KeysOfRun): Promise<RemovedKeys> {
  const { stateKey, publishedKey, shared, keepOwn } = keys;
  const connection = await probeRedis(address, { dialMs: PURGE_MS_MAX });
  try {
    const { total } = await connection.readHash(stateKey);
    const [view, ...values] = await Promise.all(
      [publishedKey, ...shared].map((key) => readTextOrNull(connection, key)),
    );
    const isOwn = (index: number) => {
      const value = values[index] ?? "";
      return value !== "" && (value === total || value === view);
    };
    const written = shared.filter((_, index) => isOwn(index));
    const count = await connection.remove(keepOwn ? written : [...written, publishedKey, stateKey]);
    return { count, left: shared.filter((_, index) => values[index] !== null && !isOwn(index)) };
  } finally {
    connection.close();
  }
}

/** A key of another type was not published by a run. */
async function readTextOrNull(connection: RedisConnection, key: string): Promise<string | null> {
  try {
    return await connection.readText(key);
  } catch (error) {
    if (isAppError(error) && error.code === "REDIS_COMMAND_REFUSED") return "";
    throw error;
  }
}
