/**
 * The embedded Redis as others meet it: stock ioredis, redis-cli, raw bytes, and side by side with a real Redis, which
 * must give the same replies to the same commands.
 */

import { execFile, fork } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RedisConnection } from "../../simulator/clients/redis/connection.ts";
import { openRedis } from "../../simulator/clients/redis/reader.ts";
import { ENV } from "../../simulator/common/contract/child/environment.ts";
import { withDeadline } from "../../simulator/common/foundation/deadline.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { type EmbeddedRedis, startEmbeddedRedis } from "../../simulator/embedded/redis/server.ts";
import { redisAt } from "../support/addresses.ts";
import { distPath } from "../support/dist.ts";
import { describeReal } from "../support/real-parts.ts";
import { type RealRedis, startRealRedis } from "../support/real-redis.ts";
import { createRandom, walkSeed } from "../support/script-walk.ts";

const run = promisify(execFile);
const PASSWORD = "secret";
let server: EmbeddedRedis;

beforeAll(async () => {
  server = await startEmbeddedRedis({ port: 0, password: PASSWORD, log: createLog(() => undefined) });
});
afterAll(() => server.close());

const url = () => `redis://:${PASSWORD}@127.0.0.1:${server.port}`;

describe("stock ioredis on the embedded Redis", () => {
  it("connects with its defaults, pipelines, and keeps any bytes", async () => {
    const client = new Redis(url());
    try {
      const binary = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
      await client.set("bytes", binary);
      expect(await client.getBuffer("bytes")).toEqual(binary);
      const replies = await Promise.all(Array.from({ length: 1_000 }, () => client.incr("counter")));
      expect(replies).toEqual(Array.from({ length: 1_000 }, (_, i) => i + 1));
      expect(await client.multi().hset("h", { a: "1", ü: "é" }).hgetall("h").exec()).toEqual([
        [null, 2],
        [null, { a: "1", ü: "é" }],
      ]);
      expect(await client.eval("return 1", 0)).toBe(1);
      await expect(client.incr("h")).rejects.toThrow(/^WRONGTYPE/);
    } finally {
      client.disconnect();
    }
  });

  it("tells our client what it is", async () => {
    const connection = await openRedis(redisAt(url()));
    expect(await connection.readFacts()).toMatchObject({ embedded: true, aof: "off", fsync: null });
    expect(connection.runId).toMatch(/^[0-9a-f]{40}$/);
    connection.close();
    await expect(openRedis(redisAt(`redis://:wrong@127.0.0.1:${server.port}`))).rejects.toMatchObject({
      code: "REDIS_AUTHENTICATION_FAILED",
    });
  });
});

describe("the embedded Redis as a child process", () => {
  it("says when it serves, and ends with the host's channel", async () => {
    const task = JSON.stringify({ port: 0, password: PASSWORD, memoryBytesMax: 64_000_000 });
    const child = fork(distPath("simulator/embedded/redis/main"), {
      env: { ...process.env, [ENV.task]: task },
      silent: true,
    });
    const exited = once(child, "exit");
    const [message] = await withDeadline(once(child, "message"), { what: "the child is ready", deadlineMs: 60_000 });
    expect(message).toMatchObject({ type: "ready", detail: expect.stringMatching(/^127\.0\.0\.1:\d+$/) });
    const connection = await openRedis(redisAt(`redis://:${PASSWORD}@${(message as { detail: string }).detail}`));
    await connection.transport.call("SET", ["a", "1"]);
    child.disconnect();
    await withDeadline(exited, { what: "the child ends", deadlineMs: 60_000 });
    await expect(connection.transport.call("GET", ["a"])).rejects.toThrow();
    connection.close();
  });
});

describe("bounds of the embedded Redis", () => {
  it("answers a malformed request and closes that connection only", async () => {
    const bystander = await openRedis(redisAt(url()));
    expect(await exchange(server.port, "*1\r\n$x\r\n")).toBe("-ERR Protocol error: invalid bulk length\r\n");
    expect(await exchange(server.port, "*100\r\n")).toBe("-ERR Protocol error: invalid multibulk length\r\n");
    expect(await bystander.transport.call("PING", [])).toBe("PONG");
    bystander.close();
  });
});

describeReal(["redis"], "the embedded Redis beside a real one", () => {
  let real: RealRedis;
  let onReal: RedisConnection;
  let onEmbedded: RedisConnection;

  beforeAll(async () => {
    real = await startRealRedis();
    onReal = await openRedis(redisAt(real.url));
    onEmbedded = await openRedis(redisAt(url()));
  });
  afterAll(async () => {
    onReal.close();
    onEmbedded.close();
    await real.stop();
  });

  it("serves redis-cli", async () => {
    const cli = async (...args: string[]) => {
      const options = { env: { ...process.env, REDISCLI_AUTH: PASSWORD } };
      return (await run("redis-cli", ["-p", String(server.port), ...args], options)).stdout.trim();
    };
    expect(await cli("PING")).toBe("PONG");
    expect(await cli("HSET", "cli", "a", "1", "b", "2")).toBe("2");
    expect(await cli("HGETALL", "cli")).toBe("a\n1\nb\n2");
    expect(await cli("--scan", "--pattern", "cl?")).toBe("cli");
    expect(await cli("INFO", "server")).toContain("flink_apphost_embedded:1");
  });

  it.each(listCommandRows())("gives the same replies: %s", async (script) => {
    const commands = script.split(" ; ").map((line) => line.split(" ").map((word) => (word === "''" ? "" : word)));
    await onReal.transport.call("FLUSHALL", []);
    await onEmbedded.transport.call("FLUSHALL", []);
    for (const [name, ...args] of commands) {
      const [expected, actual] = await Promise.all([
        ask(onReal, name as string, args),
        ask(onEmbedded, name as string, args),
      ]);
      expect(actual, [name, ...args].join(" ")).toEqual(expected);
    }
  });

  const seed = walkSeed();
  it(`gives the same replies on a random walk (TEST_SEED=${seed})`, async () => {
    await onReal.transport.call("FLUSHALL", []);
    await onEmbedded.transport.call("FLUSHALL", []);
    const random = createRandom(seed);
    let errors = 0;
    for (let step = 0; step < 3_000; step += 1) {
      const [name, ...args] = randomCommand(random);
      const [expected, actual] = await Promise.all([
        ask(onReal, name as string, args),
        ask(onEmbedded, name as string, args),
      ]);
      expect(actual, `step ${step}: ${[name, ...args].join(" ")}`).toEqual(expected);
      if (typeof expected === "string" && expected.startsWith("error: ")) errors += 1;
    }
    expect(errors).toBeGreaterThan(10);
    expect(errors).toBeLessThan(1_500);
  });
});

function listCommandRows(): string[] {
  return [
    "SET a 1 NX ; SET a 2 NX ; SET a 3 XX ; SET b 1 XX ; GET a ; SET a 1 NX XX ; SET a 1 EX 0 ; SET a 1 EX x ; SET a 1 PX",
    "SET a 1 EX 100 ; TTL a ; SET a 2 KEEPTTL ; TTL a ; INCR a ; TTL a ; SET a 3 ; TTL a ; TTL none ; PTTL none",
    "SET a 1 ; EXPIRE a 100 ; TTL a ; PERSIST a ; PERSIST a ; TTL a ; EXPIRE a -1 ; EXISTS a ; EXPIRE none 5 ; PEXPIRE a x",
    "SET n 9223372036854775807 ; INCR n ; DECR n ; SET n 01 ; INCR n ; SET n -0 ; INCR n ; SET n ' ; INCRBY m -5 ; DECRBY m 5",
    "INCRBY m 9223372036854775808 ; INCRBY m x ; INCR ; GET ; SET a ; MSET a 1 b ; HSET h a ; HSET h a 1 b ; NONSENSE a b",
    "MSET a 1 b 2 ; MGET a b c ; HSET h f v ; MGET a h ; GET h ; INCR h ; APPEND h x ; STRLEN h ; GETSET h x ; SETNX h x",
    "SET a x ; HGET a f ; HSET a f v ; HGETALL a ; HDEL a f ; HLEN a ; HMGET a f ; HKEYS a ; HINCRBY a f 1 ; HSETNX a f 1",
    "HSET h a 1 b 2 ; HSET h a 3 c 4 ; HGETALL h ; HLEN h ; HKEYS h ; HVALS h ; HMGET h a x b ; HEXISTS h a ; HEXISTS h x",
    "HSET h a 1 ; HDEL h a x ; EXISTS h ; TYPE h ; HINCRBY h n 5 ; HINCRBY h n -7 ; HSET h n x ; HINCRBY h n 1 ; HMSET h a 1",
    "HINCRBY h n 9223372036854775807 ; HINCRBY h n 1 ; HSETNX h n 1 ; HSETNX h m 1 ; HSCAN h 0 ; HSCAN h 0 MATCH m* ; HSCAN h x",
    "SET a 1 ; RENAME a b ; GET b ; RENAME none c ; SET c 2 ; RENAME b c ; GET c ; RENAME c c ; TYPE c ; TYPE none ; DBSIZE",
    "SET a 1 ; SET b 1 ; DEL a b c ; EXISTS a a b ; SET a 1 ; EXISTS a a ; UNLINK a ; GETDEL a ; SET a 1 ; GETDEL a ; GET a",
    "SET hello 1 ; SET hallo 1 ; SET h*llo 1 ; KEYS h?llo ; KEYS h[ae]llo ; KEYS h[^e]llo ; KEYS h\\*llo ; KEYS h[a-b]llo ; KEYS *",
    "SET a 1 ; SCAN 0 ; SCAN 0 MATCH a COUNT 5 ; SCAN 0 TYPE hash ; SCAN x ; SCAN 0 FOO 1 ; SCAN 0 COUNT 0",
    "PING ; PING hi ; PING a b ; ECHO hi ; SELECT 0 ; SELECT x ; APPEND s ab ; APPEND s cd ; GET s ; STRLEN s ; GETSET s e ; GET s",
    "MULTI ; SET a 1 ; INCR a ; EXEC ; MULTI ; GET ; EXEC ; EXEC ; DISCARD ; MULTI ; MULTI ; DISCARD ; WATCH a ; SET a 5 ; MULTI ; GET a ; EXEC",
    "SET a '' ; GET a ; STRLEN a ; HSET h '' '' ; HGETALL h ; EVALSHA 0 0 ; EVALSHA 0 x ; FLUSHDB ; DBSIZE",
  ];
}

/** The reply, or the error's text; unordered lists are sorted, since Redis promises no order. */
async function ask(connection: RedisConnection, name: string, args: string[]): Promise<unknown> {
  try {
    const reply = await connection.transport.call(name, args);
    if (["KEYS", "HKEYS", "HVALS"].includes(name)) return (reply as string[]).toSorted();
    if (["SCAN", "HSCAN"].includes(name)) {
      const [cursor, items] = reply as [string, string[]];
      return [cursor, items.toSorted()];
    }
    if (name === "HGETALL" && Array.isArray(reply)) return toPairs(reply as string[]);
    return reply;
  } catch (error) {
    return `error: ${(error as Error).message}`;
  }
}

function toPairs(flat: readonly string[]): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (let i = 0; i < flat.length; i += 2) pairs[flat[i] as string] = flat[i + 1] as string;
  return pairs;
}

function randomCommand(random: (below: number) => number): string[] {
  const pick = (from: readonly string[]) => from[random(from.length)] as string;
  const key = () => pick(["a", "b", "c", "d"]);
  const field = () => pick(["f", "g", "h"]);
  const value = () => pick(["1", "-7", "text", "", "9223372036854775800", "12"]);
  const by = () => pick(["1", "-3", "100", "x"]);
  const commands: (() => string[])[] = [
    () => ["SET", key(), value()],
    () => ["SET", key(), value(), pick(["NX", "XX"])],
    () => ["GET", key()],
    () => ["INCRBY", key(), by()],
    () => ["APPEND", key(), value()],
    () => ["MGET", key(), key()],
    () => ["MSET", key(), value(), key(), value()],
    () => ["DEL", key(), key()],
    () => ["EXISTS", key(), key()],
    () => ["TYPE", key()],
    () => ["RENAME", key(), key()],
    () => ["HSET", key(), field(), value(), field(), value()],
    () => ["HGET", key(), field()],
    () => ["HDEL", key(), field(), field()],
    () => ["HGETALL", key()],
    () => ["HINCRBY", key(), field(), by()],
    () => ["HSETNX", key(), field(), value()],
    () => ["KEYS", "*"],
    () => ["DBSIZE"],
    () => ["GETDEL", key()],
    () => ["STRLEN", key()],
  ];
  return (commands[random(commands.length)] as () => string[])();
}

/** Sends raw bytes as a stranger; what comes back until the server closes. */
async function exchange(port: number, request: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let answer = "";
  socket.on("data", (chunk) => {
    answer += chunk.toString("latin1");
  });
  socket.write(request);
  await withDeadline(once(socket, "close"), { what: "the server closes the connection", deadlineMs: 60_000 });
  return answer;
}
