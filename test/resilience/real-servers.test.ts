/** Kafka and Redis themselves die, with the data that they have on disk. */
import { expect, it } from "vitest";
import { killAll, taskManagers, untilProcessed, withRun } from "../support/faults.ts";
import { describeReal } from "../support/real-parts.ts";
import { loadOf } from "../support/server-commands.ts";
import { expectPassed } from "../support/system.ts";

describeReal(["kafka", "redis"], "native servers", () => {
  const env = { KAFKA_HOME: process.env["KAFKA_HOME"] as string };
  const args = (messages: number, rate: number) => loadOf("native", messages, rate);

  it("may be killed together with everything else at once", async () => {
    await withRun(
      args(400_000, 80_000),
      async (cli) => {
        await untilProcessed(cli, 1);
        const others = ["jobmanager", "producer", "flink-job-simulator", ...taskManagers(4)];
        await killAll(cli, "kafka", "redis", ...others);
        const report = await expectPassed(cli, await cli.end(), 400_000);
        const hit = new Set(report.faults.map(({ target }) => target));
        expect([...hit]).toEqual(expect.arrayContaining(["kafka", "redis", ...others]));
      },
      { env },
    );
  });

  it("keep their data: a Redis that comes back with it is a new life, and no record is counted again", async () => {
    await withRun(
      args(400_000, 80_000),
      async (cli) => {
        await untilProcessed(cli, 50_000);
        await killAll(cli, "redis");
        const report = await expectPassed(cli, await cli.end(), 400_000);
        expect(report.infra.redis).toMatchObject({ aof: "on", fsync: "everysec" });
      },
      { env },
    );
  });
});
