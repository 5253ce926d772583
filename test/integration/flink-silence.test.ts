/** A Flink of others that falls silent in the middle of a run: told at once, told when it is back, and an end with a name. */
import { expect, it } from "vitest";
import { SILENT_MS_MAX } from "../../apphost/drivers/flink/flink-silence.ts";
import { startRealFlink } from "../support/real-flink.ts";
import { describeReal } from "../support/real-parts.ts";
import { startCli } from "../support/run-cli.ts";
import { expectExit } from "../support/system.ts";

const RUN_MS_MAX = 480_000;
const WAIT_MS_MAX = 240_000;
const MESSAGES = 60_000;
/** Stopping the job, its cancellation, the verdict and the end of all processes. */
const END_MS_MAX = 60_000;
const LOAD = `--ui json --task-managers 2 --partitions 4 --messages ${MESSAGES} --rate 500`.split(" ");
const env = { FLINK_HOME: process.env["FLINK_HOME"] ?? "", KAFKA_HOME: process.env["KAFKA_HOME"] ?? "" };

describeReal(["flink", "kafka", "redis"], "a Flink of others that falls silent", () => {
  it("is told at once and when it answers again, and after a minute the run ends with exit code 3", {
    timeout: RUN_MS_MAX,
  }, async () => {
    const flink = await startRealFlink(2);
    const cli = startCli(["up", "--once", "--flink", flink.url, ...LOAD], { env, deadlineMs: RUN_MS_MAX });
    try {
      await cli.waitForEvent("progress", ({ processed }) => processed > 0, WAIT_MS_MAX);
      await flink.jobManager.pause();
      const isSilent = `Flink at ${flink.url} gives no answer`;
      await cli.waitForEvent("notice", ({ level, text }) => level === "warn" && text.startsWith(isSilent));
      await flink.jobManager.resume();
      await cli.waitForEvent("notice", ({ text }) => text.startsWith(`Flink at ${flink.url} answers again, after `));
      const killedAtMs = performance.now();
      flink.jobManager.kill();
      const report = await expectExit(cli, await cli.end(), 3);
      expect(performance.now() - killedAtMs).toBeGreaterThanOrEqual(SILENT_MS_MAX);
      expect(performance.now() - killedAtMs).toBeLessThan(SILENT_MS_MAX + END_MS_MAX);
      expect(report.reasons.join()).toContain(`Flink at ${flink.url} gave no answer for `);
    } finally {
      await cli.dispose();
      await flink.stop();
    }
  });
});
