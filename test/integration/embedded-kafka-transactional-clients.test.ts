/** Transactions of the embedded Kafka, by clients that people have: kafkajs, @platformatic/kafka, librdkafka, Java. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as platformatic from "@platformatic/kafka";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { withDeadline } from "../../simulator/common/foundation/deadline.ts";
import { type EmbeddedKafka, startEmbeddedKafka } from "../support/embedded-kafka.ts";
import { KafkaTools } from "../support/kafka-tools.ts";
import { describeReal } from "../support/real-parts.ts";
import { runCli } from "../support/run-cli.ts";
import { countWithKcat, sendWithJava } from "../support/stored-records.ts";
import { expectExit } from "../support/system.ts";
import type { KillStep } from "../support/transactional-copy.ts";

const run = promisify(execFile);
const CLIENT_DEADLINE_MS = 60_000;
const COPY = fileURLToPath(new URL("../support/transactional-copy.ts", import.meta.url));
const KILL_STEPS: readonly KillStep[] = ["sent", "positions", "ending", "ended"];

let broker: EmbeddedKafka;

beforeAll(async () => {
  broker = await startEmbeddedKafka(200_000_000);
});

afterAll(() => broker?.stop());

const kafka = () => new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING });

async function createTopics(...names: string[]): Promise<void> {
  const admin = kafka().admin();
  await admin.connect();
  await admin.createTopics({ topics: names.map((topic) => ({ topic, numPartitions: 2 })), waitForLeaders: true });
  await admin.disconnect();
}

/** What kcat reads of a topic: its values by partition, in their order. */
async function readWithKcat(topic: string, isolation: "read_committed" | "read_uncommitted"): Promise<string[][]> {
  const args = ["-b", broker.address, "-C", "-e", "-q", "-t", topic, "-f", "%p %s\\n", "-X", "check.crcs=true"];
  const options = { timeout: CLIENT_DEADLINE_MS, maxBuffer: 64 * 1024 * 1024 };
  const { stdout } = await run("kcat", [...args, "-X", `isolation.level=${isolation}`], options);
  const lines = stdout.split("\n").filter((line) => line !== "");
  return [0, 1].map((p) => lines.filter((line) => line.startsWith(`${p} `)).map((line) => line.slice(2)));
}

describeReal(["kcat"], "an exactly-once copy", () => {
  /** How it ended: its code, or its signal. */
  async function copy(...killAt: string[]): Promise<string | number | null> {
    const child = spawn(process.execPath, ["--no-warnings", COPY, broker.address, "source", "copy", ...killAt], {
      stdio: ["ignore", "inherit", "inherit"],
    });
    try {
      const exited = once(child, "exit") as Promise<[number | null, string | null]>;
      const [code, signal] = await withDeadline(exited, { what: "the copy", deadlineMs: CLIENT_DEADLINE_MS });
      return signal ?? code;
    } finally {
      child.kill("SIGKILL");
    }
  }

  test("that is killed ten times, in every step of a transaction, has each record once", async () => {
    await createTopics("source", "copy");
    const numbers = Array.from({ length: 3_000 }, (_, i) => String(i));
    const producer = kafka().producer();
    await producer.connect();
    const messages = numbers.map((value, i) => ({ value, partition: i % 2 }));
    await producer.send({ topic: "source", messages });
    await producer.disconnect();
    for (let i = 0; i < 10; i += 1) {
      const step = KILL_STEPS[i % KILL_STEPS.length] as KillStep;
      expect(await copy(step, String(1 + (i % 3)))).toBe("SIGKILL");
    }
    expect(await copy()).toBe(0);
    const copied = await readWithKcat("copy", "read_committed");
    expect(copied).toEqual([0, 1].map((p) => numbers.filter((_, i) => i % 2 === p)));
    // The kills left records behind that no reader of committed ones is shown.
    const written = await readWithKcat("copy", "read_uncommitted");
    expect(written.flat().length).toBeGreaterThan(numbers.length);
  }, 180_000);
});

describeReal(["kcat"], "@platformatic/kafka", () => {
  test("commits a transaction with a group's positions, and aborts one without a trace", async () => {
    await createTopics("given", "made");
    const bootstrapBrokers = [broker.address];
    const serializers = platformatic.stringSerializers;
    const plain = new platformatic.Producer({ clientId: "given", bootstrapBrokers, serializers });
    await plain.send({ messages: ["one", "two"].map((value) => ({ topic: "given", partition: 0, value })) });
    await plain.close();
    const groupId = "g-made";
    const deserializers = platformatic.stringDeserializers;
    const consumer = new platformatic.Consumer({ groupId, clientId: "made", bootstrapBrokers, deserializers });
    const options = { idempotent: true, transactionalId: "platformatic" };
    const producer = new platformatic.Producer({ clientId: "made", bootstrapBrokers, serializers, ...options });
    const stream = await consumer.consume({ topics: ["given"], mode: "earliest", autocommit: false });
    const ends: string[] = [];
    for await (const message of stream) {
      const transaction = await producer.beginTransaction();
      await transaction.addConsumer(consumer);
      await transaction.send({ messages: [{ topic: "made", partition: 0, value: message.value }] });
      await transaction.addOffset(message);
      if (message.value === "one") await transaction.commit();
      else await transaction.abort();
      ends.push(message.value);
      if (ends.length === 2) break;
    }
    await Promise.all([consumer.close(true), producer.close()]);
    expect(await readWithKcat("made", "read_committed")).toEqual([["one"], []]);
    expect(await readWithKcat("made", "read_uncommitted")).toEqual([["one", "two"], []]);
    const admin = kafka().admin();
    await admin.connect();
    const [committed] = await admin.fetchOffsets({ groupId, topics: ["given"] });
    await admin.disconnect();
    expect(committed?.partitions.find(({ partition }) => partition === 0)?.offset).toBe("1");
  });
});

describeReal(["kafka", "kcat", "javac"], "Java", () => {
  let tools: KafkaTools;
  beforeAll(() => {
    tools = new KafkaTools();
  });
  afterAll(() => tools.end());

  const runTool = (tool: string, ...args: string[]) => tools.run(tool, "--bootstrap-server", broker.address, ...args);

  test("ProducerPerformance sends in transactions", async () => {
    await createTopics("performance");
    const load = ["--topic", "performance", "--num-records", "5000", "--record-size", "100", "--throughput", "-1"];
    const inTransactions = ["--transactional-id", "performance", "--transaction-duration-ms", "20"];
    expect(await runTool("ProducerPerformance", ...load, ...inTransactions)).toContain("5000 records sent");
    expect(await countWithKcat({ bootstrap: broker.address, topic: "performance" })).toBe(5_000);
  }, 120_000);

  test("interleaved transactions are listed, described, and counted by a run as kcat counts them", async () => {
    await createTopics("interleaved");
    const place = { bootstrap: broker.address, topic: "interleaved" };
    await sendWithJava(place, [
      "producer a none tx-a",
      "producer b lz4 tx-b",
      "producer plain none -",
      "begin a",
      "send a 0 1 100 100",
      "begin b",
      "send b 0 101 70 100",
      "send plain 0 301 11 100",
      "abort b",
      "send a 1 401 5 100",
      "commit a",
      "begin a",
      "send a 0 601 40 100",
      "abort a",
      // Left open: what comes behind its first record is not stable.
      "begin b",
      "send b 0 1001 17 100",
      "send plain 0 1101 19 100",
      "halt",
    ]);
    const committed = 100 + 11 + 5;
    expect(await countWithKcat(place)).toBe(committed);
    const [list, described] = await Promise.all([
      runTool("TransactionsCommand", "list"),
      runTool("TransactionsCommand", "describe", "--transactional-id", "tx-b"),
    ]);
    const listed = list.split("\n").map((line) => line.split(/\s+/));
    const stateOf = (id: string) => listed.find(([transactionalId]) => transactionalId === id)?.[3];
    expect([stateOf("tx-a"), stateOf("tx-b")]).toEqual(["CompleteAbort", "Ongoing"]);
    expect(described).toMatch(/tx-b.*Ongoing.*interleaved-0/);
    const up = ["up", "--once", "--infra", "embedded", "--ui", "json", "--messages", "0", "--task-managers", "2"];
    await runCli([...up, "--kafka", broker.address, "--topic", "interleaved"], {}, async (cli, result) => {
      const report = await expectExit(cli, result, 0);
      expect(report.messages).toMatchObject({ inKafka: committed, processed: committed, rejected: 0 });
    });
  }, 180_000);
});
