/**
 * A run with TaskManager processes and nothing else of ours: embedded Kafka and Redis in the test's own process, and a
 * scripted JobManager. What a test produces, and what came of it, is read back here.
 */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTopicsApi } from "../../simulator/clients/kafka/wire/apis/create-topics.ts";
import { StateStore } from "../../simulator/clients/redis/state-store.ts";
import type { ChildMessage } from "../../simulator/common/contract/child/child-messages.ts";
import { ENV } from "../../simulator/common/contract/child/environment.ts";
import type { RunConfig } from "../../simulator/common/contract/child/run-config.ts";
import {
  type AppliedLogRow,
  type ApplyRow,
  parseAppliedLogRow,
} from "../../simulator/common/contract/files/applied-log.ts";
import { idOfIndex, mix32, SUM_MODULUS } from "../../simulator/common/contract/message.ts";
import type { TaskManagerMetrics } from "../../simulator/common/contract/metrics.ts";
import { jobIdOf, publishedKeyOf, stateKeyOf } from "../../simulator/common/contract/names.ts";
import { type JobState, parseJobState } from "../../simulator/common/contract/state/redis-state.ts";
import { type RunClock, startRunClock } from "../../simulator/common/foundation/clock.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { type EmbeddedRedis, startEmbeddedRedis } from "../../simulator/embedded/redis/server.ts";
import { Peer, produceBatch, startTestBroker, type TestBroker } from "../integration/embedded-kafka-peer.ts";
import { redisAt } from "./addresses.ts";
import { distPath } from "./dist.ts";
import { FakeJobManager } from "./fake-job-manager.ts";
import { batchOf, messageOf } from "./record-sets.ts";

export const EPOCH_ONE = 1;
/** Of the k-th generation that a test hands out. */
export const generation = (k: number): number => EPOCH_ONE * 1_000_000 + k;

export interface RunningTaskManager {
  readonly tm: string;
  readonly incarnation: string;
  readonly child: ChildProcess;
  readonly messages: ChildMessage[];
  readonly stdout: string[];
  readonly stderr: string[];
}

export class TaskManagerRun {
  readonly runDir = mkdtempSync(join(tmpdir(), "flink-apphost-tm-"));
  readonly clock: RunClock = startRunClock();
  readonly config: RunConfig;
  readonly kafka: TestBroker;
  readonly peer: Peer;
  readonly jobManager: FakeJobManager;
  redis: EmbeddedRedis;
  store: StateStore;
  life = "L1";
  readonly #children: RunningTaskManager[] = [];
  readonly #produced: number[];
  #incarnations = 0;

  static async start(options: {
    partitions: number;
    taskManagers: number;
    operators?: string[];
    startOffset?: number;
  }) {
    const redis = await startEmbeddedRedis({ port: 0, password: "", log: createLog(() => undefined) });
    const run = new TaskManagerRun(options, await startTestBroker(), redis, await FakeJobManager.listen());
    await run.#createTopic();
    await run.init(options.startOffset ?? 0);
    return run;
  }

  private constructor(
    options: { partitions: number; taskManagers: number; operators?: string[] },
    kafka: TestBroker,
    redis: EmbeddedRedis,
    jobManager: FakeJobManager,
  ) {
    const runId = "run-test";
    const jobId = jobIdOf(runId);
    const { partitions, taskManagers, operators = ["identity"] } = options;
    this.config = {
      runId,
      engine: "apphost",
      jobId,
      jobName: "test",
      topic: "t",
      ownTopic: true,
      group: "g",
      partitions,
      taskManagers,
      operators,
      stateKey: stateKeyOf(jobId),
      publishedKey: publishedKeyOf(jobId),
      counterKey: "counter",
      sequenceKey: "sequence",
      messageSize: 100,
      compression: "none",
      rate: 0,
      stickyIds: 1,
      maxTimeMs: 60_000,
      checkpointIntervalMs: 1_000,
      allowRejected: false,
    };
    this.kafka = kafka;
    this.redis = redis;
    this.jobManager = jobManager;
    this.peer = new Peer(kafka.port);
    this.#produced = Array.from({ length: partitions }, () => 0);
    this.store = undefined as unknown as StateStore;
  }

  /** The first script of a life, as the JobManager would run it. */
  async init(startOffset = 0): Promise<void> {
    this.store = await this.#openStore();
    const startOffsets = this.#produced.map(() => startOffset);
    const redisRunId = await this.store.runId();
    await this.store.init({ epoch: EPOCH_ONE, life: this.life, redisRunId, startOffsets });
  }

  /** Another Redis without data on the same port, and a new life in it. */
  async replaceRedis(life: string): Promise<void> {
    const { port } = this.redis;
    this.store.close();
    await this.redis.close();
    this.redis = await startEmbeddedRedis({ port, password: "", log: createLog(() => undefined) });
    this.life = life;
  }

  /** `environment` replaces variables that the host would set; `execArgv` are flags of Node's. */
  launch(
    tm: string,
    environment: Readonly<Record<string, string>> = {},
    execArgv: readonly string[] = [],
  ): RunningTaskManager {
    this.#incarnations += 1;
    const incarnation = `i${this.#incarnations}`;
    const child = fork(distPath("simulator/runtime/task-manager/main"), [], {
      execArgv: [...execArgv],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      env: {
        ...process.env,
        [ENV.run]: this.config.runId,
        [ENV.runDir]: this.runDir,
        [ENV.resource]: tm,
        [ENV.clock]: this.clock.pair,
        [ENV.token]: "secret",
        [ENV.config]: JSON.stringify(this.config),
        [ENV.task]: JSON.stringify({ incarnation }),
        [ENV.kafka]: `127.0.0.1:${this.kafka.port}`,
        [ENV.redis]: `redis://127.0.0.1:${this.redis.port}`,
        [ENV.jobManagerRpc]: `127.0.0.1:${this.jobManager.port}`,
        ...environment,
      },
    });
    const running: RunningTaskManager = { tm, incarnation, child, messages: [], stdout: [], stderr: [] };
    child.on("message", (message) => running.messages.push(message as ChildMessage));
    child.stdout?.on("data", (chunk: Buffer) => running.stdout.push(chunk.toString()));
    child.stderr?.on("data", (chunk: Buffer) => running.stderr.push(chunk.toString()));
    this.#children.push(running);
    return running;
  }

  /** Assigns partitions to a TaskManager: [p, g] each. */
  assign(tm: string, ...partitions: readonly (readonly [number, number])[]): void {
    const held = partitions.map(([p, g]) => ({ p, g }));
    const { life } = this;
    const redisRunId = this.redis.runId;
    this.jobManager.send(tm, { type: "assignment", epoch: EPOCH_ONE, life, redisRunId, partitions: held });
  }

  /** Waits until a TaskManager owns these [p, g]. */
  async untilOwned(tm: string, ...partitions: readonly (readonly [number, number])[]): Promise<void> {
    for (const [p, g] of partitions) {
      await this.jobManager.untilHeard(
        tm,
        (message): message is Extract<typeof message, { type: "owned" }> =>
          message.type === "owned" && message.p === p && message.g === g,
      );
    }
  }

  /** `count` messages more on each partition, in batches. */
  async produce(count: number, batchRecords = 500): Promise<void> {
    for (let p = 0; p < this.config.partitions; p += 1) {
      const to = (this.#produced[p] as number) + count;
      for (let from = this.#produced[p] as number; from < to; from += batchRecords) {
        const nowUs = this.clock.nowUs();
        const indexes = Array.from({ length: Math.min(batchRecords, to - from) }, (_, i) => from + i);
        await this.produceValues(
          p,
          indexes.map((index) => messageOf(idOfIndex(p, index, this.config), nowUs)),
        );
      }
    }
  }

  async produceValues(p: number, values: readonly string[]): Promise<void> {
    const answer = await produceBatch(this.peer, { topic: this.config.topic, p, batch: batchOf(0, values) });
    if (answer.errorCode !== 0) throw new Error(`produce was answered with error ${answer.errorCode}`);
    this.#produced[p] = (this.#produced[p] as number) + values.length;
  }

  get produced(): number {
    return this.#produced.reduce((sum, count) => sum + count, 0);
  }

  /** The state once every offset that was produced is applied. */
  async untilDrained(): Promise<JobState> {
    return waitUntil(
      async () => {
        const state = await this.readState();
        return state.partitions.every(({ p, offset }) => offset === this.#produced[p]) ? state : undefined;
      },
      { what: "the last applied effect", deadlineMs: 30_000 },
    );
  }

  async readState(): Promise<JobState> {
    const parsed = parseJobState(await this.store.readHash(), this.config.partitions);
    if (parsed.kind !== "complete") throw new Error(`the state is ${JSON.stringify(parsed)}`);
    return parsed.state;
  }

  /** What the state must hold for a partition with these records of the fixed form, and nothing else. */
  expectedOf(p: number): { count: number; idSum: number; idMix: number; lastId: number } {
    const expected = { count: this.#produced[p] as number, idSum: 0, idMix: 0, lastId: 0 };
    for (let index = 0; index < expected.count; index += 1) {
      const id = idOfIndex(p, index, this.config);
      expected.idSum = (expected.idSum + id) % SUM_MODULUS;
      expected.idMix = (expected.idMix + mix32(id)) % SUM_MODULUS;
      expected.lastId = id;
    }
    return expected;
  }

  /** All rows that all TaskManagers wrote, in no order between files. */
  appliedRows(): AppliedLogRow[] {
    return readdirSync(join(this.runDir, "applied")).flatMap((file) =>
      readFileSync(join(this.runDir, "applied", file), "utf8")
        .split("\n")
        .slice(0, -1)
        .map((line) => {
          const row = parseAppliedLogRow(line);
          if (row === undefined) throw new Error(`${file} has the line ${line}`);
          return row;
        }),
    );
  }

  /** Apply rows of the present life, one for each batch, by their ordered ids. With the newest batch of each partition. */
  async orderedRows(): Promise<ApplyRow[]> {
    const { partitions, life } = await this.readState();
    const last = partitions.flatMap(({ p, last }): ApplyRow[] =>
      last === null ? [] : [{ kind: "apply", life, p, appliedAtUs: 0, ...last }],
    );
    const rows = [...this.appliedRows(), ...last].filter((row) => row.kind === "apply" && row.life === life);
    const unique = new Map<string, ApplyRow>();
    for (const row of rows) {
      if (row.kind === "apply") unique.set([row.p, row.prev, row.next, row.n, row.base].join(":"), row);
    }
    return [...unique.values()].sort((a, b) => a.base - b.base || a.n - b.n);
  }

  newestMetrics(running: RunningTaskManager): TaskManagerMetrics | undefined {
    return running.messages.findLast((message) => message.type === "metrics")?.metrics;
  }

  /** SIGTERM or SIGKILL, and the exit: a code or a signal. */
  async end({ child }: RunningTaskManager, signal: "SIGTERM" | "SIGKILL"): Promise<number | string> {
    if (child.exitCode !== null) return child.exitCode;
    const exit = once(child, "exit");
    child.kill(signal);
    const [code, bySignal] = (await exit) as [number | null, string | null];
    return code ?? bySignal ?? "unknown";
  }

  async close(): Promise<void> {
    for (const running of this.#children) if (running.child.signalCode === null) await this.end(running, "SIGKILL");
    this.store.close();
    this.peer.close();
    await this.jobManager.close();
    await this.redis.close();
    await this.kafka.close();
    rmSync(this.runDir, { recursive: true, force: true });
  }

  #openStore(): Promise<StateStore> {
    const { stateKey, publishedKey, counterKey, sequenceKey } = this.config;
    const endpoint = redisAt(`redis://127.0.0.1:${this.redis.port}`);
    const log = createLog(() => undefined);
    return StateStore.open({ endpoint, stateKey, publishedKey, counterKey, sequenceKey, log });
  }

  async #createTopic(): Promise<void> {
    const { topic: name, partitions } = this.config;
    const topics = [{ name, partitions, replicationFactor: 1, assignments: [], configs: [] }];
    const answer = await this.peer.request(createTopicsApi, 4, { topics, timeoutMs: 5_000, validateOnly: false });
    if (answer.topics[0]?.errorCode !== 0) throw new Error(`the topic was not created: ${JSON.stringify(answer)}`);
  }
}
