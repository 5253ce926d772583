/**
 * The bench as a process: what it writes, what it says of parts that are not installed, and that it leaves nothing behind
 * also when it is interrupted. Its figures are not looked at: a time is no promise.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { IdleSample } from "../../scripts/bench/idle-usage.ts";
import type { Outcome, Sample } from "../../scripts/bench/suite.ts";
import type { SuiteSummary } from "../../scripts/bench/summary.ts";
import { waitUntil, withDeadline } from "../../simulator/common/foundation/deadline.ts";
import { distPath } from "../support/dist.ts";
import { describeReal } from "../support/real-parts.ts";
import { findRunDir } from "../support/run-cli.ts";
import { expectNoRunProcesses } from "../support/run-processes.ts";

const BENCH_MS_MAX = 100_000;

interface Result {
  readonly versions: Readonly<Record<string, string | null>>;
  readonly machine: { readonly cores: number };
  readonly suites: readonly SuiteSummary[];
  readonly samples: readonly Outcome[];
}

let cwd: string;
let bench: ChildProcess | undefined;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "flink-apphost-bench-"));
});

afterEach(async () => {
  if (bench !== undefined && bench.exitCode === null && bench.signalCode === null) {
    bench.kill("SIGTERM");
    await once(bench, "exit");
  }
  rmSync(cwd, { recursive: true, force: true });
});

/** No KAFKA_HOME: the real parts are missing, whatever is installed on the machine. */
function startBench(args: readonly string[]): {
  child: ChildProcess;
  ended: Promise<number | null>;
  output: () => string;
} {
  const { KAFKA_HOME: _, ...env } = process.env;
  const child = spawn(process.execPath, [distPath("scripts/bench/main"), "--quick", ...args], { cwd, env });
  bench = child;
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => (output += text.toString()));
  const ended = once(child, "close").then(([code]) => code as number | null);
  return {
    child,
    output: () => output,
    ended: withDeadline(ended, { what: `the end of the bench ${args.join(" ")}`, deadlineMs: BENCH_MS_MAX }),
  };
}

const listBenchFolder = (): string[] => readdirSync(join(cwd, ".flink-apphost", "bench"));

function readResult(): Result {
  const files = listBenchFolder();
  // One result, and no folder of work.
  expect(files).toEqual([expect.stringMatching(/^\d{8}T\d{6}Z\.json$/)]);
  return JSON.parse(readFileSync(join(cwd, ".flink-apphost", "bench", files[0] as string), "utf8")) as Result;
}

test("codecs are measured on the same records, and one that is not installed is marked missing", async () => {
  const { ended, output } = startBench(["--suite", "codec"]);
  expect(await ended, output()).toBe(0);
  const { samples, suites, versions, machine } = readResult();
  const byCase = new Map(samples.map((sample) => [sample.case, sample]));
  expect(byCase.get("codec/own")).toMatchObject({
    status: "measured",
    figures: {
      encodeNs: expect.any(Number),
      crcNs: expect.any(Number),
      parseNs: expect.any(Number),
      decodeNs: expect.any(Number),
      validateNs: expect.any(Number),
    },
  });
  expect(byCase.get("codec/kafkajs")).toMatchObject({ status: "measured", messages: 4_000 });
  if (versions["@platformatic/kafka"] === null) {
    expect(byCase.get("codec/platformatic")).toMatchObject({ status: "missing" });
    expect(suites[0]?.missing).toHaveLength(1);
    expect(output()).toContain("missing: @platformatic/kafka");
  }
  expect([machine.cores > 0, versions["node"]]).toEqual([true, process.version]);
  // Both sides are this one, and a single round has no spread: nothing can be judged.
  const [name] = listBenchFolder();
  const comparison = startBench(["--compare", join(".flink-apphost", "bench", name as string), "--fail-above", "10%"]);
  expect(await comparison.ended, comparison.output()).toBe(3);
  expect(comparison.output()).toMatch(/^this project: encode \* .* spread not known$/m);
  expect(listBenchFolder()).toEqual([name]);
});

test("without real servers the embedded pipeline is measured, with CPU by process, and the rest is missing", async () => {
  const { ended, output } = startBench(["--suite", "pipeline,peers", "--messages", "20_000"]);
  expect(await ended, output()).toBe(0);
  const { samples } = readResult();
  const measured = samples.filter((sample) => sample.status === "measured");
  expect(measured.map((sample) => sample.case)).toEqual(["pipeline/embedded"]);
  expect(measured[0]).toMatchObject({
    messages: 20_000,
    brokerLoadsBefore: null,
    figures: { endToEndPerSecond: expect.any(Number), drainPerSecond: null },
  });
  if (process.platform === "linux") {
    const groups = ["broker", "host", "jobManager", "producer", "redis", "taskManagers"];
    expect(Object.keys(measured[0]?.cpuUsPerMessage ?? {})).toEqual(expect.arrayContaining(groups));
  }
  const others = samples.filter((sample) => sample.status !== "measured");
  expect(others.map(({ status }) => status)).toEqual(others.map(() => "missing"));
  expect(output()).toContain("missing: ProducerPerformance (Java, acks=all): KAFKA_HOME");
});

test("an idle host is watched, process by process", async () => {
  const { ended, output } = startBench(["--suite", "idle"]);
  expect(await ended, output()).toBe(0);
  const [embedded, native] = readResult().samples;
  expect(native).toMatchObject({ case: "idle/native", status: "missing" });
  if (process.platform !== "linux") return;
  expect(embedded).toMatchObject({ case: "idle/embedded", status: "measured", messages: 100_000 });
  const { figures, raw } = embedded as Sample;
  expect(Object.values(figures).filter((figure) => typeof figure !== "number")).toEqual([]);
  const last = (raw["samples"] as IdleSample[]).at(-1);
  const counts = Object.entries(last?.groups ?? {}).map(([group, { processes }]) => [group, processes]);
  // The round's own tasks are gone; the other one is the job's client.
  expect(counts.toSorted()).toEqual(
    Object.entries({ broker: 1, host: 1, jobManager: 1, other: 1, redis: 1, taskManagers: 20 }),
  );
});

test("what the dashboard costs is measured on real servers only, and says so where there are none", async () => {
  const { ended, output } = startBench(["--suite", "dashboard"]);
  expect(await ended, output()).toBe(0);
  expect(readResult().samples.map(({ status }) => status)).toEqual(["missing", "missing"]);
  expect(output()).toContain("missing: with the dashboard: KAFKA_HOME names no folder");
});

describeReal(["tmux"], "a flood of lines", () => {
  test("is followed in a terminal and without one, with the CPU of host and dashboard and the frames", async () => {
    const { ended, output } = startBench(["--suite", "logs"]);
    expect(await ended, output()).toBe(0);
    const [followed, quiet] = readResult().samples;
    const number = expect.any(Number);
    const figures = { linesPerSecond: number, hostCpuPercent: number };
    expect(followed).toMatchObject({
      status: "measured",
      figures: { ...figures, dashboardCpuPercent: number, framesPerSecond: number },
    });
    expect(quiet).toMatchObject({
      status: "measured",
      figures: { ...figures, dashboardCpuPercent: null, framesPerSecond: null },
    });
    // It prints, it is drawn: neither is judged here.
    for (const name of ["linesPerSecond", "framesPerSecond"]) {
      expect((followed as Sample).figures[name]).toBeGreaterThan(0);
    }
  });
});

/** Waits for the bench's first run, and gives its id. */
async function findFirstRun(): Promise<string> {
  const runFolder = await waitUntil(
    () => {
      if (!existsSync(join(cwd, ".flink-apphost", "bench"))) return undefined;
      const [work] = listBenchFolder().filter((name) => name.startsWith("work-"));
      if (work === undefined) return undefined;
      const folder = join(cwd, ".flink-apphost", "bench", work);
      const [run] = readdirSync(folder);
      return run === undefined ? undefined : findRunDir(join(folder, run));
    },
    { what: "the folder of the bench's first run", deadlineMs: 30_000 },
  );
  return runFolder.replace(/^.*-/, "");
}

test("an interrupted bench takes its run down and leaves no process and no folder of work", async () => {
  const { child, ended, output } = startBench(["--suite", "startup"]);
  const runId = await findFirstRun();
  child.kill("SIGINT");
  expect(await ended, output()).toBe(130);
  await expectNoRunProcesses(runId);
  expect(listBenchFolder()).toEqual([]);
});

test("what a killed bench was running is ended by its guard, and its folder of work removed", async () => {
  const { child, ended } = startBench(["--suite", "startup"]);
  const runId = await findFirstRun();
  child.kill("SIGKILL");
  expect(await ended).toBeNull();
  await expectNoRunProcesses(runId, 60_000);
  await waitUntil(() => (listBenchFolder().length === 0 ? true : undefined), {
    what: "the removal of the folder of work",
    deadlineMs: 60_000,
  });
});
