/**
 * One run with its faults, judged by the independent reader. What is returned is right or wrong; only what keeps the test
 * itself from judging (servers that do not come back, kcat that fails) throws.
 */
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withDeadline } from "../../../simulator/common/foundation/deadline.ts";
import { describeError } from "../../../simulator/common/foundation/errors.ts";
import { readEvidence } from "../independent/evidence.ts";
import { type Ruling, ruleOn } from "../independent/ruling.ts";
import { type Cli, startCli } from "../run-cli.ts";
import { expectNoRunProcesses, listRunProcesses } from "../run-processes.ts";
import type { ChaosResult } from "./chaos-result.ts";
import type { ChaosServers } from "./chaos-servers.ts";
import { carryOut, type Outcome, type Scene, sendSignal } from "./fault-actions.ts";
import { writeForeignTopic } from "./foreign-topic.ts";
import { RunFollower } from "./run-follower.ts";
import { holdsBeforeValidation, PARTITIONS, type Schedule } from "./schedule.ts";

/** A run that has not ended by then hangs: the budget of its load, and as much again for servers that come back. */
const MAX_TIME_S = 120;
const RUN_DEADLINE_MS = 240_000;
/** An end that is asked for takes at most its budgets; after that it is killed. */
const KILL_DEADLINE_MS = 60_000;
const OWN_TOPIC_PREFIX = "flinkdotnet.sample.topic-";

export interface ChaosOptions {
  /** Where the folders of runs that did not pass are kept; null keeps none. */
  readonly evidenceFolder: string | null;
}

export async function runChaos(servers: ChaosServers, schedule: Schedule, options: ChaosOptions): Promise<ChaosResult> {
  const { load, seed } = schedule;
  const foreignTopic = load.kind === "count" ? `theirs-${seed}` : null;
  const awake =
    load.kind === "count" ? await writeForeignTopic(servers, `theirs-${seed}`, load) : new AbortController();
  const cli = startCli(argumentsOf(servers, schedule, foreignTopic), { deadlineMs: RUN_DEADLINE_MS });
  const topic = async () => foreignTopic ?? `${OWN_TOPIC_PREFIX}${await cli.runId()}`;
  try {
    const harmed = await harm(servers, schedule, cli, awake, topic);
    await servers.restore();
    const ruling = harmed.isHung ? null : await ruleOnRun(servers, schedule, cli, harmed.exitCode, await topic());
    const hung = `HUNG: it did not end within ${RUN_DEADLINE_MS} ms`;
    const wrongs = [...(ruling?.wrongs ?? [hung]), ...(await endLeftovers(await cli.runId()))];
    const isPass = wrongs.length === 0 && harmed.exitCode === 0;
    if (!isPass && options.evidenceFolder !== null) {
      cpSync(await cli.runDir(), join(options.evidenceFolder, `${seed}-${schedule.brokers}`), { recursive: true });
    }
    return { schedule, ...harmed, reasons: readReasons(await readReport(cli)), ruling, wrongs };
  } finally {
    awake.abort();
    await cli.dispose();
    await servers.clear();
  }
}

function argumentsOf(servers: ChaosServers, schedule: Schedule, foreignTopic: string | null): string[] {
  const { load, faults } = schedule;
  const isCut = (server: string) => faults.some(({ fault }) => fault.kind === "cut" && fault.server === server);
  return [
    "up",
    "--once",
    "--ui",
    "json",
    "--partitions",
    String(PARTITIONS),
    "--max-time",
    `${MAX_TIME_S}s`,
    "--kafka",
    isCut("kafka") ? servers.proxiedBootstrap : servers.bootstrap,
    "--redis",
    isCut("redis") ? servers.proxiedRedisUrl : servers.redisUrl,
    "--task-managers",
    String(schedule.taskManagers),
    "--checkpoint-interval",
    String(schedule.checkpointIntervalMs),
    ...(holdsBeforeValidation(schedule) ? ["--test-hold", "before-validation"] : []),
    ...(load.kind === "produce"
      ? ["--messages", String(load.messages), "--rate", String(load.rate)]
      : ["--messages", "0", "--topic", foreignTopic ?? ""]),
  ];
}

interface Harmed {
  readonly exitCode: number | null;
  readonly seconds: number;
  readonly outcomes: readonly Outcome[];
  readonly isHung: boolean;
}

/** Lets the run go through its faults to its end. */
async function harm(
  servers: ChaosServers,
  schedule: Schedule,
  cli: Cli,
  awake: AbortController,
  topic: () => Promise<string>,
): Promise<Harmed> {
  const { load } = schedule;
  const startedMs = performance.now();
  const ended = new AbortController();
  const wake = load.kind === "count" && load.paused !== null ? load.paused.resumedAfterMs : 0;
  const alarm = setTimeout(() => awake.abort(), wake);
  const run = new RunFollower(cli);
  const { cwd } = cli;
  const scene: Scene = { servers, run, cwd, topic, messages: load.messages, ended: ended.signal };
  const outcomes = carryOutAll(schedule, scene, cli);
  const end = await cli.end().catch(() => null);
  const seconds = (performance.now() - startedMs) / 1_000;
  clearTimeout(alarm);
  ended.abort();
  awake.abort();
  if (end === null) await killHung(cli);
  return { exitCode: end?.exitCode ?? null, seconds, outcomes: await outcomes, isHung: end === null };
}

/** All at once, each at its moment. The hold before the validation ends when the faults that begin in it have begun. */
async function carryOutAll(schedule: Schedule, scene: Scene, cli: Cli): Promise<Outcome[]> {
  const holding: Promise<void>[] = [];
  const outcomes = schedule.faults.map((planned) => {
    const begun = Promise.withResolvers<void>();
    if (planned.moment.at.kind === "hold") holding.push(begun.promise);
    return carryOut(planned, scene, begun.resolve);
  });
  if (holdsBeforeValidation(schedule) && (await scene.run.until(() => scene.run.holds, scene.ended))) {
    await Promise.all(holding);
    writeFileSync(join(await cli.runDir(), "hold-released"), "");
  }
  return Promise.all(outcomes);
}

async function killHung(cli: Cli): Promise<void> {
  const gone = new Promise<void>((resolve) => cli.process.once("close", () => resolve()));
  cli.process.kill("SIGTERM");
  await withDeadline(gone, { what: "the end of a hung run", deadlineMs: KILL_DEADLINE_MS }).catch(() =>
    cli.process.kill("SIGKILL"),
  );
  await gone;
}

/** What the run left behind is a wrong of its own, and must not disturb the next one. */
async function endLeftovers(runId: string): Promise<string[]> {
  try {
    await expectNoRunProcesses(runId);
    return [];
  } catch (error) {
    for (const { pid } of listRunProcesses(runId)) sendSignal(pid, "SIGKILL");
    return [describeError(error)];
  }
}

async function ruleOnRun(
  servers: ChaosServers,
  { load }: Schedule,
  cli: Cli,
  exitCode: number | null,
  topic: string,
): Promise<Ruling> {
  const { bootstrap, redisUrl } = servers;
  const requested = load.kind === "produce" ? load.messages : null;
  const runDir = await cli.runDir();
  const evidence = await readEvidence({ bootstrap, redisUrl, topic, runDir, requested, idMax: load.messages });
  return ruleOn({ exitCode, reportText: await readReport(cli) }, evidence);
}

async function readReport(cli: Cli): Promise<string | null> {
  const path = join(await cli.runDir(), "report.json");
  return existsSync(path) ? readFileSync(path, "utf8") : null;
}

const readReasons = (reportText: string | null): readonly string[] =>
  reportText === null ? [] : (JSON.parse(reportText) as { reasons: string[] }).reasons;
