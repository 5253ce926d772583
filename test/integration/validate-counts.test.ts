/** `validate` as a Job of a cluster calls it: rows that stand for Flink's, beside a topic of which every record is known. */
import { Kafka, logLevel, type Message } from "kafkajs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openRedis } from "../../simulator/clients/redis/reader.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { type EmbeddedRedis, startEmbeddedRedis } from "../../simulator/embedded/redis/server.ts";
import { redisAt } from "../support/addresses.ts";
import { type EmbeddedKafka, startEmbeddedKafka } from "../support/embedded-kafka.ts";
import { runCli } from "../support/run-cli.ts";

const PASSWORD = "secret123";
const PARTITIONS = 3;
/** By partition; the second one has a record that is no message, and the last one none at all. */
const INPUT: readonly (readonly string[])[] = [
  ['{"id":1}', '{"id":2}', '{"id":7}'],
  ['{"id":3}', "no message", '{"id":4}'],
  [],
];
const EXACT = [
  { partition_number: 0, records: 3, messages: 3, id_sum: 10, highest_id: 7, highest_offset: 2 },
  { partition_number: 1, records: 3, messages: 2, id_sum: 7, highest_id: 4, highest_offset: 2 },
];

let broker: EmbeddedKafka;
let redis: EmbeddedRedis;
let kafka: Kafka;
beforeAll(async () => {
  broker = await startEmbeddedKafka(64 * 1024 * 1024);
  redis = await startEmbeddedRedis({ port: 0, password: PASSWORD, log: createLog(() => undefined) });
  kafka = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING });
  await fill(
    "input",
    PARTITIONS,
    INPUT.flatMap((values, partition) => values.map((value) => ({ partition, value }))),
  );
});
afterAll(async () => {
  await redis.close();
  await broker.stop();
});

async function fill(topic: string, numPartitions: number, messages: Message[]): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: true });
  await admin.disconnect();
  const producer = kafka.producer();
  await producer.connect();
  if (messages.length > 0) await producer.send({ topic, messages });
  await producer.disconnect();
}

const fillCounts = (topic: string, rows: readonly object[]): Promise<void> =>
  fill(
    topic,
    1,
    rows.map((row) => ({ value: JSON.stringify(row) })),
  );

const validate = (countsTopic: string, ...more: readonly string[]) => {
  const words = ["validate", "--kafka", broker.address, "--topic", "input", "--counts-topic", countsTopic, ...more];
  return runCli(words, { env: { FLINK_APPHOST_REDIS: `redis://default:${PASSWORD}@127.0.0.1:${redis.port}` } });
};

async function show(key: string): Promise<string | null> {
  const connection = await openRedis(redisAt(`redis://default:${PASSWORD}@127.0.0.1:${redis.port}`));
  try {
    return await connection.readText(key);
  } finally {
    connection.close();
  }
}

it("passes where every partition is counted exactly, and shows the total in Redis", async () => {
  const before = { ...EXACT[0], records: 1, messages: 1, id_sum: 1, highest_id: 1, highest_offset: 0 };
  // The newest row of a partition tells all.
  await fillCounts("exact", [before, ...EXACT]);
  const { exitCode, stdout, stderr } = await validate("exact", "--messages", "5", "--counter-key", "proven");
  expect(stdout, stderr).toBe("Verdict: PASSED: Flink counted each of 5 messages exactly once\n");
  expect(exitCode).toBe(0);
  expect(await show("proven")).toBe("5");
});

it("names what Flink lost or counted twice, and shows nothing", async () => {
  await fillCounts("wrong", [{ ...EXACT[0], records: 4, messages: 4, id_sum: 12 }, EXACT[1] as object]);
  const { exitCode, stdout } = await validate("wrong", "--messages", "6", "--counter-key", "unproven");
  expect(exitCode).toBe(4);
  expect(stdout).toBe(
    [
      "violated: partition 0: Flink counted 4 records, and the topic has 3",
      "violated: partition 0: Flink counted 4 messages, and the topic has 3",
      "violated: partition 0: Flink counted 12 as the sum of their ids, and the topic has 10",
      "violated: the topic holds 5 messages, and 6 were to be there",
      "Verdict: FAILED: exactly-once violated\n",
    ].join("\n"),
  );
  expect(await show("unproven")).toBeNull();
});

it("says so when Flink's counts do not come, and when they are none", async () => {
  await fillCounts("late", [EXACT[0] as object]);
  const late = await validate("late", "--max-time", "1s");
  expect(late.exitCode).toBe(5);
  expect(late.stdout).toBe("Verdict: FAILED: Flink's counts did not come in time\n");
  expect(late.stderr).toContain("committed counts of all 3 partitions in late");
  await fillCounts("others", [{ of: "somebody else" }]);
  const others = await validate("others");
  expect(others.exitCode).toBe(6);
  expect(others.stderr).toContain("no row of counts");
});
