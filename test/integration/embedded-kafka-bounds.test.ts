/** What clients may make the embedded Kafka hold, and that none of them hangs: tried on a process of its own. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { metadataApi } from "../../simulator/clients/kafka/wire/apis/metadata.ts";
import { waitUntil, withDeadline } from "../../simulator/common/foundation/deadline.ts";
import { type BoundedServer, startBoundedServer } from "../support/bounded-server.ts";
import { createRandom, walkSeed } from "../support/script-walk.ts";
import { Peer, startTestBroker } from "./embedded-kafka-peer.ts";

const MIB = 1_048_576;
const MEMORY_BYTES = 256 * MIB;
const RSS_BYTES_MAX = MEMORY_BYTES + 64 * MIB;
const ANSWER_DEADLINE_MS = 10_000;
let server: BoundedServer;

beforeAll(async () => {
  server = await startBoundedServer("kafka", { memoryBytesMax: MEMORY_BYTES, autoCreateTopics: false });
});
afterAll(() => server.stop());

/** A frame of a request header and whatever follows it. */
function frameOf(key: number, version: number, body: Buffer): Buffer {
  const head = Buffer.alloc(14);
  head.writeInt32BE(10 + body.length);
  head.writeInt16BE(key, 4);
  head.writeInt16BE(version, 6);
  head.writeInt32BE(7, 8);
  head.writeInt16BE(-1, 12);
  return Buffer.concat([head, body]);
}

/** A client that does nothing unusual is answered; the time is told, and not judged. */
async function expectAnswer(meanwhile: string): Promise<void> {
  const peer = new Peer(server.port);
  const startedMs = performance.now();
  const request = peer.request(metadataApi, 9, { topics: null, allowAutoTopicCreation: false });
  const { brokers } = await withDeadline(request, { what: "a second client's answer", deadlineMs: ANSWER_DEADLINE_MS });
  process.stdout.write(
    `${meanwhile}: a second client was answered after ${Math.round(performance.now() - startedMs)} ms\n`,
  );
  expect(brokers).toHaveLength(1);
  peer.close();
}

/** What the process takes of the machine's memory, as Linux says it. */
async function readRss(): Promise<number> {
  const status = await readFile(`/proc/${server.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1_024;
}

describe("bounds of the embedded Kafka", () => {
  test("C5: unfinished requests count against the memory: what does not fit is closed, and nobody else", async () => {
    const piece = Buffer.alloc(MIB, "x");
    const closed = new Set<Socket>();
    for (let i = 0; i < 8; i += 1) {
      const socket = await server.openSocket();
      socket.once("close", () => closed.add(socket));
      const head = frameOf(0, 9, Buffer.alloc(0));
      head.writeInt32BE(94 * MIB);
      socket.write(head);
      for (let k = 0; k < 93; k += 1) socket.write(piece);
    }
    await waitUntil(() => (closed.size >= 6 ? true : undefined), { what: "six are closed", deadlineMs: 30_000 });
    await expectAnswer("with unfinished requests of 94 MB");
    expect(closed.size).toBeLessThan(8);
    const rss = await readRss();
    process.stdout.write(`with unfinished requests of 94 MB: ${Math.round(rss / MIB)} MiB\n`);
    expect(rss).toBeLessThan(RSS_BYTES_MAX);
    expect(server.log).toContain("all clients together hold too much");
    for (const socket of server.sockets.splice(0)) socket.destroy();
  });

  test("every API key in every version is answered or closed at once, whatever the body", async () => {
    const random = createRandom(walkSeed());
    const bodies = [
      Buffer.alloc(0),
      Buffer.alloc(40),
      Buffer.alloc(40, 1),
      Buffer.from(Array.from({ length: 60 }, () => random(256))),
    ];
    const ask = async (frame: Buffer) => {
      const socket = connect(server.port, "127.0.0.1");
      socket.on("error", () => undefined);
      const ended = Promise.race([once(socket, "data"), once(socket, "close")]);
      socket.write(frame);
      await withDeadline(ended, {
        what: `API ${frame.readInt16BE(4)} version ${frame.readInt16BE(6)} is answered or closed`,
        deadlineMs: ANSWER_DEADLINE_MS,
      });
      socket.destroy();
    };
    for (let key = 0; key <= 100; key += 1) {
      const frames = Array.from({ length: 21 }, (_, version) =>
        frameOf(key, version, bodies[(key + version) % 4] as Buffer),
      );
      await Promise.all(frames.map(ask));
    }
    await expectAnswer("after every API in every version");
  });

  const seed = walkSeed();
  test(`outlives 100,000 fuzzed frames and 2,000 silent sockets (TEST_SEED=${seed})`, async () => {
    const linesBefore = server.log.split("\n").length;
    const random = createRandom(seed);
    for (let i = 0; i < 2_000; i += 100) await Promise.all(Array.from({ length: 100 }, () => server.openSocket()));
    for (let round = 0; round < 1_000; round += 1) {
      const socket = await server.openSocket();
      socket.resume();
      const ended = once(socket, "close");
      socket.end(Buffer.concat(Array.from({ length: 100 }, () => fuzz(random))));
      await withDeadline(ended, { what: "the server ends the connection", deadlineMs: ANSWER_DEADLINE_MS });
    }
    await expectAnswer("with 2,000 silent sockets");
    expect(await readRss()).toBeLessThan(RSS_BYTES_MAX);
    expect(server.exitCode).toBeNull();
    expect(server.log.split("\n").length - linesBefore).toBeLessThan(200);
  }, 60_000);
});

/** Of 40 frames 38 are an ApiVersions that is answered, so that a connection gets on to the others. */
function fuzz(random: (below: number) => number): Buffer {
  const kind = random(40);
  if (kind > 1) return frameOf(18, random(3), Buffer.alloc(0));
  const noise = Buffer.from(Array.from({ length: random(80) }, () => random(256)));
  return kind === 0 ? noise : frameOf(random(80), random(15), noise);
}

test("a silent connection is closed after its time", async () => {
  const broker = await startTestBroker(1_000_000, 0, { idleMsMax: 400 });
  const silent = new Peer(broker.port);
  await withDeadline(silent.closed, { what: "the silent one is closed", deadlineMs: ANSWER_DEADLINE_MS });
  expect(broker.logged.some((line) => line.includes("were silent for 400 ms"))).toBe(true);
  await broker.close();
});
