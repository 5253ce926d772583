/** The administrators that people have, on the embedded Kafka: Kafka's own tools, kafkajs, @platformatic/kafka, kcat. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Admin, ConfigResourceTypes, IncrementalAlterConfigOperationTypes } from "@platformatic/kafka";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KafkaTools } from "../support/kafka-tools.ts";
import { describeReal } from "../support/real-parts.ts";
import { batchOf, createTopic, Peer, produceBatch, startTestBroker, type TestBroker } from "./embedded-kafka-peer.ts";

const run = promisify(execFile);
const CLIENT_MS_MAX = 60_000;

let broker: TestBroker;
let address: string;
let peer: Peer;

beforeAll(async () => {
  broker = await startTestBroker();
  address = `127.0.0.1:${broker.port}`;
  peer = new Peer(broker.port);
});
afterAll(async () => {
  peer.close();
  await broker.close();
});

const startOf = (topic: string) => broker.state.topics.findPartition(topic, 0)?.log.startOffset;

describeReal(["kafka"], "Kafka's own tools", () => {
  let tools: KafkaTools;
  beforeAll(() => {
    tools = new KafkaTools();
  });
  afterAll(() => tools.end());

  const runTool = (tool: string, ...args: string[]) => tools.run(tool, ...args, "--bootstrap-server", address);
  const topicTool = (...args: string[]) => runTool("TopicCommand", ...args);
  const configTool = (...args: string[]) => runTool("kafka.admin.ConfigCommand", ...args);

  test("kafka-topics and kafka-configs alter what there is, and describe it", async () => {
    await topicTool("--create", "--topic", "tools", "--partitions", "2", "--replication-factor", "1");
    await topicTool("--alter", "--topic", "tools", "--partitions", "5");
    const described = await topicTool("--describe", "--topic", "tools");
    expect(described).toMatch(/PartitionCount: 5/);
    expect(described).toMatch(/Partition: 4\s+Leader: 1/);
    await topicTool("--describe", "--under-replicated-partitions");

    const ofTopic = ["--entity-type", "topics", "--entity-name", "tools"];
    await configTool("--alter", ...ofTopic, "--add-config", "retention.ms=60000,max.message.bytes=5000");
    expect(await configTool("--describe", ...ofTopic)).toContain("DYNAMIC_TOPIC_CONFIG:retention.ms=60000");
    await configTool("--alter", ...ofTopic, "--delete-config", "retention.ms");
    const left = await configTool("--describe", ...ofTopic);
    expect(left).not.toContain("retention.ms");
    expect(left).toContain("max.message.bytes=5000");
    expect(await configTool("--describe", "--all", "--entity-type", "brokers", "--entity-name", "1")).toContain(
      "auto.create.topics.enable=false",
    );
    expect(await configTool("--describe", "--entity-type", "users")).not.toContain("Exception");
  });

  test("kafka-delete-records moves the beginning, and the other tools read what is there", async () => {
    for (let i = 0; i < 10; i += 1) await produceBatch(peer, { topic: "tools", p: 0, batch: batchOf(10, 100) });
    const folder = await mkdtemp(join(tmpdir(), "delete-records-"));
    const file = join(folder, "offsets.json");
    await writeFile(file, JSON.stringify({ version: 1, partitions: [{ topic: "tools", partition: 0, offset: 35 }] }));
    const deleted = await runTool("DeleteRecordsCommand", "--offset-json-file", file);
    await rm(folder, { recursive: true });
    expect(deleted).toContain("low_watermark: 35");
    expect(startOf("tools")).toBe(35);

    const offsets = (...args: string[]) => runTool("GetOffsetShell", "--topic", "tools", ...args);
    expect(await offsets("--time", "earliest")).toContain("tools:0:35");
    expect(await offsets("--time", "latest")).toContain("tools:0:100");
    expect(await offsets("--time", "max-timestamp")).toContain("tools:0:35");
    const logDirs = await runTool("LogDirsCommand", "--describe", "--topic-list", "tools");
    expect(logDirs).toContain('"partition":"tools-4"');
    const versions = await runTool("BrokerApiVersionsCommand");
    expect(versions).toMatch(/Produce\(0\): 0 to 13 \[usable: 13\]/);
    expect(versions).toMatch(/AlterConfigs\(33\): 0 to 2 \[usable: 2\]/);
    const cluster = await runTool("ClusterTool", "cluster-id");
    expect(cluster).toContain(`Cluster ID: ${broker.state.identity.clusterId}`);
    const perf = ["--topic", "tools", "--num-records", "65", "--timeout", "20000"];
    expect(await runTool("ConsumerPerformance", ...perf)).toMatch(/, 65, /);
  });
});

test("kafkajs alters partitions and settings, and deletes records", async () => {
  await createTopic(peer, "js");
  await produceBatch(peer, { topic: "js", p: 0, batch: batchOf(10, 100) });
  const admin = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    await admin.createPartitions({ topicPartitions: [{ topic: "js", count: 3 }] });
    // Longer than the records are old: the broker looks each second which ones to delete.
    const retentionMs = String(Number.MAX_SAFE_INTEGER);
    const configEntries = [{ name: "retention.ms", value: retentionMs }];
    await admin.alterConfigs({ validateOnly: false, resources: [{ type: 2, name: "js", configEntries }] });
    const asked = { includeSynonyms: true, resources: [{ type: 2, name: "js", configNames: ["retention.ms"] }] };
    const [entry] = (await admin.describeConfigs(asked)).resources[0]?.configEntries ?? [];
    expect(entry).toMatchObject({ configValue: retentionMs, configSource: 1, isDefault: false });
    expect(entry?.configSynonyms.map(({ configName }) => configName)).toEqual(["retention.ms", "log.retention.ms"]);
    await admin.deleteTopicRecords({ topic: "js", partitions: [{ partition: 0, offset: "4" }] });
    expect(await admin.fetchTopicOffsets("js")).toMatchObject([{ low: "4", high: "10" }, {}, {}]);
    expect(await admin.fetchTopicMetadata({ topics: ["js"] })).toMatchObject({
      topics: [{ partitions: [{}, {}, {}] }],
    });
    const acl = { resourceType: 1, resourcePatternType: 3, operation: 1, permissionType: 1 };
    await expect(admin.describeAcls(acl)).rejects.toMatchObject({ type: "SECURITY_DISABLED" });
  } finally {
    await admin.disconnect();
  }
});

test("@platformatic/kafka alters partitions and settings, and describes the log dirs", async () => {
  await createTopic(peer, "plt");
  const admin = new Admin({ clientId: "plt", bootstrapBrokers: [address], retries: 0 });
  try {
    const assignments = [1, 2, 3].map(() => ({ brokerIds: [1] }));
    await admin.createPartitions({ topics: [{ name: "plt", count: 4, assignments }], validateOnly: false });
    expect(broker.state.topics.find("plt")?.partitions).toHaveLength(4);
    const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: "plt" };
    const configOperation = IncrementalAlterConfigOperationTypes.SET;
    const configs = [{ name: "retention.bytes", value: "1000", configOperation }];
    await admin.incrementalAlterConfigs({ resources: [{ ...resource, configs }], validateOnly: false });
    expect(broker.state.topics.find("plt")?.config.retentionBytes).toBe(1_000);
    expect(await admin.describeLogDirs({ topics: [{ name: "plt", partitions: [0] }] })).toMatchObject([{}]);
  } finally {
    await admin.close();
  }
});

describeReal(["kcat"], "kcat", () => {
  test("-L lists the partitions that were added", async () => {
    await createTopic(peer, "listed");
    broker.state.topics.addPartitions("listed", 3);
    const { stdout } = await run("kcat", ["-b", address, "-L", "-t", "listed"], { timeout: CLIENT_MS_MAX });
    expect(stdout).toContain('topic "listed" with 3 partitions');
  });
});

describe("auto.create.topics.enable", () => {
  test("an ordinary producer gets its topic only where it is on", async () => {
    const creating = await startTestBroker(1_000_000, 0, { autoCreateTopics: true });
    const produce = async (port: number) => {
      const kafka = new Kafka({ brokers: [`127.0.0.1:${port}`], logLevel: logLevel.NOTHING, retry: { retries: 0 } });
      const producer = kafka.producer({ createPartitioner: () => () => 0 });
      await producer.connect();
      try {
        return await producer.send({ topic: "by-the-way", messages: [{ value: "x" }] });
      } finally {
        await producer.disconnect();
      }
    };
    try {
      await expect(produce(broker.port)).rejects.toThrow(/topic/);
      expect(await produce(creating.port)).toMatchObject([{ errorCode: 0, baseOffset: "0" }]);
    } finally {
      await creating.close();
    }
  });
});
