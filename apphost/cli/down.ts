/**
 * `down`: stops a running host, or with --all every one of the folder, sweeps what dead ones left, and with --purge has
 * `purge.ts` remove what a run, or with --all every run of the folder, left on servers of others. With --forget it gives up
 * what cannot be reached of the run that --run names (Y3 of `orchestrator/dead-hosts.ts`).
 */
import { createError, describeError } from "../../simulator/common/foundation/errors.ts";
import { tellLongWait } from "../../simulator/common/foundation/long-wait.ts";
import {
  findRunningHosts,
  type HostChoice,
  type RunningHost,
  readRunningHost,
  requireRun,
  requireRunningHost,
} from "../control/running-host.ts";
import { findEngine } from "../drivers/docker/engine.ts";
import { type EngineThing, removeOfDeadOwners } from "../drivers/docker/leftovers.ts";
import { removeStaleSockets } from "../files/socket-files.ts";
import { describeSwept, forgetHostElsewhere, isDone, sweepDeadHosts } from "../orchestrator/dead-hosts.ts";
import { runIdOf } from "../run/run-folder.ts";
import { type PurgeOptions, purgeAllRuns, purgeRun } from "./purge.ts";
import { type StopOptions, stopHost } from "./stop-host.ts";
import { noteLongWait, type Terminal } from "./terminal.ts";

export interface DownOptions extends HostChoice, PurgeOptions {
  /** Every host of the folder, and with a purge that names no run every run of it. */
  readonly all: boolean;
  /** How long a host may take to end. */
  readonly timeoutMs: number;
  /** null: no purge. Empty: the newest run, or all. */
  readonly purge: string | null;
  /** Only with `run`. */
  readonly forget: boolean;
}

type Write = (line: string) => Promise<void>;

export async function runDown(options: DownOptions, terminal: Terminal): Promise<number> {
  const { write, note } = terminal;
  const { timeoutMs, purge: purged } = options;
  // Each of them is many small waits with deadlines of their own.
  const aloud = <T>(what: string, work: Promise<T>) =>
    tellLongWait(work, { what, deadlineMs: null }, noteLongWait({ note }));
  const forgotten = options.forget && options.run !== null ? requireRun(options.base, options.run) : null;
  const hosts = chooseHosts(options);
  if (options.run === null && hosts.length === 0 && purged === null) note(`no host runs in ${options.base}`);
  if (options.run !== null && hosts.length === 0) await write(`run ${options.run} has no host any more`);
  await stopHosts(hosts, { timeoutMs, write, note });
  const elsewhere = forgotten === null ? undefined : forgetHostElsewhere(forgotten);
  if (elsewhere !== undefined) await write(elsewhere);
  await aloud("what dead hosts left in this folder to be swept", sweepLeftovers(options.base, forgotten, write));
  await aloud("the container engine to say, and remove, what dead hosts left in it", sweepEngine(write));
  for (const path of await removeStaleSockets()) await write(`removed stale socket ${path}`);
  if (purged === null) return 0;
  const purging =
    purged === "" && options.all
      ? purgeAllRuns(options, terminal)
      : purgeRun(purged === "" ? null : purged, options, terminal);
  return aloud("Kafka and Redis to remove what runs left there", purging);
}

/** All at once; one that does not end keeps nobody from ending, and is what is told. */
async function stopHosts(hosts: readonly RunningHost[], options: StopOptions): Promise<void> {
  const outcomes = await Promise.allSettled(hosts.map((host) => stopHost(host, options)));
  const reasons = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as unknown] : []));
  for (const reason of reasons.slice(1)) options.note(describeError(reason));
  if (reasons.length > 0) throw reasons[0];
}

/** No host is no error: what a crash left is still to be swept, also when its run was named. */
function chooseHosts(options: DownOptions): RunningHost[] {
  const { base, run, all } = options;
  const hosts = run === null ? findRunningHosts(base) : readRunningHost(requireRun(base, run));
  return all || hosts.length === 0 ? hosts : [requireRunningHost(options)];
}

/** `forgotten`: the folder of a run. */
async function sweepLeftovers(base: string, forgotten: string | null, write: Write): Promise<void> {
  const startedMs = performance.now();
  const swept = await sweepDeadHosts(base, forgotten === null ? null : runIdOf(forgotten));
  for (const run of swept) await write(describeSwept(run));
  const left = swept.find((run) => !isDone(run));
  if (left === undefined) return;
  const { runId: run, remaining, unreached } = left;
  const waitedMs = Math.round(performance.now() - startedMs);
  if (unreached === null) {
    const advice = "its host had died; look at what holds it, and run down again";
    throw createError("DOWN_INCOMPLETE", { run, waitedMs, remaining, advice });
  }
  const advice = `start what does not answer, and run down again; if it is gone for good: flink-apphost down --run ${run} --forget`;
  throw createError("DOWN_INCOMPLETE", { run, waitedMs, remaining: [...remaining, `perhaps ${unreached}`], advice });
}

/** What dead hosts of other folders left in the engine of this machine, if there is one. */
async function sweepEngine(write: Write): Promise<void> {
  const lookup = await findEngine(process.env);
  if (lookup.kind === "none") return;
  const { removed, remaining } = await removeOfDeadOwners(lookup.engine.docker);
  await reportRemoved(removed, write);
  if (remaining.length > 0) await write(`still there: ${remaining.join("; ")}`);
}

async function reportRemoved(removed: readonly EngineThing[], write: Write): Promise<void> {
  for (const { kind, name } of removed) await write(`removed ${kind} ${name}`);
}
