/**
 * From the end of the work to the verdict: host facts → validator → report. The verdict and its exit code are read from
 * report.json; only when no report could be made does the ending alone decide.
 */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { ReportTask, ValidatorTask } from "../../simulator/common/contract/child/tasks.ts";
import type { VerdictEvent } from "../../simulator/common/contract/events.ts";
import type { HostFacts, RunEnding } from "../../simulator/common/contract/files/host-facts.ts";
import {
  countChecks,
  type Report,
  readReport,
  type WarmUpFacts,
} from "../../simulator/common/contract/files/report.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { present } from "../../simulator/common/foundation/assert.ts";
import { waitUntil, withDeadline } from "../../simulator/common/foundation/deadline.ts";
import { describeError } from "../../simulator/common/foundation/errors.ts";
import { readJson } from "../../simulator/common/foundation/json-file.ts";
import { exitCodeOfEnding } from "../exit-code.ts";
import type { ResourceSnapshot } from "../model/resource.ts";
import { describeOptions } from "../options.ts";
import type { Supervisor } from "../processes/supervisor.ts";
import { isKafkaAnswering } from "../resources/kafka.ts";
import { isRedisAnswering } from "../resources/redis.ts";
import type { RunContext } from "../run/run-context.ts";
import { replaceFile } from "../run/run-folder.ts";
import type { Round } from "./rounds.ts";
import { STOP_BUDGET_MS } from "./stop.ts";
import type { System } from "./system.ts";

const VALIDATION_MS_MAX = 3_600_000;
const REPORT_MS_MAX = 300_000;
const HOLD_MS_MAX = 600_000;

export interface VerdictInput {
  readonly run: RunContext;
  readonly system: System;
  readonly rounds: readonly Round[];
  readonly startupMs: number | null;
  readonly warmUp: WarmUpFacts | null;
  /** Where a user of the original system looks for the report's text; null: nowhere. */
  readonly textFolder: string | null;
  readonly ending: RunEnding;
  /** Called when nothing that happens from now on can change the verdict. */
  readonly onSettled: () => void;
}

/** Validates, reports, and emits the verdict. */
export async function reachVerdict(input: VerdictInput): Promise<VerdictEvent> {
  const { run } = input;
  const validationMs = await validate(input);
  input.onSettled();
  const report = await makeReport(input, validationMs);
  const verdict = report === undefined ? verdictWithoutReport(input) : verdictOfReport(input, report);
  run.feed.emit(verdict);
  return verdict;
}

/** Null when there was nothing to validate with: the job never ran, or Kafka or Redis do not answer. */
async function validate(input: VerdictInput): Promise<number | null> {
  const { run, system, ending } = input;
  // What an earlier round's validator left must not pass for this one's.
  rmSync(runFolder.checks(run.runDir), { force: true });
  if (run.seen.job.membersAtStart === null) return null;
  if (ending.kind !== "drained" && !(await areServersAnswering(system))) {
    run.notice("warn", "host", "Kafka or Redis does not answer: nothing can be validated");
    return null;
  }
  if (run.options.testHold === "before-validation") await holdForTest(run);
  run.feed.emit({
    type: "phase",
    phase: "validating",
    detail: ending.kind === "drained" ? "" : "the messages applied before the run was cut short",
  });
  const startedMs = performance.now();
  try {
    const validator = system.startTask("validator", createValidatorTask(input));
    // A server that is given up will not be read any more, however long the validator would try.
    const ended = Promise.race([validator, ...serversOf(system)].map(({ finished }) => finished));
    await awaitTask(run, validator, ended, { what: "the validation", deadlineMs: VALIDATION_MS_MAX });
  } catch (error) {
    // The report then finds no checks, and says so; the reason must not get lost either.
    run.notice("error", "validator", describeError(error));
    run.ending.endWithError(error);
  }
  return Math.round(performance.now() - startedMs);
}

/**
 * An interrupt does not cut it short: the verdict is near, and a second Ctrl+C kills everything. One that takes too long
 * is ended, since the next one of that name takes its place.
 */
async function awaitTask(
  run: RunContext,
  supervisor: Supervisor,
  ended: Promise<void>,
  limit: { readonly what: string; readonly deadlineMs: number },
): Promise<void> {
  try {
    await run.tellWait(limit, withDeadline(ended, limit));
  } catch (error) {
    await supervisor.stop(STOP_BUDGET_MS);
    throw error;
  }
}

const serversOf = ({ supervisors }: System): Supervisor[] =>
  ["kafka", "redis"].map((name) => present(supervisors.get(name), name));

/** Whether a validator could read from both now. */
export async function areServersAnswering(system: System): Promise<boolean> {
  if (serversOf(system).some(({ failure }) => failure !== null)) return false;
  const { redis } = system.connections();
  const answers = await Promise.all([isKafkaAnswering(system.kafkaAccess()), isRedisAnswering(redis)]);
  return answers.every((answer) => answer);
}

async function holdForTest(run: RunContext): Promise<void> {
  const marker = join(run.runDir, "hold-released");
  const what = `the file ${marker} of --test-hold`;
  run.feed.emit({ type: "waiting", for: what, waitedMs: 0, deadlineMs: HOLD_MS_MAX });
  await waitUntil(() => (existsSync(marker) ? true : undefined), {
    what,
    deadlineMs: HOLD_MS_MAX,
    signal: run.ending.signal,
  }).catch((error: unknown) => void run.ending.endWithError(error));
}

function createValidatorTask({ system, rounds, ending }: VerdictInput): ValidatorTask {
  return {
    // Whether one had begun when the run was cut short, is the validator's question: what is known here may be old.
    rounds: system.config.ownTopic ? rounds : [],
    mode: ending.kind === "drained" ? "drained" : "prefix",
    endOffsets: system.topic?.endOffsets ?? null,
    startOffsets: system.config.ownTopic ? null : (system.topic?.startOffsets ?? null),
    sharedRedis: system.infrastructure.redis.mode === "external",
  };
}

function writeHostFacts(input: VerdictInput, validationMs: number | null): void {
  const { run, system, rounds, startupMs, warmUp } = input;
  const { job } = run.seen;
  const facts: HostFacts = {
    schema: 1,
    runId: run.runId,
    startedAtUs: run.startedAtUs,
    finishedAtUs: run.clock.nowUs(),
    config: system.config,
    parameters: describeOptions(run.options),
    infra: system.infrastructure,
    rounds,
    warmUp,
    startupMs,
    firstAssignedAtUs: job.firstAssignedAtUs,
    validationMs,
    ending: run.ending.reason ?? input.ending,
    taskManagers: listTaskManagers(system).map(({ name, pid, restarts }) => ({
      id: name,
      pid,
      restarts,
      // A person may restart all of them in the moment of the verdict.
      partitions: job.wholeAssignment[name] ?? [],
      // One that came back after the job's end is registered, but was never meant to get anything.
      registered: name in job.wholeAssignment,
    })),
    membershipChanged: job.membershipChanged,
    faults: run.faults.newest,
    faultsDropped: run.faults.dropped,
    checkpoints: job.checkpoints,
    resources: run.sampler.readFacts(),
  };
  replaceFile(runFolder.hostFacts(run.runDir), `${JSON.stringify(facts, null, 2)}\n`);
}

/** By name; those that were scaled away among them, since what they processed is part of the whole. */
function listTaskManagers(system: System): ResourceSnapshot[] {
  return [...system.supervisors.values(), ...system.formerTaskManagers.values()]
    .map(({ snapshot }) => snapshot)
    .filter(({ kind }) => kind === "taskmanager")
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Undefined, and a notice, when none could be made: the run's folder may be what failed. */
async function makeReport(input: VerdictInput, validationMs: number | null): Promise<Report | undefined> {
  const { run, system } = input;
  try {
    writeHostFacts(input, validationMs);
    const task: ReportTask = { textFolder: input.textFolder, prefix: "stress_test" };
    const report = system.startTask("report", task);
    await awaitTask(run, report, report.finished, { what: "the report", deadlineMs: REPORT_MS_MAX });
    return present(await readJson(runFolder.report(run.runDir), readReport), "the report");
  } catch (error) {
    run.notice("error", "report", describeError(error));
    return undefined;
  }
}

function verdictOfReport({ run, rounds }: VerdictInput, report: Report): VerdictEvent {
  return {
    type: "verdict",
    verdict: report.verdict,
    exitCode: report.exitCode,
    reasons: report.reasons,
    runId: run.runId,
    report: runFolder.report(run.runDir),
    rounds: rounds.length,
    processed: report.messages.processed,
    notCounted: report.messages.notCounted,
    lost: report.messages.lost,
    duplicated: report.messages.duplicated,
    endToEndPerSecond: report.throughput.endToEndPerSecond,
    checks: countChecks(report.checks),
  };
}

/** Somebody ended it on purpose. */
const isInterrupted = ({ kind }: RunEnding): boolean =>
  kind === "interrupted" || kind === "jobCancelled" || kind === "jobStopped";

function verdictWithoutReport({ run, ending }: VerdictInput): VerdictEvent {
  const reason = run.ending.reason ?? ending;
  return createBareVerdict(run, {
    verdict: isInterrupted(reason) ? "interrupted" : "failed",
    exitCode: exitCodeOfEnding(reason),
    reason: "reason" in reason ? reason.reason : `no report could be made (${reason.kind})`,
  });
}

/** A verdict on which nothing was counted: every number is unknown. */
export function createBareVerdict(
  run: RunContext,
  what: { verdict: VerdictEvent["verdict"]; exitCode: number; reason: string },
): VerdictEvent {
  return {
    type: "verdict",
    verdict: what.verdict,
    exitCode: what.exitCode,
    reasons: [what.reason],
    runId: run.runId,
    report: "",
    rounds: 0,
    processed: null,
    notCounted: null,
    lost: null,
    duplicated: null,
    endToEndPerSecond: null,
    checks: countChecks([]),
  };
}
