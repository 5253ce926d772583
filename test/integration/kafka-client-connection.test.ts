/** A connection against peers that answer wrongly, late, or not at all. Each is a small server of a few bytes. */
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { KafkaCluster } from "../../simulator/clients/kafka/cluster.ts";
import { Connection } from "../../simulator/clients/kafka/connection.ts";
import { apiVersionsApi } from "../../simulator/clients/kafka/wire/apis/api-versions.ts";
import { initProducerIdApi } from "../../simulator/clients/kafka/wire/apis/init-producer-id.ts";
import { metadataApi } from "../../simulator/clients/kafka/wire/apis/metadata.ts";
import {
  decodeRequestHeader,
  encodeResponseFrame,
  type RequestHeader,
} from "../../simulator/clients/kafka/wire/frame.ts";
import { FrameAssembler } from "../../simulator/clients/kafka/wire/frame-assembler.ts";
import { Reader } from "../../simulator/clients/kafka/wire/reader.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { kafkaAt } from "../support/addresses.ts";
import { startMisadvertisedKafka } from "../support/misadvertised-kafka.ts";

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

const ALL_TOPICS = { topics: null, allowAutoTopicCreation: false };
const answerBody = { throttleTimeMs: 0, brokers: [], clusterId: "c", controllerId: 1, topics: [] };

/** A server that serves ApiVersions properly, and leaves everything else to the test. */
async function startPeer(onRequest: (header: RequestHeader, socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    const assembler = new FrameAssembler(1_000_000, (buffer, start, end) => {
      const header = decodeRequestHeader(new Reader(buffer, start, end));
      if (header.apiKey !== apiVersionsApi.key) {
        onRequest(header, socket);
        return;
      }
      const apis = [{ apiKey: metadataApi.key, minVersion: 0, maxVersion: 4 }];
      write(socket, header.correlationId, (w) =>
        apiVersionsApi.encodeResponse(w, 0, { errorCode: 0, apis, throttleTimeMs: 0 }),
      );
    });
    socket.on("data", (chunk) => assembler.push(chunk, chunk.length));
    socket.on("error", () => undefined);
    cleanUps.push(() => socket.destroy());
  });
  cleanUps.push(() => server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return address.port;
}

function write(socket: Socket, correlationId: number, body: Parameters<typeof encodeResponseFrame>[1]): void {
  socket.write(Buffer.concat(encodeResponseFrame(correlationId, body)));
}

const answer = (socket: Socket, correlationId: number) =>
  write(socket, correlationId, (w) => metadataApi.encodeResponse(w, 4, answerBody));

async function openTo(
  port: number,
  onSilent: () => void = () => undefined,
): Promise<{ connection: Connection; lost: string[] }> {
  const lost: string[] = [];
  const onLost = (error: Error) => lost.push(error.message);
  const connection = await Connection.open({ host: "127.0.0.1", port, clientId: "test", events: { onLost, onSilent } });
  cleanUps.push(() => connection.close());
  return { connection, lost };
}

describe("a connection", () => {
  it("answers each of many requests in flight, in the highest version that both sides have", async () => {
    const versions = new Set<number>();
    const port = await startPeer((header, socket) => {
      versions.add(header.apiVersion);
      answer(socket, header.correlationId);
    });
    const { connection } = await openTo(port);
    const answers = await Promise.all(Array.from({ length: 200 }, () => connection.send(metadataApi, ALL_TOPICS)));
    expect(answers).toEqual(answers.map(() => ({ ...answerBody })));
    expect([...versions]).toEqual([4]);
  });

  it("refuses an API that the broker does not serve, by name, and stays open", async () => {
    const { connection } = await openTo(await startPeer((header, socket) => answer(socket, header.correlationId)));
    const request = { transactionalId: null, transactionTimeoutMs: 1, producerId: -1, producerEpoch: -1 };
    await expect(connection.send(initProducerIdApi, request)).rejects.toThrow(/serves InitProducerId in no version/);
    expect(await connection.send(metadataApi, ALL_TOPICS)).toMatchObject({ clusterId: "c" });
  });

  const wrongAnswers: [string, RegExp, (socket: Socket, correlationId: number) => void][] = [
    ["an unknown correlation id", /correlation id 999/, (socket) => answer(socket, 999)],
    ["answers out of order", /correlation id/, (socket, id) => answer(socket, id + 1)],
    ["a frame of 2 GB", /2147483647 bytes/, (socket) => socket.write(Buffer.from("7fffffff", "hex"))],
    ["a frame of negative size", /-1 bytes/, (socket) => socket.write(Buffer.from("ffffffff", "hex"))],
    ["a body that ends too early", /a length of/, (socket, id) => write(socket, id, (w) => w.int16(1))],
    [
      "an array of 2 billion brokers",
      /2147483647 elements/,
      (socket, id) =>
        write(socket, id, (w) => {
          w.int32(0);
          w.int32(0x7fffffff);
        }),
    ],
    ["the end of the stream", /the broker closed it/, (socket) => socket.end()],
    ["a reset", /ECONNRESET/, (socket) => socket.resetAndDestroy()],
  ];
  for (const [what, message, misbehave] of wrongAnswers) {
    it(`is closed by ${what}, and every request in flight ends`, async () => {
      const { connection, lost } = await openTo(
        await startPeer((header, socket) => misbehave(socket, header.correlationId)),
      );
      const outcomes = await Promise.allSettled([
        connection.send(metadataApi, ALL_TOPICS),
        connection.send(metadataApi, ALL_TOPICS),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
      expect(connection.isOpen).toBe(false);
      expect(lost).toHaveLength(1);
      expect(lost[0]).toMatch(message);
      await expect(connection.send(metadataApi, ALL_TOPICS)).rejects.toMatchObject({ code: "KAFKA_CONNECTION_LOST" });
    });
  }

  it("is closed when an answer is late", async () => {
    const { connection, lost } = await openTo(await startPeer(() => undefined));
    const outcomes = await Promise.allSettled([
      connection.send(metadataApi, ALL_TOPICS, 10_000),
      connection.send(metadataApi, ALL_TOPICS, 100),
    ]);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({
        reason: { message: expect.stringMatching(/no answer to Metadata within 100 ms/) },
      });
    }
    expect(lost).toHaveLength(1);
  });

  it("C5: tells that its peer is silent beyond the time that a request may wait, and not while answers come", async () => {
    const asked: (() => void)[] = [];
    const port = await startPeer((header, socket) => asked.push(() => answer(socket, header.correlationId)));
    let told = 0;
    const { connection } = await openTo(port, () => {
      told += 1;
    });
    // The second one is answered when it is 3 s old, but the peer was heard in between.
    const [first, second] = [connection.send(metadataApi, ALL_TOPICS), connection.send(metadataApi, ALL_TOPICS)];
    await delay(1_500);
    asked.shift()?.();
    await first;
    await delay(1_500);
    asked.shift()?.();
    await second;
    expect([told, connection.isSilent]).toEqual([0, false]);
    const handler = { onAnswer: () => undefined, onFailure: () => undefined };
    const sentAtMs = performance.now();
    connection.sendInPlace(metadataApi, ALL_TOPICS, handler, { waitMs: 500 });
    await waitUntil(() => (told > 0 ? true : undefined), { what: "the silence", deadlineMs: 60_000 });
    expect(performance.now() - sentAtMs).toBeGreaterThanOrEqual(2_500);
    expect(connection.isSilent).toBe(true);
    asked.shift()?.();
    await waitUntil(() => (connection.isSilent ? undefined : true), { what: "the answer", deadlineMs: 60_000 });
    expect(connection.isOpen).toBe(true);
  });

  it("is not opened to a peer that does not speak the protocol, or does not answer", async () => {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      cleanUps.push(() => socket.destroy());
    });
    cleanUps.push(() => server.close());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const silent = Connection.open({ host: "127.0.0.1", port, clientId: "test", openDeadlineMs: 100 });
    await expect(silent).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    server.on("connection", (socket) => socket.write("HTTP/1.1 400 Bad Request\r\n\r\n"));
    const http = Connection.open({ host: "127.0.0.1", port, clientId: "test" });
    await expect(http).rejects.toMatchObject({ code: "KAFKA_NOT_A_BROKER" });
  });
});

it("a cluster that advertises a name which nobody knows is told apart from one that does not answer", async () => {
  const kafka = await startMisadvertisedKafka({ host: "no-such-broker.invalid", port: 9092 });
  try {
    const opened = KafkaCluster.open({ bootstrap: kafkaAt(kafka.bootstrap), clientId: "test", openDeadlineMs: 0 });
    await expect(opened).rejects.toMatchObject({
      code: "KAFKA_ADVERTISED_UNKNOWN",
      message: expect.stringMatching(/advertises no-such-broker\.invalid:9092, and this machine found no address/),
    });
  } finally {
    await kafka.close();
  }
});
