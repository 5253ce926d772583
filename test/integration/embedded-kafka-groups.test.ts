/** Consumer groups of the embedded Kafka, by clients that people have: kafkajs, @platformatic/kafka, librdkafka, Java. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import * as platformatic from "@platformatic/kafka";
import { type Consumer, Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitUntil, withDeadline } from "../../simulator/common/foundation/deadline.ts";
import { type EmbeddedKafka, startEmbeddedKafka } from "../support/embedded-kafka.ts";
import { briefJvmArguments, KafkaTools } from "../support/kafka-tools.ts";
import { describeReal } from "../support/real-parts.ts";

const run = promisify(execFile);
const READY_DEADLINE_MS = 20_000;
const CLIENT_DEADLINE_MS = 60_000;
const PARTITIONS = 4;

let broker: EmbeddedKafka;
let address: string;

beforeAll(async () => {
  broker = await startEmbeddedKafka(200_000_000);
  address = broker.address;
});
afterAll(() => broker.stop());

const kafka = () => new Kafka({ brokers: [address], logLevel: logLevel.NOTHING });

/** A topic with the numbers from 0 on, spread over its partitions. */
async function createNumbers(topic: string, count: number): Promise<void> {
  const admin = kafka().admin();
  const producer = kafka().producer();
  await Promise.all([admin.connect(), producer.connect()]);
  await admin.createTopics({ topics: [{ topic, numPartitions: PARTITIONS }], waitForLeaders: true });
  for (let sent = 0; sent < count; sent += 5_000) {
    const messages = Array.from({ length: Math.min(5_000, count - sent) }, (_, i) => ({
      value: String(sent + i),
      partition: i % PARTITIONS,
    }));
    await producer.send({ topic, messages });
  }
  await Promise.all([admin.disconnect(), producer.disconnect()]);
}

/** One member of group `g-<topic>` that counts how often it was given each number. */
async function startMember(topic: string, seen: Map<string, number>): Promise<Consumer> {
  const timeouts = { sessionTimeout: 6_000, rebalanceTimeout: 10_000, heartbeatInterval: 300 };
  const consumer = kafka().consumer({ groupId: `g-${topic}`, ...timeouts });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    eachMessage: ({ message }) => {
      const value = message.value?.toString() ?? "";
      seen.set(value, (seen.get(value) ?? 0) + 1);
      return Promise.resolve();
    },
  });
  return consumer;
}

test("kafkajs: a group of two loses a member amid 100,000 messages, and none of them", async () => {
  const count = 100_000;
  await createNumbers("lost", count);
  const seen = new Map<string, number>();
  const survivor = await startMember("lost", seen);
  const script = `
    const { Kafka, logLevel } = require("kafkajs");
    const consumer = new Kafka({ brokers: ["${address}"], logLevel: logLevel.NOTHING })
      .consumer({ groupId: "g-lost", sessionTimeout: 6000, rebalanceTimeout: 10000, heartbeatInterval: 300 });
    const eachBatch = async ({ batch, resolveOffset, heartbeat }) => {
      for (const message of batch.messages) {
        process.stdout.write(message.value + "\\n");
        resolveOffset(message.offset);
        await new Promise((resolve) => setTimeout(resolve, 20));
        await heartbeat();
      }
    };
    consumer.connect()
      .then(() => consumer.subscribe({ topics: ["lost"], fromBeginning: true }))
      .then(() => consumer.run({ eachBatch }));`;
  const victim = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    // It has an assignment, is in the midst of it, and is gone without a word.
    await withDeadline(once(victim.stdout, "data"), {
      what: "the victim's first message",
      deadlineMs: CLIENT_DEADLINE_MS,
    });
    const exited = once(victim, "exit");
    victim.kill("SIGKILL");
    await withDeadline(exited, { what: "the victim's end", deadlineMs: READY_DEADLINE_MS });
    const all = () => (seen.size === count ? true : undefined);
    await waitUntil(all, { what: "every message", deadlineMs: CLIENT_DEADLINE_MS });
  } finally {
    victim.kill("SIGKILL");
    await survivor.disconnect();
  }
  // Positions are committed when a member leaves: whoever reads on finds nothing left.
  const admin = kafka().admin();
  await admin.connect();
  const [committed] = await admin.fetchOffsets({ groupId: "g-lost", topics: ["lost"] });
  const { groups } = await admin.describeGroups(["g-lost"]);
  expect(groups).toMatchObject([{ state: "Empty", members: [] }]);
  await admin.deleteGroups(["g-lost"]);
  await admin.disconnect();
  expect(committed?.partitions.map(({ offset }) => Number(offset))).toEqual(
    Array.from({ length: PARTITIONS }, () => count / PARTITIONS),
  );
}, 120_000);

test(
  "@platformatic/kafka: creates a topic, produces, reads as a group, and commits",
  async () => {
    const bootstrapBrokers = [address];
    const admin = new platformatic.Admin({ clientId: "admin", bootstrapBrokers });
    await admin.createTopics({ topics: ["platformatic"], partitions: 2, replicas: 1 });
    const serializers = platformatic.stringSerializers;
    const producer = new platformatic.Producer({ clientId: "producer", bootstrapBrokers, serializers });
    const values = Array.from({ length: 100 }, (_, i) => `v${i}`);
    await producer.send({ messages: values.map((value) => ({ topic: "platformatic", key: value, value })) });
    await producer.close();
    const deserializers = platformatic.stringDeserializers;
    const groupId = "g-platformatic";
    const consumer = new platformatic.Consumer({ groupId, clientId: "consumer", bootstrapBrokers, deserializers });
    const stream = await consumer.consume({ topics: ["platformatic"], mode: "earliest", autocommit: false });
    const seen: string[] = [];
    for await (const message of stream) {
      seen.push(message.value);
      await message.commit();
      if (seen.length === values.length) break;
    }
    await consumer.close(true);
    await admin.close();
    expect(new Set(seen)).toEqual(new Set(values));
    const other = kafka().admin();
    await other.connect();
    const [committed] = await other.fetchOffsets({ groupId, topics: ["platformatic"] });
    await other.disconnect();
    expect(committed?.partitions.reduce((sum, { offset }) => sum + Number(offset), 0)).toBe(values.length);
  },
  CLIENT_DEADLINE_MS,
);

describeReal(["kcat"], "kcat -G", () => {
  test.each(["range", "cooperative-sticky"])(
    "reads all of a topic as a group, and goes on from there: %s",
    async (assignor) => {
      const topic = `cat-${assignor}`;
      await createNumbers(topic, 1_000);
      const args = [
        "-b",
        address,
        "-X",
        `partition.assignment.strategy=${assignor}`,
        "-X",
        "auto.offset.reset=earliest",
      ];
      const read = async () => {
        const { stdout } = await run("kcat", [...args, "-e", "-q", "-G", `g-${topic}`, topic], {
          timeout: CLIENT_DEADLINE_MS,
        });
        return stdout.split("\n").filter((line) => line !== "");
      };
      expect(new Set(await read()).size).toBe(1_000);
      expect(await read()).toEqual([]);
    },
  );
});

describeReal(["kafka"], "Java's tools", () => {
  let tools: KafkaTools;
  beforeAll(() => {
    tools = new KafkaTools();
  });
  afterAll(() => tools.end());

  const runTool = (tool: string, ...args: string[]) => tools.run(tool, "--bootstrap-server", address, ...args);
  const runGroups = (...args: string[]) => runTool("consumer.group.ConsumerGroupCommand", ...args);

  test("consume as a group, list and describe it with its lag, reset and delete its offsets", async () => {
    await createNumbers("java", 1_000);
    const consume = (max: number) =>
      runTool(
        "consumer.ConsoleConsumer",
        "--topic",
        "java",
        "--group",
        "g-java",
        "--from-beginning",
        "--max-messages",
        `${max}`,
      );
    const consumed = (await consume(1_000)).split("\n").filter((line) => /^\d+$/.test(line));
    expect([consumed.length, new Set(consumed).size]).toEqual([1_000, 1_000]);
    expect(await runGroups("--list")).toContain("g-java");
    const lags = async () => {
      const described = await runGroups("--describe", "--group", "g-java");
      const rows = described.split("\n").filter((line) => line.startsWith("g-java"));
      return rows.map((row) => row.split(/\s+/)[5]);
    };
    expect(await lags()).toEqual(["0", "0", "0", "0"]);
    await runGroups("--reset-offsets", "--group", "g-java", "--topic", "java", "--to-earliest", "--execute");
    expect(await lags()).toEqual(["250", "250", "250", "250"]);
    await runGroups("--delete-offsets", "--group", "g-java", "--topic", "java");
    expect(await runGroups("--delete", "--group", "g-java")).toContain("successful");
    expect(await runGroups("--list")).not.toContain("g-java");
  }, 180_000);

  test("its consumer of the newer protocol shares, hands over and commits, and its tools see the group", async () => {
    await createNumbers("newer", 1_000);
    const program = join(import.meta.dirname, "../support/java/ConsumeAsGroup.java");
    const { stdout } = await run("java", [...briefJvmArguments(), program, address, "g-newer", "newer", "1000"], {
      timeout: 2 * CLIENT_DEADLINE_MS,
    });
    const read = stdout.trim().split("\n");
    // Each commits what it has read before it gives anything back.
    expect([read.length, new Set(read).size]).toEqual([1_000, 1_000]);
    expect(await runGroups("--list", "--type", "consumer")).toContain("g-newer");
    const described = await runGroups("--describe", "--group", "g-newer", "--offsets");
    expect(
      described
        .split("\n")
        .filter((line) => line.startsWith("g-newer"))
        .map((row) => row.split(/\s+/)[5]),
    ).toEqual(["0", "0", "0", "0"]);
    expect(await runGroups("--describe", "--group", "g-newer", "--state")).toMatch(/g-newer .*uniform +Empty +0/);
    expect(await runGroups("--delete", "--group", "g-newer")).toContain("successful");
  }, 180_000);
});
