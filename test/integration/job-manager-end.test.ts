/**
 * How a job ends when something fails between its last effect and its end, on a real Redis: the state is stopped, the
 * published view shows its total, and the reason is what really happened.
 */
import { rename, rm, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { StateStore } from "../../simulator/clients/redis/state-store.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import type { JobStore } from "../../simulator/runtime/checkpoint/job-store.ts";
import type { FakeTaskManager } from "../support/fake-task-manager.ts";
import { JobManagerRun } from "../support/job-manager-run.ts";
import { describeReal } from "../support/real-parts.ts";
import { type RealRedis, startRealRedis } from "../support/real-redis.ts";
import { withRedis } from "../support/system.ts";

describeReal(["redis"], "the end of a job on a real Redis", () => {
  let redis: RealRedis;
  let job: JobManagerRun;

  beforeAll(async () => {
    redis = await startRealRedis();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    // No checkpoint in between: the view would be behind for ever if the end did not publish.
    job = await JobManagerRun.create({ redisUrl: redis.url, startOffsets: [0, 0], checkpointIntervalMs: 86_400_000 });
  });
  afterEach(() => job.close());

  /** A running job of which 7 records are applied, and 0 are published. */
  async function runWithSeven(wrapStore?: (store: StateStore) => JobStore) {
    const { leader, a } = await job.run(wrapStore);
    expect(await a.apply(a.held[0]?.p as number, 7)).toBe("ok");
    expect(await readViews()).toEqual(["0", "0", "0"]);
    return { leader, a };
  }

  function readViews(): Promise<(string | null)[]> {
    const { publishedKey, counterKey, sequenceKey } = job.graph.sink;
    return withRedis(redis.url, (client) => client.mget(publishedKey, counterKey, sequenceKey));
  }

  async function expectStoppedAtSeven(): Promise<void> {
    expect(await job.readState()).toMatchObject({ phase: "stopped", total: 7 });
    expect(await readViews()).toEqual(["7", "7", "7"]);
  }

  const failByAssertion = (tm: FakeTaskManager) =>
    tm.send({ type: "taskFailed", code: "ASSERTION_FAILED", category: "unexpected", message: "prev 5, next 4" });

  test("a run folder that cannot be written ends a stop as a failure of the infrastructure, with the view at the total", async () => {
    const { leader } = await runWithSeven();
    const giveBack = await takeFolderAway(job.folder);
    try {
      leader.manager.job?.requestStop();
      await job.reaches(leader, "FAILED");
    } finally {
      await giveBack();
    }
    const { category, reason } = leader.manager.job?.snapshot() ?? {};
    expect(category).toBe("infrastructure");
    expect(reason).toMatch(/cannot be written: make room on that disk.*ENOTDIR/);
    await expectStoppedAtSeven();
  });

  test("a run folder that cannot be written for 3 s delays a stop, and no more", async () => {
    const { leader } = await runWithSeven();
    const giveBack = await takeFolderAway(job.folder);
    try {
      leader.manager.job?.requestStop();
      await delay(3_000);
    } finally {
      await giveBack();
    }
    expect(await job.hears(leader, "stopped")).toMatchObject({ total: 7 });
    expect(leader.manager.job?.snapshot()).toMatchObject({ state: "CANCELED", total: 7 });
    await expectStoppedAtSeven();
  });

  test.each(["unexpected", "job", "infrastructure"] as const)(
    "a job that fails (%s) is stopped, and shows the total that it leaves",
    async (category) => {
      const { leader, a } = await runWithSeven();
      a.send({ type: "taskFailed", code: "ASSERTION_FAILED", category, message: "the reason" });
      await job.reaches(leader, "FAILED");
      expect(leader.manager.job?.snapshot()).toMatchObject({ category, reason: "tm-a: the reason" });
      await expectStoppedAtSeven();
    },
  );

  test("a JobManager killed between FENCE_ALL and PUBLISH of a stop: the next one completes the stop and publishes", async () => {
    const { store, fenced } = dieAfterFenceAll();
    const { leader } = await runWithSeven(store);
    leader.manager.job?.requestStop();
    await fenced;
    leader.manager.close();
    expect(await job.readState()).toMatchObject({ phase: "stopped", total: 7 });
    expect(await readViews()).toEqual(["0", "0", "0"]);
    const next = await job.lead();
    expect(await job.hears(next, "stopped")).toMatchObject({ total: 7 });
    await expectStoppedAtSeven();
  });

  test("a JobManager killed between FENCE_ALL and PUBLISH of a failure: the next one says the same reason and publishes", async () => {
    const { store, fenced } = dieAfterFenceAll();
    const { leader, a } = await runWithSeven(store);
    failByAssertion(a);
    await fenced;
    leader.manager.close();
    expect(await readViews()).toEqual(["0", "0", "0"]);
    const next = await job.lead();
    await job.reaches(next, "FAILED");
    expect(next.manager.job?.snapshot()).toMatchObject({ reason: "tm-a: prev 5, next 4", category: "unexpected" });
    await expectStoppedAtSeven();
  });

  test("a Redis that hangs while the job fails delays the end by 2 s, and is stopped and shown the total once it answers", async () => {
    const { leader, a } = await runWithSeven();
    process.kill(redis.pid, "SIGSTOP");
    try {
      failByAssertion(a);
      await job.reaches(leader, "FAILED");
    } finally {
      process.kill(redis.pid, "SIGCONT");
    }
    await waitUntil(async () => ((await readViews())[0] === "7" ? true : undefined), {
      what: "the total is published",
      deadlineMs: 60_000,
    });
    await expectStoppedAtSeven();
  });

  test("a failure that cannot be written down is told all the same, and what it left is shown", async () => {
    const { leader, a } = await runWithSeven();
    const giveBack = await takeFolderAway(job.folder);
    try {
      failByAssertion(a);
      await job.reaches(leader, "FAILED");
    } finally {
      await giveBack();
    }
    expect(leader.superseded).toEqual([]);
    expect(leader.manager.job?.snapshot()).toMatchObject({ reason: "tm-a: prev 5, next 4", category: "unexpected" });
    await expectStoppedAtSeven();
  });
});

/** From its first FENCE_ALL on this store answers nothing any more, as to a JobManager that is dead by then. */
function dieAfterFenceAll() {
  const fenced = Promise.withResolvers<void>();
  let isDead = false;
  const silence = new Promise<never>(() => undefined);
  const store = (real: StateStore): JobStore => ({
    expect: (life) => real.expect(life),
    runId: () => (isDead ? silence : real.runId()),
    readHash: () => (isDead ? silence : real.readHash()),
    init: (args) => real.init(args),
    recover: (args) => real.recover(args),
    publish: (args) => (isDead ? silence : real.publish(args)),
    fenceAll: async (args) => {
      const answer = await real.fenceAll(args);
      isDead = true;
      fenced.resolve();
      return answer;
    },
  });
  return { store, fenced: fenced.promise };
}

/** A file in its place: nobody can write into it, not even root. Returns what brings it back. */
async function takeFolderAway(folder: string): Promise<() => Promise<void>> {
  const away = `${folder}.away`;
  await rename(folder, away);
  await writeFile(folder, "");
  return async () => {
    await rm(folder);
    await rename(away, folder);
  };
}
