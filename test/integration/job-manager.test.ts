/**
 * The JobManager against a real Redis and scripted TaskManagers over real TCP: registration, assignment, checkpoints,
 * drain and stop, restarts of the JobManager on the same run folder, and a Redis that loses its data.
 */
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { RecoveriesFile } from "../../simulator/common/contract/files/checkpoint.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { readJson } from "../../simulator/common/foundation/json-file.ts";
import { FakeTaskManager } from "../support/fake-task-manager.ts";
import { JobManagerRun } from "../support/job-manager-run.ts";
import { type RealRedis, realRedisMissing, startRealRedis } from "../support/real-redis.ts";
import { withRedis } from "../support/system.ts";

const PARTITIONS = 4;
const START_OFFSETS = [0, 5, 0, 0];
const missing = realRedisMissing();

describe.skipIf(missing !== null)(
  `the JobManager on a real Redis${missing === null ? "" : ` (skipped: ${missing})`}`,
  () => {
    let redis: RealRedis;
    let job: JobManagerRun;

    beforeAll(async () => {
      redis = await startRealRedis({ password: "secret", aof: "always" });
    });
    afterAll(() => redis?.stop());
    beforeEach(async () => {
      job = await JobManagerRun.create({ redisUrl: redis.url, startOffsets: START_OFFSETS });
    });
    afterEach(() => job.close());

    test("a job runs once every partition is owned, with checkpoint 0 on disk before the first INIT", async () => {
      const { leader, a, b } = await job.run();
      expect([...a.owned.keys(), ...b.owned.keys()].toSorted()).toEqual([0, 1, 2, 3]);
      expect(a.owned.size).toBe(2);
      expect((await job.readState()).partitions.map(({ start }) => start)).toEqual(START_OFFSETS);
      expect(await readdir(job.folder)).toContain("chk-0");
      expect(await leader.manager.submit(job.graph)).toEqual({ kind: "accepted" });
      expect((await leader.manager.submit({ ...job.graph, jobId: "f".repeat(32) })).kind).toBe("conflict");
    });

    test("a checkpoint is completed, announced and published each interval", async () => {
      const { leader, a } = await job.run();
      const p = a.held[0]?.p as number;
      expect(await a.apply(p, 7)).toBe("ok");
      const done = await waitUntil(
        () => leader.told.find((message) => message.type === "checkpoint" && message.total === 7),
        { what: "a checkpoint with 7 records", deadlineMs: 60_000 },
      );
      expect(done).toMatchObject({ status: "completed", reason: null });
      await a.expect("checkpointCompleted");
      const history = leader.manager.job?.checkpoints.history;
      expect(history?.latestCompleted).toMatchObject({ participants: 2, acknowledged: 2 });
    });

    test("a TaskManager that does not acknowledge delays a checkpoint by at most a second, and fails none", async () => {
      const leader = await job.lead();
      await job.joinAs(leader, "tm-a", { acknowledges: false });
      await job.joinAs(leader, "tm-b");
      await leader.manager.submit(job.graph);
      const checkpoint = await job.hears(leader, "checkpoint");
      expect(checkpoint.status).toBe("completed");
      expect(checkpoint.durationMs).toBeGreaterThanOrEqual(990);
    });

    test("a lost TaskManager's partitions move at once, and the others' do not pause", async () => {
      const { leader, a, b } = await job.run();
      const kept = b.held;
      a.close();
      await b.owns(PARTITIONS);
      expect(b.held).toEqual(expect.arrayContaining(kept));
      expect(leader.told).toContainEqual(expect.objectContaining({ type: "taskManagerLost", tm: "tm-a" }));
      const c = await job.joinAs(leader, "tm-c");
      await c.owns(2);
      await b.owns(2);
      expect(await c.apply(c.held[0]?.p as number, 1)).toBe("ok");
    });

    test("one that leaves gives everything away while it is there, and the others keep what they have (G3 of `scheduler.ts`)", async () => {
      const { leader, a, b } = await job.run();
      const [kept, given] = [b.held, a.held];
      await leader.manager.job?.requestScale({ parallelism: 1, leaving: ["tm-a"] });
      const isSettled = () => leader.manager.job?.snapshot().settled || undefined;
      await waitUntil(isSettled, { what: "everything is owned by who stays", deadlineMs: 60_000 });
      expect(a.owned.size).toBe(0);
      expect(b.held).toEqual(expect.arrayContaining(kept));
      for (const { p, g } of given) expect(b.held.find((held) => held.p === p)?.g).toBeGreaterThan(g);
      expect(leader.told.findLast((message) => message.type === "assignment")).toMatchObject({
        byTaskManager: { "tm-b": [0, 1, 2, 3] },
      });
      expect(leader.told.some((message) => message.type === "taskManagerLost")).toBe(false);
      // The parallelism is the job's from now on, for its client and for the JobManager after this one, too.
      expect(await leader.manager.submit(job.graph)).toEqual({ kind: "accepted" });
      leader.manager.close();
      expect((await job.lead()).manager.job?.graph.parallelism).toBe(1);
    });

    test("a fenced owner gets a new generation; one that will not release is passed over and fenced", async () => {
      const leader = await job.lead();
      const a = await job.joinAs(leader, "tm-a", { releases: false });
      await leader.manager.submit({ ...job.graph, parallelism: 1 });
      await job.reaches(leader, "RUNNING");
      const b = await job.joinAs(leader, "tm-b");
      await b.owns(2);
      const [taken] = b.held;
      expect(await a.apply(taken?.p as number, 1)).toBe("fenced");
      const [kept] = (a.assignment?.partitions ?? []) as [{ p: number; g: number }];
      a.send({ type: "lost", ...kept });
      await waitUntil(() => ((a.owned.get(kept.p)?.g ?? 0) > kept.g ? true : undefined), {
        what: "a new generation",
        deadlineMs: 60_000,
      });
    });

    test("drain waits for the end offsets, takes one more checkpoint, and is repeatable", async () => {
      const { leader, a, b } = await job.run();
      const endOffsets = [3, 5, 0, 2];
      await leader.manager.job?.requestDrain({ endOffsets });
      await a.expect("checkpointCompleted");
      expect(leader.manager.job?.snapshot().drained).toBe(false);
      for (const tm of [a, b]) if (tm.owned.has(0)) await tm.apply(0, 3);
      for (const tm of [a, b]) if (tm.owned.has(3)) await tm.apply(3, 2);
      const drained = await job.hears(leader, "drained");
      expect(drained.total).toBe(5);
      expect(leader.manager.job?.snapshot()).toMatchObject({ drained: true, total: 5 });
      expect(await readdir(join(job.folder, `chk-${drained.checkpointId}`))).toEqual(["_metadata"]);
      const before = leader.told.length;
      await leader.manager.job?.requestDrain({ endOffsets });
      expect(await job.hears(leader, "drained", before)).toEqual(drained);

      leader.manager.job?.requestStop();
      leader.manager.job?.requestStop();
      const stopped = await job.hears(leader, "stopped");
      expect(stopped.total).toBe(5);
      expect(leader.manager.job?.status.state).toBe("FINISHED");
      await a.expect("jobEnded");
      expect((await job.readState()).phase).toBe("stopped");
      expect(await a.apply(a.held[0]?.p as number, 1)).toBe("fenced");

      leader.manager.close();
      const next = await job.lead();
      expect(next.manager.job?.snapshot()).toMatchObject({ state: "FINISHED", drained: true, stopped: true, total: 5 });
      next.manager.job?.requestStop();
      expect(next.told.filter((message) => message.type === "stopped").at(-1)).toEqual(stopped);
    });

    test("a stop before the drain cancels", async () => {
      const { leader } = await job.run();
      leader.manager.job?.requestStop();
      await job.hears(leader, "stopped");
      expect(leader.manager.job?.status.state).toBe("CANCELED");
    });

    test("a restarted JobManager resumes by itself, and TaskManagers keep their generations", async () => {
      const { leader, a, b } = await job.run();
      await a.apply(a.held[0]?.p as number, 4);
      const held = { a: a.held, b: b.held };
      leader.manager.close();
      const next = await job.lead();
      const a2 = await job.joinAs(next, "tm-a", { held: held.a });
      // The second one comes later: nothing of it may be given away meanwhile.
      const b2 = await job.joinAs(next, "tm-b", { held: held.b });
      await job.reaches(next, "RUNNING");
      // The JobManager is RUNNING as soon as it has sent the assignments, which may still be on their way.
      const arrived = () => (a2.assignment && b2.assignment ? true : undefined);
      await waitUntil(arrived, { what: "the assignments", deadlineMs: 60_000 });
      expect(a2.assignment?.partitions).toEqual(held.a);
      expect(b2.assignment?.partitions).toEqual(held.b);
      expect(next.manager.epoch).toBe(leader.manager.epoch + 1);
      expect((await job.readState()).epoch).toBe(next.manager.epoch);
      const checkpoint = await job.hears(next, "checkpoint");
      expect(checkpoint).toMatchObject({ total: 4, status: "completed" });
      expect(checkpoint.id).toBeGreaterThan(next.manager.epoch * 1_000_000);
    });

    test("a JobManager that was superseded steps down, and its epoch changes nothing", async () => {
      const { leader } = await job.run();
      const next = await job.lead();
      await job.reaches(next, "CREATED");
      await waitUntil(() => (leader.superseded.length > 0 ? true : undefined), {
        what: "the older one steps down",
        deadlineMs: 60_000,
      });
      expect(leader.superseded[0]).toMatchObject({ code: "JOB_MANAGER_SUPERSEDED" });
      expect((await job.readState()).epoch).toBe(next.manager.epoch);
    });

    test("after FLUSHALL the newest checkpoint is restored as a new life, under new generations", async () => {
      const { leader, a, b } = await job.run();
      const p = a.held[0]?.p as number;
      await a.apply(p, 6);
      await waitUntil(() => leader.told.find((message) => message.type === "checkpoint" && message.total === 6), {
        what: "a checkpoint of 6",
        deadlineMs: 60_000,
      });
      const before = await job.readState();
      const store = await job.openStore();
      await withRedis(redis.url, (client) => client.flushall());
      expect(await store.readHash()).toEqual({});
      const recovered = await job.hears(leader, "recovered");
      expect(recovered.from).toBe("checkpoint");
      const after = await job.readState();
      expect(after).toMatchObject({ life: recovered.life, total: 6 });
      expect(after.life).not.toBe(before.life);
      const file = await readJson<RecoveriesFile>(job.recoveriesPath);
      expect(file?.recoveries.map(({ life }) => life)).toEqual([recovered.life]);
      expect(file?.recoveries[0]?.offsets).toEqual(after.partitions.map(({ offset }) => offset));
      await waitUntil(async () => ((await a.apply(p, 1)) === "ok" ? true : undefined), {
        what: "counting goes on",
        deadlineMs: 60_000,
      });
      expect((await job.readState()).total).toBe(7);
      expect(b.assignment?.life).toBe(recovered.life);
    });

    test("many reports of one loss cause one recovery; a report of an older life gets the current assignment", async () => {
      const { leader, a, b } = await job.run();
      const life = a.assignment?.life as string;
      await withRedis(redis.url, (client) => client.flushall());
      for (let i = 0; i < 20; i += 1) for (const tm of [a, b]) tm.send({ type: "storeLost", life });
      await job.hears(leader, "recovered");
      const count = a.received.filter((message) => message.type === "assignment").length;
      a.send({ type: "storeLost", life });
      await waitUntil(
        () => (a.received.filter((message) => message.type === "assignment").length > count ? true : undefined),
        { what: "an answer to the late report", deadlineMs: 60_000 },
      );
      expect(leader.told.filter((message) => message.type === "recovered")).toHaveLength(1);
      expect(a.assignment?.life).not.toBe(life);
    });

    test("a Redis that comes back with its data is a new life, from its own state", async () => {
      const { leader, a } = await job.run();
      await a.apply(a.held[0]?.p as number, 9);
      await redis.restart();
      const recovered = await job.hears(leader, "recovered");
      expect(recovered.from).toBe("redis");
      expect(await job.readState()).toMatchObject({ total: 9, life: recovered.life });
    });

    test("a corrupt newest checkpoint falls back to the one before", async () => {
      const { leader, a } = await job.run();
      await a.apply(a.held[0]?.p as number, 3);
      await waitUntil(() => leader.told.find((message) => message.type === "checkpoint" && message.total === 3), {
        what: "a checkpoint of 3",
        deadlineMs: 60_000,
      });
      leader.manager.close();
      const ids = (await readdir(job.folder)).flatMap((name) => /^chk-(\d+)$/.exec(name)?.[1] ?? []).map(Number);
      await writeFile(join(job.folder, `chk-${Math.max(...ids)}`, "_metadata"), "{");
      await withRedis(redis.url, (client) => client.flushall());
      const next = await job.lead();
      const recovered = await job.hears(next, "recovered");
      expect(recovered.from).toBe("checkpoint");
      const restored = next.manager.job?.checkpoints.history.restored?.id ?? -1;
      expect(restored).toBe(ids.toSorted((x, y) => y - x)[1]);
    });

    test("a task that fails, fails the job with its reason, for good", async () => {
      const { leader, a, b } = await job.run();
      a.send({ type: "taskFailed", code: "KAFKA_UNREACHABLE", category: "infrastructure", message: "Kafka is gone" });
      await job.reaches(leader, "FAILED");
      expect(leader.manager.job?.snapshot()).toMatchObject({
        category: "infrastructure",
        reason: "tm-a: Kafka is gone",
      });
      await b.expect("jobEnded");
      leader.manager.close();
      const next = await job.lead();
      await job.reaches(next, "FAILED");
      expect(next.manager.job?.snapshot()).toMatchObject({ state: "FAILED", reason: "tm-a: Kafka is gone" });
    });

    test("a wrong token, another first message and a malformed line are refused and touch nobody else", async () => {
      const { leader, a } = await job.run();
      const wrong = new FakeTaskManager({
        port: leader.port,
        token: "wrong",
        tm: "tm-a",
        store: await job.openStore(),
      });
      await wrong.expect("refused");
      await waitUntil(() => (wrong.closedBecause === null ? undefined : true), { what: "the end", deadlineMs: 60_000 });
      expect(a.closedBecause).toBeNull();
      expect(leader.manager.rpc.names()).toEqual(["tm-a", "tm-b"]);
      const newer = await job.joinAs(leader, "tm-a", { incarnation: "inc-2" });
      await a.expect("refused");
      await newer.owns(2);
    });
  },
);
