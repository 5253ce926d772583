/**
 * `down`: stops the running hosts of a folder, sweeps what dead ones left, and with --purge removes what a run left on
 * servers of others.
 *
 * W1 A process is killed only by its recorded pid and start time, or because it carries a dead host's run.
 * W2 The published keys are shared by all runs on a server: they are removed only with the newest run that used it.
 */
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { createError, describeError } from "../../simulator/common/foundation/errors.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { findEngine, openEngine } from "../drivers/docker-engine.ts";
import { type EngineThing, removeOfDeadOwners, removeRun } from "../drivers/docker-leftovers.ts";
import { redisEndpoint } from "../model/connection.ts";
import { askHost, removeStaleSockets } from "../orchestrator/control-socket.ts";
import {
  findRun,
  isHostAlive,
  listRuns,
  type RunEvidence,
  type RunState,
  readCredentials,
  readState,
  removeCredentials,
  writeState,
} from "../orchestrator/run-folder.ts";
import { sweepRun } from "../orchestrator/sweep.ts";
import { removeTopicAndGroup } from "../resources/kafka.ts";
import { removeRedisKeys } from "../resources/redis.ts";
import { findRunningHosts } from "./running-host.ts";

const DOWN_MS_MAX = 180_000;

export interface DownOptions {
  readonly base: string;
  /** null: no purge. Empty: the newest run. */
  readonly purge: string | null;
  /** Where the password of an external Redis comes from when the run's file does not have it. */
  readonly redis: string | null;
  readonly write: (line: string) => void;
}

export async function runDown(options: DownOptions): Promise<number> {
  for (const { state } of findRunningHosts(options.base)) await stopHost(state, options.write);
  await sweepDeadHosts(options);
  await sweepEngine(options.write);
  for (const path of await removeStaleSockets()) options.write(`removed stale socket ${path}`);
  if (options.purge !== null) await purge(options, options.purge === "" ? null : options.purge);
  return 0;
}

async function stopHost(state: RunState, write: (line: string) => void): Promise<void> {
  await askHost(state, { request: "down" });
  const what = `the end of run ${state.runId} (host pid ${state.hostPid})`;
  await waitUntil(() => (isHostAlive(state) ? undefined : true), { what, deadlineMs: DOWN_MS_MAX, intervalMs: 50 });
  write(`stopped run ${state.runId}`);
}

async function sweepDeadHosts(options: DownOptions): Promise<void> {
  for (const runDir of listRuns(options.base)) {
    const state = readState(runDir);
    if (state === undefined || state.ended || isHostAlive(state)) continue;
    const { runId, children, paths } = state;
    const { killed, remaining } = await sweepRun({ runId, children, paths, spare: [process.pid] });
    if (remaining.length > 0) {
      const how = `with processes ${remaining.join(", ")} still there after SIGKILL`;
      throw createError("CHILD_EXITED", { resource: `run ${runId}`, how, lastLines: "" });
    }
    if (!(await sweepEngineOf(state, options.write))) continue;
    writeState(runDir, { ...state, ended: true, children: [], engine: null });
    options.write(`swept run ${runId}: ${killed.length} processes killed`);
  }
}

/** What a dead host's run has in the engine that it used. False when that cannot be told. */
async function sweepEngineOf({ runId, engine }: RunState, write: (line: string) => void): Promise<boolean> {
  if ((engine ?? null) === null) return true;
  try {
    const { removed, remaining } = await removeRun(await openEngine(engine as string, process.env), runId);
    reportRemoved(removed, write);
    if (remaining.length > 0) write(`still there: ${remaining.join("; ")}`);
    return remaining.length === 0;
  } catch (error) {
    write(`run ${runId} may have left containers in ${engine}: ${describeError(error)}`);
    return false;
  }
}

/** What dead hosts of other folders left in the engine of this machine, if there is one. */
async function sweepEngine(write: (line: string) => void): Promise<void> {
  const lookup = await findEngine(process.env);
  if (lookup.kind === "none") return;
  const { removed, remaining } = await removeOfDeadOwners(lookup.engine.docker);
  reportRemoved(removed, write);
  if (remaining.length > 0) write(`still there: ${remaining.join("; ")}`);
}

function reportRemoved(removed: readonly EngineThing[], write: (line: string) => void): void {
  for (const { kind, name } of removed) write(`removed ${kind} ${name}`);
}

async function purge(options: DownOptions, name: string | null): Promise<void> {
  const runDir = findRun(options.base, name);
  const state = runDir === undefined ? undefined : readState(runDir);
  if (runDir === undefined || state === undefined) {
    const expected = `a run in ${options.base}/runs`;
    throw createError("USAGE_OPTION_INVALID", { option: "--purge", value: name ?? "(newest)", expected });
  }
  const { evidence } = state;
  if (evidence === null || (evidence.kafka === null && evidence.redis === null)) {
    options.write(`run ${state.runId} left nothing on servers of others`);
    return;
  }
  await purgeKafka(evidence, options.write);
  await purgeRedis(evidence, runDir, options);
  removeCredentials(runDir);
}

async function purgeKafka(evidence: RunEvidence, write: (line: string) => void): Promise<void> {
  if (evidence.kafka === null) return;
  // Somebody else's topic was only read, and is not ours to remove.
  const topic = evidence.ownTopic ? evidence.topic : null;
  await removeTopicAndGroup({ address: evidence.kafka, topic, group: evidence.group, log: createLog() });
  write(`removed ${topic === null ? "" : `topic ${topic} and `}group ${evidence.group} from ${evidence.kafka}`);
}

async function purgeRedis(evidence: RunEvidence, runDir: string, options: DownOptions): Promise<void> {
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
  const published = isNewestOnServer(options.base, runDir, evidence.redis)
    ? [evidence.counterKey, evidence.sequenceKey]
    : [];
  const removed = await removeRedisKeys(url, [evidence.stateKey, ...published]);
  options.write(`removed ${removed} keys from Redis at ${evidence.redis}`);
}

function isNewestOnServer(base: string, runDir: string, redis: string): boolean {
  const runs = listRuns(base);
  const newer = runs.slice(runs.indexOf(runDir) + 1);
  return !newer.some((run) => readState(run)?.evidence?.redis === redis);
}
