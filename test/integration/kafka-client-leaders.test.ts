/**
 * Which leader the Kafka client believes, and when it stops waiting for one, against scripted brokers: what real ones do
 * only in a moment that cannot be hit.
 */

import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { KafkaCluster } from "../../simulator/clients/kafka/cluster.ts";
import { PartitionReader } from "../../simulator/clients/kafka/consumer.ts";
import { IdempotentProducer } from "../../simulator/clients/kafka/producer.ts";
import { ErrorCode } from "../../simulator/clients/kafka/wire/error-codes.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { kafkaAt } from "../support/addresses.ts";
import { encodeNumberedBatch, NumberedRecordsCheck } from "../support/numbered-records.ts";
import { ScriptedCluster, SCRIPTED_TOPIC as TOPIC } from "../support/scripted-kafka.ts";

const WAIT_MS = 12_000;
const IDENTITY = { producerId: 7, producerEpoch: 0 };

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

function recordsFrom(offset: number, count: number): Buffer[] {
  const batch = encodeNumberedBatch(IDENTITY, offset, count);
  batch.writeBigInt64BE(BigInt(offset), 0);
  return [batch];
}

async function start(count: number): Promise<{ scripted: ScriptedCluster; cluster: KafkaCluster }> {
  const scripted = await ScriptedCluster.start(count);
  cleanUps.push(() => scripted.stop());
  return { scripted, cluster: await open(scripted) };
}

async function open(scripted: ScriptedCluster, bootstrap = scripted.bootstrap.slice(0, 1)): Promise<KafkaCluster> {
  const cluster = await KafkaCluster.open({ bootstrap: kafkaAt(...bootstrap), clientId: "test" });
  cleanUps.push(() => cluster.close());
  return cluster;
}

describe("leaders in metadata", () => {
  it("E1: a lower epoch than the known one is refused, a higher one is news", async () => {
    const { scripted, cluster } = await start(2);
    scripted.elect({ leader: 2, epoch: 6 });
    await cluster.refreshTopic(TOPIC);
    let news = 0;
    cluster.watchLeaders(TOPIC, () => {
      news += 1;
    });
    scripted.elect({ leader: 1, epoch: 5 });
    await cluster.surveyTopic(TOPIC);
    expect(cluster.leaderOf(TOPIC, 0)).toEqual({ nodeId: 2, epoch: 6 });
    expect(news).toBe(0);
    scripted.elect({ leader: 1, epoch: 7 });
    await cluster.surveyTopic(TOPIC);
    expect(cluster.leaderOf(TOPIC, 0)).toEqual({ nodeId: 1, epoch: 7 });
    expect(news).toBe(1);
  });

  it("K4: without a memory every broker is asked, one that does not answer is not waited for, and the highest epoch counts", async () => {
    const { scripted, cluster } = await start(4);
    scripted.elect({ leader: 3, epoch: 6 }, [3]);
    scripted.broker(4).hang();
    await cluster.refreshTopic(TOPIC);
    expect(cluster.leaderOf(TOPIC, 0)).toEqual({ nodeId: 3, epoch: 6 });
    expect(scripted.broker(2).heard("Metadata")).toBeGreaterThan(0);
  });

  it("epochs of brokers that do not keep them reliably are not compared: there the newest answer counts", async () => {
    const { scripted } = await start(1);
    scripted.broker(1).metadataVersionMax = 8;
    const cluster = await open(scripted);
    await cluster.refreshTopic(TOPIC);
    expect(cluster.leaderOf(TOPIC, 0)).toEqual({ nodeId: 1, epoch: -1 });
    scripted.elect({ leader: 2, epoch: 4 });
    await cluster.refreshTopic(TOPIC);
    expect(cluster.leaderOf(TOPIC, 0)).toEqual({ nodeId: 2, epoch: -1 });
  });

  it("Y1: that a topic is missing is not believed right after an outage", async () => {
    const { scripted, cluster } = await start(1);
    const broker = scripted.broker(1);
    broker.view = undefined;
    await broker.stop();
    const missingAfterMs = 1_000;
    const asked = cluster.topic(TOPIC, missingAfterMs);
    await delay(missingAfterMs + 300);
    const before = broker.heard("Metadata");
    await broker.start();
    await waitUntil(() => (broker.heard("Metadata") > before ? true : undefined), {
      what: "an answer that the topic is missing",
      deadlineMs: WAIT_MS,
    });
    scripted.elect({ leader: 1, epoch: 6 });
    expect((await asked).partitions).toEqual([{ p: 0, leader: 1 }]);
  });

  it("a single broker is asked once for each question, and nothing to confirm it", async () => {
    const { scripted, cluster } = await start(1);
    scripted.broker(1).listOffset = () => ({ offset: 42 });
    expect(await cluster.listOffsets(TOPIC, [0], "latest")).toEqual([42]);
    expect(await cluster.listOffsets(TOPIC, [0], "earliest")).toEqual([42]);
    expect(scripted.broker(1).log).toEqual(["Metadata", "Metadata", "ListOffsets 5", "ListOffsets 5"]);
  });
});

describe("offsets", () => {
  it("O1: an answer counts only if its leader is still the newest when all were asked after it", async () => {
    const { scripted, cluster } = await start(3);
    scripted.broker(1).listOffset = () => {
      scripted.elect({ leader: 2, epoch: 6 }, [2]);
      return { offset: 100 };
    };
    scripted.broker(2).listOffset = () => ({ offset: 180 });
    expect(await cluster.listOffsets(TOPIC, [0], "latest")).toEqual([180]);
    expect(scripted.broker(1).heard("ListOffsets 5")).toBe(1);
    expect(scripted.broker(2).heard("ListOffsets 6")).toBe(1);
  });

  it("an answer of a lower epoch is refused; that of the earliest offset is the record's own, and may be low", async () => {
    const { scripted, cluster } = await start(3);
    scripted.elect({ leader: 2, epoch: 6 });
    let asked = 0;
    scripted.broker(2).listOffset = ({ timestampMs }) => {
      if (timestampMs === -2) return { offset: 3, leaderEpoch: 0 };
      asked += 1;
      return asked < 3 ? { offset: 100, leaderEpoch: 5 } : { offset: 180, leaderEpoch: 6 };
    };
    expect(await cluster.listOffsets(TOPIC, [0], "earliest")).toEqual([3]);
    expect(await cluster.listOffsets(TOPIC, [0], "latest")).toEqual([180]);
    expect(asked).toBe(3);
  });

  it("O2: a replica that counts as alive and does not answer leaves it uncertain, until it counts as dead", async () => {
    const { scripted, cluster } = await start(3);
    scripted.broker(1).listOffset = () => ({ offset: 100 });
    scripted.broker(3).hang();
    const asked = cluster.listOffsets(TOPIC, [0], "latest", undefined, 3_000);
    await expect(asked).rejects.toMatchObject({
      code: "KAFKA_LEADER_UNCONFIRMED",
      message: expect.stringMatching(/latest offset of scripted-0 is not certain: broker 3 .* may lead it by now/),
    });
    for (const nodeId of [1, 2]) scripted.broker(nodeId).alive = [1, 2];
    expect(await cluster.listOffsets(TOPIC, [0], "latest")).toEqual([100]);
  });

  it("a broker that does not hold the partition may hang", async () => {
    const { scripted, cluster } = await start(3);
    scripted.elect({ leader: 1, epoch: 5, replicas: [1, 2] });
    scripted.broker(1).listOffset = () => ({ offset: 100 });
    scripted.broker(3).hang();
    expect(await cluster.listOffsets(TOPIC, [0], "latest", undefined, 4_000)).toEqual([100]);
  });

  it("a leader that hangs is not waited for once another leads", async () => {
    const { scripted, cluster } = await start(3);
    await cluster.refreshTopic(TOPIC);
    scripted.broker(1).hang();
    scripted.elect({ leader: 2, epoch: 6 });
    for (const nodeId of [2, 3]) scripted.broker(nodeId).alive = [2, 3];
    scripted.broker(2).listOffset = () => ({ offset: 180 });
    expect(await cluster.listOffsets(TOPIC, [0], "latest", undefined, WAIT_MS)).toEqual([180]);
    expect(scripted.broker(1).log).not.toContain("closed");
  });

  it("G1: committed offsets count only from a coordinator that no other broker knows to be replaced", async () => {
    const { scripted, cluster } = await start(2);
    const [stale, newest] = [scripted.broker(1), scripted.broker(2)];
    stale.committedOffset = 10;
    newest.committedOffset = 20;
    const asked = cluster.fetchCommittedOffsets("group", TOPIC, [0]);
    await waitUntil(() => (stale.heard("OffsetFetch") > 0 ? true : undefined), {
      what: "a question",
      deadlineMs: WAIT_MS,
    });
    stale.coordinator = 2;
    expect(await asked).toEqual([20]);
  });
});

describe("a reader", () => {
  function read(cluster: KafkaCluster, options: { offset?: number; unreachableAfterMs?: number } = {}) {
    const check = new NumberedRecordsCheck(1);
    const { offset = 0, ...others } = options;
    check.next[0] = offset;
    const reader = new PartitionReader({
      cluster,
      topic: TOPIC,
      ...others,
      onRecords: (records) => check.take(records),
      onError: (p, error) => check.fail(p, error),
    });
    cleanUps.push(() => reader.close());
    reader.assign(0, offset);
    const untilAt = (due: number) =>
      waitUntil(() => ((check.error ?? check.next[0] === due) ? true : undefined), {
        what: `reading to ${due}`,
        deadlineMs: WAIT_MS,
      });
    return { check, untilAt };
  }

  it("R6, R1 of `consumer.ts`: leaves a silent leader that was replaced, and drops what it answers afterwards", async () => {
    const { scripted, cluster } = await start(3);
    const [old, next] = [scripted.broker(1), scripted.broker(2)];
    old.fetch = () => {
      old.hang();
      return { records: recordsFrom(0, 5) };
    };
    next.fetch = ({ fetchOffset }) => (fetchOffset === 5 ? { records: recordsFrom(5, 5) } : undefined);
    const { check, untilAt } = read(cluster);
    await untilAt(5);
    scripted.elect({ leader: 2, epoch: 6 }, [2, 3]);
    await untilAt(10);
    expect(old.log).toContain("Fetch 5@5");
    expect(next.log).toContain("Fetch 6@5");
    // It left without a deadline: the old leader's connection is open, and its answer comes.
    expect(old.log).not.toContain("closed");
    old.fetch = () => ({ records: recordsFrom(5, 5) });
    next.fetch = ({ fetchOffset }) => (fetchOffset === 15 ? undefined : { records: recordsFrom(fetchOffset, 5) });
    old.goOn();
    await untilAt(15);
    expect(check.error).toBeUndefined();
  });

  it("leaves a leader that does not answer the opening of a connection, too", async () => {
    const { scripted, cluster } = await start(2);
    await cluster.refreshTopic(TOPIC);
    scripted.broker(1).hang();
    scripted.broker(2).fetch = ({ fetchOffset }) => (fetchOffset === 0 ? { records: recordsFrom(0, 5) } : undefined);
    const { check, untilAt } = read(cluster);
    scripted.elect({ leader: 2, epoch: 6 }, [2]);
    const startedAtMs = performance.now();
    await untilAt(5);
    // Before the opening is given up, after 5 s.
    expect(performance.now() - startedAtMs).toBeLessThan(5_000);
    expect(check.error).toBeUndefined();
  });

  it("R7: does not believe a replaced leader that an offset is out of range", async () => {
    const { scripted, cluster } = await start(2);
    const [old, next] = [scripted.broker(1), scripted.broker(2)];
    old.fetch = () => {
      scripted.elect({ leader: 2, epoch: 6 }, [2]);
      return { errorCode: ErrorCode.OFFSET_OUT_OF_RANGE };
    };
    old.listOffset = () => ({ offset: 50 });
    next.listOffset = ({ timestampMs }) => ({ offset: timestampMs === -2 ? 0 : 110 });
    next.fetch = ({ fetchOffset }) => (fetchOffset === 100 ? { records: recordsFrom(100, 10) } : undefined);
    const { check, untilAt } = read(cluster, { offset: 100 });
    await untilAt(110);
    expect(check.error).toBeUndefined();
  });

  it("A1: believes that the topic is missing by the time of such answers, not by that of the outage before", async () => {
    const { scripted, cluster } = await start(1);
    const [broker] = scripted.brokers as [ScriptedCluster["brokers"][number]];
    broker.fetch = ({ fetchOffset }) => (fetchOffset === 0 ? { records: recordsFrom(0, 5) } : undefined);
    const unreachableAfterMs = 3_000;
    const { check, untilAt } = read(cluster, { unreachableAfterMs });
    await untilAt(5);
    await broker.stop();
    await delay(unreachableAfterMs - 500);
    // Back, but its topics are not loaded yet; the whole takes longer than an outage, or a topic, may stay away.
    broker.view = undefined;
    const before = broker.heard("Metadata");
    await broker.start();
    await waitUntil(() => (broker.heard("Metadata") > before ? true : undefined), {
      what: "an answer that the topic is missing",
      deadlineMs: WAIT_MS,
    });
    scripted.elect({ leader: 1, epoch: 6 });
    broker.fetch = ({ fetchOffset }) => (fetchOffset === 5 ? { records: recordsFrom(5, 5) } : undefined);
    await untilAt(10);
    expect(check.error).toBeUndefined();
  });
});

describe("a producer", () => {
  it("I2, I4: abandons a silent leader that was replaced, and sends the same batches in order to the new one", async () => {
    const { scripted, cluster } = await start(3);
    const [old, next] = [scripted.broker(1), scripted.broker(2)];
    // Without a deadline: what ends the requests in flight is that their leader was replaced.
    const requestDeadlineMs = 600_000;
    const producer = await IdempotentProducer.open({ cluster, topic: TOPIC, identity: IDENTITY, requestDeadlineMs });
    cleanUps.push(() => producer.close());
    const send = (firstSequence: number) =>
      producer.send(0, { batch: encodeNumberedBatch(IDENTITY, firstSequence, 10), records: 10, firstSequence });
    expect(await send(0)).toEqual({ baseOffset: 0 });
    old.hang();
    const order: string[] = [];
    const inFlight = [10, 20, 30].map(send);
    await waitUntil(() => (old.heard("Produce 30") > 0 ? true : undefined), {
      what: "all batches",
      deadlineMs: WAIT_MS,
    });
    next.produce = (firstSequence) => {
      order.push(`${firstSequence} ${old.log.includes("closed") ? "after" : "before"} the close`);
      // The old leader's followers had the first one already: a repeat gets its offset.
      return { baseOffset: firstSequence };
    };
    scripted.elect({ leader: 2, epoch: 6 }, [2, 3]);
    expect(await Promise.all(inFlight)).toEqual([{ baseOffset: 10 }, { baseOffset: 20 }, { baseOffset: 30 }]);
    expect(order).toEqual(["10 after the close", "20 after the close", "30 after the close"]);
    expect(old.log.filter((entry) => entry.startsWith("Produce"))).toEqual([
      "Produce 0",
      "Produce 10",
      "Produce 20",
      "Produce 30",
    ]);
  });

  it.each([
    ["knows its last batches", false],
    ["knows the last one only, so that its log is asked", true],
  ])(
    "S5: acknowledges in order, where a leader loses its office behind an append and gets it back; one that %s",
    async (_, isForgetful) => {
      const { scripted, cluster } = await start(1);
      const broker = scripted.broker(1);
      const producer = await IdempotentProducer.open({ cluster, topic: TOPIC, identity: IDENTITY });
      cleanUps.push(() => producer.close());
      const order: string[] = [];
      const send = async (firstSequence: number) => {
        const batch = encodeNumberedBatch(IDENTITY, firstSequence, 10);
        const { baseOffset } = await producer.send(0, { batch, records: 10, firstSequence });
        order.push(`${firstSequence} at ${baseOffset}`);
      };
      await send(0);
      let answers = 0;
      broker.listOffset = () => ({ offset: 30 });
      broker.fetch = ({ fetchOffset }) => ({
        records: [10, 20].filter((offset) => offset + 10 > fetchOffset).flatMap((offset) => recordsFrom(offset, 10)),
      });
      broker.produce = (firstSequence) => {
        if (firstSequence !== 10) return { baseOffset: firstSequence };
        answers += 1;
        // The batch is in its log, and it no longer leads when the replicas are counted (DelayedProduce of Kafka).
        if (answers === 1) return { errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER };
        return isForgetful ? { errorCode: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER } : { baseOffset: firstSequence };
      };
      await Promise.all([send(10), send(20)]);
      await send(30);
      expect(order).toEqual(["0 at 0", "10 at 10", "20 at 20", "30 at 30"]);
      expect(broker.log.filter((entry) => entry.startsWith("Produce"))).toEqual([
        "Produce 0",
        "Produce 10",
        "Produce 20",
        "Produce 10",
        "Produce 30",
      ]);
    },
  );

  it("waits for a silent leader that nobody says to be replaced", async () => {
    const { scripted, cluster } = await start(2);
    const [leader] = scripted.brokers;
    const producer = await IdempotentProducer.open({ cluster, topic: TOPIC, identity: IDENTITY });
    cleanUps.push(() => producer.close());
    const send = (firstSequence: number) =>
      producer.send(0, { batch: encodeNumberedBatch(IDENTITY, firstSequence, 10), records: 10, firstSequence });
    await send(0);
    leader?.hang();
    const waiting = send(10);
    const asked = scripted.broker(2).heard("Metadata");
    await waitUntil(() => (scripted.broker(2).heard("Metadata") >= asked + 2 ? true : undefined), {
      what: "two looks at the other broker",
      deadlineMs: WAIT_MS,
    });
    leader?.goOn();
    expect(await waiting).toEqual({ baseOffset: 10 });
    expect(leader?.log.filter((entry) => entry.startsWith("Produce") || entry === "closed")).toEqual([
      "Produce 0",
      "Produce 10",
    ]);
  });

  it("asks another broker for its id when one hangs", async () => {
    const { scripted, cluster } = await start(2);
    await cluster.topic(TOPIC);
    scripted.broker(1).hang();
    const producer = await IdempotentProducer.open({ cluster, topic: TOPIC, identity: null });
    cleanUps.push(() => producer.close());
    expect(producer.identity).toEqual(IDENTITY);
    expect(scripted.broker(2).log).toContain("InitProducerId");
    expect(scripted.broker(1).log).not.toContain("closed");
  });
});
