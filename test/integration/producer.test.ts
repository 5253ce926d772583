/** The producer as a process, against each Kafka there is. */

import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTopic } from "../../simulator/clients/kafka/admin.ts";
import { KafkaCluster } from "../../simulator/clients/kafka/cluster.ts";
import type { RunConfig } from "../../simulator/common/contract/child/run-config.ts";
import type { Ledger } from "../../simulator/common/contract/files/ledger.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { readJson } from "../../simulator/common/foundation/json-file.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { kafkaAt } from "../support/addresses.ts";
import { realKafkaMissing, startRealKafka } from "../support/real-kafka.ts";
import { startTestBroker } from "./embedded-kafka-peer.ts";
import { createTestRun, startChild, type TestRun } from "./producer-child.ts";

const silent = createLog(() => undefined);
const ENTRY = "producer/main.js";
const missing = realKafkaMissing();
if (missing !== null) process.stderr.write(`the producer is not tested with a real Kafka: ${missing}\n`);

const kinds = [
  {
    name: "embedded Kafka",
    start: async () => {
      const broker = await startTestBroker();
      return { bootstrap: `127.0.0.1:${broker.port}`, stop: () => broker.close() };
    },
  },
  ...(missing === null ? [{ name: "real Kafka", start: startRealKafka }] : []),
];

describe.each(kinds)("the producer with $name", ({ start }) => {
  let kafka: { readonly bootstrap: string; stop(): Promise<void> };
  const runs: TestRun[] = [];

  beforeAll(async () => {
    kafka = await start();
  });
  afterAll(async () => {
    await kafka.stop();
    for (const run of runs) await run.remove();
  });

  async function createRun(change: Partial<RunConfig> = {}): Promise<TestRun> {
    const run = await createTestRun({ kafka: kafka.bootstrap, redis: "redis://127.0.0.1:1" }, change);
    runs.push(run);
    const { topic, partitions } = run.config;
    await createTopic({ bootstrap: kafkaAt(kafka.bootstrap), clientId: "test", log: silent }, { topic, partitions });
    return run;
  }

  async function readEnds({ config }: TestRun): Promise<number[]> {
    const cluster = await KafkaCluster.open({ bootstrap: kafkaAt(kafka.bootstrap), clientId: "test" });
    try {
      return await cluster.listOffsets(
        config.topic,
        Array.from({ length: config.partitions }, (_, p) => p),
        "latest",
      );
    } finally {
      await cluster.close();
    }
  }

  const readLedger = async (run: TestRun, round: number) =>
    (await readJson<Ledger>(runFolder.ledger(run.runDir, round))) as Ledger;

  it("acknowledges exactly what each round asks for, also less than a message per partition", async () => {
    const run = await createRun({ partitions: 7 });
    for (const [round, firstId, messages] of [
      [1, 1, 50_001],
      [2, 50_002, 3],
    ] as const) {
      const child = startChild(run, ENTRY, { round, firstId, messages });
      expect([await child.finish(), child.output()]).toEqual([0, expect.any(String)]);
      expect(child.messages.map(({ type }) => type)).toEqual(
        expect.arrayContaining(["ready", "produceStarted", "produceProgress", "produceFinished"]),
      );
      expect(child.messages.at(-1)).toMatchObject({ type: "produceFinished", round, acknowledged: messages });
      expect(await readLedger(run, round)).toMatchObject({
        outcome: "finished",
        acknowledged: messages,
        unknown: 0,
        foreignCount: 0,
      });
    }
    expect(await readEnds(run)).toEqual([7144, 7144, 7144, 7143, 7143, 7143, 7143]);
  });

  it("continues as the same producer after SIGKILL, without loss or repeat", async () => {
    const run = await createRun({ rate: 20_000, stickyIds: 100 });
    const task = { round: 1, firstId: 1, messages: 30_000 };
    const first = startChild(run, ENTRY, task);
    await first.see("produceProgress");
    first.process.kill("SIGKILL");
    await once(first.process, "exit");
    const second = startChild(run, ENTRY, task);
    expect([await second.finish(), second.output()]).toEqual([0, expect.any(String)]);
    const ledger = await readLedger(run, 1);
    expect(ledger).toMatchObject({ outcome: "finished", acknowledged: 30_000, foreignCount: 0, restarts: 1 });
    expect(await readEnds(run)).toEqual([10_000, 10_000, 10_000]);
  });

  it("writes down what is acknowledged when it is stopped", async () => {
    const run = await createRun({ rate: 10_000 });
    const child = startChild(run, ENTRY, { round: 1, firstId: 1, messages: 1_000_000 });
    await child.see("produceProgress");
    child.process.kill("SIGTERM");
    expect(await child.finish()).toBe(143);
    const ledger = await readLedger(run, 1);
    expect(ledger).toMatchObject({ outcome: "stopped", reason: null, unknown: 0, refused: 0 });
    expect(ledger.unsent).toBe(1_000_000 - ledger.acknowledged);
    const ends = await readEnds(run);
    expect(ends.reduce((sum, end) => sum + end, 0)).toBe(ledger.acknowledged);
    expect(child.messages.some(({ type }) => type === "produceFinished" || type === "failed")).toBe(false);
  });

  it("believes no file of its folder that is not this run's, and leaves it as it is", async () => {
    const run = await createRun();
    const path = runFolder.ledger(run.runDir, 1);
    const task = { round: 1, firstId: 1, messages: 300 };
    expect(await startChild(run, ENTRY, task).finish()).toBe(0);
    const finished = await readFile(path, "utf8");
    const refuses = async (text: string, reason: string, code = "RUN_FILE_INVALID") => {
      await writeFile(path, text);
      const child = startChild(run, ENTRY, task);
      expect(await child.finish()).toBe(1);
      expect(child.messages.at(-1)).toMatchObject({
        type: "failed",
        code,
        message: expect.stringContaining(reason),
      });
      expect(await readFile(path, "utf8")).toBe(text);
    };
    await refuses(finished.slice(0, -20), "ledger-1.json cannot be used: it is not JSON", "FILE_MALFORMED");
    await refuses(finished.replace('"acknowledged":300', '"acknowledged":299'), "its partitions sum to 300");
    await writeFile(path, finished);
    const positions = runFolder.positions(run.runDir, 1);
    const position = await readFile(positions);
    await writeFile(positions, position.subarray(0, -16));
    await refuses(finished, "positions-1.bin cannot be used: it has 32 bytes, and 3 partitions need 48");
    await rm(positions);
    await refuses(finished, "positions-1.bin cannot be used: it does not exist");
    await writeFile(positions, position);
    const identity = await readFile(runFolder.producer(run.runDir), "utf8");
    await writeFile(runFolder.producer(run.runDir), identity.replace(run.config.topic, "another-topic"));
    await refuses(finished, `it is of topic another-topic, and this run has ${run.config.topic}`);
    await writeFile(runFolder.producer(run.runDir), identity);
    await rm(path);
    const second = startChild(run, ENTRY, { round: 2, firstId: 301, messages: 300 });
    expect(await second.finish()).toBe(1);
    expect(second.messages.at(-1)).toMatchObject({ code: "RUN_FILE_INVALID" });
  });
});
