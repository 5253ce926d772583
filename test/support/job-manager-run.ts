/**
 * One job's JobManagers, one after the other or side by side, and scripted TaskManagers over real TCP, on a store and a
 * run folder of their own. Whoever creates one closes it.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StateStore } from "../../simulator/clients/redis/state-store.ts";
import type { JobManagerMessage } from "../../simulator/common/contract/child/child-messages.ts";
import type { JobGraph } from "../../simulator/common/contract/job/rest.ts";
import { publishedKeyOf, stateKeyOf } from "../../simulator/common/contract/names.ts";
import { type JobState, parseJobState } from "../../simulator/common/contract/state/redis-state.ts";
import { startRunClock } from "../../simulator/common/foundation/clock.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import type { JobStore } from "../../simulator/runtime/checkpoint/job-store.ts";
import { claimEpoch } from "../../simulator/runtime/job-manager/epoch.ts";
import { JobManager } from "../../simulator/runtime/job-manager/job-manager.ts";
import { redisAt } from "./addresses.ts";
import { FakeTaskManager, type FakeTaskManagerOptions } from "./fake-task-manager.ts";

export const RUN_TOKEN = "the-run-token";
const clock = startRunClock();
let jobs = 0;

export interface Leader {
  readonly manager: JobManager;
  readonly port: number;
  readonly told: JobManagerMessage[];
  readonly superseded: unknown[];
}

export interface JobManagerRunOptions {
  readonly redisUrl: string;
  /** First offset by partition. */
  readonly startOffsets: readonly number[];
  readonly checkpointIntervalMs?: number;
  /** Numbers of an epoch. */
  readonly epochStride?: number;
}

export class JobManagerRun {
  /** `checkpoints/` of the run. */
  readonly folder: string;
  readonly recoveriesPath: string;
  readonly graph: JobGraph;
  readonly #options: JobManagerRunOptions;
  readonly #leaders: Leader[] = [];
  readonly #stores: StateStore[] = [];
  readonly #taskManagers: FakeTaskManager[] = [];

  static async create(options: JobManagerRunOptions): Promise<JobManagerRun> {
    return new JobManagerRun(await mkdtemp(join(tmpdir(), "job-manager-")), options);
  }

  private constructor(folder: string, options: JobManagerRunOptions) {
    jobs += 1;
    const jobId = `${process.pid}`.padEnd(16, "0") + String(jobs).padStart(16, "0");
    this.folder = folder;
    this.recoveriesPath = join(folder, "recoveries.json");
    this.#options = options;
    this.graph = {
      jobId,
      name: "test",
      parallelism: 2,
      source: { topic: "t", partitions: options.startOffsets.length, group: "g" },
      operators: ["identity"],
      sink: {
        stateKey: stateKeyOf(jobId),
        publishedKey: publishedKeyOf(jobId),
        counterKey: `${jobId}:counter`,
        sequenceKey: `${jobId}:sequence`,
      },
      checkpointIntervalMs: options.checkpointIntervalMs ?? 100,
    };
  }

  async close(): Promise<void> {
    for (const tm of this.#taskManagers) tm.close();
    for (const { manager } of this.#leaders) manager.close();
    for (const store of this.#stores) store.close();
    // A checkpoint may just be under way: its files come while the folder goes.
    await rm(this.folder, { recursive: true, maxRetries: 10, retryDelay: 50 });
  }

  async openStore(): Promise<StateStore> {
    const { redisUrl } = this.#options;
    const store = await StateStore.open({
      ...this.graph.sink,
      endpoint: redisAt(redisUrl),
      log: createLog(() => undefined),
    });
    this.#stores.push(store);
    return store;
  }

  /** One more JobManager on the same folder. `wrapStore` may change what it gets of its store. */
  async lead(wrapStore: (store: StateStore) => JobStore = (store) => store): Promise<Leader> {
    const told: JobManagerMessage[] = [];
    const superseded: unknown[] = [];
    const { startOffsets, epochStride } = this.#options;
    const manager = new JobManager({
      epoch: await claimEpoch(this.folder),
      ...(epochStride === undefined ? {} : { epochStride }),
      token: RUN_TOKEN,
      folder: this.folder,
      recoveriesPath: this.recoveriesPath,
      clock,
      log: createLog((line) => process.env["TEST_LOG"] === "1" && process.stderr.write(line)),
      openStore: async () => wrapStore(await this.openStore()),
      readStartOffsets: () => Promise.resolve(startOffsets),
      tell: (message) => told.push(message),
      stepDown: (error) => superseded.push(error),
    });
    const leader = { manager, port: await manager.start(0), told, superseded };
    this.#leaders.push(leader);
    return leader;
  }

  async joinAs(leader: Leader, tm: string, more: Partial<FakeTaskManagerOptions> = {}): Promise<FakeTaskManager> {
    const store = await this.openStore();
    const fake = new FakeTaskManager({ port: leader.port, token: RUN_TOKEN, tm, store, ...more });
    this.#taskManagers.push(fake);
    await fake.expect("registered");
    return fake;
  }

  /** A running job with TaskManagers tm-a and tm-b. */
  async run(
    wrapStore?: (store: StateStore) => JobStore,
  ): Promise<{ leader: Leader; a: FakeTaskManager; b: FakeTaskManager }> {
    const leader = await this.lead(wrapStore);
    const a = await this.joinAs(leader, "tm-a");
    const b = await this.joinAs(leader, "tm-b");
    await leader.manager.submit(this.graph);
    await this.reaches(leader, "RUNNING");
    return { leader, a, b };
  }

  reaches(leader: Leader, state: string): Promise<true> {
    return waitUntil(() => (leader.manager.job?.status.state === state ? true : undefined), {
      what: `the job is ${state}`,
      deadlineMs: 15_000,
    });
  }

  hears<T extends JobManagerMessage["type"]>(
    leader: Leader,
    type: T,
    after = 0,
  ): Promise<Extract<JobManagerMessage, { type: T }>> {
    return waitUntil(() => leader.told.slice(after).find((message) => message.type === type), {
      what: `the host is told ${type}`,
      deadlineMs: 15_000,
    }) as Promise<Extract<JobManagerMessage, { type: T }>>;
  }

  async readState(): Promise<JobState> {
    const store = await this.openStore();
    const parsed = parseJobState(await store.readHash(), this.graph.source.partitions);
    if (parsed.kind !== "complete") throw new Error(`the state is ${parsed.kind}`);
    return parsed.state;
  }
}
