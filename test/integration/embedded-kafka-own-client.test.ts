/** The embedded Kafka with the project's own client: what runs in every embedded run. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import {
  createTopic,
  deleteGroups,
  deleteTopics,
  listTopics,
  probeKafka,
} from "../../simulator/clients/kafka/admin.ts";
import { KafkaCluster } from "../../simulator/clients/kafka/cluster.ts";
import { PartitionReader } from "../../simulator/clients/kafka/consumer.ts";
import { IdempotentProducer } from "../../simulator/clients/kafka/producer.ts";
import type { ProduceRequest } from "../../simulator/clients/kafka/wire/apis/produce.ts";
import { encodeRecordBatch } from "../../simulator/clients/kafka/wire/records.ts";
import { withDeadline } from "../../simulator/common/foundation/deadline.ts";
import { isAppError } from "../../simulator/common/foundation/errors.ts";
import { startTestBroker, type TestBroker } from "./embedded-kafka-peer.ts";

const PARTITIONS = 20;
const DEADLINE_MS = 60_000;
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

let broker: TestBroker;
let cluster: KafkaCluster;
let bootstrap: string[];

beforeAll(async () => {
  broker = await startTestBroker(60_000_000);
  bootstrap = [`127.0.0.1:${broker.port}`];
  cluster = await KafkaCluster.open({ bootstrap, clientId: "test" });
});

afterAll(async () => {
  cluster.close();
  await broker.close();
});

test("the probe, topics, and groups of the admin work", async () => {
  const admin = { bootstrap, log: silent };
  expect((await probeKafka(admin)).brokers).toHaveLength(1);
  expect(await createTopic(admin, { topic: "admin", partitions: 4 })).toBe("created");
  expect(await createTopic(admin, { topic: "admin", partitions: 4 })).toBe("exists");
  await cluster.commitOffsets("group", "admin", [{ p: 2, offset: 17 }]);
  expect(await cluster.fetchCommittedOffsets("group", "admin", [1, 2])).toContain(17);
  await deleteGroups(admin, ["group"]);
  expect(await cluster.fetchCommittedOffsets("group", "admin", [1, 2])).not.toContain(17);
  await deleteTopics(admin, ["admin"]);
  expect(await listTopics(admin)).not.toContain("admin");
});

test("200,000 records through the producer, read while they are written, arrive once and in order", async () => {
  await createTopic({ bootstrap, log: silent }, { topic: "flow", partitions: PARTITIONS });
  const producer = await IdempotentProducer.open({ cluster, topic: "flow", identity: null });
  const { producerId, producerEpoch } = producer.identity;
  const batches = 20;
  const records = Array.from({ length: 500 }, (_, i) => ({ value: Buffer.from(`value ${i}`.padEnd(100, "x")) }));
  const total = PARTITIONS * batches * records.length;

  let received = 0;
  const next = Array.from({ length: PARTITIONS }, () => 0);
  const all = Promise.withResolvers<void>();
  const reader = new PartitionReader({
    cluster,
    topic: "flow",
    onRecords: ({ p, fetchOffset, nextOffset }) => {
      if (fetchOffset !== next[p]) all.reject(new Error(`partition ${p}: ${fetchOffset} where ${next[p]} was due`));
      next[p] = nextOffset;
      received += nextOffset - fetchOffset;
      if (received === total) all.resolve();
    },
    onError: (_, error) => all.reject(error),
  });
  for (let p = 0; p < PARTITIONS; p += 1) reader.assign(p, 0);

  const sends: Promise<{ baseOffset: number }>[] = [];
  for (let i = 0; i < batches; i += 1) {
    const firstSequence = i * records.length;
    const batch = encodeRecordBatch({
      records,
      timestampMs: 1,
      producerId,
      producerEpoch,
      baseSequence: firstSequence,
    });
    for (let p = 0; p < PARTITIONS; p += 1) {
      sends.push(producer.send(p, { batch, records: records.length, firstSequence }));
    }
  }
  const answers = await withDeadline(Promise.all(sends), { what: "all acknowledgements", deadlineMs: DEADLINE_MS });
  expect(answers.map(({ baseOffset }) => baseOffset)).toEqual(
    answers.map((_, i) => Math.floor(i / PARTITIONS) * records.length),
  );
  await withDeadline(all.promise, { what: "all records", deadlineMs: DEADLINE_MS });
  const partitions = next.map((_, p) => p);
  expect(await cluster.listOffsets("flow", partitions, "latest", "committed")).toEqual(next);
  await reader.close();
  await producer.close();
});

test("a full memory ends the producer at once, with the broker's reason", async () => {
  await createTopic({ bootstrap, log: silent }, { topic: "full", partitions: 1 });
  const producer = await IdempotentProducer.open({ cluster, topic: "full", identity: null });
  const { producerId, producerEpoch } = producer.identity;
  const records = [{ value: Buffer.alloc(1_000_000, "x") }];
  const send = async (firstSequence: number) => {
    const batch = encodeRecordBatch({
      records,
      timestampMs: 1,
      producerId,
      producerEpoch,
      baseSequence: firstSequence,
    });
    return producer.send(0, { batch, records: 1, firstSequence });
  };
  let failure: unknown;
  for (let i = 0; i < 60 && failure === undefined; i += 1) await send(i).catch((error: unknown) => (failure = error));
  expect(isAppError(failure) && failure.message).toContain("POLICY_VIOLATION");
  await producer.close();
});

test("batches of several partitions share a request, and one that is refused harms no other", async () => {
  await createTopic({ bootstrap, log: silent }, { topic: "shared", partitions: 4 });
  const producer = await IdempotentProducer.open({ cluster, topic: "shared", identity: null, giveUpAfterMs: 1_000 });
  const { producerId, producerEpoch } = producer.identity;
  const records = [{ value: Buffer.from("a value") }];
  const send = (p: number, firstSequence: number) => {
    const position = { timestampMs: 1, producerId, producerEpoch, baseSequence: firstSequence };
    return producer.send(p, { batch: encodeRecordBatch({ records, ...position }), records: 1, firstSequence });
  };
  const first = await Promise.all([send(0, 0), send(1, 0), send(2, 0), send(3, 0)]);
  expect(first.map(({ baseOffset }) => baseOffset)).toEqual([0, 0, 0, 0]);
  // Two batches of partition 0 in one turn: a request holds only one of them. After 0, nobody can place 7.
  const second = await Promise.allSettled([send(0, 1), send(0, 2), send(1, 1), send(2, 7), send(3, 1)]);
  expect(second.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "fulfilled", "rejected", "fulfilled"]);
  expect(await cluster.listOffsets("shared", [0, 1, 2, 3], "latest")).toEqual([3, 2, 1, 2]);
  await producer.close();
});

test("a partition's batches go over one connection, and those of all partitions over three", async () => {
  await createTopic({ bootstrap, log: silent }, { topic: "lanes", partitions: PARTITIONS });
  const open = cluster.openConnection.bind(cluster);
  /** By connection: the partitions of the produce requests on it. */
  const lanes: Set<number>[] = [];
  const spy = vi.spyOn(cluster, "openConnection").mockImplementation(async (leader, events) => {
    const connection = await open(leader, events);
    const lane = new Set<number>();
    lanes.push(lane);
    const send = connection.sendInPlace.bind(connection);
    vi.spyOn(connection, "sendInPlace").mockImplementation((api, request, handler, timing) => {
      const { topics } = request as ProduceRequest<readonly Buffer[]>;
      for (const { p } of topics.flatMap(({ partitions }) => partitions)) lane.add(p);
      send(api, request, handler, timing);
    });
    return connection;
  });
  const producer = await IdempotentProducer.open({ cluster, topic: "lanes", identity: null });
  try {
    for (let firstSequence = 0; firstSequence < 3; firstSequence += 1) {
      const batch = encodeRecordBatch({
        records: [{ value: Buffer.from("x") }],
        timestampMs: 1,
        ...producer.identity,
        baseSequence: firstSequence,
      });
      const sends = Array.from({ length: PARTITIONS }, (_, p) =>
        producer.send(p, { batch, records: 1, firstSequence }),
      );
      const offsets = (await Promise.all(sends)).map(({ baseOffset }) => baseOffset);
      expect(new Set(offsets)).toEqual(new Set([firstSequence]));
    }
    expect(lanes.map(({ size }) => size).sort()).toEqual([6, 7, 7]);
    expect(new Set(lanes.flatMap((lane) => [...lane])).size).toBe(PARTITIONS);
  } finally {
    spy.mockRestore();
    await producer.close();
  }
});
