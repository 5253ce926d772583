/**
 * More or fewer TaskManagers in a running job.
 *
 * L1 More: the new ones are started, and partitions move to them one by one; partitions that stay never pause.
 * L2 Fewer: the highest numbers leave. Their partitions are released and owned by others before their processes are
 *    stopped, so nothing waits for a timeout.
 * L3 The JobManager knows of it by a request that is repeated to each of its lives: one that dies in between goes on.
 * L4 On Apache Flink the job restarts on other slots instead, and fewer end before that (`flink-scaling.ts`).
 */
import type { ScaleRequest } from "../../simulator/common/contract/job/rest.ts";
import { taskManagerName } from "../../simulator/common/contract/names.ts";
import { taskManagersMax } from "../../simulator/common/contract/state/redis-state.ts";
import { present } from "../../simulator/common/foundation/assert.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { TASK_MANAGERS } from "../app-model.ts";
import type { ResourceAnswer } from "../control/protocol.ts";
import { listNames } from "../model/name-list.ts";
import { isStartingState } from "../run/job-view.ts";
import type { RunContext } from "../run/run-context.ts";
import type { FlinkScaling } from "./flink-scaling.ts";
import { STOP_BUDGET_MS } from "./stop.ts";
import type { System } from "./system.ts";

const SCALE_MS_MAX = 120_000;
/** New JVMs start slowly where many do, and then the job restarts. */
const FLINK_SCALE_MS_MAX = 240_000;
const LOOK_INTERVAL_MS = 50;

/** What a command on resources works with. */
export type Tell = (words: string) => void;

export interface CommandContext {
  readonly run: RunContext;
  readonly system: System;
  /** Aborted when the run ends. */
  readonly signal: AbortSignal;
  /** To the terminal that asked. */
  readonly tell: Tell;
}

export async function scaleTaskManagers(context: CommandContext, replicas: number): Promise<ResourceAnswer> {
  const { system, tell } = context;
  const before = system.application.members(TASK_MANAGERS).map(({ name }) => name);
  const after = Array.from({ length: replicas }, (_, index) => taskManagerName(index + 1));
  const limit = await findLimit(context, before.length, replicas);
  const refusal = limit ?? findAway(context, after) ?? (await findIdleJob(context));
  if (refusal !== null) return { kind: "failed", reason: refusal };
  const joining = after.filter((name) => !before.includes(name));
  const leaving = before.filter((name) => !after.includes(name));
  // One that is paused would give nothing away until the JobManager has lost it.
  await Promise.all(leaving.map((name) => system.supervisors.get(name)?.resume(STOP_BUDGET_MS)));
  if (joining.length > 0) {
    tell(`starting ${listNames(joining)}`);
    system.setTaskManagers(after);
  }
  const scaling = system.flink?.scaling;
  if (scaling === undefined) await settleThenEnd(context, after, leaving);
  else await endThenSettle(context, scaling, after, leaving);
  const resources = after.flatMap((name) => system.supervisors.get(name)?.snapshot ?? []);
  return { kind: "done", detail: `${TASK_MANAGERS}: ${before.length} → ${replicas}`, resources };
}

async function findLimit({ system, signal }: CommandContext, now: number, wanted: number): Promise<string | null> {
  if (system.flink !== null) return system.flink.scaling.findLimit({ now, wanted }, signal);
  const { partitions } = system.config;
  const max = taskManagersMax(partitions);
  if (wanted <= max) return null;
  return `${wanted} TaskManagers with ${partitions} partitions are more than one atomic Redis write can hold: at most ${max}`;
}

/** L2. */
async function settleThenEnd(
  context: CommandContext,
  after: readonly string[],
  leaving: readonly string[],
): Promise<void> {
  await waitUntilSettled(context, { parallelism: after.length, leaving }, after);
  if (leaving.length > 0) await endLeaving(context, leaving, "which hold no partition any more");
  context.system.setTaskManagers(after);
}

/** L4. */
async function endThenSettle(
  context: CommandContext,
  scaling: FlinkScaling,
  after: readonly string[],
  leaving: readonly string[],
): Promise<void> {
  const { run, system, signal, tell } = context;
  const count = after.length;
  const what = `the job on Flink RUNNING with parallelism ${scaling.parallelismOf(count)} on ${count} TaskManagers`;
  tell(`waiting for ${what}, at most ${FLINK_SCALE_MS_MAX} ms`);
  const wait = (look: () => Promise<true | undefined>) =>
    waitUntil(look, { what, deadlineMs: FLINK_SCALE_MS_MAX, intervalMs: LOOK_INTERVAL_MS, signal });
  if (leaving.length > 0) {
    await wait(() => scaling.require(count, signal));
    await endLeaving(context, leaving, "and the job goes on without them from its newest checkpoint");
  }
  await wait(async () => {
    const { registered } = run.seen.job;
    const isWhole = after.every((name) => registered.includes(name)) && registered.length === count;
    const isReached = await scaling.look(count, signal);
    return isWhole ? isReached : undefined;
  });
  system.setTaskManagers(after);
}

async function endLeaving({ system, tell }: CommandContext, leaving: readonly string[], why: string): Promise<void> {
  tell(`stopping ${listNames(leaving)}, ${why}`);
  await Promise.all(leaving.map((name) => system.supervisors.get(name)?.stop(STOP_BUDGET_MS)));
}

/** A job that is starting, since its JobManager has just begun again, is waited for. */
async function findIdleJob({ run, signal, tell }: CommandContext): Promise<string | null> {
  if (isStartingState(run.seen.job.state)) {
    const what = "the job to be RUNNING";
    tell(`waiting for ${what}, at most ${SCALE_MS_MAX} ms`);
    const look = () => (isStartingState(run.seen.job.state) ? undefined : true);
    await waitUntil(look, {
      what: `the wait for ${what}`,
      deadlineMs: SCALE_MS_MAX,
      intervalMs: LOOK_INTERVAL_MS,
      signal,
    });
  }
  const { state } = run.seen.job;
  return state === "RUNNING" ? null : `the job is ${state ?? "not submitted"}, and only a RUNNING one can be scaled`;
}

/** Who would not answer until a person lets it. */
function findAway({ system }: CommandContext, after: readonly string[]): string | null {
  const needed = ["jobmanager", ...after].flatMap((name) => system.supervisors.get(name) ?? []);
  const namesOf = (some: typeof needed) => listNames(some.map(({ snapshot }) => snapshot.name));
  const stopped = needed.filter(({ isHalted }) => isHalted);
  if (stopped.length > 0) return `${namesOf(stopped)} stopped by the user: start first`;
  const paused = needed.filter(({ isPaused }) => isPaused);
  return paused.length === 0 ? null : `${namesOf(paused)} paused by the user: resume first`;
}

/** Everybody who stays is registered, and every partition is owned by one of them. */
async function waitUntilSettled(
  { run, system, signal, tell }: CommandContext,
  request: ScaleRequest,
  names: readonly string[],
): Promise<void> {
  const jobManager = present(system.supervisors.get("jobmanager"), "the JobManager");
  const { partitions } = system.config;
  const what = `the registration of ${names.length} TaskManagers that own all ${partitions} partitions`;
  tell(`waiting for ${what}, at most ${SCALE_MS_MAX} ms`);
  let askedLife = -1;
  const look = async (): Promise<true | undefined> => {
    const { life } = jobManager;
    if (askedLife !== life) {
      await system.jobControl().scale(request);
      askedLife = life;
    }
    if (!names.every((name) => run.seen.job.registered.includes(name))) return undefined;
    const job = await system.jobControl().read();
    return job.settled && job.parallelism === request.parallelism ? true : undefined;
  };
  await waitUntil(look, { what, deadlineMs: SCALE_MS_MAX, intervalMs: LOOK_INTERVAL_MS, signal });
}
