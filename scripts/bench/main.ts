/**
 * `npm run bench`: suites of measurements beside their peers, on the same servers, in alternation. Prints medians and
 * ratios, and writes every raw sample to `.flink-apphost/bench/<utc time>.json`.
 *
 * M1 What the bench starts it ends, also when it is interrupted; its folder of work is removed. When it is killed, its
 *    guard does that.
 * M2 Samples are written after each turn, so that an interrupted bench keeps what it has.
 * M3 What is measured is never judged: the exit code is 0 when everything that is installed could be measured, else 1.
 *    Only `--compare` with a limit judges, and it measures nothing.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { CommanderError } from "commander";
import { unreachable } from "../../simulator/common/foundation/assert.ts";
import { startRunClock } from "../../simulator/common/foundation/clock.ts";
import { describeError, isAppError } from "../../simulator/common/foundation/errors.ts";
import { refuseUnlike } from "../report/compare/figures.ts";
import { readMeasuredCost } from "./capacity.ts";
import { noteCapacity, renderCapacity } from "./capacity-text.ts";
import { compareBenches, renderBenchComparison } from "./comparison.ts";
import { startGuard, stopGuard } from "./guard.ts";
import {
  type BenchComparisonOptions,
  type BenchOptions,
  type BenchRequest,
  type CapacityOptions,
  parseBenchRequest,
  type SuiteName,
} from "./options.ts";
import { findNewestResult, ResultFile, readBenchFile } from "./result-file.ts";
import { narrowSuites, planTurns, takeTurn } from "./schedule.ts";
import { Session } from "./session.ts";
import type { BenchContext, BenchSuite, Outcome } from "./suite.ts";
import { codecSuite } from "./suites/codec.ts";
import { compressionSuite } from "./suites/compression.ts";
import { dashboardSuite } from "./suites/dashboard.ts";
import { enginesSuite } from "./suites/engines.ts";
import { growthSuite } from "./suites/growth.ts";
import { idleSuite } from "./suites/idle.ts";
import { latencySuite } from "./suites/latency.ts";
import { logsSuite } from "./suites/logs.ts";
import { peersSuite } from "./suites/peers.ts";
import { pipelineSuite } from "./suites/pipeline.ts";
import { produceSuite } from "./suites/produce.ts";
import { replaySuite } from "./suites/replay.ts";
import { startupSuite } from "./suites/startup.ts";
import { warmUpSuite } from "./suites/warm-up.ts";
import { renderSuite, type SuiteSummary, summarizeSuite } from "./summary.ts";

const SUITES: Readonly<Record<SuiteName, BenchSuite>> = {
  pipeline: pipelineSuite,
  peers: peersSuite,
  replay: replaySuite,
  growth: growthSuite,
  latency: latencySuite,
  startup: startupSuite,
  idle: idleSuite,
  codec: codecSuite,
  dashboard: dashboardSuite,
  logs: logsSuite,
  produce: produceSuite,
  compression: compressionSuite,
  "warm-up": warmUpSuite,
  engines: enginesSuite,
};

const EXIT = { passed: 0, failed: 1, usage: 2, unknown: 3, worse: 5, interrupted: 130 };
const FOLDER = join(".flink-apphost", "bench");

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const sayProgress = (line: string): void => void process.stderr.write(`${line}\n`);

process.exitCode = await run();

async function run(): Promise<number> {
  let request: BenchRequest;
  try {
    request = parseBenchRequest(process.argv.slice(2));
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.passed : EXIT.usage;
    throw error;
  }
  const interrupt = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => interrupt.abort(new Error(`interrupted by ${signal}`)));
  }
  try {
    if (request.kind === "compare") return await compareResults(request.options);
    if (request.kind === "capacity") return await planLoads(request.options);
    return await measureAll(request.options, interrupt.signal);
  } catch (error) {
    sayProgress(`bench: ${describeError(error)}`);
    if (interrupt.signal.aborted) return EXIT.interrupted;
    return isAppError(error) && error.category === "usage" ? EXIT.usage : EXIT.failed;
  }
}

async function compareResults(options: BenchComparisonOptions): Promise<number> {
  const { failAbovePercent, format, isForced } = options;
  const [a, b] = [await readBenchFile(options.a), await readBenchFile(options.b ?? findNewestResult(FOLDER))];
  const limit = failAbovePercent === null ? null : failAbovePercent / 100;
  const comparison = compareBenches(Object.values(SUITES), a, b, limit);
  if (!isForced) refuseUnlike(comparison.differences, `${a.name} and ${b.name}`);
  const text = format === "json" ? [JSON.stringify(comparison)] : renderBenchComparison(comparison, failAbovePercent);
  for (const line of text) say(line);
  switch (comparison.judgement?.kind) {
    case undefined:
    case "kept":
      return EXIT.passed;
    case "worse":
      return EXIT.worse;
    case "unknown":
      return EXIT.unknown;
    default:
      return unreachable(comparison.judgement);
  }
}

async function planLoads({ file, format }: CapacityOptions): Promise<number> {
  const { result } = await readBenchFile(file);
  const samples = result.samples.filter((outcome) => outcome.status === "measured");
  const measured = (["apphost", "flink"] as const).flatMap((engine) => readMeasuredCost(samples, engine) ?? []);
  if (measured.length === 0) {
    sayProgress(`bench: ${file} has no sample of the suite engines with CPU times and memory: measure it first`);
    return EXIT.unknown;
  }
  const note = noteCapacity(measured);
  for (const line of format === "json" ? [JSON.stringify(note)] : renderCapacity(note)) say(line);
  return EXIT.passed;
}

async function measureAll(options: BenchOptions, signal: AbortSignal): Promise<number> {
  const suites = narrowSuites(
    options.suites.map((name) => SUITES[name]),
    options.cases,
  );
  mkdirSync(FOLDER, { recursive: true, mode: 0o700 });
  const workFolder = resolve(mkdtempSync(join(FOLDER, "work-")));
  startGuard(workFolder);
  const file = new ResultFile(FOLDER, options);
  const servers = createServers(workFolder, signal);
  const context: BenchContext = {
    options,
    workFolder,
    signal,
    clock: startRunClock(),
    session: servers.get,
    say: sayProgress,
  };
  const outcomes: Outcome[] = [];
  try {
    for (const turn of planTurns(suites, options.rounds)) {
      sayProgress(`round ${turn.round} of ${options.rounds}: ${turn.benchCase.id}`);
      const outcome = await takeTurn(context, turn, servers.current);
      if (outcome.status !== "measured") sayProgress(`  ${outcome.status}: ${outcome.reason}`);
      outcomes.push(outcome);
      await file.write(outcomes, summarize(suites, outcomes));
    }
  } finally {
    await servers.stop();
    await stopGuard();
    rmSync(workFolder, { recursive: true, force: true, maxRetries: 5 });
  }
  const summaries = summarize(suites, outcomes);
  for (const [i, suite] of suites.entries()) {
    const summary = summaries[i];
    if (summary !== undefined) for (const line of renderSuite(suite, summary)) say(line);
  }
  say(`\nall samples: ${file.path}`);
  return outcomes.some(({ status }) => status === "failed") ? EXIT.failed : EXIT.passed;
}

function summarize(suites: readonly BenchSuite[], outcomes: readonly Outcome[]): SuiteSummary[] {
  return suites.map((suite) => summarizeSuite(suite, outcomes));
}

/** Started by the first case that asks; one that could not be started is not tried again. */
function createServers(workFolder: string, signal: AbortSignal) {
  let session: Session | null = null;
  let starting: Promise<Session> | undefined;
  return {
    current: () => session,
    async get(): Promise<Session> {
      starting ??= Session.start({ workFolder, signal });
      session = await starting;
      return session;
    },
    stop: async () => session?.stop(),
  };
}
