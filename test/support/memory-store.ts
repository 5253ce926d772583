/**
 * A store in memory, for tests of what is above it: the JobManager's scripts on one plain object. The real scripts have
 * their own tests; this one is as simple as the promises it keeps.
 */
import { parseJobState, type StoreLife } from "../../simulator/common/contract/state/redis-state.ts";
import type { JobStore } from "../../simulator/runtime/checkpoint/job-store.ts";
import { buildInitialFields } from "../../simulator/runtime/checkpoint/recovery-state.ts";

export interface MemoryStore extends JobStore {
  hash: Record<string, string>;
  server: string;
  /** Not null: every call fails with this. */
  failure: Error | null;
  published: number | null;
}

export function createMemoryStore(partitions: number): MemoryStore {
  let expected: StoreLife | null = null;
  const check = async () => {
    if (store.failure !== null) throw store.failure;
  };
  const foreign = () => expected !== null && expected.redisRunId !== store.server;
  const total = () => {
    const parsed = parseJobState(store.hash, partitions);
    return parsed.kind === "complete" ? parsed.state.total : undefined;
  };
  const store: MemoryStore = {
    hash: {},
    server: "server-1",
    failure: null,
    published: null,
    expect: (life) => {
      expected = life;
    },
    runId: async () => {
      await check();
      return store.server;
    },
    readHash: async () => {
      await check();
      return { ...store.hash };
    },
    init: async ({ startOffsets, ...life }) => {
      await check();
      if (Object.keys(store.hash).length === 0) {
        store.hash = buildInitialFields(life, startOffsets);
        return { kind: "created" };
      }
      const epoch = Number(store.hash["epoch"]);
      if (epoch > life.epoch) return { kind: "refused", epoch };
      store.hash["epoch"] = String(life.epoch);
      const phase = store.hash["phase"] as "running" | "stopped";
      return { kind: "exists", life: store.hash["life"] ?? "", redisRunId: store.hash["redisRunId"] ?? "", phase };
    },
    publish: async () => {
      await check();
      const sum = foreign() ? undefined : total();
      if (sum === undefined) return { kind: "storeLost" };
      store.published = sum;
      return { kind: "published", total: sum };
    },
    fenceAll: async ({ g }) => {
      await check();
      const sum = foreign() ? undefined : total();
      if (sum === undefined) return { kind: "storeLost" };
      for (let p = 0; p < partitions; p += 1) store.hash[`fence:${p}`] = String(g);
      store.hash["phase"] = "stopped";
      return { kind: "fenced", total: sum };
    },
    recover: async ({ fields }) => {
      await check();
      store.hash = { ...store.hash, ...fields };
      return { kind: "recovered" };
    },
  };
  return store;
}
