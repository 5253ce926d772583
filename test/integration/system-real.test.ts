/** The same promises on a real Apache Kafka and a real Redis that are not ours: exact, tidy, and cleaned up on request. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  jobIdOf,
  PROCESSED_MESSAGE_COUNTER_KEY,
  publishedKeyOf,
  stateKeyOf,
  topicName,
} from "../../simulator/common/contract/names.ts";
import { type RealKafka, startRealKafka } from "../support/real-kafka.ts";
import { describeReal } from "../support/real-parts.ts";
import { type RealRedis, startRealRedis } from "../support/real-redis.ts";
import { runCli, startCli } from "../support/run-cli.ts";
import { plantRun } from "../support/run-states.ts";
import { createKafka, expectPassed, withRedis } from "../support/system.ts";

const TWO = ["--task-managers", "2", "--partitions", "2"];

describeReal(["kafka", "redis"], "a run on a real Kafka and a real Redis", () => {
  let kafka: RealKafka;
  let redis: RealRedis;
  beforeAll(async () => {
    [kafka, redis] = await Promise.all([
      startRealKafka(),
      startRealRedis({ password: "for-this-test", aof: "everysec" }),
    ]);
  });
  afterAll(() => Promise.all([kafka?.stop(), redis?.stop()]));

  /** Without Kafka's own: they come with the first group. */
  async function listTopics(): Promise<readonly string[]> {
    const admin = createKafka(kafka.bootstrap).admin();
    await admin.connect();
    try {
      return (await admin.listTopics()).filter((topic) => !topic.startsWith("__"));
    } finally {
      await admin.disconnect();
    }
  }
  async function createTopic(topic: string): Promise<void> {
    const admin = createKafka(kafka.bootstrap).admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
    await admin.disconnect();
  }
  const external = () => ["--kafka", kafka.bootstrap, "--redis", redis.url];

  it("is exact, names what it ran on, leaves its evidence, and purges it", async () => {
    const cli = startCli(["up", "--once", "--ui", "json", "--messages", "100_003", ...external()]);
    try {
      const result = await cli.end();
      const report = await expectPassed(cli, result, 100_003);
      const runId = await cli.runId();
      expect(report.infra.kafka).toMatchObject({ mode: "external", endpoint: kafka.bootstrap });
      expect(report.infra.redis).toMatchObject({
        mode: "external",
        version: expect.stringMatching(/^\d+\./),
        aof: "on",
      });
      expect(JSON.stringify(report) + result.stdout + result.stderr).not.toContain("for-this-test");
      expect(await listTopics()).toEqual([topicName(runId)]);
      const jobId = jobIdOf(runId);
      const left = [stateKeyOf(jobId), publishedKeyOf(jobId), PROCESSED_MESSAGE_COUNTER_KEY];
      expect(await withRedis(redis.url, (client) => client.exists(...left))).toBe(left.length);

      const purged = await runCli(["down", "--purge", runId], { cwd: cli.cwd });
      expect(purged.exitCode, purged.stderr).toBe(0);
      expect(await listTopics()).toEqual([]);
      expect(await withRedis(redis.url, (client) => client.keys("*"))).toEqual([]);
    } finally {
      await cli.dispose();
    }
  });

  it("leaves what the user named until the user repeats it", async () => {
    const named = ["--topic", "named-by-user", "--counter-key", "my:counter", "--sequence-key", "my:sequence"];
    const cli = startCli(["up", "--once", "--ui", "json", "--messages", "100", ...external(), ...named, ...TWO]);
    try {
      await expectPassed(cli, await cli.end(), 100);
      const down = (...args: string[]) => runCli(["down", "--purge", ...args], { cwd: cli.cwd });
      const first = await down();
      expect(first.exitCode, first.stderr).toBe(0);
      expect(first.stdout).toMatch(/left topic named-by-user, which --topic named: repeat --topic named-by-user to/);
      expect(first.stdout).toMatch(/left key my:counter, which --counter-key named: repeat --counter-key my:counter/);
      expect(await listTopics()).toEqual(["named-by-user"]);
      expect(await withRedis(redis.url, (client) => client.exists("my:counter", "my:sequence"))).toBe(2);
      const second = await down(await cli.runId(), ...named);
      expect(second.exitCode, second.stderr).toBe(0);
      expect(second.stdout).not.toContain("left");
      expect(await listTopics()).toEqual([]);
      expect(await withRedis(redis.url, (client) => client.keys("*"))).toEqual([]);
    } finally {
      await cli.dispose();
    }
  });

  it("removes nothing of others, whatever a planted record of a run says", async () => {
    const project = mkdtempSync(join(tmpdir(), "flink-apphost-planted-"));
    const evidence = {
      topic: "orders",
      ownTopic: true,
      warmUpTopic: null,
      countsTopic: null,
      group: "their-group",
      stateKey: "sessions",
      counterKey: "users",
      sequenceKey: "balance",
      kafka: kafka.bootstrap,
      redis: `127.0.0.1:${redis.port}`,
    };
    const keys = { sessions: "1", users: "2", balance: "3", [PROCESSED_MESSAGE_COUNTER_KEY]: "4" };
    const run = plantRun(join(project, ".flink-apphost"), "20300101T000000Z-0d437693", {
      hostStartTime: "1",
      evidence,
    });
    writeFileSync(join(run, "credentials"), redis.url, { mode: 0o600 });
    await createTopic("orders");
    await withRedis(redis.url, (client) => client.mset(keys));
    try {
      for (const args of [[], ["--counter-key", "users", "--sequence-key", "balance"]]) {
        const { exitCode, stdout, stderr } = await runCli(["down", "--purge", ...args], { cwd: project });
        expect(exitCode, stdout + stderr).toBe(0);
        expect(stdout).toContain("left topic orders");
        expect(stdout).toContain("left key users");
      }
      expect(await listTopics()).toEqual(["orders"]);
      expect(await withRedis(redis.url, (client) => client.mget(Object.keys(keys)))).toEqual(Object.values(keys));
    } finally {
      await withRedis(redis.url, (client) => client.del(Object.keys(keys)));
      rmSync(project, { recursive: true, force: true });
    }
  });

  it("uses native servers where that is asked for, and takes their data away", async () => {
    const env = { KAFKA_HOME: process.env["KAFKA_HOME"] as string };
    const args = ["up", "--once", "--ui", "json", "--infra", "native", "--messages", "10_000", "--task-managers", "4"];
    await runCli(args, { env }, async (cli, result) => {
      const report = await expectPassed(cli, result, 10_000);
      expect(report.infra.kafka).toMatchObject({ mode: "native", version: "4.3.0" });
      expect(report.infra.redis.mode).toBe("native");
    });
  });

  it("ends with exit 3 and advice when the password is wrong, and does not print it", async () => {
    const wrong = redis.url.replace("for-this-test", "not-the-one");
    const args = ["up", "--once", "--ui", "json", "--infra", "embedded", "--messages", "10", "--redis", wrong];
    const { exitCode, stdout, stderr } = await runCli(args);
    expect(exitCode, stderr).toBe(3);
    expect(stdout).toMatch(/refused the password/);
    expect(stdout + stderr).not.toContain("not-the-one");
  });
});
