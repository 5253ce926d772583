/**
 * `state-store.ts` against a real Redis behind a network that breaks: no script reaches a foreign server (T1), a lost reply
 * is answered as the retry it is (T2), and every wait ends (T3).
 */

import { afterEach, beforeEach, expect, it } from "vitest";
import type { RedisConnection } from "../../simulator/clients/redis/connection.ts";
import { openRedis } from "../../simulator/clients/redis/reader.ts";
import { StateStore } from "../../simulator/clients/redis/state-store.ts";
import type { ApplyArguments } from "../../simulator/common/contract/state/redis-scripts.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { redisAt } from "../support/addresses.ts";
import { describeReal } from "../support/real-parts.ts";
import { type RealRedis, startRealRedis } from "../support/real-redis.ts";
import { type MonitorLine, watchCommands } from "../support/redis-monitor.ts";
import { COUNTER_KEY, PUBLISHED_KEY, SEQUENCE_KEY, STATE_KEY } from "../support/script-cases.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";

const quiet = createLog(() => undefined);
const G = 1_000_001;
const LIFE = "L1";

const isScript = (line: MonitorLine) => ["EVAL", "EVALSHA", "SCRIPT"].includes(line.command);

/** Partition p's batch number k: ten records. */
const batch = (p: number, k: number): ApplyArguments => ({
  life: LIFE,
  p,
  g: G,
  tm: "taskmanager-01",
  prev: k * 10,
  next: k * 10 + 10,
  n: 10,
  rejected: 0,
  skipped: 0,
  idSum: 55,
  idMix: 77,
  lastId: k * 10 + 10,
  disorder: 0,
  sentAtUs: 1_795_360_719_696_123,
});

describeReal(["redis"], "StateStore on a real Redis", () => {
  let redis: RealRedis;
  let direct: RedisConnection;
  let proxy: TcpProxy;
  let store: StateStore;

  const open = (a: { giveUpMs?: number; replyMs?: number; stateKey?: string; publishedKey?: string } = {}) =>
    StateStore.open({
      endpoint: redisAt(`redis://:secret@127.0.0.1:${proxy.port}`),
      stateKey: a.stateKey ?? STATE_KEY,
      publishedKey: a.publishedKey ?? PUBLISHED_KEY,
      counterKey: COUNTER_KEY,
      sequenceKey: SEQUENCE_KEY,
      log: quiet,
      giveUpMs: a.giveUpMs ?? 10_000,
      replyMs: a.replyMs ?? 5_000,
    });

  beforeEach(async () => {
    redis = await startRealRedis({ password: "secret" });
    direct = await openRedis(redisAt(redis.url));
    proxy = await startTcpProxy(redis.port);
    store = await open();
    const redisRunId = await store.runId();
    store.expect({ life: LIFE, redisRunId });
    const startOffsets = [0, 0, 0, 0];
    expect(await store.init({ epoch: 1, life: LIFE, redisRunId, startOffsets })).toEqual({ kind: "created" });
    for (const p of startOffsets.keys()) {
      expect(await store.acquire({ life: LIFE, p, g: G })).toMatchObject({ kind: "acquired", offset: 0 });
    }
  });

  afterEach(async () => {
    store.close();
    direct.close();
    await proxy.close();
    await redis.stop();
  });

  it("dials anew when a life of another server is named, though the connection before it still looks open", async () => {
    const other = await startRealRedis({ password: "secret" });
    const there = await openRedis(redisAt(other.url));
    try {
      const renewed = { life: "L2", redisRunId: there.runId };
      proxy.target = other.port;
      store.expect(renewed);
      expect(await store.init({ epoch: 1, ...renewed, startOffsets: [0] })).toEqual({ kind: "created" });
      expect(await store.acquire({ life: "L2", p: 0, g: G })).toMatchObject({ kind: "acquired", offset: 0 });
      expect(await direct.readHash(STATE_KEY)).toMatchObject({ life: LIFE });
    } finally {
      there.close();
      await other.stop();
    }
  });

  it("gets DUP with the same base when the reply was lost and the server is the same", async () => {
    expect(await store.apply(batch(0, 0))).toEqual({ kind: "ok", base: 0 });
    const monitor = await watchCommands(redis.port, redis.password);
    proxy.blackhole("fromServer");
    const retried = store.apply(batch(0, 1));
    await applied(direct, 0, "20");
    proxy.blackhole(null);
    proxy.cut();
    expect(await retried).toEqual({ kind: "dup", base: 10 });
    expect((await store.readHash())["total"]).toBe("20");
    expectIntroducedFirst(monitor.lines);
    monitor.close();
  });

  it("sends nothing to a server with another run_id, whatever was in flight", async () => {
    const other = await startRealRedis({ password: "secret" });
    try {
      // The first APPLY makes the script known: with all answers swallowed, NOSCRIPT would be swallowed too.
      expect(await store.apply(batch(0, 0))).toEqual({ kind: "ok", base: 0 });
      // The other server even holds the same hash, as after a restart from an older append-only file.
      const copy = await openRedis(redisAt(other.url));
      await copy.transport.call("HSET", [STATE_KEY, ...Object.entries(await direct.readHash(STATE_KEY)).flat()]);
      const monitor = await watchCommands(other.port, other.password);
      proxy.blackhole("fromServer");
      const inFlight = [1, 2, 3].map((p) => store.apply(batch(p, 0)));
      await applied(direct, 3, "10");
      proxy.blackhole(null);
      proxy.target = other.port;
      proxy.cut();
      expect(await Promise.all(inFlight)).toEqual(Array(3).fill({ kind: "storeLost", life: "" }));
      expect(await store.acquire({ life: LIFE, p: 0, g: G })).toEqual({ kind: "storeLost", life: "" });
      expect(await store.publish({ epoch: 1 })).toEqual({ kind: "storeLost" });
      expect(await store.fenceAll({ epoch: 1, g: G + 1 })).toEqual({ kind: "storeLost" });
      expect(await store.runId()).toBe(copy.runId);
      await copy.transport.call("ECHO", ["the end"]);
      await monitor.until((line) => line.command === "ECHO");
      expect(monitor.lines.some((line) => line.command === "INFO")).toBe(true);
      expect(monitor.lines.filter(isScript)).toEqual([]);
      expect((await copy.readHash(STATE_KEY))["total"]).toBe("10");

      // INIT and RECOVER go by the run_id in their own arguments, not by what was expected before.
      const stale = { epoch: 2, life: "L2", redisRunId: direct.runId, startOffsets: [0] };
      await expect(store.init(stale)).rejects.toMatchObject({ code: "REDIS_SERVER_CHANGED", retryable: true });
      const fields = { ...(await store.readHash()), life: "L2", redisRunId: copy.runId };
      await expect(store.recover({ epoch: 2, fields: { ...fields, redisRunId: direct.runId } })).rejects.toMatchObject({
        code: "REDIS_SERVER_CHANGED",
      });
      expect(monitor.lines.filter(isScript)).toEqual([]);
      expect(await store.recover({ epoch: 2, fields })).toEqual({ kind: "recovered" });
      store.expect({ life: "L2", redisRunId: copy.runId });
      expect(await store.acquire({ life: "L2", p: 0, g: G })).toMatchObject({ kind: "acquired" });
      expect(await store.apply({ ...batch(0, 1), life: "L2" })).toEqual({ kind: "ok", base: 10 });
      expectIntroducedFirst(monitor.lines);
      monitor.close();
      copy.close();
    } finally {
      await other.stop();
    }
  });

  it("carries many calls in flight through repeated cuts, each applied once", async () => {
    const batches = 40;
    let done = 0;
    const work = [0, 1, 2, 3].map(async (p) => {
      for (let k = 0; k < batches; k += 1) {
        expect((await store.apply(batch(p, k))).kind).toMatch(/^(ok|dup)$/);
        done += 1;
      }
    });
    for (let cut = 1; cut <= 5; cut += 1) {
      await waitUntil(() => (done >= cut * 20 ? true : undefined), {
        what: "progress",
        deadlineMs: 60_000,
        intervalMs: 1,
      });
      proxy.cut();
    }
    await Promise.all(work);
    const hash = await store.readHash();
    expect(hash["total"]).toBe(String(4 * batches * 10));
    expect([0, 1, 2, 3].map((p) => hash[`count:${p}`])).toEqual(Array(4).fill(String(batches * 10)));
    expect(proxy.accepted).toBeGreaterThan(1);
  });

  it("counts a silent server as lost, and goes on when it speaks again", async () => {
    store.close();
    store = await open({ replyMs: 300 });
    process.kill(redis.pid, "SIGSTOP");
    const waiting = store.apply(batch(0, 0));
    const connections = proxy.accepted;
    await waitUntil(() => (proxy.accepted > connections ? true : undefined), {
      what: "a second dial",
      deadlineMs: 60_000,
    });
    process.kill(redis.pid, "SIGCONT");
    expect((await waiting).kind).toMatch(/^(ok|dup)$/);
    expect((await store.readHash())["total"]).toBe("10");
  });

  it("gives up with REDIS_UNREACHABLE, in the time it was given", async () => {
    store.close();
    store = await open({ giveUpMs: 800 });
    proxy.refuse(true);
    proxy.cut();
    const startedMs = performance.now();
    await expect(store.apply(batch(0, 0))).rejects.toMatchObject({
      code: "REDIS_UNREACHABLE",
      category: "infrastructure",
    });
    expect(performance.now() - startedMs).toBeLessThan(20_000);
    proxy.refuse(false);
    expect(await store.apply(batch(0, 0))).toEqual({ kind: "ok", base: 0 });
  });

  it("waits while the server refuses for now, and says why when that does not end", async () => {
    store.close();
    store = await open({ giveUpMs: 600 });
    await direct.transport.call("CONFIG", ["SET", "maxmemory", "1"]);
    await expect(store.apply(batch(0, 0))).rejects.toMatchObject({
      code: "REDIS_BUSY",
      message: expect.stringContaining("OOM"),
    });
    const waiting = store.apply(batch(0, 0));
    await direct.transport.call("CONFIG", ["SET", "maxmemory", "0"]);
    expect(await waiting).toEqual({ kind: "ok", base: 0 });
    // A replica may become the primary again, or another one may be reached.
    await direct.transport.call("REPLICAOF", ["127.0.0.1", "1"]);
    const onReplica = store.apply(batch(0, 1));
    const accepted = proxy.accepted;
    await waitUntil(() => (proxy.accepted > accepted ? true : undefined), {
      what: "a new connection",
      deadlineMs: 60_000,
    });
    await direct.transport.call("REPLICAOF", ["NO", "ONE"]);
    expect(await onReplica).toEqual({ kind: "ok", base: 10 });
  });

  it("sends the text again when the server has forgotten the scripts", async () => {
    await direct.transport.call("SCRIPT", ["FLUSH"]);
    expect(await Promise.all([store.apply(batch(0, 0)), store.apply(batch(1, 0))])).toEqual([
      { kind: "ok", base: 0 },
      { kind: "ok", base: 10 },
    ]);
  });

  it("reports a wrong type and a wrong password at once, without the password", async () => {
    await direct.transport.call("DEL", [STATE_KEY]);
    await direct.transport.call("SET", [STATE_KEY, "text"]);
    await expect(store.apply(batch(0, 0))).rejects.toMatchObject({ code: "REDIS_COMMAND_REFUSED" });
    const startedMs = performance.now();
    const refused = await openRedis(redisAt(redis.url.replace("secret", "wrong-one"))).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: "REDIS_AUTHENTICATION_FAILED",
      category: "infrastructure",
      retryable: false,
    });
    expect(JSON.stringify(refused) + String(refused) + String((refused as Error).cause)).not.toContain("wrong-one");
    await expect(openRedis(redisAt(`redis://127.0.0.1:${redis.port}`))).rejects.toMatchObject({
      code: "REDIS_AUTHENTICATION_FAILED",
    });
    expect(performance.now() - startedMs).toBeLessThan(20_000);
  });

  it("shows the total of each job under a key of its own, beside those that all jobs share", async () => {
    const another = await open({ stateKey: "{another}:state", publishedKey: "{another}:published" });
    try {
      const redisRunId = await another.runId();
      await another.init({ epoch: 1, life: "L2", redisRunId, startOffsets: [0] });
      await store.acquire({ life: LIFE, p: 0, g: G });
      await store.apply(batch(0, 0));
      expect(await store.publish({ epoch: 1 })).toEqual({ kind: "published", total: 10 });
      expect(await another.publish({ epoch: 1 })).toEqual({ kind: "published", total: 0 });
      const read = (key: string) => direct.readText(key);
      expect(await Promise.all([PUBLISHED_KEY, "{another}:published"].map(read))).toEqual(["10", "0"]);
      expect(await Promise.all([COUNTER_KEY, SEQUENCE_KEY].map(read))).toEqual(["0", "0"]);
    } finally {
      another.close();
    }
  });

  it("ends waiting calls when it is closed", async () => {
    proxy.blackhole("fromServer");
    const waiting = store.apply(batch(0, 0));
    store.close();
    await expect(waiting).rejects.toMatchObject({ code: "REDIS_CLIENT_CLOSED" });
    await expect(store.runId()).rejects.toMatchObject({ code: "REDIS_CLIENT_CLOSED" });
  });

  it("reads what the server says of itself", async () => {
    expect(await direct.readFacts()).toMatchObject({ embedded: false, mode: "standalone", aof: "off", fsync: null });
    await store.publish({ epoch: 1 });
    expect(await direct.readText(COUNTER_KEY)).toBe("0");
    expect(await direct.remove([COUNTER_KEY, SEQUENCE_KEY, PUBLISHED_KEY, STATE_KEY, "nothing"])).toBe(4);
    expect(await store.acquire({ life: LIFE, p: 0, g: G })).toEqual({ kind: "storeLost", life: "" });
  });
});

async function applied(direct: RedisConnection, p: number, offset: string): Promise<void> {
  await waitUntil(async () => ((await direct.readHash(STATE_KEY))[`offset:${p}`] === offset ? true : undefined), {
    what: `partition ${p} stands at ${offset}`,
    deadlineMs: 60_000,
    intervalMs: 2,
  });
}

/** Each connection that ran a script had asked for the run_id before. */
function expectIntroducedFirst(lines: readonly MonitorLine[]): void {
  const newcomers = new Set(lines.filter((line) => line.command === "PING").map((line) => line.from));
  const scripts = lines.filter((line) => isScript(line) && newcomers.has(line.from));
  expect(scripts.length).toBeGreaterThan(0);
  for (const script of scripts) {
    const before = lines.slice(0, lines.indexOf(script));
    expect(
      before.some((line) => line.from === script.from && line.command === "INFO"),
      script.text,
    ).toBe(true);
  }
}
