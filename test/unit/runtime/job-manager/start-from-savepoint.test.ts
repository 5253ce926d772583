/** A job's first state from a savepoint: S6 of `store-session.ts`, on a store in memory and real files. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { StoredSavepoint } from "../../../../simulator/common/contract/files/savepoint.ts";
import { parseJobState } from "../../../../simulator/common/contract/state/redis-state.ts";
import { startRunClock } from "../../../../simulator/common/foundation/clock.ts";
import { createError } from "../../../../simulator/common/foundation/errors.ts";
import { createLog } from "../../../../simulator/common/foundation/log.ts";
import { CheckpointStorage } from "../../../../simulator/runtime/checkpoint/checkpoint-storage.ts";
import { buildInitialFields } from "../../../../simulator/runtime/checkpoint/recovery-state.ts";
import { Numbering } from "../../../../simulator/runtime/job-manager/numbering.ts";
import { type Recovered, StoreSession } from "../../../../simulator/runtime/job-manager/store-session.ts";
import { createMemoryStore, type MemoryStore } from "../../../support/memory-store.ts";

const PARTITIONS = 2;
const jobId = "b".repeat(32);
/** Of a job that was stopped by its fourth JobManager: its fences are far above those of a new job. */
const fields = {
  ...buildInitialFields({ life: "old-life", redisRunId: "old-server", epoch: 4 }, [0, 5]),
  phase: "stopped",
  total: "9",
  "by:taskmanager-01": "9",
  "count:0": "9",
  "offset:0": "9",
  "fence:0": "4000009",
  "last:0": "2:9:7:2:4000002:taskmanager-01:17",
};
let folder: string;
let store: MemoryStore;
let recovered: Recovered[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "start-from-savepoint-"));
  store = createMemoryStore(PARTITIONS);
  recovered = [];
});
afterEach(() => rm(folder, { recursive: true }));

function readStored(): StoredSavepoint {
  const parsed = parseJobState(fields, PARTITIONS);
  if (parsed.kind !== "complete") throw new Error(`the state is ${parsed.kind}`);
  const source = { topic: "t", partitions: PARTITIONS, group: "g" };
  const origin = { id: 4_000_003, jobId: "a".repeat(32), epoch: 4, completedAtUs: 1 };
  const file = { schema: 1, kind: "savepoint", ...origin, source, state: fields } as const;
  return { path: "/savepoints/savepoint-aaaaaa-1", file, state: parsed.state };
}

const log = createLog(() => undefined);
const createStorage = () =>
  new CheckpointStorage({
    folder,
    recoveriesPath: join(folder, "recoveries.json"),
    jobId,
    partitions: PARTITIONS,
    log,
  });
const open = (epoch: number, readSavepoint: () => StoredSavepoint) =>
  new StoreSession({
    jobId,
    partitions: PARTITIONS,
    store,
    storage: createStorage(),
    numbering: new Numbering({ epoch, folder }),
    clock: startRunClock(),
    log,
    readStartOffsets: () => Promise.reject(new Error("a savepoint says where the job starts")),
    readSavepoint,
    onRecovered: (one) => recovered.push(one),
  });

test("the job runs on with every count, and with nothing by which a writer of before could be taken for its own", async () => {
  const state = await open(1, readStored).establish();
  expect(state).toMatchObject({ phase: "running", epoch: 1, total: 9, by: { "taskmanager-01": 9 } });
  expect(state.partitions.map(({ start, offset, last }) => [start, offset, last])).toEqual([
    [0, 9, null],
    [5, 5, null],
  ]);
  for (const { fence } of state.partitions) expect(fence).toBeLessThan(2_000_000);
  expect(state.life).not.toBe("old-life");
  expect(recovered).toMatchObject([
    { from: "savepoint", restored: { id: 4_000_003, location: "file:///savepoints/savepoint-aaaaaa-1" } },
  ]);
  expect(await createStorage().readRecoveries()).toMatchObject([{ from: "savepoint", offsets: [9, 5] }]);
  expect(store.published).toBe(9);
});

test("a JobManager that dies in the middle of it has a successor that needs the savepoint no more (S6)", async () => {
  const { recover } = store;
  store.recover = () => Promise.reject(createError("REDIS_UNREACHABLE", { endpoint: "e", attempts: 1, waitedMs: 1 }));
  await expect(open(1, readStored).establish()).rejects.toMatchObject({ code: "REDIS_UNREACHABLE" });
  store.recover = recover;
  const gone = () => {
    throw new Error("the savepoint was removed");
  };
  const state = await open(2, gone).establish();
  expect(state).toMatchObject({ phase: "running", total: 9, epoch: 2 });
  expect(recovered.map(({ from }) => from)).toEqual(["checkpoint"]);
});
