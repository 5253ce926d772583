/**
 * A flood of log lines: 20 programs of a user's own app host, each printing 500 lines a second, one write a line. Once
 * with the dashboard's Logs view following all of them in a terminal of 120x40, and once with `--ui quiet`. CPU is in
 * percent of one core; the frames are counted by what the dashboard writes.
 */
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { runFolder } from "../../../simulator/common/contract/files/run-folder.ts";
import { LINE_BYTES } from "../log-writer/line.ts";
import { MissingPart, PACKAGE_FOLDER, programPath } from "../parts.ts";
import { canSample, ProcessSampler } from "../process-sampler.ts";
import { watchProcessOf } from "../product-host.ts";
import type { BenchCase, BenchContext, BenchSuite, CaseResult } from "../suite.ts";
import { countFrames, longestStillUs } from "../terminal/frames.ts";
import { TerminalHost } from "../terminal/terminal-host.ts";

const WRITERS = 20;
const START_MS_MAX = 300_000;
const SCREEN_MS_MAX = 30_000;
const SETTLE_MS = 3_000;
const MEASURED_MS = { full: 30_000, quick: 3_000 };

/** Few of everything else: the lines are what is measured. */
const appHostText = (): string => `import { defineAppHost } from "flink-apphost";

export default defineAppHost((app) => {
  const kafka = app.addKafka("kafka", { partitions: 2 });
  const redis = app.addRedis("redis");
  const jobManager = app.addJobManager("jobmanager").waitFor(redis).waitFor(kafka, { until: "topicReady" });
  const taskManagers = app.addTaskManagers("taskmanager", { replicas: 2 }).waitFor(jobManager);
  const job = app.addFlinkJobSimulator("flink-job-simulator").waitFor(taskManagers);
  const producer = app.addProducer("producer", { messages: 1_000 }).waitFor(job);
  const validator = app.addValidator("validator").waitFor(producer).waitFor(jobManager, { until: "drained" });
  app.addReport("report").waitFor(validator);
  const script = ${JSON.stringify(programPath("scripts/bench/log-writer/main"))};
  app.addNodeProcess("writer", { script, replicas: ${WRITERS} });
});
`;

function createProject(workFolder: string): string {
  const cwd = mkdtempSync(join(workFolder, "logs-"));
  mkdirSync(join(cwd, "node_modules"));
  symlinkSync(PACKAGE_FOLDER, join(cwd, "node_modules", "flink-apphost"));
  writeFileSync(join(cwd, "package.json"), JSON.stringify({ type: "module", private: true }));
  writeFileSync(join(cwd, "apphost.ts"), appHostText());
  return cwd;
}

async function measureFlood(context: BenchContext, ui: "tui" | "quiet"): Promise<CaseResult> {
  if (!canSample()) throw new MissingPart("there is no /proc");
  const { clock, signal, options, workFolder } = context;
  const cwd = createProject(workFolder);
  const sampler = new ProcessSampler(() => clock.nowUs());
  let host: TerminalHost | null = null;
  try {
    host = await TerminalHost.start({
      name: `a flood of lines with --ui ${ui}`,
      args: ["up", "--infra", "embedded", "--apphost", "./apphost.ts"],
      env: {},
      cwd,
      ui,
      nowUs: () => clock.nowUs(),
      onEvent: (event) => watchProcessOf(event, sampler),
      onProcess: (group, pid) => sampler.watch(group, pid),
    });
    await host.waitForEvent("the end of the first round", isIdle, START_MS_MAX, signal);
    if (ui === "tui") {
      host.terminal.press("3");
      await host.terminal.waitForScreen(/request \d+ was answered/, SCREEN_MS_MAX, signal);
    }
    await delay(SETTLE_MS, undefined, { signal });
    const bytesBefore = measureLogs(host);
    const fromUs = clock.nowUs();
    await delay(options.quick ? MEASURED_MS.quick : MEASURED_MS.full, undefined, { signal });
    const toUs = clock.nowUs();
    const lines = (measureLogs(host) - bytesBefore) / LINE_BYTES;
    sampler.stop();
    return describe({ host, sampler, ui, lines, fromUs, toUs });
  } finally {
    sampler.stop();
    await host?.stop();
    rmSync(cwd, { recursive: true, force: true });
  }
}

const isIdle = (event: { readonly type: string; readonly phase?: string }): boolean =>
  event.type === "phase" && event.phase === "idle";

function measureLogs({ runDir }: TerminalHost): number {
  const names = Array.from({ length: WRITERS }, (_, index) => `writer-${String(index + 1).padStart(2, "0")}`);
  const sizes = names.map((name) => statSync(runFolder.log(runDir ?? "", name)).size);
  return sizes.reduce((sum, size) => sum + size, 0);
}

interface Flood {
  readonly host: TerminalHost;
  readonly sampler: ProcessSampler;
  readonly ui: "tui" | "quiet";
  readonly lines: number;
  readonly fromUs: number;
  readonly toUs: number;
}

function describe({ host, sampler, ui, lines, fromUs, toUs }: Flood): CaseResult {
  const elapsedMs = (toUs - fromUs) / 1_000;
  const cpuMsByGroup = sampler.cpuMsBetween(fromUs, toUs);
  const percent = (ms: number | undefined) => (ms === undefined ? null : (100 * ms) / elapsedMs);
  const { written } = host;
  return {
    messages: 0,
    messageSize: LINE_BYTES,
    figures: {
      linesPerSecond: (1_000 * lines) / elapsedMs,
      hostCpuPercent: percent(cpuMsByGroup.host),
      dashboardCpuPercent: percent(cpuMsByGroup.dashboard),
      framesPerSecond: ui === "quiet" ? null : (1_000 * countFrames(written, fromUs, toUs)) / elapsedMs,
      longestStillMs: ui === "quiet" ? null : longestStillUs(written, fromUs, toUs) / 1_000,
    },
    cpuUsPerMessage: null,
    rssBytesMax: sampler.rssBytesMax(),
    raw: { fromUs, toUs, lines, cpuMsByGroup, written },
  };
}

const createCase = (ui: "tui" | "quiet", title: string): BenchCase => ({
  id: `logs/${ui}`,
  title,
  usesBroker: false,
  measure: (context) => measureFlood(context, ui),
});

export const logsSuite: BenchSuite = {
  name: "logs",
  title: `${WRITERS} programs of a user's own, 500 lines a second each; CPU in percent of one core`,
  cases: [createCase("tui", "the Logs view follows all"), createCase("quiet", "with --ui quiet")],
  columns: [
    { figure: "linesPerSecond", title: "lines a second", form: "count" },
    { figure: "hostCpuPercent", title: "host", form: "percent" },
    { figure: "dashboardCpuPercent", title: "dashboard", form: "percent" },
    { figure: "framesPerSecond", title: "frames a second", form: "decimal" },
    { figure: "longestStillMs", title: "longest still", form: "ms" },
  ],
  ratios: [],
  showsCpu: false,
};
