/** The mirror of Flink's counts on a real protocol: the scripts of the job's state in the embedded Redis. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { StateStore } from "../../simulator/clients/redis/state-store.ts";
import type { AppliedLogRow } from "../../simulator/common/contract/files/applied-log.ts";
import type { PartitionCounts } from "../../simulator/common/contract/job/counts.ts";
import { type JobState, parseJobState } from "../../simulator/common/contract/state/redis-state.ts";
import { startRunClock } from "../../simulator/common/foundation/clock.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { type EmbeddedRedis, startEmbeddedRedis } from "../../simulator/embedded/redis/server.ts";
import { CheckpointStorage } from "../../simulator/runtime/checkpoint/checkpoint-storage.ts";
import { claimEpoch } from "../../simulator/runtime/job-manager/epoch.ts";
import { Numbering } from "../../simulator/runtime/job-manager/numbering.ts";
import { StoreSession } from "../../simulator/runtime/job-manager/store-session.ts";
import { Mirror } from "../../simulator/runtime/mirror/mirror.ts";
import { redisAt } from "../support/addresses.ts";

const log = createLog(() => undefined);
const clock = startRunClock();
const PARTITIONS = 3;
const folders: string[] = [];
const stores: StateStore[] = [];
let redis: EmbeddedRedis;
let jobs = 0;

beforeAll(async () => {
  redis = await startEmbeddedRedis({ port: 0, password: "", log });
});

afterAll(async () => {
  for (const store of stores) store.close();
  await redis.close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** One job; each call is a process of its mirror. */
function createJob() {
  const folder = mkdtempSync(join(tmpdir(), "flink-apphost-mirror-"));
  folders.push(folder);
  jobs += 1;
  const jobId = String(jobs).padStart(32, "0");
  const rows: AppliedLogRow[] = [];
  const recovered: string[] = [];
  const openStore = async () => {
    const keys = { stateKey: `${jobId}:state`, publishedKey: `${jobId}:p`, counterKey: `${jobId}:c` };
    const endpoint = redisAt(`redis://127.0.0.1:${redis.port}`);
    const store = await StateStore.open({ ...keys, sequenceKey: `${jobId}:s`, endpoint, log });
    stores.push(store);
    return store;
  };
  return {
    rows,
    recovered,
    async start(droppedPartition: number | null = null) {
      const store = await openStore();
      const numbering = new Numbering({ epoch: await claimEpoch(folder), folder });
      const recoveriesPath = join(folder, "recoveries.json");
      const storage = new CheckpointStorage({ folder, recoveriesPath, jobId, partitions: PARTITIONS, log });
      const shared = { jobId, partitions: PARTITIONS, store, numbering, clock };
      const session = new StoreSession({
        ...shared,
        storage,
        log,
        readSavepoint: null,
        readStartOffsets: async () => Array.from({ length: PARTITIONS }, () => 0),
        onRecovered: ({ reason }) => recovered.push(reason),
      });
      const appliedLog = { append: (...more: readonly AppliedLogRow[]) => void rows.push(...more) };
      const mirror = new Mirror({ ...shared, session, appliedLog, droppedPartition });
      await mirror.begin();
      return mirror;
    },
    async read(): Promise<JobState> {
      const parsed = parseJobState(await (await openStore()).readHash(), PARTITIONS);
      if (parsed.kind !== "complete") throw new Error(parsed.kind);
      return parsed.state;
    },
  };
}

const counted = (p: number, messages: number): PartitionCounts => ({
  p,
  records: messages,
  messages,
  idSum: messages,
  highestId: messages,
  highestOffset: messages - 1,
});

it("applies the newest counts of each partition, logs what it did, and stops the state", async () => {
  const job = createJob();
  const mirror = await job.start();
  mirror.take([counted(0, 5), counted(0, 8), counted(1, 2)]);
  await mirror.apply();
  expect(mirror.describe()).toEqual({ type: "mirrored", offsets: [8, 2, 0], total: 10 });
  const applies = job.rows.filter(({ kind }) => kind === "apply");
  expect(applies).toMatchObject([
    { p: 0, prev: 0, next: 8, n: 8, tm: "mirror" },
    { p: 1, prev: 0, next: 2, n: 2 },
  ]);
  await mirror.stop();
  expect(await job.read()).toMatchObject({ phase: "stopped", total: 10, by: { mirror: 10 } });
});

it("goes on where the process before it stood, which cannot write any more (W2)", async () => {
  const job = createJob();
  const first = await job.start();
  first.take([counted(2, 4)]);
  await first.apply();
  const second = await job.start();
  expect(second.describe().offsets).toEqual([0, 0, 4]);
  second.take([counted(2, 9)]);
  await second.apply();
  first.take([counted(2, 7)]);
  await expect(first.apply()).rejects.toThrow(/another mirror/);
  expect((await job.read()).total).toBe(9);
});

it("applies everything again to a Redis that lost all of it (W4)", async () => {
  const job = createJob();
  const mirror = await job.start();
  mirror.take([counted(0, 6), counted(1, 6)]);
  await mirror.apply();
  const { port } = redis;
  await redis.close();
  redis = await startEmbeddedRedis({ port, password: "", log });
  mirror.take([counted(2, 3)]);
  await mirror.apply();
  expect(job.recovered).toHaveLength(1);
  expect(await job.read()).toMatchObject({ total: 15, partitions: [{ offset: 6 }, { offset: 6 }, { offset: 3 }] });
});

it("ends when counts fall, which those of an exactly-once job never do", async () => {
  const mirror = await createJob().start();
  mirror.take([counted(0, 6)]);
  await mirror.apply();
  mirror.take([{ ...counted(0, 5), highestOffset: 7 }]);
  await expect(mirror.apply()).rejects.toMatchObject({ code: "COUNTS_WENT_BACK", category: "exactlyOnce" });
});

it("leaves a partition out where a test wants its loss to be found", async () => {
  const job = createJob();
  const mirror = await job.start(0);
  mirror.take([counted(0, 6), counted(1, 6)]);
  await mirror.apply();
  expect(mirror.describe()).toMatchObject({ offsets: [6, 6, 0], total: 6 });
  expect((await job.read()).partitions[0]).toMatchObject({ offset: 0, count: 0 });
});
