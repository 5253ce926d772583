/** What clients may make the embedded Redis hold, tried on a process of its own: its memory is what INFO says it is. */
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitUntil, withDeadline } from "../../simulator/common/foundation/deadline.ts";
import { type BoundedServer, startBoundedServer } from "../support/bounded-server.ts";
import { RespClient } from "../support/resp-client.ts";
import { createRandom, walkSeed } from "../support/script-walk.ts";

const MIB = 1_048_576;
const MEMORY_BYTES = 256 * MIB;
/** The bound, and what Node itself takes. */
const RSS_BYTES_MAX = MEMORY_BYTES + 64 * MIB;
let server: BoundedServer;
let bystander: RespClient;

beforeAll(async () => {
  server = await startBoundedServer("redis", { password: "", memoryBytesMax: MEMORY_BYTES });
  bystander = await RespClient.open(server.port);
});
afterAll(async () => {
  bystander.close();
  await server.stop();
});

describe("resident memory of the embedded Redis", () => {
  const value = (bytes: number) => "x".repeat(bytes);
  let next = 0;
  const several = (count: number, make: () => string[]) => Array.from({ length: count }, make).flat();
  const name = () => {
    next += 1;
    return `k${next}`;
  };

  const smallValues = [
    { what: "SET of 100 bytes", request: () => ["SET", name(), value(100)], pipelined: 1_000 },
    { what: "SET of 1 MB", request: () => ["SET", name(), value(MIB)], pipelined: 4 },
    {
      what: "HSET of pairs",
      request: () => ["HSET", `h${next % 10}`, ...several(2, () => [name(), value(100)])],
      pipelined: 1_000,
    },
    {
      what: "MSET of 500 × 100 bytes",
      request: () => ["MSET", ...several(500, () => [name(), value(100)])],
      pipelined: 4,
    },
    { what: "SET of nothing", request: () => ["SET", name(), ""], pipelined: 1_000 },
    { what: "RPUSH to lists of one", request: () => ["RPUSH", name(), "x"], pipelined: 1_000 },
  ];

  it.each([
    {
      what: "large values",
      boundBytes: 256 * MIB,
      steps: [
        { what: "SET of 1 MB", request: () => ["SET", name(), value(MIB)], pipelined: 4 },
        { what: "SET of 10 KB", request: () => ["SET", name(), value(10_240)], pipelined: 200 },
        { what: "MSET of 8 × 1 MB", request: () => ["MSET", ...several(8, () => [name(), value(MIB)])], pipelined: 1 },
        { what: "SET of 15 MB", request: () => ["SET", name(), value(15 * MIB)], pipelined: 2 },
        {
          what: "HSET of 50 × 10 KB",
          request: () => ["HSET", name(), ...several(50, () => [name(), value(10_240)])],
          pipelined: 4,
        },
        { what: "SETRANGE to 64 MB", request: () => ["SETRANGE", name(), String(64 * MIB - 1), "x"], pipelined: 1 },
        {
          what: "MSET of 100 × 10 KB",
          request: () => ["MSET", ...several(100, () => [name(), value(10_240)])],
          pipelined: 4,
        },
      ],
    },
    { what: "small values", boundBytes: 128 * MIB, steps: smallValues },
    // The smallest bound is the hardest: what the program itself takes is as much as the data.
    { what: "small values", boundBytes: 64 * MIB, steps: smallValues },
  ])(
    "stays within $boundBytes bytes and 64 MiB, when $what fill it and fill it again",
    async ({ boundBytes, steps }) => {
      const own = await startBoundedServer("redis", { password: "", memoryBytesMax: boundBytes });
      const peaks: Record<string, number> = {};
      try {
        const client = await RespClient.open(own.port);
        for (const { what, request, pipelined } of steps) {
          resetPeak(own);
          await fill(client, request, pipelined);
          peaks[what] = Math.ceil((readPeak(own) - boundBytes) / MIB);
          await client.ask("FLUSHALL");
        }
        client.close();
      } finally {
        await own.stop();
      }
      expect(Object.entries(peaks).filter(([, mib]) => mib > 64)).toEqual([]);
    },
  );

  /** Until the first one is refused. */
  async function fill(client: RespClient, request: () => string[], pipelined: number): Promise<void> {
    for (let isFull = false; !isFull; ) {
      client.send(...Array.from({ length: pipelined }, request));
      isFull = (await client.take(pipelined)).some(([mark]) => mark === "-");
    }
  }
});

/** The most that has been resident since `resetPeak`. */
function readPeak({ pid }: BoundedServer): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1_024;
}

function resetPeak({ pid }: BoundedServer): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

async function readRss(): Promise<number> {
  const [, text] = await bystander.ask("INFO", "memory");
  return Number(/used_memory_rss:(\d+)/.exec(text as string)?.[1]);
}

describe("bounds of the embedded Redis", () => {
  it("closes who holds most when unfinished requests fill the memory, and nobody else", async () => {
    const piece = Buffer.alloc(15 * MIB, "x");
    const closed = new Set<Socket>();
    // 8 requests of up to 63 MB, none of them finished: 4 arguments of 15 MiB each, and the fifth never comes.
    for (let i = 0; i < 8; i += 1) {
      const socket = await server.openSocket();
      socket.once("close", () => closed.add(socket));
      socket.write("*6\r\n$4\r\nMSET\r\n");
      for (let k = 0; k < 4; k += 1) {
        socket.write(`$${piece.length}\r\n`);
        socket.write(piece);
        socket.write("\r\n");
      }
    }
    await waitUntil(() => (server.log.includes("all clients together hold too much") ? true : undefined), {
      what: "a client is closed",
      deadlineMs: 30_000,
    });
    expect(await bystander.ask("SET", "small", "1")).toEqual(["+", "OK"]);
    await waitUntil(() => (closed.size >= 3 ? true : undefined), { what: "three are closed", deadlineMs: 60_000 });
    expect(closed.size).toBeLessThan(8);
    expect(await readRss()).toBeLessThan(RSS_BYTES_MAX);
    for (const socket of server.sockets.splice(0)) socket.destroy();
  });

  it("answers a client that does not read as far as it reads, and at the end completely", async () => {
    await bystander.ask("SET", "large", "x".repeat(4 * MIB));
    const socket = await server.openSocket();
    socket.pause();
    socket.write("GET large\r\n".repeat(60));
    // Each round trip of another client is a turn of the server in which it could answer the first one further.
    for (let i = 0; i < 50; i += 1) await bystander.ask("PING");
    expect(await readRss()).toBeLessThan(RSS_BYTES_MAX);
    let received = 0;
    socket.on("data", (chunk) => {
      received += chunk.length;
    });
    socket.resume();
    const expected = 60 * (`$${4 * MIB}\r\n`.length + 4 * MIB + 2);
    await waitUntil(() => (received >= expected ? true : undefined), { what: "all replies", deadlineMs: 30_000 });
    expect(received).toBe(expected);
    await bystander.ask("DEL", "large");
  });

  it("closes a subscriber that lets its messages pile up", async () => {
    const socket = await server.openSocket();
    socket.write("SUBSCRIBE news\r\n");
    await once(socket, "data");
    socket.pause();
    const closed = once(socket, "close");
    const message = "x".repeat(8 * MIB);
    for (let i = 0; i < 20; i += 1) await bystander.ask("PUBLISH", "news", message);
    expect(await bystander.ask("PUBSUB", "NUMSUB", "news")).toEqual([
      "*",
      [
        ["$", "news"],
        [":", "0"],
      ],
    ]);
    expect(server.log).toContain("bytes of messages unread");
    socket.resume();
    await withDeadline(closed, { what: "the subscriber is closed", deadlineMs: 60_000 });
  });

  it("closes who announces a bulk string of 94 MB, before it comes", async () => {
    for (let i = 0; i < 8; i += 1) {
      const socket = await server.openSocket();
      socket.resume();
      const closed = once(socket, "close");
      socket.write("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$94000000\r\n");
      await withDeadline(closed, { what: "the client is closed", deadlineMs: 60_000 });
    }
    // The connection may be gone before the words about it are here.
    const isTold = () => (server.log.includes("invalid bulk length") ? true : undefined);
    await waitUntil(isTold, { what: "the reason in the log", deadlineMs: 60_000 });
    expect(await bystander.ask("PING")).toEqual(["+", "PONG"]);
  });

  it("refuses a reply that no client could take, and goes on", async () => {
    await bystander.ask("SET", "large", "x".repeat(8 * MIB));
    const [mark, text] = await bystander.ask("MGET", ...Array.from({ length: 1_000 }, () => "large"));
    expect([mark, text]).toEqual(["-", expect.stringContaining("ask for less at once")]);
    const [, refusal] = await bystander.ask("SETRANGE", "large", "4000000000", "x");
    expect(refusal).toContain("exceeds maximum allowed size");
    expect(await bystander.ask("DEL", "large")).toEqual([":", "1"]);
  });

  it("closes silent clients only when CONFIG SET timeout says so, and never a subscriber", async () => {
    const [silent, subscriber] = [await server.openSocket(), await server.openSocket()];
    subscriber.write("SUBSCRIBE quiet\r\n");
    await once(subscriber, "data");
    silent.resume();
    const closed = once(silent, "close");
    expect(await bystander.ask("CONFIG", "SET", "timeout", "1")).toEqual(["+", "OK"]);
    await withDeadline(closed, { what: "the silent client is closed", deadlineMs: 60_000 });
    const after = await RespClient.open(server.port);
    expect(await after.ask("CONFIG", "SET", "timeout", "0")).toEqual(["+", "OK"]);
    expect(await after.ask("PUBSUB", "NUMSUB", "quiet")).toEqual([
      "*",
      [
        ["$", "quiet"],
        [":", "1"],
      ],
    ]);
    after.close();
    bystander.close();
    bystander = await RespClient.open(server.port);
  });

  const seed = walkSeed();
  it(`outlives 100,000 fuzzed requests and 2,000 silent sockets (TEST_SEED=${seed})`, async () => {
    const logBefore = server.log.length;
    const random = createRandom(seed);
    for (let i = 0; i < 2_000; i += 100) await Promise.all(Array.from({ length: 100 }, () => server.openSocket()));
    for (let round = 0; round < 1_000; round += 1) {
      const socket = await server.openSocket();
      socket.resume();
      const ended = once(socket, "close");
      socket.end(Buffer.from(Array.from({ length: 100 }, () => fuzz(random)).join(""), "latin1"));
      await withDeadline(ended, { what: "the server ends the connection", deadlineMs: 60_000 });
    }
    const second = await RespClient.open(server.port);
    expect(await second.ask("PING")).toEqual(["+", "PONG"]);
    second.close();
    expect(await readRss()).toBeLessThan(RSS_BYTES_MAX);
    expect(server.exitCode).toBeNull();
    expect(server.log.slice(logBefore).split("\n").length).toBeLessThan(200);
  }, 60_000);

  it("tells the bound that it was given", async () => {
    expect((await bystander.ask("INFO", "memory"))[1]).toContain(`maxmemory:${MEMORY_BYTES}\r\n`);
    expect(JSON.stringify(await bystander.ask("CONFIG", "GET", "maxmemory"))).toContain(String(MEMORY_BYTES));
  });

  it("sends a large value to many clients from one copy", async () => {
    await bystander.ask("SET", "large", "x".repeat(8 * MIB));
    const before = await readRss();
    for (let i = 0; i < 14; i += 1) {
      const socket = await server.openSocket();
      socket.pause();
      socket.write("GET large\r\n");
    }
    for (let i = 0; i < 50; i += 1) await bystander.ask("PING");
    expect((await readRss()) - before).toBeLessThan(48 * MIB);
    for (const socket of server.sockets.splice(0)) socket.destroy();
    await bystander.ask("DEL", "large");
  });

  it.each([
    ["channels that somebody listens to", "SUBSCRIBE"],
    ["keys that somebody watches", "WATCH"],
    ["keys that somebody waits for", "BLPOP"],
  ])("counts the names of %s", async (_, command) => {
    const closed = new Set<Socket>();
    const [piece, last] = ["x".repeat(15 * MIB), command === "BLPOP" ? "0" : "last"];
    for (let i = 0; i < 3; i += 1) {
      const socket = await server.openSocket();
      socket.resume();
      socket.once("close", () => closed.add(socket));
      const names = Array.from({ length: 4 }, (_unused, k) => `${i}${k}${piece.slice(2)}`);
      const args = [command, ...names, last];
      const request = `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join("")}`;
      // One after the other: what counts is what is there when the request is complete.
      await new Promise((resolve) => socket.write(request, "latin1", resolve));
    }
    await waitUntil(() => (closed.size >= 1 ? true : undefined), { what: "one is closed", deadlineMs: 30_000 });
    expect(await bystander.ask("PING")).toEqual(["+", "PONG"]);
    for (const socket of server.sockets.splice(0)) socket.destroy();
  });

  it("counts what transactions have queued", async () => {
    const closed = new Set<Socket>();
    const piece = Buffer.alloc(15 * MIB, "x");
    for (let i = 0; i < 6; i += 1) {
      const socket = await server.openSocket();
      socket.resume();
      socket.once("close", () => closed.add(socket));
      socket.write("MULTI\r\n");
      for (let k = 0; k < 4; k += 1) {
        socket.write(`*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$${piece.length}\r\n`);
        socket.write(piece);
        socket.write("\r\n");
      }
    }
    await waitUntil(() => (closed.size >= 3 ? true : undefined), { what: "three are closed", deadlineMs: 30_000 });
    expect(closed.size).toBeLessThan(6);
    expect(await bystander.ask("PING")).toEqual(["+", "PONG"]);
    for (const socket of server.sockets.splice(0)) socket.destroy();
  });

  it("has one machine of Lua, however many scripts use up its memory", async () => {
    const greedy = "local t = {} for i = 1, 1e9 do t[i] = (i .. 'x'):rep(100000) end";
    for (let i = 0; i < 4; i += 1) {
      const [mark, text] = await bystander.ask("EVAL", greedy, "0");
      expect([mark, text]).toEqual(["-", expect.stringContaining("not enough memory")]);
      expect(await bystander.ask("EVAL", "return KEYS[1]", "1", "k")).toEqual(["$", "k"]);
    }
    // Of the heap, what it grew beyond its first 16 MiB counts as data, beside what is kept for the work itself.
    expect(Number(/used_memory:(\d+)/.exec(String((await bystander.ask("INFO", "memory"))[1]))?.[1])).toBeLessThan(
      (49 + 48) * MIB,
    );
  });
});

/** A request that is right, damaged in one byte, cut short, or noise; lengths lie now and then. */
function fuzz(random: (below: number) => number): string {
  const words = [
    "SET",
    "GET",
    "LPUSH",
    "ZADD",
    "EXEC",
    "MULTI",
    "SUBSCRIBE",
    "HELLO",
    "3",
    "a",
    "-1",
    "\0",
    "BLPOP",
    "0",
  ];
  const args = Array.from({ length: 1 + random(5) }, () => words[random(words.length)] as string);
  const text = `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join("")}`;
  const at = random(text.length);
  switch (random(40)) {
    case 0:
      return text.slice(0, at) + String.fromCharCode(random(256)) + text.slice(at + 1);
    case 1:
      return text.slice(0, at);
    case 2:
      return `*${random(2_000_000_000)}\r\n$${random(2_000_000_000)}\r\n`;
    case 3:
      return Array.from({ length: random(60) }, () => String.fromCharCode(random(256))).join("");
    default:
      return text;
  }
}
