/** `--flink`: the job on a Flink that runs without this host, which is left as it was on every way out. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { HostDescription } from "../../apphost/model/description.ts";
import { jobIdOf } from "../../simulator/common/contract/names.ts";
import { present } from "../../simulator/common/foundation/assert.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { formatCount } from "../../simulator/common/foundation/figures.ts";
import { launchBrowser } from "../support/browser.ts";
import { distPath } from "../support/dist.ts";
import { type FlinkWeb, startFlinkWeb } from "../support/flink-web.ts";
import { type RealFlink, startRealFlink } from "../support/real-flink.ts";
import { describeReal } from "../support/real-parts.ts";
import { runCli, startCli } from "../support/run-cli.ts";
import { startScriptedFlink } from "../support/scripted-flink.ts";
import { expectExit } from "../support/system.ts";
import { openTerminal } from "../support/tmux.ts";
import { createUserProject } from "../support/user-project.ts";
import { WINDOW_PROJECT } from "../support/window-job.ts";

interface Subtask {
  readonly subtask: number;
  readonly "taskmanager-id": string;
  readonly metrics: { readonly "read-records": number };
}

const SCREENS = join(import.meta.dirname, "../../.cache/screens/beside-flink");
const SLOTS = 2;
const MESSAGES = 2_000;
const RUN_MS_MAX = 420_000;
/** Five seconds are promised; a busy machine takes longer to load the program. */
const ANSWER_MS_MAX = 30_000;
const LOAD = `--ui json --task-managers ${SLOTS} --partitions 4 --messages ${MESSAGES}`.split(" ");
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

describeReal(["flink", "kafka", "redis", "tmux"], "a Flink of others", () => {
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
      expect(report.messages).toMatchObject({ processed: MESSAGES, lost: 0, duplicated: 0 });
      expect(await stateOf(await cli.runId())).toBe("CANCELED");
      await expectLeft();
    } finally {
      await cli.dispose();
    }
  });

  it("drains a job of the user's, and leaves no savepoint of it", { timeout: RUN_MS_MAX }, async () => {
    const project = createUserProject(WINDOW_PROJECT);
    const line = ["up", "--once", "--flink", flink.url, ...LOAD, "--sql", "job.sql", "--expect", "expect.ts"];
    const cli = startCli(line, { cwd: project.folder, env, deadlineMs: RUN_MS_MAX });
    try {
      const report = await expectExit(cli, await cli.end(), 0);
      expect(report.checks.find(({ id }) => id === "expect-totals")?.status).toBe("passed");
      expect(await stateOf(await cli.runId())).toBe("FINISHED");
      expect(flink.savepoints()).toEqual([]);
      await expectLeft();
    } finally {
      await cli.dispose();
      project.remove();
    }
  });

  it("shows the same numbers as Flink's own dashboard, and leaves no job when it is killed with SIGKILL", {
    timeout: RUN_MS_MAX,
  }, async () => {
    const cli = startCli(["up", "--flink", flink.url, ...LOAD], { env, deadlineMs: RUN_MS_MAX });
    const terminal = openTerminal({ columns: 110, rows: 40 });
    try {
      await cli.waitForEvent("verdict", ({ exitCode }) => exitCode === 0, RUN_MS_MAX);
      const runId = await cli.runId();
      expect(await stateOf(runId)).toBe("RUNNING");
      const second = await runCli(["up", "--once", "--flink", flink.url, ...LOAD], { env });
      expect(second).toMatchObject({ exitCode: 3, stderr: expect.stringContaining(`0 of its ${SLOTS} are free`) });
      const shown = await waitUntil(() => readShown(runId), { what: "Flink to count all", deadlineMs: 30_000 });
      terminal.type(`cd ${cli.cwd}; ${process.execPath} ${distPath("apphost/main")} attach`);
      for (const { name, recordsIn } of shown) {
        await terminal.waitFor(new RegExp(`${name} +running .* ${formatCount(recordsIn)} `));
      }
      const { stdout } = await runCli(["describe", "--format", "json"], { cwd: cli.cwd });
      const { progress, job } = JSON.parse(stdout) as HostDescription;
      const described = progress?.taskManagers.map(({ name, flink: figures }) => ({
        name,
        recordsIn: figures?.recordsIn,
      }));
      expect(described).toEqual(shown);
      const checkpoints = (await flink.read(`/jobs/${jobIdOf(runId)}/checkpoints`)) as { counts: { failed: number } };
      // None can be taken before all subtasks run, and each try counts.
      expect(job.metrics).toMatchObject({ numRestarts: 0, numberOfFailedCheckpoints: checkpoints.counts.failed });
      cli.process.kill("SIGKILL");
      await waitUntil(async () => ((await stateOf(runId)) === "CANCELED" ? true : undefined), {
        what: "the watchdog to cancel the job",
        deadlineMs: 60_000,
      });
      await expectLeft();
    } finally {
      terminal.dispose();
      await cli.dispose();
    }
  });

  describeReal(["browser", "flink-web"], "beside Flink's own dashboard in a browser", () => {
    let browser: Browser;
    let web: FlinkWeb;
    beforeAll(async () => {
      browser = await launchBrowser();
      web = await startFlinkWeb(flink.url, "");
    });
    afterAll(async () => {
      await browser.close();
      await web.close();
    });

    it("has the same figure in the row of each TaskManager", { timeout: RUN_MS_MAX }, async () => {
      const cli = startCli(["up", "--flink", flink.url, ...LOAD], { env, deadlineMs: RUN_MS_MAX });
      const terminal = openTerminal({ columns: 110, rows: 40 });
      try {
        await cli.waitForEvent("verdict", ({ exitCode }) => exitCode === 0, RUN_MS_MAX);
        const runId = await cli.runId();
        await waitUntil(() => readShown(runId), { what: "Flink to count all", deadlineMs: 30_000 });
        const page = await browser.newPage({ viewport: { width: 1_600, height: 1_000 } });
        const { source, subtasks } = await readSource(runId);
        await page.goto(`${web.url}#/job/running/${jobIdOf(runId)}/overview/${source}/subtasks`);
        terminal.type(`cd ${cli.cwd}; ${process.execPath} ${distPath("apphost/main")} attach`);
        for (const one of subtasks) {
          const count = formatCount(one.metrics["read-records"]);
          await terminal.waitFor(new RegExp(`${one["taskmanager-id"]} +running .* ${count} `));
          const look = async () => {
            const text = (await page.locator("body").innerText()).replaceAll(/\s+/g, " ");
            return new RegExp(`\\b${one.subtask} [\\d.]+ K?B ${count} `).test(text) ? true : undefined;
          };
          await waitUntil(look, { what: `${count} in the row of subtask ${one.subtask}`, deadlineMs: 60_000 });
        }
        // For whoever wants to look at both.
        mkdirSync(SCREENS, { recursive: true });
        await page.screenshot({ path: join(SCREENS, "flink-dashboard.png") });
        writeFileSync(join(SCREENS, "host-dashboard.txt"), `${terminal.screen().join("\n")}\n`);
      } finally {
        terminal.dispose();
        await cli.dispose();
      }
    });
  });

  async function readSource(runId: string) {
    const { vertices } = (await flink.read(`/jobs/${jobIdOf(runId)}`)) as { vertices: { id: string; name: string }[] };
    const source = present(
      vertices.find(({ name }) => name.startsWith("Source:")),
      "the source",
    ).id;
    const { subtasks } = (await flink.read(`/jobs/${jobIdOf(runId)}/vertices/${source}`)) as { subtasks: Subtask[] };
    return { source, subtasks };
  }

  /** "Records Received" of the sources' subtasks, as Flink's dashboard asks for them; undefined until they are all. */
  async function readShown(runId: string) {
    const { subtasks } = await readSource(runId);
    const shown = subtasks.map((one) => ({ name: one["taskmanager-id"], recordsIn: one.metrics["read-records"] }));
    if (shown.reduce((sum, { recordsIn }) => sum + recordsIn, 0) !== MESSAGES) return undefined;
    return shown.sort((a, b) => (a.name < b.name ? -1 : 1));
  }
});
