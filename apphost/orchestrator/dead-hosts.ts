/**
 * What hosts left that died together with their watchdogs: found by the run folders, swept by the next `up` or `down`.
 *
 * Y1 What is killed and removed is decided by S1 and S3 of `sweep.ts`, and of the engine by L2 of `labels.ts`. The
 *    record of a run tells whether its host is dead, and where to look.
 * Y2 A run counts as swept only when nothing of it is left, neither here nor in the container engine that it used, nor its
 *    job on a Flink of others.
 * Y3 What cannot be reached, an engine or a Flink that is gone or a host that cannot be seen from here, is looked for again each time
 *    until a person gives it up, for one run that is named. Nothing but the record of that changes, and no run is given up
 *    by its age: a host that is idle writes nothing for days.
 * Y4 The topic of a warm-up on a Kafka of others is no evidence, as the run's own topic is: it is removed where that Kafka
 *    answers. Where it does not, that is told and tried once: a purge removes it later. Its name is made from the run's id.
 */
import { statSync } from "node:fs";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { jobIdOf, warmUpTopicName } from "../../simulator/common/contract/names.ts";
import { requireKafkaAddresses } from "../../simulator/common/foundation/address.ts";
import { unreachable } from "../../simulator/common/foundation/assert.ts";
import { createError, describeError } from "../../simulator/common/foundation/errors.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { maskTyped } from "../../simulator/common/foundation/mask.ts";
import { openEngine } from "../drivers/docker/engine.ts";
import { labelFilter, nameInEngine } from "../drivers/docker/labels.ts";
import { type EngineThing, type Removal, removeDeadRun } from "../drivers/docker/leftovers.ts";
import { CANCEL_MS_MAX, cancelJob, jobUrl } from "../drivers/flink/job-cancellation.ts";
import { createRunMark } from "../processes/process-identity.ts";
import { removeScratchTopic } from "../resources/kafka.ts";
import {
  isLeftBehind,
  listRuns,
  mayLiveElsewhere,
  type RunState,
  readKafkaSecurity,
  readState,
  removeUnneededCredentials,
  writeState,
} from "../run/run-folder.ts";
import { sweepRun } from "../watchdog/sweep.ts";

export interface SweptRun {
  readonly runId: string;
  readonly killed: readonly number[];
  /** Containers, networks and volumes. */
  readonly removed: readonly EngineThing[];
  /** What is still there, in words. */
  readonly remaining: readonly string[];
  /** Whether the run's job was still on a Flink of others, and is over now. */
  readonly isJobCancelled: boolean;
  /** What may be in an engine or a Flink that could not be asked, in words; null where it could be, or nothing is there. */
  readonly unreached: string | null;
  /** Whether it was given up (Y3). */
  readonly isForgotten: boolean;
  readonly warmUpTopic: WarmUpTopic;
}

/** Of a warm-up in whose middle the host died (Y4). */
type WarmUpTopic =
  | { readonly kind: "none" }
  | { readonly kind: "removed"; readonly topic: string }
  | { readonly kind: "left"; readonly topic: string; readonly reason: string };

const TOPIC_MS_MAX = 20_000;

/** Looks at every run of the folder, and once at each that is dead: swept, it counts as ended. `forgotten`: a run (Y3). */
export async function sweepDeadHosts(base: string, forgotten: string | null = null): Promise<SweptRun[]> {
  const swept: SweptRun[] = [];
  for (const runDir of listRuns(base)) {
    const state = readState(runDir);
    if (state === undefined || !isLeftBehind(state)) continue;
    const run = await sweepDeadRun(runDir, state, state.runId === forgotten);
    swept.push(run);
    if (!isDone(run)) continue;
    const evidence = forgetTopic(state.evidence, run.warmUpTopic);
    const ended: RunState = { ...state, evidence, ended: true, children: [], engine: null, flink: null };
    writeState(runDir, ended);
    removeUnneededCredentials(runDir, ended);
  }
  return swept;
}

/** Y2. */
export const isDone = ({ remaining, unreached, isForgotten }: SweptRun): boolean =>
  remaining.length === 0 && (unreached === null || isForgotten);

async function sweepDeadRun(runDir: string, state: RunState, isForgotten: boolean): Promise<SweptRun> {
  const { runId, children } = state;
  const mark = createRunMark(runDir, state);
  // Containers first: those of Flink write into the run's folder, which goes with its processes.
  const { removed, remaining: kept, unreached: ofEngine } = await sweepEngineOf(state);
  const { killed, remaining } = await sweepRun({ mark, children, spare: [process.pid] });
  const { isJobCancelled, unreached: ofFlink } = await cancelJobOf(state);
  const warmUpTopic = await removeWarmUpTopic(runDir, state);
  const silent = [ofEngine, ofFlink].filter((one) => one !== null);
  const unreached = silent.length === 0 ? null : silent.join("; ");
  const left = { remaining: [...remaining, ...kept], unreached, isForgotten, warmUpTopic };
  return { runId, killed, removed, isJobCancelled, ...left };
}

async function removeWarmUpTopic(runDir: string, { runId, evidence }: RunState): Promise<WarmUpTopic> {
  const isThere = evidence !== null && evidence.kafka !== null && evidence.warmUpTopic !== null;
  if (!isThere) return { kind: "none" };
  const topic = warmUpTopicName(runId);
  try {
    const bootstrap = requireKafkaAddresses(evidence.kafka ?? "", "the record of the run");
    const kafka = { bootstrap, security: readKafkaSecurity(runDir) };
    // What is in the way is in the error; on the terminal of an `up` there is no place for more.
    await removeScratchTopic({ kafka, topic, deadlineMs: TOPIC_MS_MAX, log: createLog(() => undefined) });
    return { kind: "removed", topic };
  } catch (error) {
    return { kind: "left", topic, reason: describeError(error) };
  }
}

const forgetTopic = (evidence: RunState["evidence"], { kind }: WarmUpTopic): RunState["evidence"] =>
  evidence === null || kind !== "removed" ? evidence : { ...evidence, warmUpTopic: null };

/** What a dead host's run has in the engine that it used. */
async function sweepEngineOf({ runId, engine }: RunState): Promise<Removal & Pick<SweptRun, "unreached">> {
  if (engine === null) return { removed: [], remaining: [], unreached: null };
  const place = maskTyped(engine);
  try {
    const { removed, remaining } = await removeDeadRun(await openEngine(engine, process.env), runId);
    return { removed, remaining: remaining.map((one) => `${one}, in the engine at ${place}`), unreached: null };
  } catch (error) {
    return { removed: [], remaining: [], unreached: `${describeMade(runId, place)}: ${describeError(error)}` };
  }
}

/** The job that a dead host submitted to a Flink of others goes on there until somebody cancels it. */
async function cancelJobOf({ runId, flink }: RunState): Promise<Pick<SweptRun, "isJobCancelled" | "unreached">> {
  if (flink === null) return { isJobCancelled: false, unreached: null };
  try {
    const end = await cancelJob(jobUrl(flink, jobIdOf(runId)), CANCEL_MS_MAX);
    return { isJobCancelled: end === "cancelled", unreached: null };
  } catch (error) {
    return { isJobCancelled: false, unreached: `${describeJob(runId, flink)}: ${describeError(error)}` };
  }
}

const describeJob = (runId: string, flink: string): string =>
  `job ${jobIdOf(runId)} of the Flink at ${maskTyped(flink)}`;

/** All that a run can have in an engine, by what a person finds it by. */
const describeMade = (runId: string, place: string): string =>
  `containers ${nameInEngine(runId, "…")} with their volumes, and network ${nameInEngine(runId)}, ` +
  `each with the label ${labelFilter(runId).join()}, in the engine at ${place}`;

export function describeSwept(run: SweptRun): string {
  const { runId, killed, removed, isJobCancelled, remaining, unreached, isForgotten, warmUpTopic } = run;
  const things = removed.map(({ kind, name }) => `, ${kind} ${name} removed`).join("");
  const job = isJobCancelled ? ", its job on Flink cancelled" : "";
  const topic = describeTopic(runId, warmUpTopic);
  const rest = remaining.length === 0 ? "" : `; still there: ${remaining.join("; ")}`;
  const away = unreached === null ? "" : `; ${isForgotten ? "given up" : "perhaps still there"}: ${unreached}`;
  return `swept run ${runId}, whose host had died: ${killed.length} processes killed${things}${job}${topic}${rest}${away}`;
}

function describeTopic(runId: string, warmUpTopic: WarmUpTopic): string {
  switch (warmUpTopic.kind) {
    case "none":
      return "";
    case "removed":
      return `, topic ${warmUpTopic.topic} removed`;
    case "left":
      return `, topic ${warmUpTopic.topic} left, which down --purge ${runId} removes: ${warmUpTopic.reason}`;
    default:
      return unreachable(warmUpTopic);
  }
}

/** A host that is not idle writes each second. */
const QUIET_MS_MIN = 60_000;

/**
 * Y3: the host of a run that cannot be seen from here counts as ended. Its data stay, and the run goes when it is too old
 * to be kept. Undefined when it is no such run; else what was given up, in words. Throws USAGE_CONFLICT while it writes.
 */
export function forgetHostElsewhere(runDir: string, nowMs = Date.now()): string | undefined {
  const state = readState(runDir);
  if (state === undefined || !mayLiveElsewhere(state)) return undefined;
  const { runId, engine, flink } = state;
  const quietMs = Math.round(nowMs - readWrittenAtMs(runDir));
  if (quietMs < QUIET_MS_MIN) {
    const what = `the host of run ${runId}, which cannot be seen from here, wrote to its folder ${Math.max(0, quietMs)} ms ago`;
    throw createError("USAGE_CONFLICT", { what, advice: "end it where it was started" });
  }
  writeState(runDir, { ...state, ended: true, children: [], engine: null, flink: null });
  const made = [
    ...(engine === null ? [] : [describeMade(runId, maskTyped(engine))]),
    ...(flink === null ? [] : [describeJob(runId, flink)]),
  ];
  const things = made.length === 0 ? "" : `; perhaps still there: ${made.join("; ")}`;
  return `run ${runId} counts as ended: its host was started on another machine or in another container${things}`;
}

const readWrittenAtMs = (runDir: string): number =>
  Math.max(
    ...[runFolder.state(runDir), runFolder.events(runDir), runFolder.metrics(runDir)].map(
      (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0,
    ),
  );
