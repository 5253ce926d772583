/** Everybody who is not on the way of the records dies or sleeps: producer, JobManager, client, validator. */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { HEARTBEAT_TIMEOUT_MS } from "../../simulator/common/contract/job/rpc.ts";
import {
  killAll,
  processOf,
  taskManagers,
  untilPhase,
  untilProcessed,
  untilRestarted,
  whileStopped,
  withRun,
} from "../support/faults.ts";
import { expectPassed, ONCE, releaseHold, waitForHold } from "../support/system.ts";

const MIDDLE = [...ONCE, "--messages", "10_000", "--rate", "2000", "--task-managers", "4"];
const LONG = [...ONCE, "--messages", "16_000", "--rate", "2000", "--task-managers", "4"];

describe("coordination", () => {
  it("survives a producer that is killed twice: no record is missing, and none is there twice", async () => {
    await withRun(LONG, async (cli) => {
      await untilProcessed(cli, 1);
      await killAll(cli, "producer");
      await untilRestarted(cli, "producer");
      await killAll(cli, "producer");
      const report = await expectPassed(cli, await cli.end(), 16_000);
      expect(report.faults.filter(({ target }) => target === "producer")).toHaveLength(2);
    });
  });

  it("survives JobManager and client killed together, and the JobManager once more while the job drains", async () => {
    await withRun(MIDDLE, async (cli) => {
      await untilProcessed(cli, 1);
      await killAll(cli, "jobmanager", "flink-job-simulator");
      await untilRestarted(cli, "jobmanager");
      await untilPhase(cli, "draining");
      await killAll(cli, "jobmanager");
      await expectPassed(cli, await cli.end(), 10_000);
    });
  });

  it("goes on counting beside a JobManager that sleeps longer than anybody waits for it", async () => {
    await withRun(LONG, async (cli) => {
      await untilProcessed(cli, 1);
      await whileStopped(cli, ["jobmanager"], () => sleep(HEARTBEAT_TIMEOUT_MS + 2_000));
      await expectPassed(cli, await cli.end(), 16_000);
    });
  });

  it("takes a machine that slept for what it is: nobody is declared dead, and no partition moves", async () => {
    await withRun(LONG, async (cli) => {
      await untilProcessed(cli, 1);
      const all = ["kafka", "redis", "jobmanager", "producer", "flink-job-simulator", ...taskManagers(4)];
      await whileStopped(cli, all, () => sleep(HEARTBEAT_TIMEOUT_MS + 1_000));
      const report = await expectPassed(cli, await cli.end(), 16_000);
      expect(report.faults).toEqual([]);
      const lost = (await cli.events()).filter((event) => event.type === "notice" && event.text.includes("is lost"));
      expect(lost).toEqual([]);
    });
  });

  it("validates anew when the validator is killed", async () => {
    await withRun([...MIDDLE, "--test-hold", "before-validation"], async (cli) => {
      await waitForHold(cli);
      await releaseHold(cli);
      await processOf(cli, "validator");
      await killAll(cli, "validator");
      await expectPassed(cli, await cli.end(), 10_000);
    });
  });
});
