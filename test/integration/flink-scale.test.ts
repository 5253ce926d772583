/**
 * `scale` of a job on a real Apache Flink in the middle of a load, as a user gives it: fewer, more, and still exact; and
 * the host's `/metrics`, held against the verdicts.
 */
import { expect, it } from "vitest";
import type { HostDescription } from "../../apphost/model/description.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { type Scrape, scrape } from "../support/prometheus.ts";
import { describeReal } from "../support/real-parts.ts";
import { type Cli, runCli, startCli } from "../support/run-cli.ts";
import { expectExit, readRunVariables } from "../support/system.ts";

const RUN_MS_MAX = 480_000;
const WAIT_MS_MAX = 240_000;
const MESSAGES = 60_000;
const MORE = 5_000;
const ON_FLINK =
  `up --engine flink --infra native --ui json --task-managers 4 --partitions 4 --max-time 300s --rate 1000 --messages ${MESSAGES}`.split(
    " ",
  );
const env = { FLINK_HOME: process.env["FLINK_HOME"] ?? "", KAFKA_HOME: process.env["KAFKA_HOME"] ?? "" };

async function scale(cli: Cli, replicas: number): Promise<string> {
  const args = ["scale", "taskmanager", String(replicas)];
  const { exitCode, stderr } = await runCli(args, { cwd: cli.cwd, deadlineMs: WAIT_MS_MAX });
  expect(exitCode, stderr).toBe(0);
  return stderr;
}

/** Those that stand in `describe`, and those that Flink has with the parallelism of its job. */
async function readShape(cli: Cli) {
  const { stdout } = await runCli(["describe", "--format", "json"], { cwd: cli.cwd });
  const { resources } = JSON.parse(stdout) as HostDescription;
  const url = resources.find(({ name }) => name === "jobmanager")?.urls[0]?.url ?? "";
  const read = async (path: string): Promise<unknown> => (await fetch(url + path)).json();
  const { taskmanagers } = (await read("/taskmanagers")) as { taskmanagers: { id: string }[] };
  const { jobs } = (await read("/jobs")) as { jobs: { id: string }[] };
  const { vertices } = (await read(`/jobs/${jobs[0]?.id}`)) as { vertices: { parallelism: number }[] };
  return {
    described: resources.filter(({ resourceType }) => resourceType === "taskmanager").map(({ name }) => name),
    registered: taskmanagers.map(({ id }) => id).sort(),
    parallelism: [...new Set(vertices.map(({ parallelism }) => parallelism))],
  };
}

const RECORDS_IN = "flink_taskmanager_job_task_operator_numRecordsIn";
const PROCESSED = "flink_apphost_job_processed_records";

/** Flink's figures are some seconds old when it tells them. */
async function scrapeUntil(cli: Cli, what: string, isReached: (found: Scrape) => boolean): Promise<Scrape> {
  const url = (await readRunVariables(cli.cwd))["METRICS_HTTP"] ?? "";
  const look = async () => {
    const found = await scrape(url);
    return isReached(found) ? found : undefined;
  };
  return waitUntil(look, { what: `a scrape with ${what}`, deadlineMs: 30_000, intervalMs: 200 });
}

/** Flink asks its TaskManagers every 2 s (`metrics.fetcher.update-interval`): what stood still for three of them is final. */
const FINAL_AFTER_MS = 6_000;

function createStillness(): (value: number) => boolean {
  let last = Number.NaN;
  let sinceMs = 0;
  return (value) => {
    if (value !== last) [last, sinceMs] = [value, performance.now()];
    return performance.now() - sinceMs >= FINAL_AFTER_MS;
  };
}

const names = (count: number) => Array.from({ length: count }, (_, index) => `taskmanager-0${index + 1}`);
const shapeOf = (count: number) => ({ described: names(count), registered: names(count), parallelism: [count] });

describeReal(["flink", "kafka", "redis"], "a job on Apache Flink that is scaled", () => {
  it("goes from 4 to 2 and back to 4 TaskManagers in the middle of a load, is exact, and its metrics say so", {
    timeout: RUN_MS_MAX,
  }, async () => {
    const cli = startCli(ON_FLINK, { env, deadlineMs: RUN_MS_MAX });
    try {
      await cli.waitForEvent("progress", ({ processed }) => processed >= 0.1 * MESSAGES, WAIT_MS_MAX);
      expect(await scale(cli, 2)).toMatch(/stopping taskmanager-03, taskmanager-04/);
      expect(await readShape(cli)).toEqual(shapeOf(2));
      expect(await scale(cli, 4)).toMatch(/starting taskmanager-03, taskmanager-04/);
      expect(await readShape(cli)).toEqual(shapeOf(4));
      // It was in the middle of the load.
      expect((await cli.events()).some((event) => event.type === "phase" && event.phase === "draining")).toBe(false);
      const verdict = await cli.waitForEvent("verdict", () => true, WAIT_MS_MAX);
      expect(verdict).toMatchObject({ verdict: "passed", processed: MESSAGES });
      const isStill = createStillness();
      const before = await scrapeUntil(cli, "4 TaskManagers and all records", (found) => {
        const isWhole = found.sum("flink_jobmanager_taskSlotsTotal") === 4 && found.sum(PROCESSED) === MESSAGES;
        return isStill(found.sum(RECORDS_IN)) && isWhole;
      });
      expect(before.samples(RECORDS_IN).map(({ labels }) => labels["tm_id"])).toEqual(expect.arrayContaining(names(4)));
      expect(before.sum("flink_jobmanager_job_numberOfCompletedCheckpoints")).toBeGreaterThan(0);
      const { exitCode } = await runCli(["produce", "--messages", String(MORE)], { cwd: cli.cwd });
      expect(exitCode).toBe(0);
      // The job did not restart in between, so its sources read what this round has and no more.
      await scrapeUntil(cli, "the second round", (found) => {
        const isRead = found.sum(RECORDS_IN) - before.sum(RECORDS_IN) === MORE;
        return isRead && found.sum(PROCESSED) === MESSAGES + MORE;
      });
      cli.process.kill("SIGTERM");
      const report = await expectExit(cli, await cli.end(), 0);
      expect(report.messages).toMatchObject({ processed: MESSAGES + MORE, lost: 0, duplicated: 0 });
      expect(report.checks.filter(({ status }) => status === "failed" || status === "unknown")).toEqual([]);
      // Those that were scaled away are no fault.
      expect(report.faults).toEqual([]);
    } finally {
      await cli.dispose();
    }
  });
});
