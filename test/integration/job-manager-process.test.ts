/**
 * The runtime as processes: JobManager, TaskManagers and the FlinkJobSimulator as the host starts them, on the embedded
 * Kafka and a real Redis. Processes are killed while records are counted; the counts must be exact.
 */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import getPort from "get-port";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { deleteTopicsApi } from "../../simulator/clients/kafka/wire/apis/delete-topics.ts";
import { encodeRecordBatch } from "../../simulator/clients/kafka/wire/records.ts";
import { StateStore } from "../../simulator/clients/redis/state-store.ts";
import type { ChildMessage } from "../../simulator/common/contract/child/child-messages.ts";
import { ENV } from "../../simulator/common/contract/child/environment.ts";
import type { RunConfig } from "../../simulator/common/contract/child/run-config.ts";
import type { JobSnapshot } from "../../simulator/common/contract/job/rest.ts";
import { idOfIndex } from "../../simulator/common/contract/message.ts";
import { groupName, jobIdOf, publishedKeyOf, stateKeyOf, topicName } from "../../simulator/common/contract/names.ts";
import { parseJobState } from "../../simulator/common/contract/state/redis-state.ts";
import { startRunClock } from "../../simulator/common/foundation/clock.ts";
import { waitUntil, withDeadline } from "../../simulator/common/foundation/deadline.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { redisAt } from "../support/addresses.ts";
import { distPath } from "../support/dist.ts";
import { type RealRedis, realRedisMissing, startRealRedis } from "../support/real-redis.ts";
import { createTopic, Peer, produceBatch, startTestBroker, type TestBroker } from "./embedded-kafka-peer.ts";

const PARTITIONS = 4;
const TASK_MANAGERS = 2;
const token = "token-of-the-run";
const missing = realRedisMissing();

describe.skipIf(missing !== null)(`the runtime's processes${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  let redis: RealRedis;
  let broker: TestBroker;
  let peer: Peer;
  let runs = 0;
  let run: Run;

  beforeAll(async () => {
    redis = await startRealRedis({ password: "secret" });
    broker = await startTestBroker();
    peer = new Peer(broker.port);
  });
  afterAll(async () => {
    peer?.close();
    await broker?.close();
    await redis?.stop();
  });
  beforeEach(async () => {
    runs += 1;
    run = await Run.create(`process-test-${runs}`, { redis: redis.url, kafka: `127.0.0.1:${broker.port}` });
    await createTopic(peer, run.config.topic, PARTITIONS);
  });
  afterEach(() => run.end());

  /** Appends `each` more records to every partition. */
  async function produce(each: number): Promise<void> {
    for (let p = 0; p < PARTITIONS; p += 1) {
      const records = Array.from({ length: each }, (_, k) => {
        const id = String(idOfIndex(p, run.produced + k, run.config)).padStart(12, "0");
        return { value: Buffer.from(`{"id":"${id}","ts":"1795360719696123","p":"sample-data-${id}"}`) };
      });
      const batch = encodeRecordBatch({ records, timestampMs: 1 });
      expect(await produceBatch(peer, { topic: run.config.topic, p, batch })).toMatchObject({ errorCode: 0 });
    }
    run.produced += each;
  }

  test("a job is submitted, counted through kills of JobManager and TaskManager, drained, and finished", async () => {
    await run.startJobManager();
    await run.startTaskManagers();
    const simulator = await run.startSimulator();
    await produce(500);
    await run.reachesTotal(PARTITIONS * 500);

    await run.kill("jobmanager");
    await produce(500);
    // Nobody leads, and counting goes on: the state itself says so.
    await waitUntil(async () => ((await run.readTotal()) === PARTITIONS * 1_000 ? true : undefined), {
      what: "counting without a JobManager",
      deadlineMs: 20_000,
    });
    await run.startJobManager();
    await run.kill("taskmanager-01");
    await produce(500);
    await run.startTaskManager(1);
    await run.reachesTotal(PARTITIONS * 1_500);

    await run.post("drain", { endOffsets: new Array<number>(PARTITIONS).fill(1_500) });
    await run.hears("drained");
    // It may look, and end, before we hear of the stop.
    const exited = once(simulator, "exit");
    await run.post("stop", {});
    expect(await run.hears("stopped")).toMatchObject({ total: PARTITIONS * 1_500 });
    const [code] = await withDeadline(exited, { what: "the simulator's exit", deadlineMs: 60_000 });
    expect(code).toBe(0);
    const state = await run.readState();
    expect(state).toMatchObject({ phase: "stopped", epoch: 2, total: PARTITIONS * 1_500 });
    for (const { count, offset, disorder, skipped, rejected } of state.partitions) {
      expect([count, offset, disorder, skipped, rejected]).toEqual([1_500, 1_500, 0, 0, 0]);
    }
    expect(Object.values(state.by).reduce((a, b) => a + b)).toBe(PARTITIONS * 1_500);
  });

  test("a Redis restarted empty is recovered from the newest checkpoint, and the count is exact in the end", async () => {
    await run.startJobManager();
    await run.startTaskManagers();
    await run.startSimulator();
    await produce(300);
    await run.reachesTotal(PARTITIONS * 300);
    await redis.restart();
    await produce(300);
    expect(await run.hears("recovered")).toMatchObject({ from: "checkpoint" });
    await run.reachesTotal(PARTITIONS * 600);
  });

  test("the simulator detaches on SIGTERM with code 0, and one started again attaches to the same job", async () => {
    await run.startJobManager();
    await run.startTaskManagers();
    const first = await run.startSimulator();
    first.kill("SIGTERM");
    expect((await withDeadline(once(first, "exit"), { what: "the detaching", deadlineMs: 60_000 }))[0]).toBe(0);
    expect((await run.snapshot()).state).toBe("RUNNING");
    await run.startSimulator();
  });

  test("the simulator ends with code 1 and the reason when the job fails", async () => {
    await run.startJobManager();
    await run.startTaskManagers();
    const simulator = await run.startSimulator();
    const exited = once(simulator, "exit");
    // Without its topic the job cannot go on.
    await peer.request(deleteTopicsApi, 3, { names: [run.config.topic], timeoutMs: 1_000 });
    expect((await withDeadline(exited, { what: "the simulator's exit", deadlineMs: 60_000 }))[0]).toBe(1);
    expect((await run.snapshot()).state).toBe("FAILED");
  });
});

/** One run's processes, folder and messages. */
class Run {
  readonly config: RunConfig;
  produced = 0;
  readonly #folder: string;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #ports: { rest: number; rpc: number };
  readonly #children = new Map<string, ChildProcess>();
  readonly #messages: ChildMessage[] = [];
  readonly #endpoints: { redis: string; kafka: string };
  #incarnations = 0;

  static async create(runId: string, endpoints: { redis: string; kafka: string }): Promise<Run> {
    const folder = await mkdtemp(join(tmpdir(), "flink-apphost-run-"));
    return new Run(runId, folder, endpoints, { rest: await getPort(), rpc: await getPort() });
  }

  private constructor(
    runId: string,
    folder: string,
    endpoints: { redis: string; kafka: string },
    ports: { rest: number; rpc: number },
  ) {
    const jobId = jobIdOf(runId);
    this.#folder = folder;
    this.#ports = ports;
    this.#endpoints = endpoints;
    this.config = {
      runId,
      engine: "apphost",
      jobId,
      jobName: "test",
      topic: topicName(runId),
      ownTopic: true,
      group: groupName(runId),
      partitions: PARTITIONS,
      stickyIds: 1,
      taskManagers: TASK_MANAGERS,
      stateKey: stateKeyOf(jobId),
      publishedKey: publishedKeyOf(jobId),
      counterKey: `${runId}:counter`,
      sequenceKey: `${runId}:sequence`,
      messageSize: 100,
      compression: "none",
      rate: 0,
      maxTimeMs: 60_000,
      checkpointIntervalMs: 200,
      allowRejected: false,
      operators: ["identity"],
    };
    this.#environment = {
      ...process.env,
      [ENV.run]: runId,
      [ENV.runDir]: folder,
      [ENV.clock]: startRunClock().pair,
      [ENV.token]: token,
      [ENV.config]: JSON.stringify(this.config),
      [ENV.redis]: endpoints.redis,
      [ENV.kafka]: endpoints.kafka,
      [ENV.jobManagerHttp]: `http://127.0.0.1:${ports.rest}`,
      [ENV.jobManagerRpc]: `127.0.0.1:${ports.rpc}`,
    };
  }

  startJobManager(): Promise<ChildProcess> {
    return this.#start("jobmanager", "simulator/runtime/job-manager/main", {
      restPort: this.#ports.rest,
      rpcPort: this.#ports.rpc,
    });
  }

  async startTaskManagers(): Promise<void> {
    for (let number = 1; number <= TASK_MANAGERS; number += 1) await this.startTaskManager(number);
  }

  startTaskManager(number: number): Promise<ChildProcess> {
    this.#incarnations += 1;
    const incarnation = `i${this.#incarnations}`;
    return this.#start(`taskmanager-0${number}`, "simulator/runtime/task-manager/main", { incarnation });
  }

  startSimulator(): Promise<ChildProcess> {
    return this.#start("flink-job-simulator", "simulator/runtime/flink-job-simulator/main", {});
  }

  async kill(resource: string): Promise<void> {
    const child = this.#children.get(resource);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }

  async end(): Promise<void> {
    for (const resource of this.#children.keys()) await this.kill(resource);
    await rm(this.#folder, { recursive: true });
  }

  async hears<T extends ChildMessage["type"]>(type: T): Promise<Extract<ChildMessage, { type: T }>> {
    const found = await waitUntil(() => this.#messages.find((message) => message.type === type), {
      what: `the host hears ${type}`,
      deadlineMs: 30_000,
    });
    return found as Extract<ChildMessage, { type: T }>;
  }

  openStore(): Promise<StateStore> {
    return StateStore.open({
      ...this.config,
      endpoint: redisAt(this.#endpoints.redis),
      log: createLog(() => undefined),
    });
  }

  async readState() {
    const store = await this.openStore();
    const parsed = parseJobState(await store.readHash(), PARTITIONS);
    store.close();
    if (parsed.kind !== "complete") throw new Error(`the state is ${parsed.kind}`);
    return parsed.state;
  }

  readTotal = async () => (await this.readState()).total;

  async reachesTotal(total: number): Promise<void> {
    await waitUntil(
      async () => {
        const snapshot = await this.snapshot();
        if (snapshot.total === total) return true;
        throw new Error(`the total is ${snapshot.total}`);
      },
      { what: `a checkpoint with ${total} records`, deadlineMs: 30_000 },
    );
  }

  snapshot = async () => (await (await fetch(this.#url())).json()) as JobSnapshot;

  async post(call: "drain" | "stop", body: object): Promise<void> {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${this.#url()}/${call}`, { method: "POST", headers, body: JSON.stringify(body) });
    expect(response.status).toBe(202);
  }

  #url = () => `http://127.0.0.1:${this.#ports.rest}/ts/jobs/${this.config.jobId}`;

  async #start(resource: string, entry: string, task: object): Promise<ChildProcess> {
    const env = { ...this.#environment, [ENV.resource]: resource, [ENV.task]: JSON.stringify(task) };
    const child = fork(distPath(entry), { env, stdio: ["ignore", "ignore", "pipe", "ipc"] });
    let log = "";
    child.stderr?.on("data", (text) => {
      log = (log + text).slice(-4_000);
      if (process.env["TEST_LOG"] === "1") process.stderr.write(`${resource} ${text}`);
    });
    let ready = false;
    child.on("message", (message: ChildMessage) => {
      ready ||= message.type === "ready";
      this.#messages.push(message);
    });
    this.#children.set(resource, child);
    await waitUntil(
      () => {
        if (child.exitCode !== null) throw new Error(`${resource} ended with code ${child.exitCode}: ${log}`);
        return ready ? true : undefined;
      },
      { what: `${resource} is ready`, deadlineMs: 20_000 },
    );
    return child;
  }
}
