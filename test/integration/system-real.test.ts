/** The same promises on a real Apache Kafka and a real Redis that are not ours: exact, tidy, and cleaned up on request. */
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
import { createKafka, expectPassed, withRedis } from "../support/system.ts";

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
