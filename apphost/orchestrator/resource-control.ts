/**
 * What a person does to single resources of a running host: stop, start, restart, scale.
 *
 * C1 One command at a time, in the order in which they came; each has a deadline and says what it waits for.
 * C2 A stop is no fault: nothing restarts the resource, and the run does not end by it. What depends on it waits, and
 *    gives up in its own time.
 * C3 Refused, with the reason, is what cannot be undone: the embedded Kafka holds the only copy of its records, and a
 *    server that is not ours is not ours to stop.
 * C4 A command that is under way when the run ends is answered before the resources are taken down.
 */
import { waitUntil, withDeadline } from "../../simulator/common/foundation/deadline.ts";
import { describeError } from "../../simulator/common/foundation/errors.ts";
import { TASK_MANAGERS } from "../app-model.ts";
import type { ResourceAction, ResourceAnswer, ResourceRequest } from "../control/protocol.ts";
import { listNames } from "../model/name-list.ts";
import type { Supervisor } from "../processes/supervisor.ts";
import { waitForLeaders } from "../resources/kafka.ts";
import type { RunContext } from "../run/run-context.ts";
import type { CommandContext, Tell } from "./scaling.ts";
import { scaleTaskManagers } from "./scaling.ts";
import { STOP_BUDGET_MS } from "./stop.ts";
import type { System } from "./system.ts";

/** A broker that was killed before answers about 13 s after its start, and twenty processes may start at once. */
const READY_MS_MAX = 120_000;
const REGISTERED_MS_MAX = 30_000;

export interface ResourceControl {
  handle(request: ResourceRequest, tell: Tell): Promise<ResourceAnswer>;
  /** No further command; one that waits stops waiting. Settles when the last one is answered (C4). */
  close(): Promise<void>;
}

export function createResourceControl(run: RunContext, system: System): ResourceControl {
  const closing = new AbortController();
  const signal = AbortSignal.any([run.ending.signal, closing.signal]);
  let queue: Promise<unknown> = Promise.resolve();
  const perform = async (request: ResourceRequest, tell: Tell): Promise<ResourceAnswer> => {
    if (signal.aborted) return { kind: "failed", reason: "the run is ending" };
    try {
      return await answerRequest({ run, system, signal, tell }, request);
    } catch (error) {
      return { kind: "failed", reason: signal.aborted ? "the run is ending" : describeError(error) };
    }
  };
  return {
    handle(request, tell) {
      const answer = queue.then(() => perform(request, tell));
      queue = answer;
      return answer;
    },
    async close() {
      closing.abort(new Error("the run is ending"));
      await queue;
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
  const names = system.application.members(request.resource).map(({ name }) => name);
  if (names.length === 0) return { kind: "unknown", asked: request.resource, known: listKnown(system) };
  const targets = names.flatMap((name) => system.supervisors.get(name) ?? []);
  const refusal = findRefusal(system, names);
  if (refusal !== null) return { kind: "failed", reason: refusal };
  await act(context, request.request, targets);
  const detail = `${request.resource}: ${WORDS[request.request]}`;
  return { kind: "done", detail, resources: targets.map(({ snapshot }) => snapshot) };
}

const WORDS: Readonly<Record<ResourceAction, string>> = { start: "running", stop: "stopped", restart: "running again" };

/** Tasks of a round come and go by themselves, so a person cannot name them here. */
function listKnown(system: System): string[] {
  const standing = system.application.order.filter(({ life }) => life === "standing");
  const groups = standing.flatMap(({ group }) => group ?? []);
  return [...new Set([...groups, ...standing.map(({ name }) => name)])];
}

/** C3. Null: nothing speaks against it. */
function findRefusal(system: System, names: readonly string[]): string | null {
  for (const declaration of system.application.order.filter(({ name }) => names.includes(name))) {
    const { name, kind, life } = declaration;
    if (life === "task") return `${name} is the task of a round: it starts and ends with it`;
    const supervisor = system.supervisors.get(name);
    if (supervisor?.snapshot.state === "finished")
      return `${name} has finished its work, and is not started again: end this run with "flink-apphost down", and begin another with "flink-apphost up"`;
    const failure = supervisor?.failure ?? null;
    if (failure !== null) return `${name} is given up for the rest of the run: ${failure.message}`;
    if (kind !== "kafka" && kind !== "redis") continue;
    const server = system.serverOf(kind);
    if (server.launch === null) return `${name} at ${server.endpoint} is not ours to stop or start`;
    if (!server.survivesRestart) {
      return `the embedded ${name} keeps its records in memory only, and a stop would lose them: use --infra native, or --kafka`;
    }
  }
  return null;
}

async function act(context: CommandContext, action: ResourceAction, targets: readonly Supervisor[]): Promise<void> {
  if (action !== "start") await halt(context, targets);
  if (action !== "stop") await resume(context, targets);
}

async function halt({ tell }: CommandContext, targets: readonly Supervisor[]): Promise<void> {
  const running = targets.filter(({ isHalted }) => !isHalted);
  if (running.length === 0) return;
  tell(`waiting for ${namesOf(running)} to end, at most ${STOP_BUDGET_MS} ms before it is killed`);
  await Promise.all(running.map((target) => target.halt(STOP_BUDGET_MS)));
}

async function resume(context: CommandContext, targets: readonly Supervisor[]): Promise<void> {
  const { signal, tell, run, system } = context;
  const halted = targets.filter(({ isHalted }) => isHalted);
  const what = `the readiness of ${namesOf(targets)}`;
  tell(`waiting for ${what}, at most ${READY_MS_MAX} ms`);
  const ready = Promise.all(halted.map((target) => target.resume()));
  const isRunning = ({ snapshot }: Supervisor) => snapshot.state === "running";
  await withDeadline(ready, { what, deadlineMs: READY_MS_MAX, signal });
  // One that was not stopped may just be starting again by itself.
  await waitUntil(() => targets.every(isRunning) || undefined, { what, deadlineMs: READY_MS_MAX, signal });
  const kinds = new Set(targets.map(({ snapshot }) => snapshot.kind));
  if (kinds.has("kafka")) await waitForLeaders(system.connections().kafka, system.config.topic, signal);
  // Without a JobManager nobody registers; the TaskManagers do when it is back.
  if (!kinds.has("taskmanager") || system.supervisors.get("jobmanager")?.isHalted === true) return;
  const names = targets.map(({ snapshot }) => snapshot.name);
  await waitUntil(() => names.every((name) => run.seen.job.registered.includes(name)) || undefined, {
    what: `the registration of ${namesOf(targets)}`,
    deadlineMs: REGISTERED_MS_MAX,
    signal,
  });
}

const namesOf = (targets: readonly Supervisor[]): string => listNames(targets.map(({ snapshot }) => snapshot.name));
