/**
 * `down`: stops a running host, or with --all every one of the folder, sweeps what dead ones left, and with --purge
 * removes what a run left on servers of others.
 *
 * W1 The counter and sequence keys are shared by all runs on a server: they are removed only with the newest run that
 *    used it.
 */
import { createError, describeError } from "../../simulator/common/foundation/errors.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { findEngine } from "../drivers/docker-engine.ts";
import { type EngineThing, removeOfDeadOwners } from "../drivers/docker-leftovers.ts";
import { redisEndpoint } from "../model/connection.ts";
import { describeSwept, sweepDeadHosts } from "../orchestrator/dead-hosts.ts";
import {
  findRun,
  listRuns,
  type RunEvidence,
  readCredentials,
  readState,
  removeCredentials,
} from "../orchestrator/run-folder.ts";
import { removeStaleSockets } from "../orchestrator/socket-files.ts";
import { removeTopicAndGroup } from "../resources/kafka.ts";
import { removeRedisKeys } from "../resources/redis.ts";
import {
  findRunningHosts,
  type HostChoice,
  type RunningHost,
  readRunningHost,
  requireRun,
  requireRunningHost,
} from "./running-host.ts";
import { type StopOptions, stopHost } from "./stop-host.ts";
import type { Terminal } from "./terminal.ts";

export interface DownOptions extends HostChoice {
  /** Every host of the folder. */
  readonly all: boolean;
  /** How long a host may take to end. */
  readonly timeoutMs: number;
  /** null: no purge. Empty: the newest run. */
  readonly purge: string | null;
  /** Where the password of an external Redis comes from when the run's file does not have it. */
  readonly redis: string | null;
}

type PurgeOptions = DownOptions & { readonly write: Write };
type Write = (line: string) => Promise<void>;

export async function runDown(options: DownOptions, { write, note }: Terminal): Promise<number> {
  const { timeoutMs, purge: purged } = options;
  const hosts = chooseHosts(options);
  if (options.run !== null && hosts.length === 0) await write(`run ${options.run} has no host any more`);
  await stopHosts(hosts, { timeoutMs, write, note });
  await sweepLeftovers(options, write);
  await sweepEngine(write);
  for (const path of await removeStaleSockets()) await write(`removed stale socket ${path}`);
  if (purged !== null) await purge({ ...options, write }, purged === "" ? null : purged);
  return 0;
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

async function purge(options: PurgeOptions, name: string | null): Promise<void> {
  const runDir = findRun(options.base, name);
  const state = runDir === undefined ? undefined : readState(runDir);
  if (runDir === undefined || state === undefined) {
    const expected = `a run in ${options.base}/runs`;
    throw createError("USAGE_OPTION_INVALID", { option: "--purge", value: name ?? "(newest)", expected });
  }
  const { evidence } = state;
  if (evidence === null || (evidence.kafka === null && evidence.redis === null)) {
    await options.write(`run ${state.runId} left nothing on servers of others`);
    return;
  }
  await purgeKafka(evidence, options.write);
  await purgeRedis(evidence, runDir, options);
  removeCredentials(runDir);
}

async function purgeKafka(evidence: RunEvidence, write: Write): Promise<void> {
  if (evidence.kafka === null) return;
  // Somebody else's topic was only read, and is not ours to remove.
  const topic = evidence.ownTopic ? evidence.topic : null;
  await removeTopicAndGroup({ address: evidence.kafka, topic, group: evidence.group, log: createLog() });
  await write(`removed ${topic === null ? "" : `topic ${topic} and `}group ${evidence.group} from ${evidence.kafka}`);
}

async function purgeRedis(evidence: RunEvidence, runDir: string, options: PurgeOptions): Promise<void> {
  if (evidence.redis === null) return;
  const url = options.redis ?? readCredentials(runDir);
  if (url === undefined) {
    const what = `the credentials of Redis at ${evidence.redis} are no longer in ${runDir}`;
    throw createError("USAGE_CONFLICT", { what, advice: "give its URL with --redis" });
  }
  if (redisEndpoint(url) !== evidence.redis) {
    const what = `the run used Redis at ${evidence.redis}, and --redis is ${redisEndpoint(url)}`;
    throw createError("USAGE_CONFLICT", { what, advice: "give the URL of the server that the run used" });
  }
  const { stateKey, publishedKey, counterKey, sequenceKey } = evidence;
  const own = publishedKey === undefined ? [stateKey] : [stateKey, publishedKey];
  const shared = isNewestOnServer(options.base, runDir, evidence.redis) ? [counterKey, sequenceKey] : [];
  const removed = await removeRedisKeys(url, [...own, ...shared]);
  await options.write(`removed ${removed} keys from Redis at ${evidence.redis}`);
}

function isNewestOnServer(base: string, runDir: string, redis: string): boolean {
  const runs = listRuns(base);
  const newer = runs.slice(runs.indexOf(runDir) + 1);
  return !newer.some((run) => readState(run)?.evidence?.redis === redis);
}
