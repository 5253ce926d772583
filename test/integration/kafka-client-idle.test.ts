/**
 * A reader to which nothing comes, on a real Kafka behind a proxy that counts: it lets the broker wait for longer, and
 * what is assigned or written meanwhile is read without waiting for that.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTopic } from "../../simulator/clients/kafka/admin.ts";
import { KafkaCluster } from "../../simulator/clients/kafka/cluster.ts";
import { PartitionReader } from "../../simulator/clients/kafka/consumer.ts";
import { IdempotentProducer } from "../../simulator/clients/kafka/producer.ts";
import { encodeRecordBatch } from "../../simulator/clients/kafka/wire/records.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { type RealKafka, realKafkaMissing, startRealKafka } from "../support/real-kafka.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";

/** The waits are then 20 ms four times, and twice as long each time after that. */
const MAX_WAIT_MS = 20;
/** After so many empty answers the broker was asked to wait for more than half a second. */
const EMPTY_ANSWERS = 10;

const missing = realKafkaMissing();
const log = createLog(() => undefined);

describe.skipIf(missing !== null)(`an idle reader${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  let kafka: RealKafka;
  let proxy: TcpProxy;
  let cluster: KafkaCluster;

  beforeAll(async () => {
    proxy = await startTcpProxy(0);
    kafka = await startRealKafka({ advertisedPort: proxy.port });
    proxy.target = kafka.port;
    cluster = await KafkaCluster.open({ bootstrap: [`127.0.0.1:${proxy.port}`], clientId: "test", log });
  });

  afterAll(async () => {
    cluster?.close();
    await proxy?.close();
    await kafka?.stop();
  });

  it("reads at once what is assigned, and what is written, while its fetch waits at the broker", async () => {
    await createTopic({ bootstrap: [`127.0.0.1:${proxy.port}`], log }, { topic: "idle", partitions: 2 });
    const producer = await IdempotentProducer.open({ cluster, topic: "idle", identity: null });
    const send = (p: number, firstSequence: number) => {
      const records = [{ value: Buffer.from("value") }];
      const { identity } = producer;
      const batch = encodeRecordBatch({ records, timestampMs: Date.now(), ...identity, baseSequence: firstSequence });
      return producer.send(p, { batch, records: 1, firstSequence });
    };
    await send(1, 0);
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
      waitUntil(() => next[p] === offset || undefined, { what: `offset ${offset} of ${p}`, deadlineMs: 10_000 });
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
    await send(0, 0);
    await reached(0, 1);
    expect(errors).toEqual([]);
    await reader.close();
    await producer.close();
  });
});
