/** The embedded Redis with the clients that people use, each with its defaults. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { type EmbeddedRedis, startEmbeddedRedis } from "../../simulator/embedded/redis/server.ts";
import { describeReal, REDIS_PYTHON } from "../support/real-parts.ts";

const run = promisify(execFile);
const PASSWORD = "secret";
let server: EmbeddedRedis;
let url: string;

beforeAll(async () => {
  server = await startEmbeddedRedis({ port: 0, password: PASSWORD, log: createLog(() => undefined) });
  url = `redis://:${PASSWORD}@127.0.0.1:${server.port}`;
});
afterAll(() => server.close());

const until = (what: string, isDone: () => boolean) =>
  waitUntil(() => (isDone() ? true : undefined), { what, deadlineMs: 60_000, intervalMs: 5 });

describe("npm redis with its defaults", () => {
  it("connects in RESP3 and gets each type as it expects it", async () => {
    const client = await createClient({ url }).connect();
    const subscriber = await client.duplicate().connect();
    try {
      expect(await client.sendCommand(["CLIENT", "INFO"])).toContain("resp=3");
      await client.hSet("n:h", { a: "1", ü: "é" });
      expect(await client.hGetAll("n:h")).toEqual({ a: "1", ü: "é" });
      await client.zAdd("n:z", [{ score: 1.5, value: "m" }]);
      expect(await client.zRangeWithScores("n:z", 0, -1)).toEqual([{ score: 1.5, value: "m" }]);
      await client.sAdd("n:s", ["x"]);
      expect(await client.sMembers("n:s")).toEqual(["x"]);
      expect(await client.multi().set("n:k", "v").get("n:k").exec()).toEqual(["OK", "v"]);
      const messages: string[] = [];
      await subscriber.subscribe("n:news", (message) => messages.push(message));
      await subscriber.pSubscribe("n:*", (message, channel) => messages.push(`${channel} ${message}`));
      expect(await client.publish("n:news", "hello")).toBe(2);
      await until("both messages", () => messages.length === 2);
      expect(messages).toEqual(["hello", "n:news hello"]);
      // In RESP3 a subscriber is still a client like any other.
      const job = subscriber.blPop("n:queue", 5);
      await client.rPush("n:queue", "job");
      expect(await job).toEqual({ key: "n:queue", element: "job" });
      expect(await client.eval("return {KEYS[1], ARGV[1]}", { keys: ["n:k"], arguments: ["é"] })).toEqual(["n:k", "é"]);
    } finally {
      subscriber.destroy();
      client.destroy();
    }
  });
});

describe("ioredis with its defaults", () => {
  it("subscribes, monitors, blocks and scans", async () => {
    const client = new Redis(url);
    const subscriber = client.duplicate();
    const monitor = await client.monitor();
    try {
      const messages: string[][] = [];
      subscriber.on("pmessage", (...message: string[]) => messages.push(message));
      await subscriber.psubscribe("i:*");
      await client.publish("i:news", "hello");
      await until("the message", () => messages.length === 1);
      expect(messages).toEqual([["i:*", "i:news", "hello"]]);
      const commands: string[][] = [];
      monitor.on("monitor", (_time: string, args: string[]) => commands.push(args));
      await client.set("i:a", 'quo"te');
      await until("the command", () => commands.length > 0);
      expect(commands).toEqual([["set", "i:a", 'quo"te']]);
      expect(await client.blpop("i:none", 0.05)).toBeNull();
      await client.rpush("i:list", 1, 2, 3);
      expect(await client.lmove("i:list", "i:other", "LEFT", "RIGHT")).toBe("1");
      const found: string[] = [];
      for await (const keys of client.scanStream({ match: "i:*" })) found.push(...(keys as string[]));
      expect(found.toSorted()).toEqual(["i:a", "i:list", "i:other"]);
      client.defineCommand("take", { numberOfKeys: 1, lua: "return redis.call('LPOP', KEYS[1])" });
      const take = (client as unknown as { take(key: string): Promise<string> }).take.bind(client);
      expect([await take("i:list"), await take("i:list")]).toEqual(["2", "3"]);
    } finally {
      monitor.disconnect();
      subscriber.disconnect();
      client.disconnect();
    }
  });
});

describeReal(["redis-py"], "redis-py with its defaults", () => {
  it("gets each type as it expects it, and its lock", async () => {
    const program = `
import redis, json
r = redis.Redis.from_url(${JSON.stringify(url)})
r.hset("p:h", mapping={"a": 1})
r.zadd("p:z", {"m": 1.5})
s = r.pubsub(ignore_subscribe_messages=True)
s.subscribe("p:news")
s.get_message(timeout=2)
r.publish("p:news", "hello")
message = s.get_message(timeout=2)["data"].decode()
r.lpush("p:l", "job")
with r.lock("p:lock", timeout=5) as lock:
  locked = lock.owned() and lock.extend(5)
print(json.dumps([r.hgetall("p:h")[b"a"].decode(), r.zscore("p:z", "m"), message, r.blpop("p:l")[1].decode(), r.info()["redis_mode"], locked, r.exists("p:lock")]))`;
    const { stdout } = await run(REDIS_PYTHON, ["-c", program], { timeout: 20_000 });
    expect(JSON.parse(stdout)).toEqual(["1", 1.5, "hello", "job", "standalone", true, 0]);
  });
});

describeReal(["redis-cli"], "the tools of Redis", () => {
  it("runs a default redis-benchmark to its end", async () => {
    const args = ["-p", String(server.port), "-a", PASSWORD, "-q", "-n", "1000"];
    const { stdout, stderr } = await run("redis-benchmark", args, { timeout: 60_000, maxBuffer: 16_777_216 });
    const finished = stdout.split(/[\r\n]+/).filter((line) => line.includes("requests per second"));
    expect(finished.length, stdout + stderr).toBe(20);
    expect(finished.at(-1)).toContain("MSET (10 keys)");
  });

  it("serves redis-cli's subscribe, and RESP3 by -3", async () => {
    const cli = (...args: string[]) => {
      const options = { env: { ...process.env, REDISCLI_AUTH: PASSWORD }, timeout: 10_000 };
      return run("redis-cli", ["-p", String(server.port), ...args], options);
    };
    const listening = cli("SUBSCRIBE", "c:news");
    let printed = "";
    listening.child.stdout?.on("data", (text: string) => {
      printed += text;
    });
    const client = new Redis(url);
    await waitUntil(async () => ((await client.publish("c:news", "hello")) === 1 ? true : undefined), {
      what: "redis-cli listens",
      deadlineMs: 60_000,
    });
    await until("redis-cli prints the message", () => printed.includes("message\nc:news\nhello"));
    // The program listens until it is ended, and has no exit code of success then.
    listening.child.kill("SIGINT");
    await listening.catch(() => undefined);
    await client.hset("c:h", "a", "1");
    expect((await cli("-3", "HGETALL", "c:h")).stdout.trim()).toBe("a 1");
    client.disconnect();
  });
});
