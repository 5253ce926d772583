/**
 * The environment of a child process. The host writes it, `readChildEnvironment` reads it in the child.
 *
 * The first two are also how the watchdog and the sweep know children on Linux, so every child has them.
 */
import { readFileSync } from "node:fs";
import {
  type HostPort,
  type RedisAddress,
  requireKafkaAddresses,
  requireRedisAddress,
} from "../../foundation/address.ts";
import { parseRunClock, type RunClock } from "../../foundation/clock.ts";
import { createError } from "../../foundation/errors.ts";
import { type KafkaAccess, type KafkaSecurity, PLAINTEXT } from "../../foundation/kafka-security.ts";
import type { RunConfig } from "./run-config.ts";

export const ENV = {
  run: "FLINK_APPHOST_RUN",
  /** Random per run: proves that a process is of that very run, and opens nothing. */
  mark: "FLINK_APPHOST_RUN_MARK",
  runDir: "FLINK_APPHOST_RUN_DIR",
  resource: "FLINK_APPHOST_RESOURCE",
  clock: "FLINK_APPHOST_CLOCK",
  token: "FLINK_APPHOST_TOKEN",
  config: "FLINK_APPHOST_CONFIG",
  /** JSON with what only this process needs; its shape belongs to that process (see `tasks.ts`). */
  task: "FLINK_APPHOST_TASK",
  kafka: "KAFKA_BOOTSTRAP_SERVERS",
  /** Path of the run's file with a `KafkaSecurity`; not there for a Kafka that lets everybody in. */
  kafkaSecurity: "FLINK_APPHOST_KAFKA_SECURITY",
  redis: "REDIS_URL",
  jobManagerHttp: "JOBMANAGER_HTTP",
  jobManagerRpc: "JOBMANAGER_RPC",
  /** "channel": addresses, config and task are not here yet; they come over the channel (see `child-channel.ts`). */
  begin: "FLINK_APPHOST_BEGIN",
} as const;

export interface ChildEnvironment {
  readonly runId: string;
  readonly runDir: string;
  readonly resource: string;
  readonly clock: RunClock;
  /** Random per run; RPC, and REST calls that change something, carry it. */
  readonly token: string;
  readonly config: RunConfig;
}

/** The common part. Throws ENVIRONMENT_MISSING naming the variable. */
export function readChildEnvironment(env: NodeJS.ProcessEnv = process.env): ChildEnvironment {
  const clock = parseRunClock(requireVariable(env, ENV.clock));
  if (clock === undefined) throw createError("ENVIRONMENT_MISSING", { name: ENV.clock });
  return {
    runId: requireVariable(env, ENV.run),
    runDir: requireVariable(env, ENV.runDir),
    resource: requireVariable(env, ENV.resource),
    clock,
    token: requireVariable(env, ENV.token),
    config: JSON.parse(requireVariable(env, ENV.config)) as RunConfig,
  };
}

/** Reads one variable that the host must have set. */
export function requireVariable(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name];
  if (value === undefined || value === "") throw createError("ENVIRONMENT_MISSING", { name });
  return value;
}

export const readKafkaAddresses = (env: NodeJS.ProcessEnv = process.env): readonly HostPort[] =>
  requireKafkaAddresses(requireVariable(env, ENV.kafka), ENV.kafka);

/** The secrets of it are in a file: an environment is handed on to other programs, and shown in lists of processes. */
export function readKafkaAccess(env: NodeJS.ProcessEnv = process.env): KafkaAccess {
  const path = env[ENV.kafkaSecurity] ?? "";
  const security = path === "" ? PLAINTEXT : (JSON.parse(readFileSync(path, "utf8")) as KafkaSecurity);
  return { bootstrap: readKafkaAddresses(env), security };
}

export const readRedisAddress = (env: NodeJS.ProcessEnv = process.env): RedisAddress =>
  requireRedisAddress(requireVariable(env, ENV.redis), ENV.redis);

/** The process's own task, as written by the host. */
export function readTask<T>(env: NodeJS.ProcessEnv = process.env): T {
  return JSON.parse(requireVariable(env, ENV.task)) as T;
}
