/** Where the records of a log end (`record-ends.ts`), on the embedded Kafka, whatever stands behind them. */
import { type Kafka, logLevel, type Producer, Kafka as StockKafka } from "kafkajs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { KafkaCluster } from "../../simulator/clients/kafka/cluster.ts";
import { findRecordEnds } from "../../simulator/clients/kafka/record-ends.ts";
import { kafkaAt } from "../support/addresses.ts";
import { type EmbeddedKafka, startEmbeddedKafka } from "../support/embedded-kafka.ts";

let broker: EmbeddedKafka;
let kafka: Kafka;
let cluster: KafkaCluster;
const producers: Producer[] = [];

beforeAll(async () => {
  broker = await startEmbeddedKafka(200_000_000);
  kafka = new StockKafka({ brokers: [broker.address], logLevel: logLevel.NOTHING });
  cluster = await KafkaCluster.open({ bootstrap: kafkaAt(broker.address), clientId: "test" });
});
afterAll(async () => {
  for (const producer of producers) await producer.disconnect();
  cluster?.close();
  await broker?.stop();
});

async function createTopic(topic: string, numPartitions: number): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: true });
  await admin.disconnect();
}

async function openProducer(transactionalId: string): Promise<Producer> {
  const producer = kafka.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  producers.push(producer);
  return producer;
}

const messagesOf = (partition: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({ partition, value: `record ${i}` }));

/** With the ends of now, as a committed reader has them. */
async function find(topic: string, partitions: number, from = 0): Promise<{ ends: number[]; recordEnds: number[] }> {
  const all = Array.from({ length: partitions }, (_, p) => p);
  const ends = await cluster.listOffsets(topic, all, "latest", "committed");
  const ranges = ends.map((to, p) => ({ p, from, to }));
  const recordEnds = await findRecordEnds(cluster, topic, ranges, AbortSignal.timeout(60_000));
  return { ends, recordEnds };
}

it("is the end of a log of plain records, and 0 in one without any", async () => {
  await createTopic("plain", 2);
  const producer = await openProducer("plain");
  const plain = kafka.producer();
  await plain.connect();
  await plain.send({ topic: "plain", messages: messagesOf(1, 20) });
  await plain.disconnect();
  expect(await find("plain", 2)).toEqual({ ends: [0, 20], recordEnds: [0, 20] });
  const transaction = await producer.transaction();
  await transaction.send({ topic: "plain", messages: messagesOf(0, 3) });
  await transaction.abort();
  // Three records that nobody reads, and the marker.
  expect(await find("plain", 2)).toEqual({ ends: [4, 20], recordEnds: [0, 20] });
});

it("is behind the last committed record, before markers and aborted records, in however many windows", async () => {
  await createTopic("mixed", 1);
  const producer = await openProducer("mixed");
  const commit = await producer.transaction();
  await commit.send({ topic: "mixed", messages: messagesOf(0, 5) });
  await commit.commit();
  expect(await find("mixed", 1)).toEqual({ ends: [6], recordEnds: [5] });
  // More than two windows of records that were given up.
  for (let i = 0; i < 3; i += 1) {
    const abort = await producer.transaction();
    await abort.send({ topic: "mixed", messages: messagesOf(0, 2_000) });
    await abort.abort();
  }
  expect(await find("mixed", 1)).toEqual({ ends: [6_009], recordEnds: [5] });
  // There is no record from here on.
  expect(await find("mixed", 1, 6)).toEqual({ ends: [6_009], recordEnds: [0] });
});

it("does not look behind an open transaction", async () => {
  await createTopic("open", 1);
  const producer = await openProducer("open");
  const commit = await producer.transaction();
  await commit.send({ topic: "open", messages: messagesOf(0, 2) });
  await commit.commit();
  const open = await producer.transaction();
  await open.send({ topic: "open", messages: messagesOf(0, 7) });
  expect(await find("open", 1)).toEqual({ ends: [3], recordEnds: [2] });
  await open.commit();
  expect(await find("open", 1)).toEqual({ ends: [11], recordEnds: [10] });
});
