/**
 * The JobManager against a real Redis and scripted TaskManagers over real TCP: registration, assignment, checkpoints,
 * drain and stop, restarts of the JobManager on the same run folder, and a Redis that loses its data.
 */
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { StateStore } from "../../simulator/clients/redis/state-store.ts";
import type { RecoveriesFile } from "../../simulator/common/contract/checkpoint.ts";
import type { JobManagerMessage } from "../../simulator/common/contract/child-messages.ts";
import { type JobState, parseJobState } from "../../simulator/common/contract/redis-state.ts";
import type { JobGraph } from "../../simulator/common/contract/rest.ts";
import { startRunClock } from "../../simulator/common/foundation/clock.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { readJson } from "../../simulator/common/foundation/json-file.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { claimEpoch } from "../../simulator/runtime/job-manager/epoch.ts";
import { JobManager } from "../../simulator/runtime/job-manager/job-manager.ts";
import { FakeTaskManager, type FakeTaskManagerOptions } from "../support/fake-task-manager.ts";
import { type RealRedis, realRedisMissing, startRealRedis } from "../support/real-redis.ts";

const PARTITIONS = 4;
const START_OFFSETS = [0, 5, 0, 0];
const token = "the-run-token";
const clock = startRunClock();
const missing = realRedisMissing();

interface Leader {
  readonly manager: JobManager;
  readonly port: number;
  readonly told: JobManagerMessage[];
  readonly superseded: unknown[];
}

describe.skipIf(missing !== null)(
  `the JobManager on a real Redis${missing === null ? "" : ` (skipped: ${missing})`}`,
  () => {
    let redis: RealRedis;
    let folder: string;
    let graph: JobGraph;
    let leaders: Leader[];
    let stores: StateStore[];
    let taskManagers: FakeTaskManager[];
    let jobs = 0;

    beforeAll(async () => {
      redis = await startRealRedis({ password: "secret", aof: "always" });
    });
    afterAll(() => redis?.stop());
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), "job-manager-"));
      jobs += 1;
      const jobId = String(jobs).padStart(32, "0");
      graph = {
        jobId,
        name: "test",
        parallelism: 2,
        source: { topic: "t", partitions: PARTITIONS, group: "g" },
        operators: ["identity"],
        sink: { stateKey: `{${jobId}}:state`, counterKey: `${jobId}:counter`, sequenceKey: `${jobId}:sequence` },
        checkpointIntervalMs: 100,
      };
      leaders = [];
      stores = [];
      taskManagers = [];
    });
    afterEach(async () => {
      for (const tm of taskManagers) tm.close();
      for (const { manager } of leaders) manager.close();
      for (const store of stores) store.close();
      // A checkpoint may just be under way: its files come while the folder goes.
      await rm(folder, { recursive: true, maxRetries: 10, retryDelay: 50 });
    });

    const openStore = async () => {
      const store = await StateStore.open({ ...graph.sink, endpoint: redis.url, log: createLog(() => undefined) });
      stores.push(store);
      return store;
    };

    async function lead(): Promise<Leader> {
      const told: JobManagerMessage[] = [];
      const superseded: unknown[] = [];
      const manager = new JobManager({
        epoch: await claimEpoch(folder),
        token,
        folder,
        recoveriesPath: join(folder, "recoveries.json"),
        clock,
        log: createLog((line) => process.env["TEST_LOG"] === "1" && process.stderr.write(line)),
        openStore,
        readStartOffsets: () => Promise.resolve(START_OFFSETS),
        tell: (message) => told.push(message),
        stepDown: (error) => superseded.push(error),
      });
      const leader = { manager, port: await manager.start(0), told, superseded };
      leaders.push(leader);
      return leader;
    }

    async function joinAs(
      leader: Leader,
      tm: string,
      more: Partial<FakeTaskManagerOptions> = {},
    ): Promise<FakeTaskManager> {
      const fake = new FakeTaskManager({ port: leader.port, token, tm, store: await openStore(), ...more });
      taskManagers.push(fake);
      await fake.expect("registered");
      return fake;
    }

    const reaches = (leader: Leader, state: string) =>
      waitUntil(() => (leader.manager.job?.status.state === state ? true : undefined), {
        what: `the job is ${state}`,
        deadlineMs: 15_000,
      });
    const hears = <T extends JobManagerMessage["type"]>(leader: Leader, type: T, after = 0) =>
      waitUntil(() => leader.told.slice(after).find((message) => message.type === type), {
        what: `the host is told ${type}`,
        deadlineMs: 10_000,
      }) as Promise<Extract<JobManagerMessage, { type: T }>>;

    async function readState(): Promise<JobState> {
      const parsed = parseJobState(await (await openStore()).readHash(), PARTITIONS);
      if (parsed.kind !== "complete") throw new Error(`the state is ${parsed.kind}`);
      return parsed.state;
    }

    async function run(): Promise<{ leader: Leader; a: FakeTaskManager; b: FakeTaskManager }> {
      const leader = await lead();
      const a = await joinAs(leader, "tm-a");
      const b = await joinAs(leader, "tm-b");
      expect(await leader.manager.submit(graph)).toEqual({ kind: "accepted" });
      await reaches(leader, "RUNNING");
      return { leader, a, b };
    }

    test("a job runs once every partition is owned, with checkpoint 0 on disk before the first INIT", async () => {
      const { leader, a, b } = await run();
      expect([...a.owned.keys(), ...b.owned.keys()].toSorted()).toEqual([0, 1, 2, 3]);
      expect(a.owned.size).toBe(2);
      expect((await readState()).partitions.map(({ start }) => start)).toEqual(START_OFFSETS);
      expect(await readdir(folder)).toContain("chk-0");
      expect(await leader.manager.submit(graph)).toEqual({ kind: "accepted" });
      expect((await leader.manager.submit({ ...graph, jobId: "f".repeat(32) })).kind).toBe("conflict");
    });

    test("a checkpoint is completed, announced and published each interval", async () => {
      const { leader, a } = await run();
      const p = a.held[0]?.p as number;
      expect(await a.apply(p, 7)).toBe("ok");
      const done = await waitUntil(
        () => leader.told.find((message) => message.type === "checkpoint" && message.total === 7),
        { what: "a checkpoint with 7 records", deadlineMs: 5_000 },
      );
      expect(done).toMatchObject({ status: "completed", reason: null });
      await a.expect("checkpointCompleted");
      const history = leader.manager.job?.checkpoints.history;
      expect(history?.latestCompleted).toMatchObject({ participants: 2, acknowledged: 2 });
    });

    test("a TaskManager that does not acknowledge delays a checkpoint by at most a second, and fails none", async () => {
      const leader = await lead();
      await joinAs(leader, "tm-a", { acknowledges: false });
      await joinAs(leader, "tm-b");
      await leader.manager.submit(graph);
      const checkpoint = await hears(leader, "checkpoint");
      expect(checkpoint.status).toBe("completed");
      expect(checkpoint.durationMs).toBeGreaterThanOrEqual(990);
    });

    test("a lost TaskManager's partitions move at once, and the others' do not pause", async () => {
      const { leader, a, b } = await run();
      const kept = b.held;
      a.close();
      await b.owns(PARTITIONS);
      expect(b.held).toEqual(expect.arrayContaining(kept));
      expect(leader.told).toContainEqual(expect.objectContaining({ type: "taskManagerLost", tm: "tm-a" }));
      const c = await joinAs(leader, "tm-c");
      await c.owns(2);
      await b.owns(2);
      expect(await c.apply(c.held[0]?.p as number, 1)).toBe("ok");
    });

    test("one that leaves gives everything away while it is there, and the others keep what they have (G3)", async () => {
      const { leader, a, b } = await run();
      const [kept, given] = [b.held, a.held];
      await leader.manager.job?.requestScale({ parallelism: 1, leaving: ["tm-a"] });
      const isSettled = () => leader.manager.job?.snapshot().settled || undefined;
      await waitUntil(isSettled, { what: "everything is owned by who stays", deadlineMs: 5_000 });
      expect(a.owned.size).toBe(0);
      expect(b.held).toEqual(expect.arrayContaining(kept));
      for (const { p, g } of given) expect(b.held.find((held) => held.p === p)?.g).toBeGreaterThan(g);
      expect(leader.told.findLast((message) => message.type === "assignment")).toMatchObject({
        byTaskManager: { "tm-b": [0, 1, 2, 3] },
      });
      expect(leader.told.some((message) => message.type === "taskManagerLost")).toBe(false);
      // The parallelism is the job's from now on, for its client and for the JobManager after this one, too.
      expect(await leader.manager.submit(graph)).toEqual({ kind: "accepted" });
      leader.manager.close();
      expect((await lead()).manager.job?.graph.parallelism).toBe(1);
    });

    test("a fenced owner gets a new generation; one that will not release is passed over and fenced", async () => {
      const leader = await lead();
      const a = await joinAs(leader, "tm-a", { releases: false });
      await leader.manager.submit({ ...graph, parallelism: 1 });
      await reaches(leader, "RUNNING");
      const b = await joinAs(leader, "tm-b");
      await b.owns(2);
      const [taken] = b.held;
      expect(await a.apply(taken?.p as number, 1)).toBe("fenced");
      const [kept] = (a.assignment?.partitions ?? []) as [{ p: number; g: number }];
      a.send({ type: "lost", ...kept });
      await waitUntil(() => ((a.owned.get(kept.p)?.g ?? 0) > kept.g ? true : undefined), {
        what: "a new generation",
        deadlineMs: 5_000,
      });
    });

    test("drain waits for the end offsets, takes one more checkpoint, and is repeatable", async () => {
      const { leader, a, b } = await run();
      const endOffsets = [3, 5, 0, 2];
      await leader.manager.job?.requestDrain({ endOffsets });
      await a.expect("checkpointCompleted");
      expect(leader.manager.job?.snapshot().drained).toBe(false);
      for (const tm of [a, b]) if (tm.owned.has(0)) await tm.apply(0, 3);
      for (const tm of [a, b]) if (tm.owned.has(3)) await tm.apply(3, 2);
      const drained = await hears(leader, "drained");
      expect(drained.total).toBe(5);
      expect(leader.manager.job?.snapshot()).toMatchObject({ drained: true, total: 5 });
      expect(await readdir(join(folder, `chk-${drained.checkpointId}`))).toEqual(["_metadata"]);
      const before = leader.told.length;
      await leader.manager.job?.requestDrain({ endOffsets });
      expect(await hears(leader, "drained", before)).toEqual(drained);

      leader.manager.job?.requestStop();
      leader.manager.job?.requestStop();
      const stopped = await hears(leader, "stopped");
      expect(stopped.total).toBe(5);
      expect(leader.manager.job?.status.state).toBe("FINISHED");
      await a.expect("jobEnded");
      expect((await readState()).phase).toBe("stopped");
      expect(await a.apply(a.held[0]?.p as number, 1)).toBe("fenced");

      leader.manager.close();
      const next = await lead();
      expect(next.manager.job?.snapshot()).toMatchObject({ state: "FINISHED", drained: true, stopped: true, total: 5 });
      next.manager.job?.requestStop();
      expect(next.told.filter((message) => message.type === "stopped").at(-1)).toEqual(stopped);
    });

    test("a stop before the drain cancels", async () => {
      const { leader } = await run();
      leader.manager.job?.requestStop();
      await hears(leader, "stopped");
      expect(leader.manager.job?.status.state).toBe("CANCELED");
    });

    test("a restarted JobManager resumes by itself, and TaskManagers keep their generations", async () => {
      const { leader, a, b } = await run();
      await a.apply(a.held[0]?.p as number, 4);
      const held = { a: a.held, b: b.held };
      leader.manager.close();
      const next = await lead();
      const a2 = await joinAs(next, "tm-a", { held: held.a });
      // The second one comes later: nothing of it may be given away meanwhile.
      const b2 = await joinAs(next, "tm-b", { held: held.b });
      await reaches(next, "RUNNING");
      // The JobManager is RUNNING as soon as it has sent the assignments, which may still be on their way.
      const arrived = () => (a2.assignment && b2.assignment ? true : undefined);
      await waitUntil(arrived, { what: "the assignments", deadlineMs: 10_000 });
      expect(a2.assignment?.partitions).toEqual(held.a);
      expect(b2.assignment?.partitions).toEqual(held.b);
      expect(next.manager.epoch).toBe(leader.manager.epoch + 1);
      expect((await readState()).epoch).toBe(next.manager.epoch);
      const checkpoint = await hears(next, "checkpoint");
      expect(checkpoint).toMatchObject({ total: 4, status: "completed" });
      expect(checkpoint.id).toBeGreaterThan(next.manager.epoch * 1_000_000);
    });

    test("a JobManager that was superseded steps down, and its epoch changes nothing", async () => {
      const { leader } = await run();
      const next = await lead();
      await reaches(next, "CREATED");
      await waitUntil(() => (leader.superseded.length > 0 ? true : undefined), {
        what: "the older one steps down",
        deadlineMs: 5_000,
      });
      expect(leader.superseded[0]).toMatchObject({ code: "JOB_MANAGER_SUPERSEDED" });
      expect((await readState()).epoch).toBe(next.manager.epoch);
    });

    test("after FLUSHALL the newest checkpoint is restored as a new life, under new generations", async () => {
      const { leader, a, b } = await run();
      const p = a.held[0]?.p as number;
      await a.apply(p, 6);
      await waitUntil(() => leader.told.find((message) => message.type === "checkpoint" && message.total === 6), {
        what: "a checkpoint of 6",
        deadlineMs: 5_000,
      });
      const before = await readState();
      const store = await openStore();
      await deleteAll(redis);
      expect(await store.readHash()).toEqual({});
      const recovered = await hears(leader, "recovered");
      expect(recovered.from).toBe("checkpoint");
      const after = await readState();
      expect(after).toMatchObject({ life: recovered.life, total: 6 });
      expect(after.life).not.toBe(before.life);
      const file = await readJson<RecoveriesFile>(join(folder, "recoveries.json"));
      expect(file?.recoveries.map(({ life }) => life)).toEqual([recovered.life]);
      expect(file?.recoveries[0]?.offsets).toEqual(after.partitions.map(({ offset }) => offset));
      await waitUntil(async () => ((await a.apply(p, 1)) === "ok" ? true : undefined), {
        what: "counting goes on",
        deadlineMs: 5_000,
      });
      expect((await readState()).total).toBe(7);
      expect(b.assignment?.life).toBe(recovered.life);
    });

    test("many reports of one loss cause one recovery; a report of an older life gets the current assignment", async () => {
      const { leader, a, b } = await run();
      const life = a.assignment?.life as string;
      await deleteAll(redis);
      for (let i = 0; i < 20; i += 1) for (const tm of [a, b]) tm.send({ type: "storeLost", life });
      await hears(leader, "recovered");
      const count = a.received.filter((message) => message.type === "assignment").length;
      a.send({ type: "storeLost", life });
      await waitUntil(
        () => (a.received.filter((message) => message.type === "assignment").length > count ? true : undefined),
        { what: "an answer to the late report", deadlineMs: 5_000 },
      );
      expect(leader.told.filter((message) => message.type === "recovered")).toHaveLength(1);
      expect(a.assignment?.life).not.toBe(life);
    });

    test("a Redis that comes back with its data is a new life, from its own state", async () => {
      const { leader, a } = await run();
      await a.apply(a.held[0]?.p as number, 9);
      await redis.restart();
      const recovered = await hears(leader, "recovered");
      expect(recovered.from).toBe("redis");
      expect(await readState()).toMatchObject({ total: 9, life: recovered.life });
    });

    test("a corrupt newest checkpoint falls back to the one before", async () => {
      const { leader, a } = await run();
      await a.apply(a.held[0]?.p as number, 3);
      await waitUntil(() => leader.told.find((message) => message.type === "checkpoint" && message.total === 3), {
        what: "a checkpoint of 3",
        deadlineMs: 5_000,
      });
      leader.manager.close();
      const ids = (await readdir(folder)).flatMap((name) => /^chk-(\d+)$/.exec(name)?.[1] ?? []).map(Number);
      await writeFile(join(folder, `chk-${Math.max(...ids)}`, "_metadata"), "{");
      await deleteAll(redis);
      const next = await lead();
      const recovered = await hears(next, "recovered");
      expect(recovered.from).toBe("checkpoint");
      const restored = next.manager.job?.checkpoints.history.restored?.id ?? -1;
      expect(restored).toBe(ids.toSorted((x, y) => y - x)[1]);
    });

    test("a task that fails, fails the job with its reason, for good", async () => {
      const { leader, a, b } = await run();
      a.send({ type: "taskFailed", code: "KAFKA_UNREACHABLE", category: "infrastructure", message: "Kafka is gone" });
      await reaches(leader, "FAILED");
      expect(leader.manager.job?.snapshot()).toMatchObject({
        category: "infrastructure",
        reason: "tm-a: Kafka is gone",
      });
      await b.expect("jobEnded");
      leader.manager.close();
      const next = await lead();
      expect(next.manager.job?.snapshot()).toMatchObject({ state: "FAILED", reason: "tm-a: Kafka is gone" });
    });

    test("a wrong token, another first message and a malformed line are refused and touch nobody else", async () => {
      const { leader, a } = await run();
      const wrong = new FakeTaskManager({ port: leader.port, token: "wrong", tm: "tm-a", store: await openStore() });
      taskManagers.push(wrong);
      await wrong.expect("refused");
      await waitUntil(() => (wrong.closedBecause === null ? undefined : true), { what: "the end", deadlineMs: 5_000 });
      expect(a.closedBecause).toBeNull();
      expect(leader.manager.rpc.names()).toEqual(["tm-a", "tm-b"]);
      const newer = await joinAs(leader, "tm-a", { incarnation: "inc-2" });
      await a.expect("refused");
      await newer.owns(2);
    });
  },
);

async function deleteAll(redis: RealRedis): Promise<void> {
  const { Redis } = await import("ioredis");
  const client = new Redis(redis.url);
  await client.flushall();
  client.disconnect();
}
