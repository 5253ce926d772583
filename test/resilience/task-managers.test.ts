/** TaskManagers that die or are stopped, one or all, while records flow: everything is counted exactly once. */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { HEARTBEAT_TIMEOUT_MS } from "../../simulator/common/contract/job/rpc.ts";
import {
  killAll,
  taskManagers,
  untilPhase,
  untilProcessed,
  untilRestarted,
  whileStopped,
  withRun,
} from "../support/faults.ts";
import { expectPassed, ONCE } from "../support/system.ts";

const ALL = taskManagers(4);
/** Some five seconds of load. */
const MIDDLE = [...ONCE, "--messages", "10_000", "--rate", "2000", "--task-managers", "4"];
/** Load for longer than the JobManager waits for a silent TaskManager. */
const LONG = [...ONCE, "--messages", "16_000", "--rate", "2000", "--task-managers", "4"];
const UNHEARD_MS = HEARTBEAT_TIMEOUT_MS + 1_500;

describe("TaskManagers", () => {
  it("may all be killed at once, and again as soon as they are back", async () => {
    await withRun(MIDDLE, async (cli) => {
      await untilProcessed(cli, 1);
      await killAll(cli, ...ALL);
      await Promise.all(ALL.map((name) => untilRestarted(cli, name)));
      await killAll(cli, ...ALL);
      const report = await expectPassed(cli, await cli.end(), 10_000);
      expect(report.taskManagers.map(({ restarts }) => restarts)).toEqual([2, 2, 2, 2]);
    });
  });

  it("may be stopped until others have their partitions: what they had in mind is fenced when they wake up", async () => {
    await withRun(LONG, async (cli) => {
      await untilProcessed(cli, 1);
      // Two of four, so that the others take over while records come.
      await whileStopped(cli, ALL.slice(0, 2), () => sleep(UNHEARD_MS));
      const report = await expectPassed(cli, await cli.end(), 16_000);
      expect(report.taskManagers.map(({ restarts }) => restarts)).toEqual([0, 0, 0, 0]);
    });
  });

  it("may stay stopped until the job is over, and come back to nothing", async () => {
    await withRun(MIDDLE, async (cli) => {
      await untilProcessed(cli, 1);
      await whileStopped(cli, ALL.slice(0, 1), () => untilPhase(cli, "validating"));
      await expectPassed(cli, await cli.end(), 10_000);
    });
  });
});
