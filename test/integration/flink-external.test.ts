/** `--flink`: the job on a Flink that runs without this host, which is left as it was on every way out. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { jobIdOf } from "../../simulator/common/contract/names.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { type RealFlink, startRealFlink } from "../support/real-flink.ts";
import { describeReal } from "../support/real-parts.ts";
import { runCli, startCli } from "../support/run-cli.ts";
import { startScriptedFlink } from "../support/scripted-flink.ts";
import { expectExit } from "../support/system.ts";

const SLOTS = 2;
const RUN_MS_MAX = 420_000;
const ANSWER_MS_MAX = 5_000;
const LOAD = `--ui json --task-managers ${SLOTS} --partitions 4 --messages 2000`.split(" ");
const env = { FLINK_HOME: process.env["FLINK_HOME"] ?? "", KAFKA_HOME: process.env["KAFKA_HOME"] ?? "" };

it("ends with exit code 3 and a sentence of its own where nobody listens, and where no Flink does", async () => {
  const other = await startScriptedFlink(() => ({ body: { hello: "world" } }));
  try {
    for (const [url, sentence] of [
      ["http://127.0.0.1:1", "nobody listens at http://127.0.0.1:1"],
      [other.url, `at ${other.url} is no Flink: its answer to GET /config is another one`],
    ] as const) {
      const startedMs = performance.now();
      const { exitCode, stderr } = await runCli(["up", "--once", "--flink", url, "--messages", "2000"]);
      expect({ exitCode, isInTime: performance.now() - startedMs < ANSWER_MS_MAX }, stderr).toEqual({
        exitCode: 3,
        isInTime: true,
      });
      expect(stderr).toContain(`Flink cannot run in mode external: ${sentence}`);
    }
  } finally {
    other.close();
  }
});

describeReal(["flink", "kafka", "redis"], "a Flink of others", () => {
  let flink: RealFlink;
  beforeAll(async () => {
    flink = await startRealFlink(SLOTS);
  }, RUN_MS_MAX);
  afterAll(() => flink.stop(), RUN_MS_MAX);

  const stateOf = async (runId: string) =>
    ((await flink.read(`/jobs/${jobIdOf(runId)}/status`)) as { readonly status: string }).status;
  const expectLeft = async () => {
    expect(await flink.read("/overview")).toMatchObject({ "slots-total": SLOTS, "jobs-running": 0 });
    expect(flink.isWhole()).toBe(true);
  };

  it("runs the job to an exact verdict through its own gateway", { timeout: RUN_MS_MAX }, async () => {
    const gateway = ["--sql-gateway", flink.gatewayUrl];
    const cli = startCli(["up", "--once", "--flink", flink.url, ...gateway, ...LOAD], { env, deadlineMs: RUN_MS_MAX });
    try {
      const report = await expectExit(cli, await cli.end(), 0);
      expect(report.messages).toMatchObject({ processed: 2_000, lost: 0, duplicated: 0 });
      expect(await stateOf(await cli.runId())).toBe("CANCELED");
      await expectLeft();
    } finally {
      await cli.dispose();
    }
  });

  it("has no job any more when the host was killed with SIGKILL, and no slot for a second one before that", {
    timeout: RUN_MS_MAX,
  }, async () => {
    const cli = startCli(["up", "--flink", flink.url, ...LOAD], { env, deadlineMs: RUN_MS_MAX });
    try {
      await cli.waitForEvent("verdict", ({ exitCode }) => exitCode === 0, RUN_MS_MAX);
      const runId = await cli.runId();
      expect(await stateOf(runId)).toBe("RUNNING");
      const second = await runCli(["up", "--once", "--flink", flink.url, ...LOAD], { env });
      expect(second).toMatchObject({ exitCode: 3, stderr: expect.stringContaining(`0 of its ${SLOTS} are free`) });
      cli.process.kill("SIGKILL");
      await waitUntil(async () => ((await stateOf(runId)) === "CANCELED" ? true : undefined), {
        what: "the watchdog to cancel the job",
        deadlineMs: 60_000,
      });
      await expectLeft();
    } finally {
      await cli.dispose();
    }
  });
});
