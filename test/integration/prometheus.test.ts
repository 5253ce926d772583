/** /metrics of a JobManager that runs a job: its figures against the verdict's, over deaths of a TaskManager and its own. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { type Scrape, scrape } from "../support/prometheus.ts";
import { type Cli, runCli, startCli } from "../support/run-cli.ts";
import { readRunVariables } from "../support/system.ts";

const OPERATOR = "flink_taskmanager_job_task_operator";
const PARTITION = `${OPERATOR}_KafkaSourceReader_topic_partition`;
const TOTAL = "flink_apphost_job_processed_records";
const SOURCE = { operator_name: "Source: kafka" };
const SINK = { operator_name: "Sink: redis" };
const DEADLINE_MS = 20_000;

describe("/metrics of a running job", () => {
  let host: Cli;
  let url: string;
  beforeAll(async () => {
    const shape = ["--task-managers", "2", "--partitions", "4"];
    host = startCli(["up", "--messages", "3000", "--infra", "embedded", "--ui", "json", ...shape]);
    await host.waitForEvent("verdict", ({ verdict }) => verdict === "passed");
    url = (await readRunVariables(host.cwd))["JOBMANAGER_HTTP"] as string;
  });
  afterAll(() => host.dispose());

  /** Heartbeats bring the figures, one a second. */
  const scrapeUntil = (what: string, isReached: (scrape: Scrape) => boolean) =>
    waitUntil(
      async () => {
        const found = await scrape(url);
        return isReached(found) ? found : undefined;
      },
      { what: `a scrape with ${what}`, deadlineMs: DEADLINE_MS, intervalMs: 200 },
    );
  const lastVerdict = async () => (await host.events()).findLast((event) => event.type === "verdict");
  const pidOf = async (name: string) =>
    (await host.events()).findLast(
      (event) => event.type === "resource" && event.name === name && event.state === "running",
    ) as { pid: number; restarts: number };

  it("has the verdict's counts under Flink's names, as gauges, and ours as their types say", async () => {
    const processed = (await lastVerdict())?.processed;
    const found = await scrapeUntil("every record and every commit", (one) => {
      const offsets = one.samples(`${PARTITION}_committedOffset`).map(({ value }) => value);
      return one.sum(`${OPERATOR}_numRecordsIn`, SOURCE) === 3_000 && offsets.every((offset) => offset >= 0);
    });
    expect(found.contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(processed).toBe(3_000);
    expect(found.sum(TOTAL)).toBe(processed);
    expect(found.sum(`${OPERATOR}_numRecordsOut`, SOURCE)).toBe(processed);
    expect(found.sum(`${OPERATOR}_numRecordsIn`, SINK)).toBe(processed);
    expect(found.sum(`${OPERATOR}_pendingRecords`)).toBe(0);
    const current = found.samples(`${PARTITION}_currentOffset`).map(({ value }) => value + 1);
    expect(current).toHaveLength(4);
    expect(found.samples(`${PARTITION}_committedOffset`).map(({ value }) => value)).toEqual(current);
    expect(current.reduce((sum, offset) => sum + offset, 0)).toBe(processed);
    expect(found.sum("flink_jobmanager_numRegisteredTaskManagers")).toBe(2);
    expect(found.sum("flink_jobmanager_job_numberOfCompletedCheckpoints")).toBeGreaterThan(0);
    expect(found.sum("flink_jobmanager_job_lastCheckpointDuration")).toBeGreaterThanOrEqual(0);
    expect(found.sum("flink_jobmanager_job_uptime")).toBeGreaterThan(0);
    for (const { name, type, help } of found.families) {
      expect({ name, type }).toEqual({ name, type: name.endsWith("_total") ? "COUNTER" : "GAUGE" });
      expect(name).toMatch(/^flink_(jobmanager|taskmanager|apphost)_/);
      if (name.endsWith("_numRecordsIn")) expect(help).toBe(`numRecordsIn (scope: ${OPERATOR.slice(6)})`);
    }
    const { job_id, task_id, operator_id, ...labels } =
      found.samples(`${OPERATOR}_numRecordsIn`, SOURCE)[1]?.labels ?? {};
    for (const id of [job_id, task_id, operator_id]) expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(labels).toEqual({
      host: "127.0.0.1",
      job_name: "flink-job-simulator",
      tm_id: "taskmanager-02",
      task_name: "Source: kafka -> identity -> Sink: redis",
      task_attempt_num: "0",
      subtask_index: "1",
      ...SOURCE,
    });
  });

  it("a TaskManager that was killed begins another series at 0, and the job's figures go on", async () => {
    process.kill((await pidOf("taskmanager-01")).pid, "SIGKILL");
    await host.waitForEvent("resource", ({ name, state, restarts }) => {
      return name === "taskmanager-01" && state === "running" && restarts === 1;
    });
    const { exitCode } = await runCli(["produce", "--messages", "2000"], { cwd: host.cwd });
    expect(exitCode).toBe(0);
    const found = await scrapeUntil("all rounds", (one) => {
      const next = one.samples(`${PARTITION}_currentOffset`).reduce((sum, { value }) => sum + value + 1, 0);
      return one.sum(TOTAL) === 5_000 && next === 5_000;
    });
    expect((await lastVerdict())?.processed).toBe(5_000);
    const own = found.samples(`${OPERATOR}_numRecordsIn`, { ...SOURCE, tm_id: "taskmanager-01" });
    expect(own.map(({ labels }) => labels["task_attempt_num"])).toEqual(["1"]);
    // What the one before counted is in no figure of its successor.
    expect(found.sum(`${OPERATOR}_numRecordsIn`, SOURCE)).toBeLessThan(5_000);
  });

  it("a JobManager that was killed tells no figure that it does not know, and then those from before", async () => {
    const before = await scrape(url);
    process.kill((await pidOf("jobmanager")).pid, "SIGKILL");
    await host.waitForEvent("resource", ({ name, state, restarts }) => {
      return name === "jobmanager" && state === "running" && restarts === 1;
    });
    url = (await readRunVariables(host.cwd))["JOBMANAGER_HTTP"] as string;
    const seen: Scrape[] = [];
    const after = await scrapeUntil("both TaskManagers", (one) => {
      seen.push(one);
      return one.samples(TOTAL).length === 1 && one.samples(`${OPERATOR}_numRecordsIn`, SOURCE).length === 2;
    });
    for (const name of [TOTAL, `${OPERATOR}_numRecordsIn`, "flink_apphost_taskmanager_applies_total"]) {
      expect(after.samples(name)).toEqual(before.samples(name));
      // A 0 on the way would be read as a count that began again.
      for (const { labels, value } of seen.flatMap((one) => one.samples(name))) {
        expect({ labels, value }).toEqual(before.samples(name, labels)[0]);
      }
    }
    // What a new JobManager hears of first was not processed in the last minute.
    expect(after.sum(`${OPERATOR}_numRecordsInPerSecond`)).toBe(0);
  });
});
