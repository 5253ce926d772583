/**
 * Apache Flink's own web dashboard, as it is, against our JobManager in a real browser: each of its pages shows the run's
 * figures, and no call of a page fails but those by which Flink, too, says that a feature is switched off.
 */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { vertexIdOf } from "../../simulator/runtime/job-manager/rest/job-views.ts";
import { launchBrowser } from "../support/browser.ts";
import { countingJob } from "../support/counting-job.ts";
import { type DashboardPage, DashboardWalk } from "../support/dashboard-walk.ts";
import { type FlinkWeb, startFlinkWeb } from "../support/flink-web.ts";
import { type JobManagerRest, REST_TOKEN, startJobManagerRest } from "../support/job-manager-rest.ts";
import { describeReal } from "../support/real-parts.ts";
import { type Cli, startCli } from "../support/run-cli.ts";
import { readRunVariables } from "../support/system.ts";

const RUN = ["up", "--messages", "3000", "--infra", "embedded", "--ui", "json"];
const SHAPE = ["--task-managers", "2", "--partitions", "4"];
const JOB = "/jobs/{job}";
const VERTEX = `${JOB}/vertices/{vertex}`;
const TASK_MANAGER = "/taskmanagers/taskmanager-01";

const clickTab = (name: string) => (page: Page) => page.getByRole("tab", { name, exact: true }).last().click();
const onVertex = (name: string, own: readonly string[], shows: DashboardPage["shows"]): DashboardPage => ({
  path: `job/running/{job}/overview/{vertex}/${name}`,
  asks: own.map((path) => VERTEX + path),
  shows: ["Source: kafka -> identity -> Sink: redis", "Parallelism: 2", ...shows],
});
const onJob = (name: string, own: readonly string[], shows: DashboardPage["shows"]): DashboardPage => ({
  path: `job/running/{job}/${name}`,
  asks: own.map((path) => JOB + path),
  shows: ["flink-job-simulator", "RUNNING", ...shows],
});
const onTaskManager = (name: string, own: string, shows: DashboardPage["shows"]): DashboardPage => ({
  path: `task-manager/taskmanager-01/${name}`,
  asks: [TASK_MANAGER, TASK_MANAGER + own],
  shows: ["Free/All Slots 0 / 2", ...shows],
});
const onJobManager = (name: string, own: readonly string[], shows: DashboardPage["shows"]): DashboardPage => ({
  path: `job-manager/${name}`,
  asks: own.map((path) => `/jobmanager/${path}`),
  shows,
});

async function unfoldCheckpoint(page: Page): Promise<void> {
  await clickTab("History")(page);
  await page.locator(".ant-table-row-expand-icon:visible").first().click();
  await page.locator("nz-table nz-table .ant-table-row-expand-icon:visible").first().click();
}

/** Two TaskManagers, a round of 3,000 messages that has passed, and the job that goes on. */
const PAGES: readonly DashboardPage[] = [
  { path: "overview", asks: ["/overview", "/jobs/overview"], shows: ["Total Task Slots4", "flink-job-simulator"] },
  { path: "job/running", asks: ["/jobs/overview"], shows: ["flink-job-simulator", "2 RUNNING"] },
  { path: "job/completed", asks: ["/jobs/overview"], shows: ["Completed Jobs", "No Data"] },
  onJob("overview", [""], [/RUNNING [\d.]+ KB 3,000 0 B 3,000 2/, "Busy (max): 0%"]),
  onVertex("detail", ["/watermarks"], ["+- Sink: redis", "Records Sent 3,000 Records Received 3,000 Bytes Sent 0 B"]),
  onVertex("subtasks", [""], ["Subtask Metrics", /0 [\d.]+ KB [\d,]+ 0 B/, /1 [\d.]+ KB [\d,]+ 0 B/]),
  onVertex("taskmanagers", ["/taskmanagers"], [/127\.0\.0\.1:\d+ [\d.]+ KB/]),
  onVertex("watermarks", ["/watermarks"], ["Datetime of Watermark Timestamp No Data"]),
  onVertex("accumulators", ["/accumulators", "/subtasks/accumulators"], ["Vertex Accumulators SubTask Accumulators"]),
  onVertex("backpressure", ["/backpressure"], ["Back Pressure Status: OK", /1 0% \d+% \d+% OK/]),
  { ...onVertex("metrics", ["/metrics"], ["0.numRecordsIn"]), use: (page) => page.locator("nz-select").click() },
  onVertex("flamegraph", ["/flamegraph"], ["The flame graph feature is currently disabled"]),
  onJob("timeline", [""], ["Vertex TimeLine"]),
  onJob("exceptions", ["/exceptions"], ["No Root Exception"]),
  onJob("dataskew", ["/vertices/{vertex}/subtasks/metrics"], [/Sink: redis \d+%/]),
  onJob("checkpoints", ["/checkpoints", "/checkpoints/config"], [/Completed: \d+/, "Latest Completed Checkpoint"]),
  // The same page, which asks only for what is unfolded.
  { ...onJob("checkpoints", [], [/Path: file:.* SubTasks: .* 1 20\d\d-/]), tab: "a checkpoint", use: unfoldCheckpoint },
  { ...onJob("checkpoints", [], [/Minimum [\d.]+m?s [\d.]+ K?B/]), tab: "Summary", use: clickTab("Summary") },
  { ...onJob("checkpoints", [], ["Interval 1s 0ms"]), tab: "Configuration", use: clickTab("Configuration") },
  onJob("configuration", ["/config"], ["Job parallelism 2"]),
  { path: "task-manager", asks: ["/taskmanagers"], shows: [/taskmanager-01 tcp:.* taskmanager-02 tcp:/] },
  onTaskManager("metrics", "/metrics", [/Heap [\d.]+ MB [\d.]+ MB [\d.]+ [MG]B Non-Heap [\d.]+ [KM]B/, /Mapped 0 0 B/]),
  onTaskManager("logs", "/log", ["registered with the JobManager"]),
  onTaskManager("stdout", "/stdout", ["stands in its log"]),
  onTaskManager("log-list", "/logs", ["taskmanager-01.log"]),
  onTaskManager("log-list/taskmanager-01.log", "/logs/taskmanager-01.log", ["registered with the JobManager"]),
  onTaskManager("thread-dump", "/thread-dump", ['"main"']),
  { ...onTaskManager("profiler", "", ["rest.profiling.enabled: true"]), refused: [`${TASK_MANAGER}/profiler`] },
  onJobManager("metrics", ["metrics", "config"], [/Non-Heap [\d.]+ [KM]B [\d.]+ [KM]B/, /Scavenger \d+ \d+/]),
  onJobManager("config", ["config", "environment"], ["rest.profiling.enabled false", "Node.js v"]),
  onJobManager("logs", ["log"], ["taskmanager-01 registered"]),
  onJobManager("stdout", ["stdout"], ["stands in its log"]),
  onJobManager("log", ["logs"], ["jobmanager.log"]),
  onJobManager("log/jobmanager.log", ["logs/jobmanager.log"], ["taskmanager-01 registered"]),
  onJobManager("thread-dump", ["thread-dump"], ['"main"']),
  { ...onJobManager("profiler", [], ["rest.profiling.enabled: true"]), refused: ["/jobmanager/profiler"] },
  { path: "submit", asks: ["/jars"], shows: ["Uploaded Jars", "No Data"] },
];

/** A job that ended without a TaskManager. */
const ENDED_PAGES: readonly DashboardPage[] = [
  { path: "overview", asks: ["/overview", "/jobs/overview"], shows: ["Total Task Slots0", "Completed Job List"] },
  { path: "job/completed", asks: ["/jobs/overview"], shows: ["{state}"] },
  { path: "job/completed/{job}/overview", asks: [JOB], shows: ["{state}", "Parallelism: 1"] },
  { path: "job/completed/{job}/overview/{vertex}/detail", asks: [`${VERTEX}/watermarks`], shows: ["Records Sent 0"] },
  { path: "job/completed/{job}/overview/{vertex}/taskmanagers", asks: [`${VERTEX}/taskmanagers`], shows: ["{state}"] },
  { path: "job/completed/{job}/timeline", asks: [JOB], shows: ["Vertex TimeLine"] },
  { path: "job/completed/{job}/exceptions", asks: [`${JOB}/exceptions`], shows: ["Root Exception"] },
  { path: "job/completed/{job}/checkpoints", asks: [`${JOB}/checkpoints`], shows: ["Completed: 1"] },
  { path: "job/completed/{job}/configuration", asks: [`${JOB}/config`], shows: ["Job parallelism 1"] },
  { path: "task-manager", asks: ["/taskmanagers"], shows: ["No Data"] },
];

const nameVisit = (page: DashboardPage): [string, DashboardPage] => {
  const path = page.path.replace("{job}/", "").replace("{vertex}/", "");
  return [page.tab === undefined ? path : `${path}, ${page.tab}`, page];
};

describeReal(["browser", "flink-web"], "Flink's web dashboard", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  describe("before a run", () => {
    let host: Cli;
    let web: FlinkWeb;
    let walk: DashboardWalk;
    beforeAll(async () => {
      host = startCli([...RUN, ...SHAPE]);
      await host.waitForEvent("verdict", ({ verdict }) => verdict === "passed");
      const { JOBMANAGER_HTTP = "", FLINK_REST_CLIENT_HEADERS = "" } = await readRunVariables(host.cwd);
      web = await startFlinkWeb(JOBMANAGER_HTTP, FLINK_REST_CLIENT_HEADERS.replace(/^Authorization:/, ""));
      walk = await DashboardWalk.begin(browser, web.url, await readNames(JOBMANAGER_HTTP));
    });
    afterAll(async () => {
      await walk.close();
      await web.close();
      await host.dispose();
    });

    it.each(PAGES.map(nameVisit))("shows %s", (_, page) => walk.visit(page));

    it("names the TaskManager whose process was killed", async () => {
      const running = await host.waitForEvent("resource", ({ name, state }) => {
        return name === "taskmanager-02" && state === "running";
      });
      process.kill((running as { pid: number }).pid, "SIGKILL");
      await host.waitForEvent("resource", ({ name, state, restarts }) => {
        return name === "taskmanager-02" && state === "running" && restarts === 1;
      });
      const use = async (page: Page) => {
        await page.reload();
        await clickTab("Exception History")(page);
      };
      await walk.visit({
        ...onJob(
          "exceptions",
          ["/exceptions"],
          [/TaskManagerLost \(global failure\) taskmanager-02\(127\.0\.0\.1:\d+\)/],
        ),
        use,
      });
    });
  });

  describe("before a job that ended without a TaskManager", () => {
    const job = countingJob("0123456789abcdef0123456789abcdef");
    let served: JobManagerRest;
    let web: FlinkWeb;
    let walk: DashboardWalk;
    beforeAll(async () => {
      served = await startJobManagerRest();
      const jobManager = `http://127.0.0.1:${served.port}`;
      await served.manager.submit(job);
      const authorization = `Bearer ${REST_TOKEN}`;
      const path = `${jobManager}/jobs/${job.jobId}?mode=cancel`;
      const cancelled = await fetch(path, { method: "PATCH", headers: { authorization } });
      expect(cancelled.status).toBe(202);
      const state = await waitUntil(
        () => (served.manager.job?.status.terminal ? served.manager.job.status.state : undefined),
        {
          what: "the end of the job",
          deadlineMs: 60_000,
        },
      );
      web = await startFlinkWeb(jobManager, authorization);
      walk = await DashboardWalk.begin(browser, web.url, { job: job.jobId, vertex: vertexIdOf(job), state });
    });
    afterAll(async () => {
      await walk.close();
      await web.close();
      await served.close();
    });

    it.each(ENDED_PAGES.map(nameVisit))("shows %s", (_, page) => walk.visit(page));
  });
});

/** What stands in braces in the paths of pages. */
async function readNames(jobManager: string): Promise<Readonly<Record<string, string>>> {
  const read = async (path: string): Promise<unknown> => (await fetch(jobManager + path)).json();
  const { jobs } = (await read("/jobs")) as { jobs: { id: string }[] };
  const [job] = jobs;
  expect(job).toBeDefined();
  const { vertices } = (await read(`/jobs/${job?.id}`)) as { vertices: { id: string }[] };
  return { job: job?.id ?? "", vertex: vertices[0]?.id ?? "" };
}
