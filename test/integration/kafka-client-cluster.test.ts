/** The Kafka client and three real brokers, of which one is paused: it answers late, or never, and believes that it leads. */

import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { createTopic } from "../../simulator/clients/kafka/admin.ts";
import { KafkaCluster } from "../../simulator/clients/kafka/cluster.ts";
import { PartitionReader } from "../../simulator/clients/kafka/consumer.ts";
import { IdempotentProducer } from "../../simulator/clients/kafka/producer.ts";
import { waitUntil, withDeadline } from "../../simulator/common/foundation/deadline.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { kafkaAt } from "../support/addresses.ts";
import { encodeNumberedBatch, NumberedRecordsCheck } from "../support/numbered-records.ts";
import { type RealCluster, startRealCluster } from "../support/real-cluster.ts";
import type { RealKafka } from "../support/real-kafka.ts";
import { describeReal } from "../support/real-parts.ts";

const log = createLog(() => undefined);
const PARTITIONS = 6;
const RECORDS = 50;
const all = Array.from({ length: PARTITIONS }, (_, p) => p);
const everywhere = (offset: number) => all.map(() => offset);
/** Of a wait for what takes a few seconds. */
const WAIT_MS = 50_000;
/** Longer than any wait here: what goes on in the face of a hung broker does not do so because a request was given up. */
const NO_DEADLINE_MS = 2 * WAIT_MS;
/** Of a fetch that no broker answers. */
const FETCH_DEADLINE_MS = 15_000;

describeReal(["kafka"], "the Kafka client and three real brokers", () => {
  let brokers: RealCluster;

  beforeAll(async () => {
    brokers = await startRealCluster();
  });

  afterAll(async () => {
    await brokers?.stop();
  });

  it("counts no end offset of a leader that was replaced while it was paused, and asks whom it may", async () => {
    const { topic, cluster, producer, end } = await beginTopic(brokers, "stale", {});
    await sendToAll(producer, 0);
    const victim = await firstLeader(brokers, cluster, topic);
    const open = () => KafkaCluster.open({ bootstrap: kafkaAt(victim.bootstrap), clientId: "asking", log });
    const connected = await open();
    victim.pause();
    try {
      for (let i = 1; i <= 3; i += 1) await sendToAll(producer, i * RECORDS);
      // The questions wait in the sockets of the paused broker: over a connection that it has, and over one that it gets.
      const asked = connected.listOffsets(topic, all, "latest", "committed");
      const opening = open().then(async (late) => {
        const ends = await late.listOffsets(topic, all, "latest");
        late.close();
        return ends;
      });
      await delay(100);
      victim.resume();
      expect(await asked).toEqual(everywhere(4 * RECORDS));
      expect(await opening).toEqual(everywhere(4 * RECORDS));
    } finally {
      victim.resume();
      connected.close();
      await end();
    }
  });

  it("goes on with the partitions of a broker that hangs as soon as they have new leaders", async () => {
    const options = { requestDeadlineMs: NO_DEADLINE_MS };
    const { topic, cluster, producer, end } = await beginTopic(brokers, "hung", options);
    const read = new NumberedRecordsCheck(PARTITIONS);
    const reading = await KafkaCluster.open({ bootstrap: kafkaAt(brokers.bootstrap), clientId: "reading", log });
    const lost: string[] = [];
    const openConnection = reading.openConnection.bind(reading);
    vi.spyOn(reading, "openConnection").mockImplementation((nodeId, events) =>
      openConnection(nodeId, {
        ...events,
        onLost: (error) => {
          lost.push(error.message);
          events.onLost?.(error);
        },
      }),
    );
    const reader = new PartitionReader({
      cluster: reading,
      topic,
      onRecords: (records) => read.take(records),
      onError: (p, error) => read.fail(p, error),
    });
    for (const p of all) reader.assign(p, 0);
    const untilRead = (offset: number) =>
      waitUntil(() => ((read.error ?? read.next.every((next) => next === offset)) ? true : undefined), {
        what: `every partition read to ${offset}`,
        deadlineMs: WAIT_MS,
      });
    await sendToAll(producer, 0);
    await untilRead(RECORDS);
    const victim = await firstLeader(brokers, cluster, topic);
    const pausedAtMs = performance.now();
    victim.pause();
    try {
      // Several batches of a partition are on their way to the hung broker at the same time.
      const sends = [1, 2, 3].map((i) => sendToAll(producer, i * RECORDS));
      await Promise.all(sends);
      await untilRead(4 * RECORDS);
      expect(await cluster.listOffsets(topic, all, "latest")).toEqual(everywhere(4 * RECORDS));
      // All of it while the broker hangs, and without a deadline of the reader's own: it still waits for its fetch. Where
      // the election took longer than that deadline, the two cannot be told apart.
      if (performance.now() - pausedAtMs < FETCH_DEADLINE_MS) expect(lost).toEqual([]);
      expect(read.error).toBeUndefined();
    } finally {
      victim.resume();
    }
    // What waited in the sockets of the hung broker harms nothing when it goes on.
    await sendToAll(producer, 4 * RECORDS);
    await untilRead(5 * RECORDS);
    expect(read.error).toBeUndefined();
    expect(await cluster.listOffsets(topic, all, "latest")).toEqual(everywhere(5 * RECORDS));
    await reader.close();
    reading.close();
    await end();
  });
});

/** A topic of its own, and who writes to it. */
async function beginTopic(brokers: RealCluster, topic: string, options: { requestDeadlineMs?: number }) {
  const bootstrap = kafkaAt(brokers.bootstrap);
  await createTopic({ bootstrap, log }, { topic, partitions: PARTITIONS });
  const cluster = await KafkaCluster.open({ bootstrap, clientId: "writing", log });
  const producer = await IdempotentProducer.open({ cluster, topic, identity: null, ...options });
  const end = async () => {
    await producer.close();
    cluster.close();
  };
  return { topic, cluster, producer, end };
}

async function sendToAll(producer: IdempotentProducer, firstSequence: number): Promise<void> {
  const sends = all.map((p) => {
    const batch = encodeNumberedBatch(producer.identity, firstSequence, RECORDS);
    return producer.send(p, { batch, records: RECORDS, firstSequence });
  });
  const sent = await withDeadline(Promise.all(sends), { what: "the acknowledgements", deadlineMs: WAIT_MS });
  expect(sent.map(({ baseOffset }) => baseOffset)).toEqual(everywhere(firstSequence));
}

async function firstLeader(brokers: RealCluster, cluster: KafkaCluster, topic: string): Promise<RealKafka> {
  const { partitions } = await cluster.topic(topic);
  return brokers.broker(partitions[0]?.leader ?? -1);
}
