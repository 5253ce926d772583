/** Three real brokers, of which one is paused, or was, while the judge reads. */

import { afterAll, beforeAll, expect, it } from "vitest";
import { sumIds } from "../../producer/load-profile.ts";
import { countRecords, type LedgerFact } from "../../scripts/validate/facts.ts";
import { SampleCollector } from "../../scripts/validate/samples.ts";
import { TopicClient } from "../../scripts/validate/topic-client.ts";
import { readTopic } from "../../scripts/validate/topic-read.ts";
import { rereadTopic } from "../../scripts/validate/topic-reread.ts";
import { createPartitionTally, type PartitionTally, TopicTally } from "../../scripts/validate/topic-tally.ts";
import { createTopic } from "../../simulator/clients/kafka/admin.ts";
import { KafkaCluster } from "../../simulator/clients/kafka/cluster.ts";
import type { RoundTask } from "../../simulator/common/contract/child/tasks.ts";
import type { Ledger } from "../../simulator/common/contract/files/ledger.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { present } from "../../simulator/common/foundation/assert.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { readJson } from "../../simulator/common/foundation/json-file.ts";
import { PLAINTEXT } from "../../simulator/common/foundation/kafka-security.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { kafkaAt } from "../support/addresses.ts";
import { type RealCluster, startRealCluster } from "../support/real-cluster.ts";
import { describeReal } from "../support/real-parts.ts";
import { createKafka } from "../support/system.ts";
import { createTestRun, startChild, type TestRun } from "./producer-child.ts";

const log = createLog(() => undefined);
const MESSAGES = 30_000;

describeReal(["kafka"], "the judge, on three brokers", () => {
  let brokers: RealCluster;
  const runs: TestRun[] = [];

  beforeAll(async () => {
    brokers = await startRealCluster({ brokers: 3 });
  });
  afterAll(async () => {
    for (const run of runs) await run.remove();
    await brokers?.stop();
  });

  async function findLeader(topic: string, p: number, bootstrap: readonly string[]): Promise<number> {
    const cluster = await KafkaCluster.open({ bootstrap: kafkaAt(...bootstrap), clientId: "test", log });
    try {
      return (await cluster.topic(topic, 30_000)).partitions[p]?.leader ?? -1;
    } finally {
      cluster.close();
    }
  }

  async function createRun(replicationFactor: number): Promise<TestRun> {
    const run = await createTestRun({ kafka: brokers.bootstrap, redis: "" });
    runs.push(run);
    const { topic, partitions } = run.config;
    const admin = { bootstrap: kafkaAt(brokers.bootstrap), clientId: "test", log };
    await createTopic(admin, { topic, partitions, replicationFactor });
    return run;
  }

  async function produce(run: TestRun, task: RoundTask): Promise<void> {
    const producer = startChild(run, "producer/main.js", task);
    expect([await producer.finish(90_000), producer.output()]).toEqual([0, expect.any(String)]);
  }

  it("does not believe a leader of before about the end of a partition, if the ledger knows better", async () => {
    const run = await createRun(3);
    const { topic } = run.config;
    const rounds = [
      { round: 1, firstId: 1, messages: MESSAGES },
      { round: 2, firstId: MESSAGES + 1, messages: MESSAGES },
    ] as const;
    await produce(run, rounds[0]);
    const stale = brokers.broker(
      await findLeader(
        topic,
        0,
        brokers.brokers.map(({ bootstrap }) => bootstrap),
      ),
    );
    const others = brokers.brokers.filter(({ nodeId }) => nodeId !== stale.nodeId);
    stale.pause();
    try {
      const living = others.map(({ bootstrap }) => bootstrap);
      await waitUntil(async () => ((await findLeader(topic, 0, living)) !== stale.nodeId ? true : undefined), {
        what: "another leader of partition 0",
        deadlineMs: 30_000,
      });
      await produce({ ...run, kafka: living.join() }, rounds[1]);
      // Alone the broker cannot learn that it leads no longer, and answers what it had.
      for (const other of others) other.pause();
      stale.resume();
      const timer = setTimeout(() => others.forEach((other) => void other.resume()), 2_000);
      try {
        const facts = await readAgain(run, [stale.bootstrap, ...living], rounds);
        expect(facts.tallies.map(({ unread }) => unread)).toEqual([[], [], []]);
        expect(facts.tallies.map((tally) => [tally.position, countRecords(tally)])).toEqual(
          [20_000, 20_000, 20_000].map((end) => [end, end]),
        );
        expect(facts.ranges.ends).toEqual([20_000, 20_000, 20_000]);
      } finally {
        clearTimeout(timer);
      }
    } finally {
      for (const broker of brokers.brokers) broker.resume();
    }
  });

  /** What the validator reads of the topic, with the ledgers of these rounds and no state in Redis. */
  async function readAgain(run: TestRun, bootstrap: readonly string[], rounds: readonly RoundTask[]) {
    const { config, runDir } = run;
    const { signal } = new AbortController();
    const client = await TopicClient.open({
      bootstrap: kafkaAt(...bootstrap),
      security: PLAINTEXT,
      clientId: "test",
      topic: config.topic,
      log,
      signal,
    });
    const ledgers = await Promise.all(
      rounds.map(async ({ round }): Promise<LedgerFact> => {
        const ledger = present(await readJson<Ledger>(runFolder.ledger(runDir, round)), "the ledger");
        return { kind: "read", round, ledger };
      }),
    );
    try {
      return await readTopic(client, {
        config,
        ledgers,
        log,
        signal,
        task: { rounds, mode: "drained", endOffsets: null, startOffsets: null, sharedRedis: false },
        state: null,
        cuts: null,
        producerId: null,
        samples: new SampleCollector([], "job"),
        settleMs: 30_000,
      });
    } finally {
      client.close();
    }
  }

  it("leaves a partition unread whose broker does not come back, and reads the others", async () => {
    const { tallies, reread, paused } = await preparePaused();
    try {
      await reread({ stuckMs: 3_000 });
    } finally {
      paused.resume();
    }
    for (const { p, leader, tally } of tallies) {
      const range = { from: 0, to: tally.end, why: expect.stringContaining("no record came for") };
      expect([p, tally.position, tally.unread]).toEqual([p, tally.end, leader === paused.nodeId ? [range] : []]);
    }
  });

  it("reads a partition to its end whose broker was away for a while", async () => {
    const { tallies, reread, paused, run } = await preparePaused();
    const timer = setTimeout(() => paused.resume(), 2_500);
    try {
      await reread({});
    } finally {
      clearTimeout(timer);
      paused.resume();
    }
    for (const { p, tally } of tallies) {
      expect([tally.position, tally.unread, tally.below.messages]).toEqual([tally.end, [], tally.end]);
      expect(tally.below.idSum).toBe(sumIds(p, 0, tally.end, run.config).idSum);
    }
  });

  it("knows as unread what was deleted after it had asked what is there", async () => {
    const { tallies, reread, paused, run } = await preparePaused();
    paused.resume();
    const admin = createKafka(brokers.bootstrap.split(",")[0] as string).admin();
    await admin.connect();
    try {
      const { topic } = run.config;
      await waitUntil(async () => ((await admin.fetchTopicOffsets(topic)).length === 3 ? true : undefined), {
        what: "the offsets of every partition",
        deadlineMs: 30_000,
      });
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 1, offset: "4000" }] });
    } finally {
      await admin.disconnect();
    }
    await reread({});
    const gap = { from: 0, to: 4_000, why: "Kafka does not hold them any more" };
    expect(tallies.map(({ tally }) => tally.unread)).toEqual([[], [gap], []]);
    expect(tallies.map(({ tally }) => tally.below.messages)).toEqual([10_000, 6_000, 10_000]);
  });

  /** A full topic with one replica a partition, and the broker of partition 0 paused after everything was asked. */
  async function preparePaused() {
    const run = await createRun(1);
    const { topic, partitions } = run.config;
    await produce(run, { round: 1, firstId: 1, messages: MESSAGES });
    const bootstrap = brokers.brokers.map((broker) => broker.bootstrap);
    const cluster = await KafkaCluster.open({ bootstrap: kafkaAt(...bootstrap), clientId: "test", log });
    const described = (await cluster.topic(topic, 30_000)).partitions;
    const all = Array.from({ length: partitions }, (_, p) => p);
    const ends = await cluster.listOffsets(topic, all, "latest", "committed");
    const tallies = described.map(({ p, leader }) => {
      const end = ends[p] ?? 0;
      return { p, leader, tally: createPartitionTally({ p, start: 0, end, cut: end }) };
    });
    const paused = brokers.broker(described[0]?.leader ?? -1);
    paused.pause();
    const reread = async (options: { stuckMs?: number }) => {
      const samples = new SampleCollector([], "job");
      const tally = new TopicTally({ topic, bitmap: null, samples, producerId: null });
      const parts: PartitionTally[] = tallies.map((one) => one.tally);
      const { signal } = new AbortController();
      try {
        await rereadTopic({ cluster, topic, tally, partitions: parts, signal, ...options });
      } finally {
        cluster.close();
      }
    };
    return { run, tallies, reread, paused };
  }
});
