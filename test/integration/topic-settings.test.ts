/** A real Kafka whose own settings for topics would delete, refuse or change what a run sends. */

import { afterAll, beforeAll, expect, it } from "vitest";
import { OWN_TOPIC_SETTINGS, VERSIONED_TOPIC_SETTINGS } from "../../apphost/resources/topic-settings.ts";
import { createTopic, readTopicSettings } from "../../simulator/clients/kafka/admin.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { kafkaAt } from "../support/addresses.ts";
import { type RealKafka, startRealKafka } from "../support/real-kafka.ts";
import { describeReal } from "../support/real-parts.ts";
import { runCli } from "../support/run-cli.ts";
import { expectPassed, readVerdict } from "../support/system.ts";

const log = createLog(() => undefined);
const UP = [
  "up",
  "--once",
  "--infra",
  "embedded",
  "--ui",
  "json",
  "--task-managers",
  "2",
  "--partitions",
  "4",
] as const;

describeReal(["kafka"], "a Kafka that keeps little", () => {
  let kafka: RealKafka;

  beforeAll(async () => {
    kafka = await startRealKafka({
      properties: [
        "log.retention.ms=500",
        "log.retention.bytes=100000",
        "log.retention.check.interval.ms=100",
        "log.initial.task.delay.ms=100",
        "log.segment.bytes=1048576",
        "log.segment.delete.delay.ms=0",
        "message.max.bytes=100000",
        "compression.type=zstd",
        "log.cleanup.policy=compact",
        "log.cleaner.backoff.ms=100",
        "log.cleaner.min.cleanable.ratio=0.0001",
        "log.cleaner.max.compaction.lag.ms=100",
        "log.message.timestamp.type=LogAppendTime",
        "log.message.timestamp.before.max.ms=1",
        "log.message.timestamp.after.max.ms=1",
        "log.roll.ms=200",
        "log.index.size.max.bytes=1024",
        "log.index.interval.bytes=1",
        "log.preallocate=true",
        "unclean.leader.election.enable=true",
        "num.partitions=1",
        // More than it can give: it is alone.
        "default.replication.factor=3",
        "min.insync.replicas=2",
      ],
    });
  });
  afterAll(() => kafka?.stop());

  const admin = () => ({ bootstrap: kafkaAt(kafka.bootstrap), log });

  it("keeps what a run sends to its own topic until it is judged", async () => {
    // Longer than it would be kept, and more than a segment in each partition.
    const load = ["--messages", "120_000", "--rate", "40_000", "--message-size", "120"];
    await runCli([...UP, ...load, "--kafka", kafka.bootstrap], {}, async (cli, result) => {
      const { job } = await expectPassed(cli, result, 120_000);
      const settings = await readTopicSettings(admin(), job.topic);
      expect(Object.fromEntries(settings)).toMatchObject(OWN_TOPIC_SETTINGS);
      // Those of other versions are not there at all.
      const known = Object.entries(VERSIONED_TOPIC_SETTINGS).filter(([name]) => settings.has(name));
      expect(known.map(([name]) => [name, settings.get(name)])).toEqual(known);
      expect(known.length).toBeGreaterThan(0);
      expect(settings.get("min.insync.replicas")).toBe("1");
    });
  });

  it.each([
    ["retention.ms", "60000", "600000"],
    ["max.message.bytes", "100000", "[0-9]+"],
    ["cleanup.policy", "compact", "delete"],
    ["message.timestamp.before.max.ms", "1000", "60000"],
  ])("is refused by name where a topic that exists has %s=%s", async (name, value, needed) => {
    const topic = `named-${name}`;
    const fit = {
      "cleanup.policy": "delete",
      "retention.ms": "-1",
      "retention.bytes": "-1",
      "max.message.bytes": "1048588",
      "compression.type": "producer",
      "message.timestamp.type": "CreateTime",
      "message.timestamp.before.max.ms": "60000",
    };
    await createTopic(admin(), { topic, partitions: 4, configs: { ...fit, [name]: value } });
    const result = await runCli([...UP, "--messages", "40_000", "--kafka", kafka.bootstrap, "--topic", topic]);
    expect(result.exitCode, result.stderr).toBe(2);
    const reason = new RegExp(`topic ${topic} cannot be used: its ${name} is ${value}, and the run needs ${needed}`);
    expect(readVerdict(result).reasons).toEqual([expect.stringMatching(reason)]);
  });

  it("may compress anew what is sent to a topic that exists", async () => {
    const configs = { ...OWN_TOPIC_SETTINGS, "compression.type": "zstd" };
    const versionedConfigs = VERSIONED_TOPIC_SETTINGS;
    await createTopic(admin(), { topic: "compressing", partitions: 4, configs, versionedConfigs });
    const args = [...UP, "--messages", "20_000", "--kafka", kafka.bootstrap, "--topic", "compressing"];
    await runCli(args, {}, async (cli, result) => {
      await expectPassed(cli, result, 20_000);
    });
  });

  it("that does not allow a setting is told which", async () => {
    const spec = {
      topic: "not-allowed",
      partitions: 1,
      configs: { "retention.ms": "-1", "cleanup.policy": "sometimes" },
    };
    await expect(createTopic(admin(), spec)).rejects.toMatchObject({
      code: "KAFKA_SETTING_REFUSED",
      message: expect.stringMatching(
        /does not allow cleanup\.policy=sometimes \(there it is compact\) for topic not-allowed \("Invalid value sometimes/,
      ),
    });
  });
});
