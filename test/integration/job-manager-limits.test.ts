/** What grows with the age and the size of a job, taken over its edge on a real Redis. */
import { readdir } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { taskManagerName } from "../../simulator/common/contract/names.ts";
import { byField, PARTITIONS_MAX, taskManagersMax } from "../../simulator/common/contract/state/redis-state.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { JobManagerRun } from "../support/job-manager-run.ts";
import { describeReal } from "../support/real-parts.ts";
import { type RealRedis, startRealRedis } from "../support/real-redis.ts";
import { withRedis } from "../support/system.ts";

describeReal(["redis"], "a long life of one JobManager on a real Redis", () => {
  let redis: RealRedis;
  beforeAll(async () => {
    redis = await startRealRedis();
  });
  afterAll(() => redis.stop());

  test("a checkpoint interval below 100 ms is kept", async () => {
    const job = await JobManagerRun.create({ redisUrl: redis.url, startOffsets: [0], checkpointIntervalMs: 10 });
    try {
      const { leader, a, b } = await job.run();
      const owner = a.held.length > 0 ? a : b;
      const areDense = () => {
        const [newest, , , , , fifth] = leader.manager.job?.checkpoints.history.records ?? [];
        return newest !== undefined && fifth !== undefined && newest.triggeredAtMs - fifth.triggeredAtMs < 250;
      };
      // Where nothing changes, no checkpoint is taken.
      const look = async () => {
        expect(await owner.apply(0, 1)).toBe("ok");
        return areDense() || undefined;
      };
      await waitUntil(look, { what: "six checkpoints in 250 ms", deadlineMs: 30_000, intervalMs: 5 });
    } finally {
      await job.close();
    }
  });

  test("350 partitions and 140 TaskManagers, present and former, are recovered and stopped", async () => {
    const partitions = PARTITIONS_MAX;
    const job = await JobManagerRun.create({
      redisUrl: redis.url,
      startOffsets: new Array<number>(partitions).fill(0),
    });
    try {
      const { leader, a, b } = await job.run();
      expect(a.owned.size + b.owned.size).toBe(partitions);
      const p = a.held[0]?.p as number;
      expect(await a.apply(p, 7)).toBe("ok");
      // Those that were scaled away keep their shares for ever.
      const former = Array.from({ length: taskManagersMax(partitions) - 1 }, (_, i) => byField(taskManagerName(i + 1)));
      const fields = former.flatMap((field) => [field, "0"]);
      await withRedis(redis.url, (client) => client.hset(job.graph.sink.stateKey, fields));
      expect(await a.apply(p, 1)).toBe("ok");
      const hasAll = () =>
        leader.told.some((message) => message.type === "checkpoint" && message.total === 8) || undefined;
      await waitUntil(hasAll, { what: "a checkpoint with all shares", deadlineMs: 60_000 });
      await withRedis(redis.url, (client) => client.flushall());
      expect(await job.hears(leader, "recovered")).toMatchObject({ from: "checkpoint" });
      const state = await job.readState();
      expect(state).toMatchObject({ total: 8, by: { "tm-a": 8 } });
      expect(Object.keys(state.by)).toHaveLength(taskManagersMax(partitions));
      await waitUntil(async () => ((await a.apply(p, 1)) === "ok" ? true : undefined), {
        what: "counting goes on",
        deadlineMs: 60_000,
      });
      leader.manager.job?.requestStop();
      expect(await job.hears(leader, "stopped")).toMatchObject({ total: 9 });
    } finally {
      await job.close();
    }
  });

  test("generations and checkpoints go on over the end of an epoch's numbers, and the next JobManager is above them", async () => {
    const epochStride = 20;
    const options = { redisUrl: redis.url, startOffsets: [0, 0], checkpointIntervalMs: 10, epochStride };
    const job = await JobManagerRun.create(options);
    try {
      const { leader, a, b } = await job.run();
      const epochOf = (number: number) => Math.floor(number / epochStride);
      const lastId = () => leader.manager.job?.snapshot().lastCheckpointId ?? 0;
      const p = a.held[0]?.p as number;
      const generations = [a.owned.get(p)?.g as number];
      let applied = 0;
      while (epochOf(generations.at(-1) as number) < 4 || epochOf(lastId()) < 4) {
        // Its TaskManager says that it was fenced, and gets the partition anew.
        const g = generations.at(-1) as number;
        if (a.owned.get(p)?.g === g) a.send({ type: "lost", p, g });
        await delay(25);
        const renewed = a.owned.get(p)?.g as number;
        if (renewed === g) continue;
        generations.push(renewed);
        expect(await a.apply(p, 1)).toBe("ok");
        applied += 1;
      }
      expect(generations).toEqual(generations.toSorted((x, y) => x - y));
      const checkpoints = leader.told.filter((message) => message.type === "checkpoint");
      expect(checkpoints.filter(({ status }) => status === "failed")).toEqual([]);
      const ids = checkpoints.map(({ id }) => id);
      expect(ids).toEqual([...new Set(ids)].toSorted((x, y) => x - y));
      expect(leader.manager.epoch).toBe(1);
      const claimed = (await readdir(job.folder)).filter((name) => name.startsWith("epoch-")).length;
      expect(claimed).toBeGreaterThanOrEqual(4);

      leader.manager.close();
      const next = await job.lead();
      expect(next.manager.epoch).toBe(claimed + 1);
      await job.joinAs(next, "tm-a", { held: a.held });
      const b2 = await job.joinAs(next, "tm-b", { held: b.held });
      await job.reaches(next, "RUNNING");
      expect((await job.hears(next, "checkpoint")).id).toBeGreaterThan(Math.max(...ids));
      b2.send({ type: "lost", ...(b.held[0] as { p: number; g: number }) });
      next.manager.job?.requestStop();
      expect(await job.hears(next, "stopped")).toMatchObject({ total: applied });
    } finally {
      await job.close();
    }
  });
});
