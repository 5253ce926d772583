/** Kafka and Redis die as containers do, under load: the same container comes back with its data, at its address. */
import { expect, it } from "vitest";
import { untilProcessed, untilRestarted, withRun } from "../support/faults.ts";
import { containerOf, listOfRun } from "../support/real-docker.ts";
import { describeReal } from "../support/real-parts.ts";
import { expectPassed } from "../support/system.ts";

const args = (network: string) => [
  "up",
  "--once",
  "--ui",
  "json",
  "--infra",
  "docker",
  "--docker-network",
  network,
  "--task-managers",
  "4",
  "--messages",
  "400_000",
  "--rate",
  "40_000",
];

describeReal(["docker"], "containers under load", () => {
  it.each(["host", "published"])(
    "may be killed, both at once, over a %s network: every count is exact",
    async (network) => {
      await withRun(args(network), async (cli) => {
        await untilProcessed(cli, 50_000);
        const runId = await cli.runId();
        const containers = await Promise.all([containerOf(runId, "kafka"), containerOf(runId, "redis")]);
        await Promise.all(containers.map((container) => container.kill()));
        await untilRestarted(cli, "kafka");
        const again = await Promise.all([containerOf(runId, "kafka"), containerOf(runId, "redis")]);
        expect(again.map(({ id }) => id)).toEqual(containers.map(({ id }) => id));
        const report = await expectPassed(cli, await cli.end(), 400_000);
        expect(report.faults.map(({ target }) => target)).toEqual(expect.arrayContaining(["kafka", "redis"]));
        expect(await listOfRun(runId)).toEqual([]);
      });
    },
  );

  it("may be stopped in order by somebody else: Kafka comes back, and every count is exact", async () => {
    await withRun(args("published"), async (cli) => {
      await untilProcessed(cli, 50_000);
      await (await containerOf(await cli.runId(), "kafka")).stop({ t: 10 });
      await untilRestarted(cli, "kafka");
      await expectPassed(cli, await cli.end(), 400_000);
    });
  });
});
