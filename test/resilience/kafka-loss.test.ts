/** A whole run on a real Kafka whose disk did not keep what it had acknowledged. */
import { readdirSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { killAll, untilProcessed, withRun } from "../support/faults.ts";
import { type RealKafka, startRealKafka } from "../support/real-kafka.ts";
import { describeReal } from "../support/real-parts.ts";
import { type Cli, runCli } from "../support/run-cli.ts";
import { expectExit } from "../support/system.ts";

const UP = ["up", "--once", "--infra", "embedded", "--ui", "json", "--task-managers", "2", "--partitions", "4"];

describeReal(["kafka"], "a Kafka that lost its newest records", () => {
  it("fails the run with exit 4, although a restarted producer could send them again, and all counts would be right", async () => {
    const kafka = await startRealKafka();
    const load = ["--messages", "100_000", "--rate", "4_000"];
    try {
      await withRun([...UP, ...load, "--kafka", kafka.bootstrap], async (cli) => {
        await untilProcessed(cli, 2_000);
        // What is lost is lost before anybody has read it: else a TaskManager would notice, too, and end the job.
        await command(cli, "stop", "taskmanager");
        const stoppedAtUs = (await cli.events()).at(-1)?.atUs ?? Number.POSITIVE_INFINITY;
        const before = await cli.waitForEvent(
          "progress",
          ({ atUs, acknowledged, processed }) => atUs > stoppedAtUs && acknowledged > 3 * processed,
        );
        await kafka.kill();
        await killAll(cli, "producer");
        cutTopic(kafka);
        await kafka.start();
        await command(cli, "start", "taskmanager");
        const report = await expectExit(cli, await cli.end(), 4);
        expect(report.verdict).toBe("failed");
        expect(report.reasons[0]).toMatch(
          /^producer: Kafka lost acknowledged records of flinkdotnet\S+-\d: they reach to offset (\d+), and the log ends at offset (?!\1)\d+;/,
        );
        const { acknowledged, requested } = report.messages;
        expect(acknowledged).toBeGreaterThanOrEqual(before.acknowledged);
        expect(report.unacknowledged).toEqual({ unknown: 0, refused: 0, unsent: requested - acknowledged });
      });
    } finally {
      await kafka.stop();
    }
  });
});

async function command(cli: Cli, ...args: readonly string[]): Promise<void> {
  const result = await runCli(args, { cwd: cli.cwd });
  expect(result.exitCode, result.stderr).toBe(0);
}

/** The newer half of what each partition has. */
function cutTopic({ folder }: RealKafka): void {
  const data = join(folder, "data");
  for (const partition of readdirSync(data).filter((name) => name.startsWith("flinkdotnet"))) {
    const file = join(data, partition, "00000000000000000000.log");
    truncateSync(file, Math.floor(statSync(file).size / 2));
  }
}
