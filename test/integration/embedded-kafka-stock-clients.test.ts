/** The embedded Kafka as a process of its own, used by the clients that people have: kafkajs and kcat. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { waitUntil, withDeadline } from "../../simulator/common/foundation/deadline.ts";
import { type EmbeddedKafka, startEmbeddedKafka } from "../support/embedded-kafka.ts";
import { describeReal } from "../support/real-parts.ts";

const run = promisify(execFile);
const KCAT = "kcat";
const KCAT_DEADLINE_MS = 30_000;

let broker: EmbeddedKafka;
let address: string;

beforeAll(async () => {
  broker = await startEmbeddedKafka(100_000_000);
  address = broker.address;
});
afterAll(() => broker.stop());

describe("kafkajs", () => {
  const kafka = () => new Kafka({ brokers: [address], clientId: "test", logLevel: logLevel.NOTHING });

  test("its admin creates, lists, describes, reads offsets and deletes", async () => {
    const admin = kafka().admin();
    await admin.connect();
    try {
      const topics = [{ topic: "js", numPartitions: 3, replicationFactor: 1 }];
      expect(await admin.createTopics({ topics, waitForLeaders: true })).toBe(true);
      expect(await admin.createTopics({ topics })).toBe(false);
      expect(await admin.listTopics()).toContain("js");
      const described = await admin.fetchTopicMetadata({ topics: ["js"] });
      expect(described.topics[0]?.partitions.map(({ leader }) => leader)).toEqual([1, 1, 1]);
      const cluster = await admin.describeCluster();
      expect(cluster.brokers.map(({ host, port }) => `${host}:${port}`)).toEqual([address]);
      const resources = [{ type: 2, name: "js", configNames: ["max.message.bytes"] }];
      const configs = await admin.describeConfigs({ includeSynonyms: false, resources });
      expect(configs.resources[0]?.configEntries).toMatchObject([{ configValue: "1048588" }]);
      expect(await admin.fetchTopicOffsets("js")).toHaveLength(3);
      expect(await admin.fetchOffsets({ groupId: "nobody", topics: ["js"] })).toHaveLength(1);
      await admin.deleteTopics({ topics: ["js"] });
      expect(await admin.listTopics()).not.toContain("js");
    } finally {
      await admin.disconnect();
    }
  });

  test.each([false, true])("its producer sends, idempotent: %s", async (idempotent) => {
    const topic = `produced-${idempotent}`;
    const admin = kafka().admin();
    const producer = kafka().producer({ idempotent, createPartitioner: () => () => 0 });
    await Promise.all([admin.connect(), producer.connect()]);
    try {
      await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
      for (let i = 0; i < 10; i += 1) {
        const messages = Array.from({ length: 5 }, (_, k) => ({ key: `k${k}`, value: `${i}`, headers: { h: "x" } }));
        const [sent] = await producer.send({ topic, messages });
        expect(sent).toMatchObject({ errorCode: 0, baseOffset: String(i * 5) });
      }
      expect(await admin.fetchTopicOffsets(topic)).toMatchObject([{ low: "0", high: "50" }]);
    } finally {
      await Promise.all([admin.disconnect(), producer.disconnect()]);
    }
  });
});

describeReal(["kcat"], "kcat", () => {
  const kcat = async (...args: string[]) =>
    (await run(KCAT, ["-b", address, ...args], { timeout: KCAT_DEADLINE_MS, maxBuffer: 64 * 1024 * 1024 })).stdout;

  /** Pipes lines into kcat -P, as a user does. */
  async function produceLines(lines: readonly string[], ...args: string[]): Promise<void> {
    const producer = spawn(KCAT, ["-b", address, "-P", ...args], { stdio: ["pipe", "ignore", "inherit"] });
    producer.stdin.end(lines.map((line) => `${line}\n`).join(""));
    const [code] = await withDeadline(once(producer, "exit"), { what: "kcat -P", deadlineMs: KCAT_DEADLINE_MS });
    expect(code).toBe(0);
  }

  const numbers = (count: number) => Array.from({ length: count }, (_, i) => String(i + 1));

  beforeAll(async () => {
    const admin = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const names = ["cat", "cat-gzip", "cat-lz4", "cat-zstd", "cat-snappy", "cat-time"];
    await admin.createTopics({ topics: names.map((topic) => ({ topic, numPartitions: 2 })), waitForLeaders: true });
    await admin.disconnect();
  });

  test("lists the broker and its topics", async () => {
    const listed = JSON.parse(await kcat("-L", "-J")) as {
      brokers: { name: string }[];
      topics: { topic: string; partitions: { leader: number }[] }[];
    };
    expect(listed.brokers.map(({ name }) => name)).toEqual([address]);
    expect(listed.topics.find(({ topic }) => topic === "cat")?.partitions).toHaveLength(2);
  });

  test("produces, idempotent or not, and consumes all of it in order", async () => {
    await produceLines(numbers(50_000), "-t", "cat", "-p", "0");
    await produceLines(numbers(5_000), "-t", "cat", "-p", "0", "-X", "enable.idempotence=true");
    const consumed = await kcat("-C", "-t", "cat", "-p", "0", "-e", "-q", "-X", "check.crcs=true");
    expect(consumed).toBe([...numbers(50_000), ...numbers(5_000), ""].join("\n"));
    const tail = await kcat("-C", "-t", "cat", "-p", "0", "-o", "54998", "-e", "-q", "-f", "%o %s\n");
    expect(tail).toBe("54998 4999\n54999 5000\n");
  });

  test.each(["gzip", "lz4", "zstd", "snappy"])("reads back what it compressed with %s", async (codec) => {
    await produceLines(numbers(20_000), "-t", `cat-${codec}`, "-p", "1", "-z", codec);
    const consumed = await kcat("-C", "-t", `cat-${codec}`, "-p", "1", "-e", "-q");
    expect(consumed).toBe([...numbers(20_000), ""].join("\n"));
  });

  test("asks for offsets by time", async () => {
    await produceLines(numbers(10), "-t", "cat-time", "-p", "0");
    const queried = (what: string) => kcat("-Q", "-t", `cat-time:0:${what}`);
    expect(await queried("-1")).toBe("cat-time [0] offset 10\n");
    expect(await queried("-2")).toBe("cat-time [0] offset 0\n");
    expect(await queried("1")).toBe("cat-time [0] offset 0\n");
  });

  test("waits at the end of a partition and gets what is produced then", async () => {
    const consumer = spawn(KCAT, ["-b", address, "-C", "-t", "cat-time", "-p", "1", "-q", "-u", "-c", "2"]);
    let output = "";
    consumer.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const exited = once(consumer, "exit");
    await produceLines(["first"], "-t", "cat-time", "-p", "1");
    const has = (text: string) => () => (output.includes(text) ? true : undefined);
    await waitUntil(has("first"), { what: "the first record", deadlineMs: KCAT_DEADLINE_MS });
    await produceLines(["second"], "-t", "cat-time", "-p", "1");
    await withDeadline(exited, { what: "kcat -C", deadlineMs: KCAT_DEADLINE_MS });
    expect(output).toBe("first\nsecond\n");
  });
});
