/**
 * What the Kafka client meets in a long run: hours in which nothing comes, and more records than a sequence can count. On
 * a real Kafka, behind a proxy that counts.
 */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTopic } from "../../simulator/clients/kafka/admin.ts";
import { KafkaCluster } from "../../simulator/clients/kafka/cluster.ts";
import { PartitionReader } from "../../simulator/clients/kafka/consumer.ts";
import { IdempotentProducer } from "../../simulator/clients/kafka/producer.ts";
import { encodeRecordBatch } from "../../simulator/clients/kafka/wire/records.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { kafkaAt } from "../support/addresses.ts";
import { type RealKafka, realKafkaMissing, startRealKafka } from "../support/real-kafka.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";
import { startTestBroker } from "./embedded-kafka-peer.ts";

/** The waits are then 20 ms four times, and twice as long each time after that. */
const MAX_WAIT_MS = 20;
/** After so many empty answers the broker was asked to wait for more than half a second. */
const EMPTY_ANSWERS = 10;

const missing = realKafkaMissing();
const log = createLog(() => undefined);

/** A batch of `records` whose first one is number `firstIndex` of its producer in the partition. */
function batchOf(producer: IdempotentProducer, firstIndex: number, records: number) {
  const values = Array.from({ length: records }, (_, i) => ({ value: Buffer.from(`value-${firstIndex + i}`) }));
  const baseSequence = firstIndex % 2 ** 31;
  const batch = encodeRecordBatch({ records: values, timestampMs: Date.now(), ...producer.identity, baseSequence });
  return { batch, records, firstSequence: firstIndex };
}

/** Kafka takes whatever sequence is the first that it sees of a producer. */
async function sendBeyondTheLastSequence(bootstrap: string): Promise<void> {
  const cluster = await KafkaCluster.open({ bootstrap: kafkaAt(bootstrap), clientId: "test", log });
  try {
    await createTopic({ bootstrap: kafkaAt(bootstrap), log }, { topic: "wrap", partitions: 1 });
    const first = await IdempotentProducer.open({ cluster, topic: "wrap", identity: null });
    const last = 2 ** 31;
    // The second one begins with the last sequences and ends with the first ones; the third and the fourth have small ones.
    const batches = [last - 15, last - 5, last + 5, last + 15].map((index) => batchOf(first, index, 10));
    const send = (producer: IdempotentProducer) => Promise.all(batches.map((batch) => producer.send(0, batch)));
    const sent = [0, 10, 20, 30].map((baseOffset) => ({ baseOffset }));
    expect(await send(first)).toEqual(sent);
    await first.close();
    // One that was restarted, and does not know what became of its batches.
    const second = await IdempotentProducer.open({ cluster, topic: "wrap", identity: first.identity });
    expect(await send(second)).toEqual(sent);
    expect(await cluster.listOffsets("wrap", [0], "latest")).toEqual([40]);
    await second.close();
  } finally {
    cluster.close();
  }
}

it("sequences begin again after 2^31 records of a partition, on the embedded Kafka", async () => {
  const broker = await startTestBroker();
  try {
    await sendBeyondTheLastSequence(`127.0.0.1:${broker.port}`);
  } finally {
    await broker.close();
  }
});

describe.skipIf(missing !== null)(`long runs${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  let kafka: RealKafka;
  let proxy: TcpProxy;
  let cluster: KafkaCluster;

  beforeAll(async () => {
    proxy = await startTcpProxy(0);
    kafka = await startRealKafka({ advertisedPort: proxy.port });
    proxy.target = kafka.port;
    cluster = await KafkaCluster.open({ bootstrap: kafkaAt(`127.0.0.1:${proxy.port}`), clientId: "test", log });
  });

  afterAll(async () => {
    cluster?.close();
    await proxy?.close();
    await kafka?.stop();
  });

  it("sequences begin again after 2^31 records of a partition", async () => {
    await sendBeyondTheLastSequence(`127.0.0.1:${proxy.port}`);
  });

  it("an idle reader reads at once what is assigned, and what is written, while its fetch waits at the broker", async () => {
    await createTopic({ bootstrap: kafkaAt(`127.0.0.1:${proxy.port}`), log }, { topic: "idle", partitions: 2 });
    const producer = await IdempotentProducer.open({ cluster, topic: "idle", identity: null });
    await producer.send(1, batchOf(producer, 0, 1));
    const next = [0, 0];
    const errors: unknown[] = [];
    const reader = new PartitionReader({
      cluster,
      topic: "idle",
      maxWaitMs: MAX_WAIT_MS,
      onRecords: ({ p, nextOffset }) => {
        next[p] = nextOffset;
      },
      onError: (_, error) => errors.push(error),
    });
    const reached = (p: number, offset: number) =>
      waitUntil(() => next[p] === offset || undefined, { what: `offset ${offset} of ${p}`, deadlineMs: 60_000 });
    const becomeIdle = async () => {
      const enough = proxy.answers + EMPTY_ANSWERS;
      await waitUntil(() => proxy.answers >= enough || undefined, { what: "empty answers", deadlineMs: 20_000 });
    };
    reader.assign(0, 0);
    await becomeIdle();
    const before = proxy.accepted;
    reader.assign(1, 0);
    await reached(1, 1);
    // The fetch that waited was given up with its connection: without that the partition waits for its end.
    expect(proxy.accepted).toBe(before + 1);
    await becomeIdle();
    await producer.send(0, batchOf(producer, 0, 1));
    await reached(0, 1);
    expect(errors).toEqual([]);
    await reader.close();
    await producer.close();
  });
});
