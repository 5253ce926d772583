/**
 * Packages that many applications use, with the scripts that they send: BullMQ, rate-limiter-flexible and redlock, as
 * installed. Each works on the embedded Redis as on a real one, and everything that it sent to the real one is sent again
 * to both, so that no reply differs.
 */
import { createRequire } from "node:module";
import { Queue, Worker } from "bullmq";
import { type Command, Redis } from "ioredis";
import { RateLimiterRedis } from "rate-limiter-flexible";
import { afterAll, beforeAll, expect, it } from "vitest";
import { withDeadline } from "../../simulator/common/foundation/deadline.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { type EmbeddedRedis, startEmbeddedRedis } from "../../simulator/embedded/redis/server.ts";
import { describeReal } from "../support/real-parts.ts";
import { type RealRedis, startRealRedis } from "../support/real-redis.ts";
import { orderReply } from "../support/redis-walk.ts";
import { type RawReply, RespClient } from "../support/resp-client.ts";

interface RedlockLock {
  extend(ms: number): Promise<RedlockLock>;
  unlock(): Promise<void>;
}
const require = createRequire(import.meta.url);
/** The package brings no types. */
const Redlock = require("redlock") as new (
  clients: readonly Redis[],
  options: { retryCount: number },
) => { lock(resource: string | string[], ttlMs: number): Promise<RedlockLock> };

const DEADLINE_MS = 20_000;
const outcome = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "done",
    () => "refused",
  );

async function takeLocks(client: Redis): Promise<unknown> {
  const redlock = new Redlock([client], { retryCount: 0 });
  const lock = await redlock.lock("locks:a", 30_000);
  const second = await outcome(redlock.lock("locks:a", 30_000));
  const extended = await lock.extend(60_000);
  const several = await redlock.lock(["locks:b", "locks:c"], 30_000);
  await several.unlock();
  await extended.unlock();
  return [second, await outcome(redlock.lock("locks:a", 30_000)), await outcome(extended.extend(1_000))];
}

async function limitRates(client: Redis): Promise<unknown> {
  const limiter = new RateLimiterRedis({ storeClient: client, points: 3, duration: 100, blockDuration: 200 });
  const outcomes: string[] = [];
  for (let i = 0; i < 5; i += 1) outcomes.push(await outcome(limiter.consume("somebody")));
  await limiter.penalty("another", 2);
  await limiter.reward("another", 1);
  const found = await limiter.get("another");
  return [outcomes, found?.consumedPoints, await limiter.delete("another"), (await limiter.get("another")) === null];
}

async function workOffJobs(client: Redis): Promise<unknown> {
  const queue = new Queue("jobs", { connection: client });
  await queue.addBulk(Array.from({ length: 5 }, (_, i) => ({ name: `plain ${i}`, data: { i } })));
  await queue.add("first of all", {}, { priority: 1, jobId: "urgent" });
  await queue.add("a little later", {}, { delay: 50 });
  await queue.add("once", {}, { deduplication: { id: "same" } });
  await queue.add("once", {}, { deduplication: { id: "same" } });
  await queue.add("fails", {}, { attempts: 2, backoff: 10 });
  const done: string[] = [];
  const failures: string[] = [];
  const worker = new Worker(
    "jobs",
    async (job) => {
      if (job.name === "fails") throw new Error("as it should");
      await job.updateProgress(50);
      done.push(job.name);
      return { length: job.name.length };
    },
    { connection: client, concurrency: 2 },
  );
  const all = Promise.withResolvers<void>();
  const check = () => (done.length >= 8 && failures.length >= 2 ? all.resolve() : undefined);
  worker.on("completed", check);
  worker.on("failed", (job) => {
    failures.push(job?.name ?? "");
    check();
  });
  await withDeadline(all.promise, { what: "all jobs are worked off", deadlineMs: DEADLINE_MS });
  await worker.close();
  const counts = await queue.getJobCounts("completed", "failed", "wait", "active", "delayed", "prioritized");
  await queue.pause();
  await queue.resume();
  await queue.obliterate({ force: true });
  await queue.close();
  return [done.toSorted(), failures, counts];
}

const PACKAGES = [
  { name: "redlock", flow: takeLocks, scripts: 6 },
  { name: "rate-limiter-flexible", flow: limitRates, scripts: 4 },
  { name: "BullMQ", flow: workOffJobs, scripts: 30 },
];

/** Of the connection itself, and what would wait. */
const NOT_REPEATED = /^(hello|info|client|select|auth|quit|ping|b.*)$/;

describeReal(["redis"], "packages on the embedded Redis and on a real one", () => {
  let real: RealRedis;
  let embedded: EmbeddedRedis;

  beforeAll(async () => {
    real = await startRealRedis();
    embedded = await startEmbeddedRedis({ port: 0, password: "", log: createLog(() => undefined) });
  });
  afterAll(async () => {
    await embedded.close();
    await real.stop();
  });

  it.each(PACKAGES)("$name", async ({ flow, scripts }) => {
    const onReal = await watch(real.port, flow);
    const onEmbedded = await watch(embedded.port, flow);
    expect(onEmbedded.result).toEqual(onReal.result);
    expect(onReal.requests.filter(([name]) => name?.startsWith("eval")).length).toBeGreaterThanOrEqual(scripts);
    const [a, b] = await Promise.all([RespClient.open(real.port), RespClient.open(embedded.port)]);
    const askBoth = (request: readonly string[]) => Promise.all([a.ask(...request), b.ask(...request)]);
    await askBoth(["FLUSHALL"]);
    await askBoth(["SCRIPT", "FLUSH"]);
    for (const request of onReal.requests) {
      const [expected, actual] = await askBoth(request);
      expect(withoutClock(orderReply(request, actual)), request.join(" ").slice(0, 300)).toEqual(
        withoutClock(orderReply(request, expected)),
      );
    }
    const [[, keys], [, onB]] = await askBoth(["KEYS", "*"]);
    const names = (found: RawReply[1]) => (found as readonly RawReply[]).map(([, name]) => String(name)).toSorted();
    expect(names(onB)).toEqual(names(keys));
    for (const key of names(keys)) {
      const [expected, actual] = await askBoth(["TYPE", key]);
      expect(actual, key).toEqual(expected);
    }
    for (const client of [a, b]) client.close();
  });
});

/** What the package did on an empty server, and every command that it sent through any of its connections. */
async function watch(port: number, flow: (client: Redis) => Promise<unknown>) {
  const requests: string[][] = [];
  const original = Redis.prototype.sendCommand;
  Redis.prototype.sendCommand = function record(this: Redis, command: Command, ...rest) {
    const args = command.args.map((arg) => (Buffer.isBuffer(arg) ? arg.toString("latin1") : String(arg)));
    const name = command.name.toLowerCase();
    if (!NOT_REPEATED.test(name)) requests.push([name, ...args]);
    return original.call(this, command, ...rest);
  };
  const client = new Redis({ port, host: "127.0.0.1", maxRetriesPerRequest: null });
  try {
    await client.flushall();
    await client.script("FLUSH");
    requests.length = 0;
    return { result: await flow(client), requests };
  } finally {
    Redis.prototype.sendCommand = original;
    client.disconnect();
  }
}

/** Times to live and times of the day differ by the moment in which they were asked for. */
function withoutClock([mark, value]: RawReply): RawReply {
  if (Array.isArray(value)) return [mark, value.map(withoutClock)];
  return /^\d{5,}$/.test(String(value)) ? [mark, "a time"] : [mark, value as string | null];
}
