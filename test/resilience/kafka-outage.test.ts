/** Kafka goes away for longer than a topic may be missing, and comes back before its topics do. */
import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import { untilProcessed, withRun } from "../support/faults.ts";
import { describeReal } from "../support/real-parts.ts";
import { expectPassed } from "../support/system.ts";
import { startZooKeeperKafka } from "../support/zookeeper-kafka.ts";

const MESSAGES = 300_000;
/** Above the 10 s after which a missing topic is believed to be missing; a topic is not missing because nobody answers. */
const AWAY_MS = 12_000;
/**
 * Each would end the run, were it not for what its topic is created with. They have other names today, or other bounds. One
 * that a broker with a single replica of its own topics cannot live with, as min.insync.replicas=2, is not among them.
 */
const BAD_DEFAULTS = [
  // With this format no batch carries a producer's sequences.
  "log.message.format.version=0.10.2",
  "log.message.timestamp.difference.max.ms=1000",
  "log.segment.bytes=10000",
  "default.replication.factor=3",
];

describeReal(["kafka-zookeeper"], "a Kafka that keeps its metadata in ZooKeeper", () => {
  it("may be killed and stay away for 12 s: it answers that there is no such topic before it has loaded them", async () => {
    const kafka = await startZooKeeperKafka(BAD_DEFAULTS);
    const args = ["up", "--once", "--ui", "json", "--infra", "embedded", "--task-managers", "4"];
    const load = ["--kafka", kafka.bootstrap, "--messages", String(MESSAGES), "--rate", "60000"];
    try {
      await withRun([...args, ...load], async (cli) => {
        await untilProcessed(cli, 1);
        await kafka.kill();
        await delay(AWAY_MS);
        await kafka.start();
        const report = await expectPassed(cli, await cli.end(), MESSAGES);
        expect(report.infra.kafka.mode).toBe("external");
      });
    } finally {
      await kafka.stop();
    }
  });
});
