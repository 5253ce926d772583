/**
 * The real broker and the real Redis of a bench: one of each for the whole session, so that all measurements meet the
 * same servers. They belong to a `flink-apphost up` that produces nothing, whose watchdog takes them down even when that
 * host is killed. Its own idle job costs about 1 % of a core.
 *
 * S1 The session counts the loads that the broker has served: a JVM gets faster as it warms up.
 * S2 What is made on these servers is removed after use, or ends with them: they keep nothing beyond the session.
 */

import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createTopic, deleteTopics } from "../../simulator/clients/kafka/admin.ts";
import { ENV } from "../../simulator/common/contract/child/environment.ts";
import {
  type HostPort,
  type RedisAddress,
  requireKafkaAddresses,
  requireRedisAddress,
} from "../../simulator/common/foundation/address.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { findJava, findProgram } from "../../simulator/common/foundation/program.ts";
import { cleanEnvironment } from "./child-command.ts";
import { findKafkaLibs, MissingPart, programPath } from "./parts.ts";
import type { ProcessSampler } from "./process-sampler.ts";
import { ProductHost } from "./product-host.ts";
import { readTopicBytes } from "./topic-bytes.ts";

const START_MS_MAX = 180_000;
const ENV_ANSWER_MS_MAX = 30_000;
const TOPIC_MS_MAX = 60_000;

export interface SessionOptions {
  readonly workFolder: string;
  readonly signal: AbortSignal;
}

export class Session {
  readonly bootstrap: string;
  readonly brokers: readonly HostPort[];
  readonly redisUrl: string;
  readonly redis: RedisAddress;
  readonly #host: ProductHost;
  readonly #cwd: string;
  readonly #pids: { readonly broker: number | null; readonly redis: number | null };
  readonly #log = createLog();
  #loads = 0;

  private constructor(host: ProductHost, cwd: string, addresses: { bootstrap: string; redisUrl: string }) {
    this.#host = host;
    this.#cwd = cwd;
    this.bootstrap = addresses.bootstrap;
    this.redisUrl = addresses.redisUrl;
    this.brokers = requireKafkaAddresses(this.bootstrap, ENV.kafka);
    this.redis = requireRedisAddress(this.redisUrl, ENV.redis);
    const pidOf = (kind: string) => {
      const event = host.events.findLast((e) => e.type === "resource" && e.kind === kind && e.pid !== null);
      return event?.type === "resource" ? event.pid : null;
    };
    this.#pids = { broker: pidOf("kafka"), redis: pidOf("redis") };
  }

  static async start(options: SessionOptions): Promise<Session> {
    const obstacle = findObstacle();
    if (obstacle !== undefined) throw new MissingPart(obstacle);
    const cwd = join(options.workFolder, "session");
    mkdirSync(cwd, { recursive: true, mode: 0o700 });
    const host = new ProductHost({ name: "the session's servers", args: SERVER_ARGUMENTS, env: {}, cwd });
    try {
      const isIdle = (event: { type: string; phase?: string }) => event.type === "phase" && event.phase === "idle";
      await host.waitForEvent("the start", isIdle, START_MS_MAX, options.signal);
      return new Session(host, cwd, askForAddresses(cwd));
    } catch (error) {
      await host.stop();
      throw error;
    }
  }

  /** Loads served so far. */
  get loads(): number {
    return this.#loads;
  }

  noteLoad(): void {
    this.#loads += 1;
  }

  watchBroker(sampler: ProcessSampler): void {
    if (this.#pids.broker !== null) sampler.watch("broker", this.#pids.broker);
  }

  watchRedis(sampler: ProcessSampler): void {
    if (this.#pids.redis !== null) sampler.watch("redis", this.#pids.redis);
  }

  /** A topic for the time of `work`. */
  async withTopic<T>(topic: string, partitions: number, work: () => Promise<T>): Promise<T> {
    const admin = { bootstrap: this.brokers, log: this.#log, deadlineMs: TOPIC_MS_MAX };
    await createTopic(admin, { topic, partitions });
    try {
      return await work();
    } finally {
      await deleteTopics(admin, [topic]);
    }
  }

  /** What the broker keeps of a topic on its disk. */
  topicBytes(topic: string): number | null {
    return readTopicBytes(join(this.#cwd, ".flink-apphost", "latest"), topic);
  }

  stop(): Promise<void> {
    return this.#host.stop();
  }
}

/** Keys of its own, and no checkpoint within a session: its idle job must not write what a measured run is checked for. */
const SERVER_ARGUMENTS: readonly string[] = [
  "up",
  "--infra",
  "native",
  "--messages",
  "0",
  "--task-managers",
  "1",
  "--partitions",
  "1",
  "--checkpoint-interval",
  "24h",
  "--counter-key",
  "bench:idle:counter",
  "--sequence-key",
  "bench:idle:sequence",
];

function findObstacle(): string | undefined {
  if (findKafkaLibs() === undefined) return "KAFKA_HOME names no folder with Kafka's jars in libs/";
  if (findJava() === undefined) return "there is no java on PATH, and none in JAVA_HOME";
  return findProgram("redis-server") === undefined ? "there is no redis-server on PATH" : undefined;
}

function askForAddresses(cwd: string): { bootstrap: string; redisUrl: string } {
  const args = [programPath("apphost/main"), "env", "--format", "json"];
  const answer = spawnSync(process.execPath, args, {
    cwd,
    env: cleanEnvironment(),
    encoding: "utf8",
    timeout: ENV_ANSWER_MS_MAX,
  });
  const variables = JSON.parse(answer.stdout) as Record<string, string>;
  return { bootstrap: variables[ENV.kafka] ?? "", redisUrl: variables[ENV.redis] ?? "" };
}
