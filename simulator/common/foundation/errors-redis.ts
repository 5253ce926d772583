import { row } from "./error-row.ts";

/** Errors of the Redis client and of the scripts. */
export const redisErrors = {
  REDIS_UNREACHABLE: row<{ endpoint: string; attempts: number; waitedMs: number }>(
    "infrastructure",
    true,
    (p) =>
      `Redis at ${p.endpoint} did not answer in ${p.attempts} attempts over ${p.waitedMs} ms: is it running, and is the address right?`,
  ),
  REDIS_AUTHENTICATION_FAILED: row<{ endpoint: string }>(
    "infrastructure",
    false,
    (p) => `Redis at ${p.endpoint} refused the password: give the right one in --redis redis://:PASSWORD@HOST:PORT`,
  ),
};
