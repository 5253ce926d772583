/** Commands on containers under load: the same ones come back with their data, and nothing is counted twice. */
import { expect, it } from "vitest";
import { untilProcessed, withRun } from "../support/faults.ts";
import { containerOf, untilNothingOfRun } from "../support/real-docker.ts";
import { describeReal } from "../support/real-parts.ts";
import { leavePaused, loadOf, PAUSES, pauseAndResume, restartStopAndStart } from "../support/server-commands.ts";
import { expectPassed } from "../support/system.ts";

/** Half a minute of load, while the commands take ten to twenty seconds in which records are produced. */
const MESSAGES = 350_000;

describeReal(["docker"], "containers under load", () => {
  it("may be restarted, stopped and started, and paused and resumed by their engine", async () => {
    await withRun(loadOf("docker", MESSAGES, 10_000), async (cli) => {
      await untilProcessed(cli, 30_000);
      const runId = await cli.runId();
      const idsOf = async () => [(await containerOf(runId, "kafka")).id, (await containerOf(runId, "redis")).id];
      const before = await idsOf();
      await restartStopAndStart(cli);
      expect(await idsOf()).toEqual(before);
      // What was asked for by these is no fault.
      expect((await cli.events()).filter(({ type }) => type === "fault")).toEqual([]);
      await pauseAndResume(cli);
      const report = await expectPassed(cli, await cli.end(), MESSAGES);
      expect(report.faults.map(({ kind, target, planned }) => [kind, target, planned])).toEqual(PAUSES);
    });
  });

  it("paused ones end in order with the run: their records are read, and counted", async () => {
    await withRun(loadOf("docker", 1_000_000, 5_000), async (cli) => {
      const runId = await cli.runId();
      await leavePaused(cli);
      await untilNothingOfRun(runId);
    });
  });
});
