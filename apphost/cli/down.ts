/**
 * `down`: stops a running host, or with --all every one of the folder, sweeps what dead ones left, and with --purge has
 * `purge.ts` remove what a run, or with --all every run of the folder, left on servers of others.
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
import { describeSwept, sweepDeadHosts } from "../orchestrator/dead-hosts.ts";
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
}

type Write = (line: string) => Promise<void>;

export async function runDown(options: DownOptions, terminal: Terminal): Promise<number> {
  const { write, note } = terminal;
  const { timeoutMs, purge: purged } = options;
  // Each of them is many small waits with deadlines of their own.
  const aloud = <T>(what: string, work: Promise<T>) =>
    tellLongWait(work, { what, deadlineMs: null }, noteLongWait({ note }));
  const hosts = chooseHosts(options);
  if (options.run === null && hosts.length === 0 && purged === null) note(`no host runs in ${options.base}`);
  if (options.run !== null && hosts.length === 0) await write(`run ${options.run} has no host any more`);
  await stopHosts(hosts, { timeoutMs, write, note });
  await aloud("what dead hosts left in this folder to be swept", sweepLeftovers(options, write));
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

async function sweepLeftovers({ base }: DownOptions, write: Write): Promise<void> {
  const startedMs = performance.now();
  const swept = await sweepDeadHosts(base);
  for (const run of swept) await write(describeSwept(run));
  const left = swept.find(({ remaining }) => remaining.length > 0);
  if (left === undefined) return;
  const waitedMs = Math.round(performance.now() - startedMs);
  const advice = "its host had died; look at what holds it, and run down again";
  throw createError("DOWN_INCOMPLETE", { run: left.runId, waitedMs, remaining: left.remaining, advice });
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
