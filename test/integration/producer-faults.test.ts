/** The producer's process and a real Kafka that loses records, answers late, or has other writers. */

import { once } from "node:events";
import { readdirSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTopic } from "../../simulator/clients/kafka/admin.ts";
import { KafkaCluster } from "../../simulator/clients/kafka/cluster.ts";
import { PartitionReader } from "../../simulator/clients/kafka/consumer.ts";
import { batchRecordCount, findBatchEnd } from "../../simulator/clients/kafka/wire/record-batch.ts";
import { indexRecords, RECORD_FIELDS } from "../../simulator/clients/kafka/wire/records.ts";
import type { ChildMessage } from "../../simulator/common/contract/child/child-messages.ts";
import type { RunConfig } from "../../simulator/common/contract/child/run-config.ts";
import type { Ledger } from "../../simulator/common/contract/files/ledger.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { MESSAGE } from "../../simulator/common/contract/message.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { readJson } from "../../simulator/common/foundation/json-file.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { kafkaAt } from "../support/addresses.ts";
import { type RealKafka, startRealKafka } from "../support/real-kafka.ts";
import { describeReal } from "../support/real-parts.ts";
import { createKafka, sendRecord } from "../support/system.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";
import { createTestRun, startChild, type TestChild, type TestRun } from "./producer-child.ts";

const ENTRY = "producer/main.js";
const log = createLog(() => undefined);

describeReal(["kafka"], "the producer and a real Kafka", () => {
  let kafka: RealKafka;
  let proxy: TcpProxy;
  const runs: TestRun[] = [];

  beforeAll(async () => {
    proxy = await startTcpProxy(0);
    kafka = await startRealKafka({ advertisedPort: proxy.port });
    proxy.target = kafka.port;
  });
  afterAll(async () => {
    await proxy?.close();
    await kafka?.stop();
    for (const run of runs) await run.remove();
  });

  async function createRun(
    change: Partial<RunConfig>,
    configs: Readonly<Record<string, string>> = {},
  ): Promise<TestRun> {
    const bootstrap = `127.0.0.1:${proxy.port}`;
    const run = await createTestRun({ kafka: bootstrap, redis: "redis://127.0.0.1:1" }, change);
    runs.push(run);
    const { topic, partitions } = run.config;
    await createTopic({ bootstrap: kafkaAt(bootstrap), clientId: "test", log }, { topic, partitions, configs });
    return run;
  }

  const ledgerOf = (run: TestRun) => readJson<Ledger>(runFolder.ledger(run.runDir, 1)) as Promise<Ledger>;

  async function untilAcknowledged(child: TestChild, records: number): Promise<void> {
    const isFar = (message: ChildMessage) => message.type === "produceProgress" && message.acknowledged >= records;
    await waitUntil(() => child.messages.find(isFar), { what: "progress", deadlineMs: 30_000 });
  }

  async function kill(child: TestChild): Promise<void> {
    child.process.kill("SIGKILL");
    await once(child.process, "exit");
  }

  it("sends again what the lost process still had on its way, and no record is there twice", async () => {
    const run = await createRun({ rate: 6_000 });
    const task = { round: 1, firstId: 1, messages: 24_000 };
    const first = startChild(run, ENTRY, task);
    await untilAcknowledged(first, 1_000);
    const release = proxy.hold();
    // Until each of its connections has sent something.
    await new Promise((resolve) => setTimeout(resolve, 200));
    await kill(first);
    // The next process has asked where the topic ends when the rest of the first one comes, and has not sent yet.
    proxy.delay(300);
    const second = startChild(run, ENTRY, task);
    await second.see("produceStarted");
    release();
    await second.see("produceProgress");
    await untilAcknowledged(second, acknowledgedBy(second) + 1);
    proxy.delay(0);
    proxy.cut();
    expect([await second.finish(), second.output()]).toEqual([0, expect.any(String)]);
    const ledger = await ledgerOf(run);
    expect(ledger).toMatchObject({ outcome: "finished", acknowledged: 24_000, foreignCount: 0, restarts: 1 });
    expect(await readIds(run)).toEqual(Array.from({ length: 24_000 }, (_, i) => i + 1));
  });

  it("takes no record of others for its own when it goes on", async () => {
    const run = await createRun({ rate: 3_000 });
    const task = { round: 1, firstId: 1, messages: 9_000 };
    const first = startChild(run, ENTRY, task);
    await untilAcknowledged(first, 1_000);
    await kill(first);
    for (let i = 0; i < 3; i += 1) await sendRecord(run.kafka, run.config.topic, 1, "somebody else's");
    const second = startChild(run, ENTRY, task);
    expect([await second.finish(), second.output()]).toEqual([0, expect.any(String)]);
    const ledger = await ledgerOf(run);
    expect(ledger).toMatchObject({ outcome: "finished", acknowledged: 9_000, foreignCount: 1 });
    // At most what was in flight: two batches.
    expect(Math.max(...ledger.partitions.map(({ resumed }) => resumed))).toBeLessThanOrEqual(10);
    expect(ledger.partitions[1]).toMatchObject({ acknowledged: 3_000, shift: 3, endOffset: 3_003 });
    expect(await readIds(run)).toEqual(Array.from({ length: 9_000 }, (_, i) => i + 1));
  });

  it("does not take a transaction of others, behind which readers see nothing, for a loss", async () => {
    const run = await createRun({ partitions: 1 });
    const other = createKafka(run.kafka).producer({
      transactionalId: "others",
      maxInFlightRequests: 1,
      idempotent: true,
    });
    await other.connect();
    try {
      const transaction = await other.transaction();
      await transaction.send({ topic: run.config.topic, messages: [{ partition: 0, value: "somebody else's" }] });
      const child = startChild(run, ENTRY, { round: 1, firstId: 1, messages: 1_000 });
      await waitUntil(() => child.messages.find(isDoubt), { what: "the doubt", deadlineMs: 30_000 });
      await transaction.abort();
      expect([await child.finish(), child.output()]).toEqual([0, expect.any(String)]);
    } finally {
      await other.disconnect();
    }
    expect(await ledgerOf(run)).toMatchObject({ outcome: "finished", acknowledged: 1_000, foreignCount: 2 });
  });

  it("says what was refused, and what never went out", async () => {
    const run = await createRun({}, { "max.message.bytes": "10000" });
    const child = startChild(run, ENTRY, { round: 1, firstId: 1, messages: 60_000 });
    expect(await child.finish()).toBe(1);
    const ledger = await ledgerOf(run);
    expect(ledger).toMatchObject({ outcome: "gaveUp", acknowledged: 0, unknown: 0 });
    expect(ledger.refused).toBeGreaterThan(0);
    expect(ledger.refused + ledger.unsent).toBe(60_000);
    const counts = `of 60000 messages 0 are acknowledged, 0 went out and have no answer, ${ledger.refused} were refused, and ${ledger.unsent} never went out`;
    expect(child.messages.at(-1)).toMatchObject({
      code: "PRODUCER_GAVE_UP",
      message: expect.stringMatching(new RegExp(`MESSAGE_TOO_LARGE.*${counts}`)),
    });
  });

  it("that is asked to stop while it retries says so, and what it does not know", async () => {
    const run = await createRun({ rate: 3_000 });
    const child = startChild(run, ENTRY, { round: 1, firstId: 1, messages: 100_000 });
    await untilAcknowledged(child, 1_000);
    // Answers get lost first, so that something is on its way without one when nobody is there any more.
    proxy.blackhole("fromServer");
    await new Promise((resolve) => setTimeout(resolve, 200));
    proxy.refuse(true);
    proxy.cut();
    try {
      await new Promise((resolve) => setTimeout(resolve, 500));
      child.process.kill("SIGTERM");
      expect(await child.finish(10_000)).toBe(143);
    } finally {
      proxy.blackhole(null);
      proxy.refuse(false);
    }
    expect(child.output()).toContain("asked to stop by SIGTERM");
    expect(child.output()).not.toMatch(/assumption|gave up|aborted/);
    expect(child.messages.some(({ type }) => type === "failed")).toBe(false);
    const { outcome, acknowledged, unknown, refused, unsent } = await ledgerOf(run);
    expect(outcome).toBe("stopped");
    expect(unknown).toBeGreaterThan(0);
    expect(acknowledged + unknown + refused + unsent).toBe(100_000);
  });

  it("says that Kafka lost acknowledged records, beside a broker that forgot it, and restarted behind others", async () => {
    const [run, covered] = await Promise.all([createRun({ rate: 3_000 }), createRun({ rate: 3_000 })]);
    const task = { round: 1, firstId: 1, messages: 300_000 };
    const child = startChild(run, ENTRY, task);
    const killed = startChild(covered, ENTRY, task);
    await Promise.all([child, killed].map((each) => untilAcknowledged(each, 3_000)));
    await kill(killed);
    await kafka.kill();
    emptyLog(kafka, run);
    emptyLog(kafka, covered);
    await kafka.start();
    // As far as the lost ones went and further, so that the end of the log looks right.
    const others = Array.from({ length: 5_000 }, () => ({ partition: 1, value: "somebody else's" }));
    const producer = createKafka(covered.kafka).producer({ allowAutoTopicCreation: false });
    await producer.connect();
    await producer.send({ topic: covered.config.topic, messages: others });
    await producer.disconnect();
    const restarted = startChild(covered, ENTRY, task);
    expect(await restarted.finish()).toBe(1);
    expect(restarted.messages.at(-1)).toMatchObject({
      code: "PRODUCER_RECORDS_LOST",
      message: expect.stringMatching(
        /-1: they reach to offset \d+, and the log, which ends at offset 5000, has others/,
      ),
    });
    expect(await child.finish()).toBe(1);
    expect(child.messages.at(-1)).toMatchObject({
      type: "failed",
      code: "PRODUCER_RECORDS_LOST",
      category: "exactlyOnce",
      message: expect.stringMatching(/-1: they reach to offset \d+, and the log ends at offset 0/),
    });
    const { outcome, reason, acknowledged } = await ledgerOf(run);
    expect([outcome, reason]).toEqual(["gaveUp", expect.stringContaining("Kafka lost acknowledged records")]);
    expect(acknowledged).toBeGreaterThanOrEqual(acknowledgedBy(child));
  });
});

function acknowledgedBy(child: TestChild): number {
  const newest = child.messages.findLast(({ type }) => type === "produceProgress");
  return newest?.type === "produceProgress" ? newest.acknowledged : 0;
}

const isDoubt = (message: ChildMessage) => message.type === "notice" && /it is asked again for/.test(message.text);

/** The records of partition 1, and what the broker knows of their producer. */
function emptyLog({ folder }: RealKafka, { config }: TestRun): void {
  const path = join(folder, "data", `${config.topic}-1`);
  truncateSync(join(path, "00000000000000000000.log"));
  for (const name of readdirSync(path)) if (name.endsWith(".snapshot")) rmSync(join(path, name));
}

/** The ids of the topic, sorted. Records of others have none. */
async function readIds({ kafka, config }: TestRun): Promise<number[]> {
  const cluster = await KafkaCluster.open({ bootstrap: kafkaAt(kafka), clientId: "test" });
  const all = Array.from({ length: config.partitions }, (_, p) => p);
  const ends = await cluster.listOffsets(config.topic, all, "latest");
  const ids: number[] = [];
  const left = new Set(all);
  const reader = new PartitionReader({
    cluster,
    topic: config.topic,
    onRecords: ({ p, buffer, start, end, nextOffset }) => {
      for (let at = start; at < end; at = findBatchEnd(buffer, at, end)) {
        const index = new Int32Array(batchRecordCount(buffer, at) * RECORD_FIELDS);
        const count = indexRecords(buffer, at, findBatchEnd(buffer, at, end), index);
        for (let i = 0; i < count; i += 1) {
          const idAt = (index[i * RECORD_FIELDS + 3] as number) + MESSAGE.idAt;
          const id = Number(buffer.toString("latin1", idAt, idAt + MESSAGE.idDigits));
          if (Number.isInteger(id)) ids.push(id);
        }
      }
      if (nextOffset >= (ends[p] as number)) left.delete(p);
    },
    onError: (_, error) => {
      throw error;
    },
  });
  for (const p of all) reader.assign(p, 0);
  await waitUntil(() => (left.size === 0 ? true : undefined), { what: "every record", deadlineMs: 20_000 });
  await reader.close();
  cluster.close();
  return ids.sort((a, b) => a - b);
}
