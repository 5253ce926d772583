/** Commands on native servers under load: they come back on the same port with their data, and nothing is counted twice. */
import { expect, it } from "vitest";
import { untilProcessed, untilRestarted, withRun } from "../support/faults.ts";
import { describeReal } from "../support/real-parts.ts";
import {
  expectDone,
  leavePaused,
  loadOf,
  PAUSES,
  pauseAndResume,
  restartStopAndStart,
} from "../support/server-commands.ts";
import { expectPassed } from "../support/system.ts";

/** Half a minute of load, while the commands take ten to twenty seconds in which records are produced. */
const MESSAGES = 350_000;

describeReal(["kafka", "redis"], "native servers under load", () => {
  const env = { KAFKA_HOME: process.env["KAFKA_HOME"] as string };

  it("may be restarted, stopped and started, paused and resumed, and one of them killed", async () => {
    await withRun(
      loadOf("native", MESSAGES, 10_000),
      async (cli) => {
        await untilProcessed(cli, 30_000);
        await restartStopAndStart(cli);
        // What was asked for by these is no fault.
        expect((await cli.events()).filter(({ type }) => type === "fault")).toEqual([]);
        await pauseAndResume(cli);
        await expectDone(cli, "kill", "redis");
        // It was started twice by command.
        await untilRestarted(cli, "redis", 3);
        const report = await expectPassed(cli, await cli.end(), MESSAGES);
        expect(report.faults.map(({ kind, target, planned }) => [kind, target, planned])).toEqual([
          ...PAUSES,
          ["processExit", "redis", true],
        ]);
      },
      { env },
    );
  });

  it("paused ones end in order with the run, which waits for neither: their records are read, and counted", async () => {
    await withRun(loadOf("native", 1_000_000, 5_000), (cli) => leavePaused(cli), { env });
  });
});
