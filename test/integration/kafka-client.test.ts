/**
 * The Kafka client against a real Kafka, with a network that breaks: the client reaches the broker only through a
 * proxy, which is also what the broker advertises.
 */

import { statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createTopic,
  deleteGroups,
  deleteTopics,
  describeTopic,
  listTopics,
  probeKafka,
} from "../../simulator/clients/kafka/admin.ts";
import { KafkaCluster } from "../../simulator/clients/kafka/cluster.ts";
import { Connection } from "../../simulator/clients/kafka/connection.ts";
import { PartitionReader } from "../../simulator/clients/kafka/consumer.ts";
import { findOwnBatches } from "../../simulator/clients/kafka/own-batches.ts";
import { IdempotentProducer } from "../../simulator/clients/kafka/producer.ts";
import { LATEST_TIMESTAMP, listOffsetsApi } from "../../simulator/clients/kafka/wire/apis/list-offsets.ts";
import { formatKafkaAddresses, type HostPort } from "../../simulator/common/foundation/address.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import type { AppError } from "../../simulator/common/foundation/errors.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { kafkaAt } from "../support/addresses.ts";
import { encodeNumberedBatch, NumberedRecordsCheck } from "../support/numbered-records.ts";
import { type RealKafka, realKafkaMissing, startRealKafka } from "../support/real-kafka.ts";
import { createKafka, sendRecord } from "../support/system.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";

const missing = realKafkaMissing();
const log = createLog(() => undefined);

describe.skipIf(missing !== null)(
  `the Kafka client and a real Kafka${missing === null ? "" : ` (skipped: ${missing})`}`,
  () => {
    let kafka: RealKafka;
    let proxy: TcpProxy;
    let admin: { bootstrap: readonly HostPort[]; log: typeof log };
    let cluster: KafkaCluster;

    beforeAll(async () => {
      proxy = await startTcpProxy(0);
      kafka = await startRealKafka({ advertisedPort: proxy.port });
      proxy.target = kafka.port;
      admin = { bootstrap: kafkaAt(`127.0.0.1:${proxy.port}`), log };
      cluster = await KafkaCluster.open({ bootstrap: admin.bootstrap, clientId: "test", log });
    });

    afterAll(async () => {
      cluster?.close();
      await proxy?.close();
      await kafka?.stop();
    });

    it("creates a topic with all leaders, describes it, and deletes it", async () => {
      expect((await probeKafka(admin)).brokers).toEqual([{ nodeId: 1, host: "127.0.0.1", port: proxy.port }]);
      expect(await createTopic(admin, { topic: "admin", partitions: 20 })).toBe("created");
      expect(await createTopic(admin, { topic: "admin", partitions: 20 })).toBe("exists");
      expect(await listTopics(admin)).toContain("admin");
      expect((await describeTopic(admin, "admin"))?.partitions).toEqual(
        Array.from({ length: 20 }, (_, p) => ({ p, leader: 1 })),
      );
      await deleteTopics(admin, ["admin", "never-there"]);
      expect(await listTopics(admin)).not.toContain("admin");
      expect(await describeTopic(admin, "admin")).toBeNull();
      await expect(createTopic(admin, { topic: "no spaces", partitions: 1 })).rejects.toMatchObject({
        code: "KAFKA_TOPIC_REFUSED",
        message: expect.stringContaining("INVALID_TOPIC_EXCEPTION (17)"),
      });
      await expect(cluster.topic("never-there", 300)).rejects.toMatchObject({ code: "KAFKA_TOPIC_MISSING" });
    });

    it("keeps a group's committed offsets", async () => {
      await createTopic(admin, { topic: "commits", partitions: 3 });
      await cluster.commitOffsets("group", "commits", [
        { p: 2, offset: 9_007_199_254_740_991 },
        { p: 0, offset: 5 },
      ]);
      expect(await cluster.fetchCommittedOffsets("group", "commits", [0, 1, 2])).toEqual([
        5, -1, 9_007_199_254_740_991,
      ]);
      await deleteGroups(admin, ["group", "never-there"]);
      expect(await cluster.fetchCommittedOffsets("group", "commits", [0])).toEqual([-1]);
    });

    it("recognises a repeat: the same batches by a second producer with the same identity", async () => {
      await createTopic(admin, { topic: "repeats", partitions: 1 });
      const first = await IdempotentProducer.open({ cluster, topic: "repeats", identity: null });
      const batches = [0, 1, 2].map((i) => encodeNumberedBatch(first.identity, i * 10, 10));
      const send = (producer: IdempotentProducer) =>
        Promise.all(batches.map((batch, i) => producer.send(0, { batch, records: 10, firstSequence: i * 10 })));
      expect(await send(first)).toEqual([{ baseOffset: 0 }, { baseOffset: 10 }, { baseOffset: 20 }]);
      await first.close();
      const doubts: string[] = [];
      const second = await IdempotentProducer.open({
        cluster,
        topic: "repeats",
        identity: first.identity,
        confirmLossMs: 300,
        onDoubt: (text) => doubts.push(text),
      });
      expect(await send(second)).toEqual([{ baseOffset: 0 }, { baseOffset: 10 }, { baseOffset: 20 }]);
      expect(await cluster.listOffsets("repeats", [0], "latest")).toEqual([30]);
      // What comes before a batch was acknowledged. When the log goes on not to have it, the producer gives up.
      const gap = { batch: encodeNumberedBatch(first.identity, 500, 10), records: 10, firstSequence: 500 };
      const lost = {
        code: "PRODUCER_RECORDS_LOST",
        message: expect.stringContaining("they reach to offset 500, and the log ends at offset 30"),
      };
      await expect(second.send(0, gap)).rejects.toMatchObject(lost);
      await expect(second.send(0, gap)).rejects.toMatchObject(lost);
      expect(doubts).toEqual([
        "repeats-0 ends at offset 30 and lacks records that were acknowledged up to 500: it is asked again for 300 ms",
      ]);
      expect([second.countRecords("refused"), second.countRecords("unsent"), second.countRecords("unknown")]).toEqual([
        10, 10, 0,
      ]);
      await second.close();
    });

    it("names what it was asked for when an offset is out of range", async () => {
      await createTopic(admin, { topic: "range", partitions: 2 });
      const errors: [number | null, AppError][] = [];
      const reader = new PartitionReader({
        cluster,
        topic: "range",
        onRecords: () => undefined,
        onError: (p, error) => errors.push([p, error]),
      });
      reader.assign(1, 12);
      await waitUntil(() => errors[0], { what: "the error", deadlineMs: 60_000 });
      expect(errors[0]?.[0]).toBe(1);
      expect(errors[0]?.[1].message).toMatch(/offset 12 of range-1 is outside what Kafka holds \(0 to 0\)/);
      await reader.close();
    });

    it("finds a producer's own batches behind a transaction of somebody else", async () => {
      await createTopic(admin, { topic: "transactions", partitions: 1 });
      const own = await IdempotentProducer.open({ cluster, topic: "transactions", identity: null });
      const send = (firstSequence: number) =>
        own.send(0, { batch: encodeNumberedBatch(own.identity, firstSequence, 10), records: 10, firstSequence });
      const other = createKafka(`127.0.0.1:${proxy.port}`).producer({
        transactionalId: "others",
        maxInFlightRequests: 1,
        idempotent: true,
      });
      await other.connect();
      try {
        await send(0);
        const transaction = await other.transaction();
        await transaction.send({ topic: "transactions", messages: [{ partition: 0, value: "somebody else's" }] });
        await transaction.commit();
        // The record is at 10. The marker of its commit, at 11, may come after the answer to the commit.
        const isMarked = async () =>
          (await cluster.listOffsets("transactions", [0], "latest"))[0] === 12 ? true : undefined;
        await waitUntil(isMarked, { what: "the marker", deadlineMs: 60_000 });
        expect(await send(10)).toEqual({ baseOffset: 12 });
      } finally {
        await other.disconnect();
        await own.close();
      }
      const range = { p: 0, from: 0, to: 22, nearSequence: 0 };
      expect(await findOwnBatches(cluster, "transactions", [range], own.identity)).toEqual([
        { p: 0, firstSequence: 0, records: 10, baseOffset: 0 },
        { p: 0, firstSequence: 10, records: 10, baseOffset: 12 },
      ]);
    });

    it("hands out nothing for a paused or released partition, and misses nothing after resume", async () => {
      await createTopic(admin, { topic: "paused", partitions: 1 });
      const producer = await IdempotentProducer.open({ cluster, topic: "paused", identity: null });
      const seen: number[] = [];
      let paused = false;
      const reader = new PartitionReader({
        cluster,
        topic: "paused",
        maxBytesPerPartition: 1_000,
        onRecords: ({ fetchOffset, nextOffset }) => {
          expect(paused).toBe(false);
          seen.push(fetchOffset, nextOffset);
          // Pauses after each piece, in the middle of the call, while the next fetch is already on its way.
          reader.pause(0);
          paused = true;
        },
        onError: (_, error) => {
          throw error;
        },
      });
      reader.assign(0, 0);
      for (let i = 0; i < 20; i += 1) {
        const batch = encodeNumberedBatch(producer.identity, i * 10, 10);
        await producer.send(0, { batch, records: 10, firstSequence: i * 10 });
      }
      await waitUntil(
        () => {
          if (paused) {
            paused = false;
            reader.resume(0);
          }
          return seen.at(-1) === 200 ? true : undefined;
        },
        { what: "all records", deadlineMs: 20_000, intervalMs: 5 },
      );
      expect(seen[0]).toBe(0);
      for (let i = 1; i + 1 < seen.length; i += 2) expect(seen[i + 1]).toBe(seen[i]);
      reader.release(0);
      paused = true;
      await producer.send(0, {
        batch: encodeNumberedBatch(producer.identity, 200, 10),
        records: 10,
        firstSequence: 200,
      });
      reader.assign(0, 205);
      paused = false;
      await waitUntil(() => (seen.at(-1) === 210 ? true : undefined), { what: "the rest", deadlineMs: 60_000 });
      expect(seen.at(-2)).toBe(205);
      await reader.close();
      await producer.close();
    });

    it("loses and repeats nothing while the connection is cut, swallowed, and the broker killed", async () => {
      await createTopic(admin, { topic: "faults", partitions: 3 });
      const producer = await IdempotentProducer.open({
        cluster,
        topic: "faults",
        identity: null,
        requestDeadlineMs: 2_000,
      });
      const read = new NumberedRecordsCheck(3);
      const reader = new PartitionReader({
        cluster,
        topic: "faults",
        onRecords: (records) => read.take(records),
        onError: (p, error) => read.fail(p, error),
      });
      for (let p = 0; p < 3; p += 1) reader.assign(p, 0);
      const faults = [
        () => proxy.cut(),
        () => proxy.blackhole("fromServer"),
        () => {
          proxy.blackhole(null);
          proxy.cut();
        },
        () => proxy.blackhole("both"),
        () => {
          proxy.blackhole(null);
          proxy.cut();
        },
        () => kafka.kill(),
        () => kafka.start(),
        () => proxy.cut(),
      ];
      const BATCHES = 120;
      const sends: Promise<void>[] = [];
      for (let i = 0; i < BATCHES; i += 1) {
        for (let p = 0; p < 3; p += 1) {
          const firstSequence = i * 50;
          const batch = encodeNumberedBatch(producer.identity, firstSequence, 50);
          sends.push(
            producer.send(p, { batch, records: 50, firstSequence }).then(({ baseOffset }) => {
              expect(baseOffset).toBe(firstSequence);
            }),
          );
        }
        if (i % 15 === 7) await faults[(i - 7) / 15]?.();
        // A few batches are under way at each fault, so that some are lost before and some after the append.
        if (i % 5 === 4) await Promise.race([Promise.all(sends), new Promise((resolve) => setTimeout(resolve, 30))]);
      }
      await Promise.all(sends);
      expect(await cluster.listOffsets("faults", [0, 1, 2], "latest", "committed")).toEqual([6_000, 6_000, 6_000]);
      await waitUntil(() => ((read.error ?? read.next.every((next) => next === 6_000)) ? true : undefined), {
        what: "every record",
        deadlineMs: 30_000,
      });
      expect(read.error).toBeUndefined();
      await reader.close();
      await producer.close();
    });

    it("finds batches in the log that a killed broker has forgotten, and repeats none", async () => {
      await createTopic(admin, { topic: "forgotten", partitions: 1 });
      const producer = await IdempotentProducer.open({
        cluster,
        topic: "forgotten",
        identity: null,
        requestDeadlineMs: 2_000,
      });
      const send = (firstSequence: number) =>
        producer.send(0, {
          batch: encodeNumberedBatch(producer.identity, firstSequence, 50),
          records: 50,
          firstSequence,
        });
      await send(0);
      proxy.blackhole("fromServer");
      // All four land and no answer comes back: the broker that recovers its log remembers only the last of them.
      const sends = [send(50), send(100), send(150), send(200)];
      const direct = await Connection.open({ host: "127.0.0.1", port: kafka.port, clientId: "direct" });
      await waitUntil(async () => ((await endOffsetAt(direct, "forgotten")) === 250 ? true : undefined), {
        what: "the append of all batches",
        deadlineMs: 60_000,
      });
      direct.close();
      await kafka.kill();
      await kafka.start();
      proxy.blackhole(null);
      proxy.cut();
      expect(await Promise.all(sends)).toEqual([50, 100, 150, 200].map((baseOffset) => ({ baseOffset })));
      expect(await send(250)).toEqual({ baseOffset: 250 });
      expect(await cluster.listOffsets("forgotten", [0], "latest")).toEqual([300]);
      await producer.close();
    });

    it("says that acknowledged records are lost when a killed broker comes back without them", async () => {
      await createTopic(admin, { topic: "cut", partitions: 1 });
      const doubts: string[] = [];
      const producer = await IdempotentProducer.open({
        cluster,
        topic: "cut",
        identity: null,
        confirmLossMs: 500,
        onDoubt: (text) => doubts.push(text),
      });
      const send = (firstSequence: number) =>
        producer.send(0, {
          batch: encodeNumberedBatch(producer.identity, firstSequence, 50),
          records: 50,
          firstSequence,
        });
      for (let i = 0; i < 4; i += 1) expect(await send(i * 50)).toEqual({ baseOffset: i * 50 });
      await kafka.kill();
      const file = join(kafka.folder, "data", "cut-0", "00000000000000000000.log");
      truncateSync(file, Math.floor((statSync(file).size * 3) / 4));
      await kafka.start();
      await expect(send(200)).rejects.toMatchObject({
        code: "PRODUCER_RECORDS_LOST",
        message: expect.stringContaining("of cut-0: they reach to offset 200, and the log ends at offset 150"),
      });
      expect(doubts).toHaveLength(1);
      // Others write what hides the loss from whoever looks at the end of the log only.
      for (let i = 0; i < 60; i += 1)
        await sendRecord(formatKafkaAddresses(admin.bootstrap), "cut", 0, "somebody else's");
      const second = await IdempotentProducer.open({
        cluster,
        topic: "cut",
        identity: producer.identity,
        confirmLossMs: 500,
      });
      const batch = encodeNumberedBatch(producer.identity, 200, 50);
      await expect(second.send(0, { batch, records: 50, firstSequence: 200 })).rejects.toMatchObject({
        code: "PRODUCER_RECORDS_LOST",
        message: expect.stringContaining("and the log, which ends at offset 210, has others in their place"),
      });
      await producer.close();
      await second.close();
    });

    it("says so when Kafka stays away", async () => {
      const producer = await IdempotentProducer.open({ cluster, topic: "faults", identity: null, giveUpAfterMs: 500 });
      const errors: [number | null, AppError][] = [];
      const reader = new PartitionReader({
        cluster,
        topic: "faults",
        unreachableAfterMs: 500,
        onRecords: () => undefined,
        onError: (p, error) => errors.push([p, error]),
      });
      reader.assign(0, 6_000);
      reader.assign(1, 6_000);
      proxy.refuse(true);
      proxy.cut();
      const send = producer.send(0, {
        batch: encodeNumberedBatch(producer.identity, 0, 1),
        records: 1,
        firstSequence: 0,
      });
      await expect(send).rejects.toMatchObject({ category: "infrastructure" });
      await waitUntil(() => errors[0], { what: "the error", deadlineMs: 60_000 });
      expect(errors.map(([p, error]) => [p, error.code])).toEqual([[null, "KAFKA_UNREACHABLE"]]);
      await expect(
        KafkaCluster.open({ bootstrap: admin.bootstrap, clientId: "late", log, openDeadlineMs: 300 }),
      ).rejects.toMatchObject({ code: "KAFKA_UNREACHABLE" });
      await reader.close();
      await producer.close();
      // The bootstrap address answers, the advertised one does not.
      await expect(
        KafkaCluster.open({ bootstrap: kafkaAt(kafka.bootstrap), clientId: "late", log }),
      ).rejects.toMatchObject({
        code: "KAFKA_ADVERTISED_UNREACHABLE",
      });
      proxy.refuse(false);
    });
  },
);

async function endOffsetAt(connection: Connection, topic: string): Promise<number | undefined> {
  const partitions = [{ p: 0, currentLeaderEpoch: -1, timestampMs: LATEST_TIMESTAMP }];
  const answer = await connection.send(listOffsetsApi, { isolationLevel: 0, topics: [{ name: topic, partitions }] });
  return answer.topics[0]?.partitions[0]?.offset;
}
