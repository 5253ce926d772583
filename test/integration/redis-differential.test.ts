/**
 * The embedded Redis beside a real one: the same random commands to both, in RESP2 and in RESP3, and every reply must be
 * the same to its type mark. TEST_SEED repeats a walk.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { NOT_SERVED } from "../../simulator/embedded/redis/commands/not-served.ts";
import { COMMANDS } from "../../simulator/embedded/redis/commands/table.ts";
import { type EmbeddedRedis, startEmbeddedRedis } from "../../simulator/embedded/redis/server.ts";
import { describeReal } from "../support/real-parts.ts";
import { type RealRedis, startRealRedis } from "../support/real-redis.ts";
import { orderReply, randomRedisCommand } from "../support/redis-walk.ts";
import { type RawReply, RespClient } from "../support/resp-client.ts";
import { createRandom, walkSeed } from "../support/script-walk.ts";

const STEPS = 12_000;
const BATCH = 200;

describeReal(["redis"], "random commands on the embedded Redis and on a real one", () => {
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

  it("refuses by name each command of the real one that it does not serve", async () => {
    const client = await RespClient.open(real.port);
    const [, list] = await client.ask("COMMAND", "LIST");
    client.close();
    const names = (list as readonly RawReply[]).map(([, name]) => String(name).toUpperCase());
    const missing = names.filter((name) => !name.includes("|") && !COMMANDS.has(name));
    expect([...NOT_SERVED].toSorted()).toEqual(missing.toSorted());
    const onEmbedded = await RespClient.open(embedded.port);
    expect(await onEmbedded.ask("GeoAdd", "k")).toEqual(["-", expect.stringContaining("use --infra native or docker")]);
    onEmbedded.close();
  });

  const seed = walkSeed();
  it.each([2, 3])(`give the same replies in RESP%i (TEST_SEED=${seed})`, async (protocol) => {
    const [onReal, onEmbedded] = await Promise.all([RespClient.open(real.port), RespClient.open(embedded.port)]);
    for (const client of [onReal, onEmbedded]) {
      await client.ask("FLUSHALL");
      await client.ask("HELLO", String(protocol));
    }
    const random = createRandom(seed + protocol);
    const succeeded = new Set<string>();
    for (let step = 0; step < STEPS; step += BATCH) {
      const requests = Array.from({ length: BATCH }, () => randomRedisCommand(random));
      onReal.send(...requests);
      onEmbedded.send(...requests);
      const [expected, actual] = await Promise.all([onReal.take(BATCH), onEmbedded.take(BATCH)]);
      const queued: (readonly string[])[] = [];
      for (const [i, request] of requests.entries()) {
        const where = `step ${step + i}: ${JSON.stringify(request)}`;
        const order = (reply: RawReply) => orderExec(request, queued, reply);
        expect(order(actual[i] as RawReply), where).toEqual(order(expected[i] as RawReply));
        if (expected[i]?.[1] === "QUEUED") queued.push(request);
        else if (["EXEC", "DISCARD"].includes(request[0] as string)) queued.length = 0;
        if (expected[i]?.[0] !== "-") succeeded.add(request[0] as string);
      }
      // A transaction that is open at the end of a batch would hide its queue from the next one.
      await Promise.all([onReal.ask("DISCARD"), onEmbedded.ask("DISCARD")]);
    }
    // The walk reached what it is for: most commands were carried out, not only refused.
    expect(succeeded.size).toBeGreaterThan(90);
    for (const name of succeeded) expect(COMMANDS.has(name), name).toBe(true);
    onReal.close();
    onEmbedded.close();
  });

  it.each([2, 3])(
    "give the same replies and messages in the same order: channels and waiting, RESP%i",
    async (protocol) => {
      const [expected, actual] = await Promise.all(
        [real.port, embedded.port].map((port) => holdDialogue(port, protocol)),
      );
      expect(actual).toEqual(expected);
      expect(expected?.length).toBeGreaterThan(60);
    },
  );
});

/** Two clients of one server, a listener and another one; what each of them got, in order. */
async function holdDialogue(port: number, protocol: number): Promise<RawReply[]> {
  const [first, second] = await Promise.all([RespClient.open(port), RespClient.open(port)]);
  await second.ask("FLUSHALL");
  await first.ask("HELLO", String(protocol));
  const got: RawReply[] = [];
  const say = async (client: RespClient, line: string, replies = 1): Promise<void> => {
    client.send(line.split(" "));
    got.push(...(await client.take(replies)));
  };
  const hear = async (replies: number): Promise<void> => {
    got.push(...(await first.take(replies)));
  };
  await say(first, "SUBSCRIBE a b", 2);
  await say(first, "PSUBSCRIBE a* [^ax]", 2);
  await say(second, "PUBLISH a one");
  await hear(2);
  await say(second, "PUBLISH x none");
  for (const line of ["PUBSUB CHANNELS a", "PUBSUB NUMSUB a x", "PUBSUB NUMPAT"]) await say(second, line);
  for (const line of ["GET k", "PING", "PING hi", "UNSUBSCRIBE nothing"]) await say(first, line);
  await say(first, "UNSUBSCRIBE b a", 2);
  await say(first, "PUNSUBSCRIBE [^ax]");
  await say(first, "PUNSUBSCRIBE");
  await say(first, "UNSUBSCRIBE");
  // What is pushed while others wait, who gets it, and in which order.
  first.send(["BLPOP", "q", "r", "5"], ["PING"]);
  await say(second, "RPUSH r x y");
  await hear(2);
  first.send(["BLMOVE", "q", "moved", "LEFT", "RIGHT", "5"], ["LLEN", "moved"]);
  await say(second, "SET q wrong");
  await say(second, "DEL q");
  await say(second, "MULTI");
  await say(second, "RPUSH q 1 2 3");
  await say(second, "LPOP q");
  await say(second, "EXEC");
  await hear(2);
  first.send(["BZPOPMIN", "z", "5"], ["BRPOP", "none", "0.01"], ["BLMPOP", "0.01", "1", "none", "LEFT"]);
  await say(second, "ZADD z 2.5 m");
  await hear(3);
  // Streams: new entries for one that waits, and for a group that waits; then its group is destroyed.
  first.send(["XREAD", "BLOCK", "5000", "STREAMS", "news", "$"]);
  await say(second, "XADD news 1-1 a b");
  await hear(1);
  await say(second, "XGROUP CREATE news g $");
  first.send(["XREADGROUP", "GROUP", "g", "c", "BLOCK", "5000", "STREAMS", "news", ">"]);
  await say(second, "XADD news 2-1 c d");
  await hear(1);
  await say(first, "XREADGROUP GROUP g c BLOCK 5 STREAMS news >");
  // The stream of one that waits is deleted, or becomes something else.
  for (const end of ["DEL gone", "SET gone x", "RENAME gone away", "FLUSHDB"]) {
    await say(second, "DEL gone away");
    await say(second, "XGROUP CREATE gone g $ MKSTREAM");
    first.send(["XREADGROUP", "GROUP", "g", "c", "BLOCK", "5000", "STREAMS", "gone", ">"]);
    await waitUntil(
      async () => /blocked_clients:1/.test(String((await second.ask("INFO", "clients"))[1])) || undefined,
      {
        what: "the first one waits",
        deadlineMs: 60_000,
      },
    );
    await say(second, end);
    await hear(1);
  }
  await say(second, "XGROUP CREATE news g $ MKSTREAM");
  await say(first, "XREAD BLOCK 5 COUNT 1 STREAMS news nowhere 2-1 0");
  for (const line of [
    "XPENDING news g",
    "XREAD BLOCK -1 STREAMS news 0",
    "XREAD BLOCK x STREAMS news 0",
    "MULTI",
    "XREAD BLOCK 0 STREAMS news $",
    "EXEC",
    "OBJECT ENCODING news",
    "BLPOP q x",
    "BLPOP q -1",
    "BLPOP z 1",
    "MULTI",
    "BLPOP none 5",
    "BZMPOP 5 1 none MIN",
    "SUBSCRIBE in-multi",
    "PUBLISH in-multi x",
    "DISCARD",
    "CLIENT GETNAME",
    "CLIENT SETNAME me",
    "CLIENT GETNAME",
    "CLIENT SETNAME a\nb",
    "CLIENT NONSENSE",
    "ROLE",
    "CONFIG GET appendonly",
    "CONFIG GET",
    "CONFIG NONSENSE",
    "SELECT 3",
    "SET elsewhere 1",
    "SELECT 0",
    "EXISTS elsewhere",
    "SET n 12",
    "OBJECT REFCOUNT n",
    "OBJECT ENCODING n",
    "SET n text",
    "OBJECT ENCODING n",
    "OBJECT ENCODING z",
    "OBJECT FREQ n",
    "OBJECT IDLETIME none",
    "OBJECT REFCOUNT n",
    "TOUCH n none",
    "MEMORY USAGE none",
    "MEMORY USAGE n SAMPLES",
    "MEMORY USAGE n SAMPLES -1",
    "MEMORY USAGE",
    "SET bits text EX 100 PXAT 4102444800000",
    "SET bits text EX 100 KEEPTTL",
    "SET bits text NX XX",
    "SET bits \xff\x0f\x00",
    "BITCOUNT bits",
    "BITPOS bits 0",
    "BITPOS bits 1 1",
    "HSCAN bits 0",
    "SCAN x",
    "SCAN 0 COUNT 0",
    "SCAN 0 NOVALUES",
    "HSET pairs f v",
    "HSCAN pairs 0 NOVALUES",
    "OBJECT ENCODING none",
    "EXPIREAT n 4102444800",
    "EXPIRETIME n",
    "PEXPIRETIME n",
    "SCRIPT NONSENSE",
    "EVALSHA abc 0",
    "HELLO 9",
    "RESET",
    "PING",
  ]) {
    await say(first, line);
  }
  first.close();
  second.close();
  return got;
}

/** EXEC answers for the commands that were queued; each of its elements is ordered as its own command says. */
function orderExec(request: readonly string[], queued: readonly (readonly string[])[], reply: RawReply): RawReply {
  const [mark, value] = reply;
  if (request[0] !== "EXEC" || !Array.isArray(value)) return orderReply(request, reply);
  return [mark, value.map((element, i) => orderReply(queued[i] ?? [], element))];
}
