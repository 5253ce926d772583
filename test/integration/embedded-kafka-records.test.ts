/** Records in the embedded Kafka, over real sockets: produce, fetch, repeats, long polls, bounds. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { deleteTopicsApi } from "../../simulator/clients/kafka/wire/apis/delete-topics.ts";
import { fetchApi } from "../../simulator/clients/kafka/wire/apis/fetch.ts";
import { initProducerIdApi } from "../../simulator/clients/kafka/wire/apis/init-producer-id.ts";
import { listOffsetsApi } from "../../simulator/clients/kafka/wire/apis/list-offsets.ts";
import { metadataApi } from "../../simulator/clients/kafka/wire/apis/metadata.ts";
import { produceApi } from "../../simulator/clients/kafka/wire/apis/produce.ts";
import { ErrorCode } from "../../simulator/clients/kafka/wire/error-codes.ts";
import { ATTRIBUTE, BATCH, placeBatch, sealBatch } from "../../simulator/clients/kafka/wire/record-batch.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import {
  batchOf,
  closes,
  createTopic,
  fetchRecords,
  fetchRequest,
  Peer,
  produceBatch,
  startTestBroker,
  type TestBroker,
} from "./embedded-kafka-peer.ts";

const NEW_PRODUCER = { transactionalId: null, transactionTimeoutMs: -1, producerId: -1, producerEpoch: -1 };

let broker: TestBroker;
let peers: Peer[];

beforeEach(async () => {
  broker = await startTestBroker();
  peers = [];
});

afterEach(async () => {
  for (const peer of peers) peer.close();
  await broker.close();
});

function connectPeer(port = broker.port): Peer {
  const peer = new Peer(port);
  peers.push(peer);
  return peer;
}

describe("produce and fetch", () => {
  test("50 partitions in one request, read back as sent, in every version", async () => {
    const peer = connectPeer();
    await createTopic(peer, "wide", 50);
    const partitions = Array.from({ length: 50 }, (_, p) => ({ p, records: [batchOf(p + 1, 10 * p)] }));
    const offsets: number[] = [];
    for (const version of [3, 4, 5, 6, 7, 8]) {
      const topics = [{ name: "wide", partitions }];
      const response = await peer.request(produceApi, version, {
        transactionalId: null,
        acks: 1,
        timeoutMs: 1_000,
        topics,
      });
      offsets.push(...(response.topics[0]?.partitions.map(({ baseOffset }) => baseOffset) ?? []));
    }
    expect(offsets).toEqual([0, 1, 2, 3, 4, 5].flatMap((round) => partitions.map(({ p }) => round * (p + 1))));
    for (const version of [4, 5, 6, 7, 8, 9, 10, 11]) {
      const asked = partitions.map(({ p }) => ({ p, fetchOffset: 5 * (p + 1) }));
      const fetched = await fetchRecords(peer, fetchRequest("wide", asked), version);
      expect(fetched.partitions).toHaveLength(50);
      for (const { p, records, highWatermark } of fetched.partitions) {
        const expected = batchOf(p + 1, 10 * p);
        placeBatch(expected, 0, 5 * (p + 1), 0);
        expect(records.equals(expected)).toBe(true);
        expect(highWatermark).toBe(6 * (p + 1));
      }
    }
  });

  test("40 MB in batches of almost 1 MiB, by three peers at once, are read back exactly", async () => {
    const peer = connectPeer();
    await createTopic(peer, "big", 3);
    const batches = Array.from({ length: 40 }, (_, i) => batchOf(10, 104_000 + i));
    const writers = [connectPeer(), connectPeer(), connectPeer()];
    const sent = writers.map((writer, p) =>
      Promise.all(
        batches.filter((_, i) => i % 3 === p).map((batch) => produceBatch(writer, { topic: "big", p, batch })),
      ),
    );
    for (const answers of await Promise.all(sent)) {
      expect(answers.map(({ baseOffset }) => baseOffset)).toEqual(answers.map((_, i) => i * 10));
    }
    for (const p of [0, 1, 2]) {
      const mine = batches.filter((_, i) => i % 3 === p);
      for (const [i, batch] of mine.entries()) placeBatch(batch, 0, i * 10, 0);
      const parts: Buffer[] = [];
      for (let fetchOffset = 0; fetchOffset < mine.length * 10; ) {
        const asked = fetchRequest("big", [{ p, fetchOffset, maxBytes: 3_500_000 }]);
        const records = (await fetchRecords(peer, asked)).partitions[0]?.records ?? Buffer.alloc(0);
        expect(records.length).toBeGreaterThan(3_000_000 * (fetchOffset < 100 ? 1 : 0));
        parts.push(records);
        for (let at = 0; at < records.length; fetchOffset += 10) at += 12 + records.readInt32BE(at + BATCH.length);
      }
      expect(Buffer.concat(parts).equals(Buffer.concat(mine))).toBe(true);
    }
  });

  test("K1: the first partition with records gets one batch over every limit, the others only what fits", async () => {
    const peer = connectPeer();
    await createTopic(peer, "k", 3);
    for (const p of [1, 2]) await produceBatch(peer, { topic: "k", p, batch: batchOf(1, 10_000) });
    const asked = [0, 1, 2].map((p) => ({ p, fetchOffset: 0, maxBytes: 100 }));
    const fetched = await fetchRecords(peer, fetchRequest("k", asked));
    expect(fetched.partitions.map(({ records }) => records.length > 0)).toEqual([false, true, false]);
    const limited = await fetchRecords(
      peer,
      fetchRequest(
        "k",
        [0, 1, 2].map((p) => ({ p, fetchOffset: 0 })),
        { maxBytes: 15_000 },
      ),
    );
    expect(limited.partitions.map(({ records }) => records.length > 0)).toEqual([false, true, false]);
  });

  test("offsets outside of the log, unknown partitions, sessions that never were", async () => {
    const peer = connectPeer();
    await createTopic(peer, "e");
    await produceBatch(peer, { topic: "e", p: 0, batch: batchOf(2, 10) });
    const errorsOf = async (fetchOffset: number, p = 0) =>
      (await fetchRecords(peer, fetchRequest("e", [{ p, fetchOffset }], { maxWaitMs: 60_000 }))).partitions[0]
        ?.errorCode;
    expect(await errorsOf(3)).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
    expect(await errorsOf(-1)).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
    expect(await errorsOf(0, 7)).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    const wanted = fetchRequest("e", [{ p: 0, fetchOffset: 0 }], { sessionEpoch: 0 });
    expect(await fetchRecords(peer, wanted)).toMatchObject({ errorCode: ErrorCode.NONE, sessionId: 0 });
    const made = fetchRequest("e", [{ p: 0, fetchOffset: 0 }], { sessionId: 77, sessionEpoch: 2 });
    expect(await fetchRecords(peer, made)).toMatchObject({ errorCode: ErrorCode.FETCH_SESSION_ID_NOT_FOUND });
  });

  test("damaged and forbidden batches are refused one by one, beside a good one", async () => {
    const peer = connectPeer();
    await createTopic(peer, "v", 4);
    const damaged = batchOf(1, 10);
    damaged[70] = 0;
    const transactional = batchOf(1, 10);
    transactional.writeInt16BE(ATTRIBUTE.transactional, BATCH.attributes);
    sealBatch(transactional, 0, transactional.length);
    const partitions = [damaged, transactional, batchOf(1, 10), batchOf(1, 10)].map((batch, i) => ({
      p: i === 3 ? 9 : i,
      records: [batch],
    }));
    const request = { transactionalId: null, acks: -1, timeoutMs: 1_000, topics: [{ name: "v", partitions }] };
    const response = await peer.request(produceApi, 8, request);
    expect(response.topics[0]?.partitions.map(({ errorCode }) => errorCode)).toEqual([
      ErrorCode.CORRUPT_MESSAGE,
      ErrorCode.INVALID_RECORD,
      ErrorCode.NONE,
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ]);
    expect(response.topics[0]?.partitions[0]?.errorMessage).toContain("checksum");
  });

  test("acks=0 is not answered; when it fails, the connection ends", async () => {
    const peer = connectPeer();
    await createTopic(peer, "z");
    const request = (p: number) => ({
      transactionalId: null,
      acks: 0,
      timeoutMs: 1_000,
      topics: [{ name: "z", partitions: [{ p, records: [batchOf(4, 10)] }] }],
    });
    peer.socket.write(peer.encode(produceApi, 7, request(0)));
    // The next answer on this connection belongs to the next request: the peer checks that.
    const topics = [{ name: "z", partitions: [{ p: 0, currentLeaderEpoch: -1, timestampMs: -1 }] }];
    const listed = await peer.request(listOffsetsApi, 3, { isolationLevel: 1, topics });
    expect(listed.topics[0]?.partitions[0]?.offset).toBe(4);
    peer.socket.write(peer.encode(produceApi, 7, request(5)));
    await closes(peer);
  });
});

describe("idempotent producers", () => {
  test("a repeat gets its first offset, a gap and an old epoch get their errors", async () => {
    const peer = connectPeer();
    await createTopic(peer, "i");
    const identity = await peer.request(initProducerIdApi, 1, NEW_PRODUCER);
    const other = await peer.request(initProducerIdApi, 0, NEW_PRODUCER);
    expect(other.producerId).not.toBe(identity.producerId);
    const { producerId } = identity;
    const send = (baseSequence: number, producerEpoch = 0) =>
      produceBatch(peer, { topic: "i", p: 0, batch: batchOf(10, 5, { producerId, producerEpoch, baseSequence }) });
    for (let i = 0; i < 6; i += 1) expect(await send(i * 10)).toMatchObject({ errorCode: 0, baseOffset: i * 10 });
    expect(await send(10)).toMatchObject({ errorCode: ErrorCode.NONE, baseOffset: 10 });
    expect(await send(0)).toMatchObject({ errorCode: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER });
    expect(await send(70)).toMatchObject({ errorCode: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, baseOffset: -1 });
    expect(await send(0, 1)).toMatchObject({ errorCode: ErrorCode.NONE, baseOffset: 60 });
    expect(await send(60)).toMatchObject({ errorCode: ErrorCode.INVALID_PRODUCER_EPOCH });
    const { partitions } = await fetchRecords(peer, fetchRequest("i", [{ p: 0, fetchOffset: 70 }]));
    expect(partitions[0]).toMatchObject({ errorCode: ErrorCode.NONE, highWatermark: 70 });
  });
});

describe("long polls", () => {
  const waiting = (count: number) =>
    waitUntil(() => (broker.state.topics.waiters.waiting === count ? true : undefined), {
      what: `${count} waiting fetches`,
      deadlineMs: 60_000,
    });

  test("C1: a fetch waits for enough bytes, and what was asked after it is answered after it", async () => {
    const [reader, writer] = [connectPeer(), connectPeer()];
    await createTopic(writer, "l", 2);
    const batch = batchOf(1, 1_000);
    const request = fetchRequest(
      "l",
      [0, 1].map((p) => ({ p, fetchOffset: 0 })),
      { maxWaitMs: 60_000, minBytes: 1_500 },
    );
    const order: string[] = [];
    const fetched = fetchRecords(reader, request).then((answer) => {
      order.push("fetch");
      return answer;
    });
    const listed = reader
      .request(metadataApi, 5, { topics: [], allowAutoTopicCreation: false })
      .then(() => order.push("metadata"));
    await waiting(1);
    await produceBatch(writer, { topic: "l", p: 0, batch });
    // One batch is not enough: the fetch still waits when the answer to that batch is here.
    expect(broker.state.topics.waiters.waiting).toBe(1);
    expect(order).toEqual([]);
    await produceBatch(writer, { topic: "l", p: 1, batch });
    expect((await fetched).partitions.map(({ records }) => records.length)).toEqual([batch.length, batch.length]);
    await listed;
    expect(order).toEqual(["fetch", "metadata"]);
  });

  test("the time given ends the wait with what there is", async () => {
    const peer = connectPeer();
    await createTopic(peer, "l");
    await produceBatch(peer, { topic: "l", p: 0, batch: batchOf(1, 10) });
    const request = fetchRequest("l", [{ p: 0, fetchOffset: 0 }], { maxWaitMs: 30, minBytes: 100_000 });
    const { partitions } = await fetchRecords(peer, request);
    expect(partitions[0]?.records.length).toBeGreaterThan(0);
  });

  test("a deleted topic ends the wait, and a closed connection leaves no waiter", async () => {
    const [reader, gone, writer] = [connectPeer(), connectPeer(), connectPeer()];
    await createTopic(writer, "l");
    const request = fetchRequest("l", [{ p: 0, fetchOffset: 0 }], { maxWaitMs: 60_000 });
    const fetched = fetchRecords(reader, request);
    gone.socket.write(gone.encode(fetchApi, 11, request));
    await waiting(2);
    gone.close();
    await waiting(1);
    await writer.request(deleteTopicsApi, 3, { names: ["l"], timeoutMs: 1_000 });
    expect((await fetched).partitions[0]?.errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    expect(broker.state.topics.waiters.waiting).toBe(0);
  });
});

describe("bounds", () => {
  test("P2: when the memory is full, produce is refused with reason, repeats are answered, and reading goes on", async () => {
    const small = await startTestBroker(50_000);
    try {
      const peer = connectPeer(small.port);
      await createTopic(peer, "m", 2);
      const send = (p: number, baseSequence: number) =>
        produceBatch(peer, {
          topic: "m",
          p,
          batch: batchOf(1, 9_900, { producerId: 1, producerEpoch: 0, baseSequence }),
        });
      for (let i = 0; i < 5; i += 1) expect((await send(0, i)).errorCode).toBe(ErrorCode.NONE);
      const refused = await send(1, 0);
      expect(refused.errorCode).toBe(ErrorCode.POLICY_VIOLATION);
      expect(refused.errorMessage).toMatch(/of 50000 bytes.*--embedded-memory/);
      expect(small.full).toHaveLength(1);
      expect(await send(0, 4)).toMatchObject({ errorCode: ErrorCode.NONE, baseOffset: 4 });
      expect(
        (await fetchRecords(peer, fetchRequest("m", [{ p: 0, fetchOffset: 4 }]))).partitions[0]?.records.length,
      ).toBeGreaterThan(9_900);
      await peer.request(deleteTopicsApi, 1, { names: ["m"], timeoutMs: 1_000 });
      await createTopic(peer, "m", 2);
      expect((await send(1, 0)).errorCode).toBe(ErrorCode.NONE);
    } finally {
      await small.close();
    }
  });

  test("C2: a client that does not read holds up nobody else, and gets every answer once it reads", async () => {
    const [slow, other] = [connectPeer(), connectPeer()];
    await createTopic(other, "s");
    for (let i = 0; i < 8; i += 1) await produceBatch(other, { topic: "s", p: 0, batch: batchOf(1, 1_000_000) });
    slow.socket.pause();
    const request = fetchRequest("s", [{ p: 0, fetchOffset: 0, maxBytes: 10_000_000 }]);
    const answers = Array.from({ length: 6 }, () => fetchRecords(slow, request));
    expect((await fetchRecords(other, request)).partitions[0]?.records.length).toBeGreaterThan(8_000_000);
    slow.socket.resume();
    for (const answer of await Promise.all(answers)) expect(answer.partitions[0]?.highWatermark).toBe(8);
  });

  test("C3: a flood of requests behind a waiting fetch pauses its socket, and is served in the end", async () => {
    const [flood, other] = [connectPeer(), connectPeer()];
    await createTopic(other, "f");
    const fetched = fetchRecords(flood, fetchRequest("f", [{ p: 0, fetchOffset: 0 }], { maxWaitMs: 60_000 }));
    const sent = Array.from({ length: 30 }, () =>
      produceBatch(flood, { topic: "f", p: 0, batch: batchOf(1, 900_000) }),
    );
    await produceBatch(other, { topic: "f", p: 0, batch: batchOf(1, 10) });
    expect((await fetched).partitions[0]?.records.length).toBeGreaterThan(10);
    expect((await Promise.all(sent)).map(({ baseOffset }) => baseOffset)).toEqual(sent.map((_, i) => i + 1));
  });
});
