/**
 * `down`: stops a running host, or with --all every one of the folder, sweeps what dead ones left, and with --purge
 * removes what a run left on servers of others.
 *
 * W1 The counter and sequence keys are shared by all runs on a server: they are removed only with the newest run that
 *    used it, and only while they hold what that run counted.
 * W2 A run's record says where it worked, and not what is removed there. Names are made from the run's id, and so are
 *    no other run's; one that the user gave, of a topic or a key, is removed only when the user repeats it.
 */

import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import {
  GLOBAL_SEQUENCE_KEY,
  groupName,
  jobIdOf,
  PROCESSED_MESSAGE_COUNTER_KEY,
  publishedKeyOf,
  stateKeyOf,
  topicName,
} from "../../simulator/common/contract/names.ts";
import { createError, describeError } from "../../simulator/common/foundation/errors.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
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
import { redisEndpoint } from "../model/connection.ts";
import { redisUrl } from "../option-values.ts";
import { describeSwept, sweepDeadHosts } from "../orchestrator/dead-hosts.ts";
import { removeTopicAndGroup } from "../resources/kafka.ts";
import { removeRunKeys } from "../resources/redis.ts";
import {
  credentialsPath,
  findRun,
  listRuns,
  type RunEvidence,
  readCredentials,
  readRunState,
  readState,
  removeCredentials,
  runIdOf,
} from "../run/run-folder.ts";
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
  /** Names that the run was given, repeated (W2). */
  readonly topic: string | null;
  readonly counterKey: string | null;
  readonly sequenceKey: string | null;
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
  const reading = runDir === undefined ? undefined : readRunState(runDir);
  if (runDir === undefined || reading === undefined || reading.kind === "missing") {
    const expected = `a run in ${options.base}/runs`;
    throw createError("USAGE_OPTION_INVALID", { option: "--purge", value: name ?? "(newest)", expected });
  }
  if (reading.kind === "refused") {
    throw createError("FILE_MALFORMED", { path: runFolder.state(runDir), reason: reading.reason });
  }
  const { evidence, runId } = reading.state;
  if (evidence === null || (evidence.kafka === null && evidence.redis === null)) {
    await options.write(`run ${runId} left nothing on servers of others`);
    return;
  }
  const left = [...(await purgeKafka(evidence, runId, options)), ...(await purgeRedis(evidence, runDir, options))];
  for (const what of left) await options.write(`left ${what}`);
  // Whoever repeats a name needs them once more.
  if (left.length === 0) removeCredentials(runDir);
}

/** Returns what it left, in words; so does the next. */
async function purgeKafka(evidence: RunEvidence, runId: string, options: PurgeOptions): Promise<string[]> {
  const { kafka: address, ownTopic, topic } = evidence;
  if (address === null) return [];
  const group = groupName(runId);
  const isMeant = ownTopic && (topic === topicName(runId) || topic === options.topic);
  await removeTopicAndGroup({ address, topic: isMeant ? topic : null, group, log: createLog() });
  await options.write(`removed ${isMeant ? `topic ${topic} and ` : ""}group ${group} from ${address}`);
  // Somebody else's topic was only read, and is not ours to speak of.
  return isMeant || !ownTopic ? [] : [describeUnrepeated("topic", "--topic", topic)];
}

async function purgeRedis(evidence: RunEvidence, runDir: string, options: PurgeOptions): Promise<string[]> {
  if (evidence.redis === null) return [];
  const url = options.redis ?? readKeptUrl(runDir);
  if (url === undefined) {
    const what = `the credentials of Redis at ${evidence.redis} are no longer in ${runDir}`;
    throw createError("USAGE_CONFLICT", { what, advice: "give its URL with --redis" });
  }
  if (redisEndpoint(url) !== evidence.redis) {
    const what = `the run used Redis at ${evidence.redis}, and --redis is ${redisEndpoint(url)}`;
    throw createError("USAGE_CONFLICT", { what, advice: "give the URL of the server that the run used" });
  }
  const shared = isNewestOnServer(options.base, runDir, evidence.redis) ? listShared(evidence, options) : [];
  const unrepeated = shared.filter(({ isMeant }) => !isMeant);
  const jobId = jobIdOf(runIdOf(runDir));
  const { count, left } = await removeRunKeys(url, {
    stateKey: stateKeyOf(jobId),
    publishedKey: publishedKeyOf(jobId),
    shared: shared.filter(({ isMeant }) => isMeant).map(({ key }) => key),
    keepOwn: unrepeated.length > 0,
  });
  await options.write(`removed ${count} keys from Redis at ${evidence.redis}`);
  return [
    ...left.map((key) => `key ${key}: it does not hold what the run counted`),
    ...unrepeated.map(({ option, key }) => describeUnrepeated("key", option, key)),
  ];
}

/** What the run kept of it, if that is an address of Redis. */
function readKeptUrl(runDir: string): string | undefined {
  const url = readCredentials(runDir);
  if (url === undefined || redisUrl.read(url) !== undefined) return url;
  throw createError("FILE_MALFORMED", { path: credentialsPath(runDir), reason: "it holds no address of a Redis" });
}

/** W2: the names that all runs use are meant, and those that the user repeats. */
function listShared({ counterKey, sequenceKey }: RunEvidence, options: PurgeOptions) {
  const isMeant = (key: string, usual: string, repeated: string | null) => key === usual || key === repeated;
  return [
    {
      option: "--counter-key",
      key: counterKey,
      isMeant: isMeant(counterKey, PROCESSED_MESSAGE_COUNTER_KEY, options.counterKey),
    },
    {
      option: "--sequence-key",
      key: sequenceKey,
      isMeant: isMeant(sequenceKey, GLOBAL_SEQUENCE_KEY, options.sequenceKey),
    },
  ];
}

const describeUnrepeated = (kind: string, option: string, name: string): string =>
  `${kind} ${name}, which ${option} named: repeat ${option} ${name} to remove it`;

function isNewestOnServer(base: string, runDir: string, redis: string): boolean {
  const runs = listRuns(base);
  const newer = runs.slice(runs.indexOf(runDir) + 1);
  return !newer.some((run) => readState(run)?.evidence?.redis === redis);
}
