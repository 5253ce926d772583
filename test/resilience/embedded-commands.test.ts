/** Commands on embedded servers and on TaskManagers, in the worst moment. */
import { describe, it } from "vitest";
import { killAll, untilProcessed, withRun } from "../support/faults.ts";
import { expectDone, loadOf } from "../support/server-commands.ts";
import { expectExit, expectPassed } from "../support/system.ts";

// The first waits for a minute and does nothing else, so the second has its time beside it: forty seconds of load.
describe.concurrent("embedded servers", () => {
  it("a Redis that stays stopped is given up after a minute: the job fails with 3, and the report says why", async ({
    expect,
  }) => {
    await withRun(loadOf("embedded", 600_000, 5_000), async (cli) => {
      await untilProcessed(cli, 1);
      await expectDone(cli, "stop", "redis");
      const report = await expectExit(cli, await cli.end(), 3);
      expect(report.reasons.join("\n")).toMatch(/Redis at .* did not answer/);
    });
  });

  it("a scale that loses its JobManager in the middle still ends exact, and done", async ({ expect }) => {
    await withRun(loadOf("embedded", 200_000, 5_000), async (cli) => {
      await untilProcessed(cli, 10_000);
      for (const count of ["9", "2", "6"]) {
        const scaled = expectDone(cli, "scale", "taskmanager", count);
        await killAll(cli, "jobmanager");
        await scaled;
      }
      const report = await expectPassed(cli, await cli.end(), 200_000);
      expect(report.taskManagers.filter(({ partitions }) => partitions.length > 0)).toHaveLength(6);
    });
  });
});
