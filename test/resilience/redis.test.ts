/** A Redis that forgets everything: the embedded one lives in memory, so each death of it is a new life of the data. */
import { describe, expect, it } from "vitest";
import { killAll, taskManagers, untilProcessed, untilRestarted, whileStopped, withRun } from "../support/faults.ts";
import { expectPassed, ONCE, releaseHold, waitForHold } from "../support/system.ts";

const MIDDLE = [...ONCE, "--messages", "10_000", "--rate", "2000", "--task-managers", "4"];

describe("a Redis without its data", () => {
  it("is recovered from a checkpoint, twice, the second time together with the JobManager", async () => {
    await withRun(MIDDLE, async (cli) => {
      await untilProcessed(cli, 1);
      await killAll(cli, "redis");
      await untilRestarted(cli, "redis");
      await untilProcessed(cli, 4_000);
      await killAll(cli, "redis", "jobmanager");
      await expectPassed(cli, await cli.end(), 10_000);
    });
  });

  it("comes back while every TaskManager sleeps: each of them gets its partitions in the new life", async () => {
    await withRun(MIDDLE, async (cli) => {
      await untilProcessed(cli, 1);
      await whileStopped(cli, taskManagers(4), async () => {
        await killAll(cli, "redis");
        await untilRestarted(cli, "redis");
        // The new life is there, and its assignment waits in the sockets of those that sleep.
        await cli.waitForEvent("notice", (event) => event.text.includes("state recovered"));
      });
      await expectPassed(cli, await cli.end(), 10_000);
    });
  });

  it("gets the state of the ended job again, before it is validated", async () => {
    await withRun([...MIDDLE, "--test-hold", "before-validation"], async (cli) => {
      await waitForHold(cli);
      await killAll(cli, "redis");
      await releaseHold(cli);
      const report = await expectPassed(cli, await cli.end(), 10_000);
      expect(report.faults).toContainEqual(expect.objectContaining({ target: "redis" }));
    });
  });
});
