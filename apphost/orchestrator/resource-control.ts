/**
 * What a person does to single resources of a running host: stop, start, restart, kill, pause, resume, scale.
 *
 * C1 One command at a time, in the order in which they came; each has a deadline and says what it waits for.
 * C2 A stop is no fault: nothing restarts the resource, and the run does not end by it. What depends on it waits, and
 *    gives up in its own time.
 * C3 What cannot be undone or has no effect is refused, with the reason (`refusals.ts`). Of a group's processes those
 *    that can be killed, paused or resumed are, and the others are named.
 * C4 A command that is under way when the run ends is answered before the resources are taken down.
 * C5 A run that ends waits for nothing that a person paused: all of it goes on first, and nothing is paused any more.
 */
import { waitUntil, withDeadline } from "../../simulator/common/foundation/deadline.ts";
import { describeError } from "../../simulator/common/foundation/errors.ts";
import { TASK_MANAGERS } from "../app-model.ts";
import type { CheckpointAnswer, ResourceAction, ResourceAnswer, ResourceRequest } from "../control/protocol.ts";
import { listNames } from "../model/name-list.ts";
import type { Supervisor } from "../processes/supervisor.ts";
import { waitForLeaders } from "../resources/kafka.ts";
import type { RunContext } from "../run/run-context.ts";
import { takeCheckpoint } from "./checkpoint-command.ts";
import { findLifeRefusal, findProcessRefusal, isProcessAction, listKnown, type ProcessAction } from "./refusals.ts";
import type { CommandContext, Tell } from "./scaling.ts";
import { scaleTaskManagers } from "./scaling.ts";
import { STOP_BUDGET_MS } from "./stop.ts";
import type { System } from "./system.ts";

/** A broker that was killed before answers about 13 s after its start, and twenty processes may start at once. */
const READY_MS_MAX = 120_000;
const REGISTERED_MS_MAX = 30_000;
/** From the moment in which one that was paused goes on to its first answer. */
const ANSWER_MS_MAX = 30_000;

export interface ResourceControl {
  handle(request: ResourceRequest, tell: Tell): Promise<ResourceAnswer>;
  takeCheckpoint(tell: Tell): Promise<CheckpointAnswer>;
  /** C5. */
  endPauses(): Promise<void>;
  /** No further command; one that waits stops waiting. Settles when the last one is answered (C4). */
  close(): Promise<void>;
}

type Failed = Extract<ResourceAnswer, { kind: "failed" }>;
const IS_ENDING: Failed = { kind: "failed", reason: "the run is ending" };

export function createResourceControl(run: RunContext, system: System): ResourceControl {
  const closing = new AbortController();
  const signal = AbortSignal.any([run.ending.signal, closing.signal]);
  let mayPause = true;
  let queue: Promise<unknown> = Promise.resolve();
  /** C1, C4. */
  const enqueue = <T>(tell: Tell, work: (context: CommandContext) => Promise<T>): Promise<T | Failed> => {
    const perform = async (): Promise<T | Failed> => {
      if (signal.aborted) return IS_ENDING;
      try {
        return await work({ run, system, signal, tell });
      } catch (error) {
        return signal.aborted ? IS_ENDING : { kind: "failed", reason: describeError(error) };
      }
    };
    const answer = queue.then(perform);
    queue = answer;
    return answer;
  };
  const endPauses = async () => {
    mayPause = false;
    const paused = [...system.supervisors.values()].filter(({ isPaused }) => isPaused);
    const resumed = paused.map((one) =>
      // Whoever needs it next has a deadline of its own.
      one.resume(STOP_BUDGET_MS).catch((error: unknown) => {
        run.notice("warn", one.snapshot.name, `it was paused: ${describeError(error)}`);
      }),
    );
    await Promise.all(resumed);
  };
  return {
    endPauses,
    handle: (request, tell) =>
      enqueue(tell, async (context) => {
        if (request.request === "pause" && !mayPause) return IS_ENDING;
        return answerRequest(context, request);
      }),
    takeCheckpoint: (tell) => enqueue(tell, takeCheckpoint),
    async close() {
      closing.abort(new Error("the run is ending"));
      await queue;
      await endPauses();
    },
  };
}

async function answerRequest(context: CommandContext, request: ResourceRequest): Promise<ResourceAnswer> {
  const { system } = context;
  if (request.request === "scale") {
    const { group, replicas } = request;
    if (group !== TASK_MANAGERS) return { kind: "unknown", asked: group, known: [TASK_MANAGERS] };
    return scaleTaskManagers(context, replicas);
  }
  const declarations = system.application.members(request.resource);
  if (declarations.length === 0) return { kind: "unknown", asked: request.resource, known: listKnown(system) };
  const action = request.request;
  if (isProcessAction(action)) return actOnProcesses(context, { ...request, request: action });
  for (const declaration of declarations) {
    const refusal = findLifeRefusal(system, action, declaration);
    if (refusal !== null) return { kind: "failed", reason: refusal };
  }
  const targets = declarations.flatMap(({ name }) => system.supervisors.get(name) ?? []);
  if (action !== "start") await halt(context, targets);
  if (action !== "stop") await startAgain(context, targets);
  return describeDone(request, targets, "");
}

const WORDS: Readonly<Record<ResourceAction, string>> = {
  start: "running",
  stop: "stopped",
  restart: "running again",
  kill: "killed",
  pause: "paused",
  resume: "running again",
};

function describeDone(
  { request, resource }: { readonly request: ResourceAction; readonly resource: string },
  targets: readonly Supervisor[],
  more: string,
): ResourceAnswer {
  const resources = targets.map(({ snapshot }) => snapshot);
  return { kind: "done", detail: `${resource}: ${WORDS[request]}${more}`, resources };
}

/** C3. */
async function actOnProcesses(
  context: CommandContext,
  request: { readonly request: ProcessAction; readonly resource: string },
): Promise<ResourceAnswer> {
  const { system } = context;
  const looks = system.application.members(request.resource).map(({ name }) => {
    const supervisor = system.supervisors.get(name);
    const refusal = findProcessRefusal(system, request.request, name);
    return { supervisor, refusal };
  });
  const refusals = looks.flatMap(({ refusal }) => refusal ?? []);
  const targets = looks.flatMap(({ supervisor, refusal }) => (refusal === null ? (supervisor ?? []) : []));
  if (targets.length === 0) return { kind: "failed", reason: refusals.join("; ") };
  await ACT[request.request](context, targets);
  return describeDone(request, targets, refusals.length === 0 ? "" : `, but ${refusals.join("; ")}`);
}

const ACT: Readonly<
  Record<ProcessAction, (context: CommandContext, targets: readonly Supervisor[]) => Promise<unknown>>
> = {
  kill: (_, targets) => Promise.all(targets.map((target) => target.killProcess())),
  pause: (_, targets) => Promise.all(targets.map((target) => target.pause())),
  async resume(context, targets) {
    context.tell(`waiting for an answer of ${namesOf(targets)}, at most ${ANSWER_MS_MAX} ms`);
    await Promise.all(targets.map((target) => target.resume(ANSWER_MS_MAX)));
    await waitUntilServing(context, targets);
  },
};

async function halt({ tell }: CommandContext, targets: readonly Supervisor[]): Promise<void> {
  const running = targets.filter(({ isHalted }) => !isHalted);
  if (running.length === 0) return;
  tell(`waiting for ${namesOf(running)} to end, at most ${STOP_BUDGET_MS} ms before it is killed`);
  await Promise.all(running.map((target) => target.halt(STOP_BUDGET_MS)));
}

async function startAgain(context: CommandContext, targets: readonly Supervisor[]): Promise<void> {
  const { signal, tell } = context;
  const halted = targets.filter(({ isHalted }) => isHalted);
  const what = `the readiness of ${namesOf(targets)}`;
  tell(`waiting for ${what}, at most ${READY_MS_MAX} ms`);
  const ready = Promise.all(halted.map((target) => target.startAgain()));
  const isRunning = ({ snapshot }: Supervisor) => snapshot.state === "running";
  await withDeadline(ready, { what, deadlineMs: READY_MS_MAX, signal });
  // One that was not stopped may just be starting again by itself.
  await waitUntil(() => targets.every(isRunning) || undefined, { what, deadlineMs: READY_MS_MAX, signal });
  await waitUntilServing(context, targets);
}

/** A broker serves when its partitions have leaders, and a TaskManager when the JobManager has it. */
async function waitUntilServing(context: CommandContext, targets: readonly Supervisor[]): Promise<void> {
  const { signal, tell, run, system } = context;
  const kinds = new Set(targets.map(({ snapshot }) => snapshot.kind));
  if (kinds.has("kafka")) await waitForLeaders(system.kafkaAccess(), system.config.topic, signal);
  // Without a JobManager nobody registers; the TaskManagers do when it is back.
  const jobManager = system.supervisors.get("jobmanager");
  if (!kinds.has("taskmanager") || jobManager?.isHalted === true || jobManager?.isPaused === true) return;
  const names = targets.map(({ snapshot }) => snapshot.name);
  tell(`waiting for the registration of ${namesOf(targets)}, at most ${REGISTERED_MS_MAX} ms`);
  await waitUntil(() => names.every((name) => run.seen.job.registered.includes(name)) || undefined, {
    what: `the registration of ${namesOf(targets)}`,
    deadlineMs: REGISTERED_MS_MAX,
    signal,
  });
}

const namesOf = (targets: readonly Supervisor[]): string => listNames(targets.map(({ snapshot }) => snapshot.name));
