/**
 * The scripts on a real Redis and on the embedded one: the same cases, the same random walks, the same answers and the
 * same hash, bit for bit. And that each run of a script writes at most once (L1 of `redis-script-text.ts`), as the server itself reports it.
 */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RedisConnection } from "../../simulator/clients/redis/connection.ts";
import { openRedis } from "../../simulator/clients/redis/reader.ts";
import { SCRIPT_TEXT } from "../../simulator/common/contract/state/redis-script-text.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { type EmbeddedRedis, startEmbeddedRedis } from "../../simulator/embedded/redis/server.ts";
import { redisAt } from "../support/addresses.ts";
import { LARGE_SCRIPT_CASES } from "../support/large-script-cases.ts";
import { describeReal } from "../support/real-parts.ts";
import { type RealRedis, startRealRedis } from "../support/real-redis.ts";
import { watchCommands } from "../support/redis-monitor.ts";
import { COUNTER_KEY, PUBLISHED_KEY, SCRIPT_CASES, SEQUENCE_KEY, STATE_KEY } from "../support/script-cases.ts";
import { createRandom, nextStep, type WalkStep, walkSeed } from "../support/script-walk.ts";

const WALK_STEPS = 3_000;
const CASES = [...SCRIPT_CASES, ...LARGE_SCRIPT_CASES];
const quiet = createLog(() => undefined);
const seed = walkSeed();

let embedded: EmbeddedRedis;
let onEmbedded: RedisConnection;

beforeAll(async () => {
  embedded = await startEmbeddedRedis({ port: 0, password: "", log: quiet });
  onEmbedded = await openRedis(redisAt(`redis://127.0.0.1:${embedded.port}`));
});
afterAll(async () => {
  onEmbedded.close();
  await embedded.close();
});

describe("the embedded Redis passes the script cases over TCP", () => {
  it.each(CASES)("$name", (c) => expectCase(onEmbedded, c));
});

describeReal(["redis"], "scripts on a real Redis", () => {
  let real: RealRedis;
  let onReal: RedisConnection;

  beforeAll(async () => {
    real = await startRealRedis();
    onReal = await openRedis(redisAt(real.url));
  });
  afterAll(async () => {
    onReal.close();
    await real.stop();
  });
  beforeEach(async () => {
    await onReal.transport.call("FLUSHALL", []);
    await onEmbedded.transport.call("FLUSHALL", []);
  });

  it.each(CASES)("$name", (c) => expectCase(onReal, c));

  it.each(CASES)("writes at most once, and last. $name", async ({ before, script, keys, argv }) => {
    await writeHash(onReal, before);
    const monitor = await watchCommands(real.port, real.password);
    try {
      await onReal.transport.call("EVAL", [SCRIPT_TEXT[script], String(keys.length), ...keys, ...argv]);
      await onReal.transport.call("ECHO", ["end of the script"]);
      await monitor.until((line) => line.command === "ECHO");
      const inside = monitor.lines.filter((line) => line.from === "lua").map((line) => line.command);
      const writes = inside.filter((command) => !["EXISTS", "HMGET", "HKEYS"].includes(command));
      expect(inside.length).toBeGreaterThan(0);
      expect(writes.length).toBeLessThanOrEqual(1);
      if (writes.length === 1) expect(inside.at(-1)).toBe(writes[0]);
    } finally {
      monitor.close();
    }
  });

  it(`agrees with the embedded one on a random walk (TEST_SEED=${seed})`, async () => {
    const random = createRandom(seed);
    const seen = new Map<string, number>();
    for (let step = 0; step < WALK_STEPS; step += 1) {
      const next = nextStep(random, await onReal.readHash(STATE_KEY));
      const [answer, twin] = await Promise.all([take(onReal, next), take(onEmbedded, next)]);
      const where = `step ${step}: ${JSON.stringify(next)}`;
      expect(twin, where).toEqual(answer);
      if (next.kind === "script") {
        const kind = `${next.script} ${(answer as string[])[0]}`;
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
      }
      expect(await readAll(onEmbedded), where).toEqual(await readAll(onReal));
    }
    // A walk that never got anywhere would prove nothing.
    for (const kind of ["OK", "DUP", "SEEK", "FENCED", "STORE_LOST"].map((answer) => `APPLY ${answer}`)) {
      expect(seen.get(kind) ?? 0, kind).toBeGreaterThan(5);
    }
    for (const kind of ["INIT CREATED", "INIT EXISTS", "ACQUIRE ACQUIRED", "PUBLISH PUBLISHED", "RECOVER RECOVERED"]) {
      expect(seen.get(kind) ?? 0, kind).toBeGreaterThan(0);
    }
  });
});

async function expectCase(connection: RedisConnection, c: (typeof SCRIPT_CASES)[number]): Promise<void> {
  await connection.transport.call("FLUSHALL", []);
  await writeHash(connection, c.before);
  const args = [SCRIPT_TEXT[c.script], String(c.keys.length), ...c.keys, ...c.argv];
  expect(await connection.transport.call("EVAL", args)).toEqual(c.answer);
  const published = c.answer[0] === "PUBLISHED" ? c.answer[1] : null;
  expect(await readAll(connection)).toEqual([{ ...c.before, ...c.changes }, published, published, published]);
}

async function take(connection: RedisConnection, step: WalkStep): Promise<unknown> {
  switch (step.kind) {
    case "script":
      return connection.transport.call("EVAL", [
        SCRIPT_TEXT[step.script],
        String(step.keys.length),
        ...step.keys,
        ...step.argv,
      ]);
    case "delete":
      return connection.transport.call("DEL", [STATE_KEY]);
    case "deleteField":
      return connection.transport.call("HDEL", [STATE_KEY, step.field]);
    case "setField":
      return connection.transport.call("HSET", [STATE_KEY, step.field, step.value]);
  }
}

async function writeHash(connection: RedisConnection, hash: Readonly<Record<string, string>>): Promise<void> {
  if (Object.keys(hash).length > 0)
    await connection.transport.call("HSET", [STATE_KEY, ...Object.entries(hash).flat()]);
}

function readAll(connection: RedisConnection): Promise<unknown[]> {
  return Promise.all([
    connection.readHash(STATE_KEY),
    connection.readText(PUBLISHED_KEY),
    connection.readText(COUNTER_KEY),
    connection.readText(SEQUENCE_KEY),
  ]);
}
