/** Connections for everything that only looks at a Redis: the host, the validator, the report. */
import { type RedisAddress, redisPlace } from "../../common/foundation/address.ts";
import { createError, isAppError } from "../../common/foundation/errors.ts";
import type { Log } from "../../common/foundation/log.ts";
import { dialRedis, introduce, type RedisConnection } from "./connection.ts";
import type { OpenTransport } from "./transport.ts";

const DIAL_MS_MAX = 5_000;

/** Loaded when it is used: the host would load it, and TLS with it, before it starts Kafka, for whose answer all wait. */
const open: OpenTransport = async (endpoint, options) => {
  const { openIoredisTransport } = await import("./ioredis-transport.ts");
  return openIoredisTransport(endpoint, options);
};

export interface OpenOptions {
  /** Dialling goes on for at most this long. Default 60,000. */
  readonly deadlineMs?: number;
  readonly replyMs?: number;
  readonly signal?: AbortSignal;
  readonly log?: Log;
}

/** For everything that only reads: a connection to a server that may still be starting. */
export async function openRedis(address: RedisAddress, options: OpenOptions = {}): Promise<RedisConnection> {
  const { deadlineMs = 60_000, replyMs = 5_000, signal, log } = options;
  return dialRedis(address, {
    open,
    deadlineMs,
    connectMs: DIAL_MS_MAX,
    replyMs,
    signal,
    log,
  });
}

/** One dial, in which a server may take up to `dialMs` for each answer. Throws REDIS_UNREACHABLE with its cause. */
export async function probeRedis(
  address: RedisAddress,
  options: { readonly dialMs: number; readonly signal?: AbortSignal },
): Promise<RedisConnection> {
  const { dialMs, signal } = options;
  const startedMs = performance.now();
  try {
    return await introduce(address, {
      open,
      connectMs: dialMs,
      replyMs: dialMs,
      signal,
    });
  } catch (error) {
    signal?.throwIfAborted();
    if (isAppError(error)) throw error;
    const waitedMs = Math.round(performance.now() - startedMs);
    throw createError("REDIS_UNREACHABLE", { endpoint: redisPlace(address), attempts: 1, waitedMs }, error);
  }
}
