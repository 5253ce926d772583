/** A broker that was paused wakes up as a leader that it no longer is, and the run asks it what there is to count. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import { KafkaCluster } from "../../simulator/clients/kafka/cluster.ts";
import { IdempotentProducer } from "../../simulator/clients/kafka/producer.ts";
import { encodeRecordBatch } from "../../simulator/clients/kafka/wire/records.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { kafkaAt } from "../support/addresses.ts";
import { withRun } from "../support/faults.ts";
import { type RealCluster, startRealCluster } from "../support/real-cluster.ts";
import type { RealKafka } from "../support/real-kafka.ts";
import { describeReal } from "../support/real-parts.ts";
import { createKafka, expectExit } from "../support/system.ts";

const TOPIC = "orders";
const PARTITIONS = 6;
/** Of each partition. */
const BEFORE = 3_000;
const MEANWHILE = 15_000;
/** Who believes the sleeper has its answers long before: what it asks for first takes at most 5 s. */
const BELIEVING_MS = 8_000;
const log = createLog(() => undefined);

describeReal(["kafka"], "three brokers, of which one slept", () => {
  it("a run counts what was acknowledged elsewhere while the leader that it asks was paused", async () => {
    const brokers = await startRealCluster();
    try {
      const sleeper = await findActiveController(brokers);
      const others = brokers.brokers.filter((broker) => broker !== sleeper);
      await createTopicLedBy(sleeper, others);
      await fill(brokers.bootstrap, 0, BEFORE);
      sleeper.pause();
      await fill(others.map((broker) => broker.bootstrap).join(), BEFORE, MEANWHILE);
      // It wakes up where nobody can tell it what it missed, so that it stays as it is in its first moment.
      for (const broker of others) broker.pause();
      sleeper.resume();
      const args = ["up", "--once", "--ui", "json", "--infra", "embedded", "--task-managers", "3"];
      await withRun([...args, "--kafka", sleeper.bootstrap, "--topic", TOPIC, "--messages", "0"], async (cli) => {
        await cli.waitForEvent("resource", ({ name, state }) => name === "kafka" && state === "running");
        await delay(BELIEVING_MS);
        for (const broker of others) broker.resume();
        const report = await expectExit(cli, await cli.end(), 0);
        const processed = PARTITIONS * (BEFORE + MEANWHILE);
        expect(report.messages).toMatchObject({ processed, unprocessed: 0, rejected: 0 });
      });
    } finally {
      await brokers.stop();
    }
  });
});

/** Writes so many more to each partition, each acknowledged by all replicas that are in sync. */
async function fill(bootstrap: string, from: number, records: number): Promise<void> {
  const cluster = await KafkaCluster.open({ bootstrap: kafkaAt(bootstrap), clientId: "test", log });
  const producer = await IdempotentProducer.open({ cluster, topic: TOPIC, identity: null });
  const sends = Array.from({ length: PARTITIONS }, (_, p) => {
    const values = Array.from({ length: records }, (_, i) => ({
      value: Buffer.from(JSON.stringify({ id: 1 + p + (from + i) * PARTITIONS })),
    }));
    const position = { timestampMs: Date.now(), ...producer.identity, baseSequence: 0 };
    return producer.send(p, { batch: encodeRecordBatch({ records: values, ...position }), records, firstSequence: 0 });
  });
  const sent = await Promise.all(sends);
  expect(sent.map(({ baseOffset }) => baseOffset)).toEqual(sent.map(() => from));
  await producer.close();
  cluster.close();
}

/** What it missed is not in its sockets already: it is the one that tells the others of elections. */
async function findActiveController(brokers: RealCluster): Promise<RealKafka> {
  const path = join(brokers.broker(1).folder, "data", "__cluster_metadata-0", "quorum-state");
  const { leaderId } = JSON.parse(await readFile(path, "utf8")) as { leaderId: number };
  return brokers.broker(leaderId);
}

/** Every partition: so the sleeper is asked for all, and nobody else for any. */
async function createTopicLedBy(leader: RealKafka, others: readonly RealKafka[]): Promise<void> {
  const replicas = [leader, ...others].map(({ nodeId }) => nodeId);
  const replicaAssignment = Array.from({ length: PARTITIONS }, (_, partition) => ({ partition, replicas }));
  const admin = createKafka(leader.bootstrap).admin();
  await admin.connect();
  try {
    await admin.createTopics({ waitForLeaders: false, topics: [{ topic: TOPIC, replicaAssignment }] });
  } finally {
    await admin.disconnect();
  }
}
