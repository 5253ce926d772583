/** Redis as a resource: ready is an answer to AUTH, INFO and PING, never a bare connect. */
import { openRedis } from "../../simulator/clients/redis/connection.ts";
import type { Infrastructure } from "../../simulator/common/contract/report.ts";
import type { ServerPlan } from "../drivers/driver.ts";

const ATTEMPTS = 5;
const ATTEMPT_MS_MAX = 60_000;
const PROBE_MS_MAX = 3_000;

/** Waits for the server, and says what it is. */
export async function waitForRedis(plan: ServerPlan, signal: AbortSignal): Promise<Infrastructure> {
  const connection = await openRedis(plan.address, { attempts: ATTEMPTS, attemptMs: ATTEMPT_MS_MAX, signal });
  try {
    const facts = await connection.readFacts();
    const { mode, endpoint } = plan;
    return { mode, endpoint, version: facts.version, aof: facts.aof, fsync: facts.fsync };
  } finally {
    connection.close();
  }
}

/** Whether it answers now. */
export async function isRedisAnswering(url: string): Promise<boolean> {
  try {
    (await openRedis(url, { attempts: 1, attemptMs: PROBE_MS_MAX })).close();
    return true;
  } catch {
    // Whatever the reason, a validator could not read from it either.
    return false;
  }
}

/** Returns how many of the keys existed. */
export async function removeRedisKeys(url: string, keys: readonly string[]): Promise<number> {
  const connection = await openRedis(url, { attempts: 1 });
  try {
    return await connection.remove(keys);
  } finally {
    connection.close();
  }
}
