/**
 * What hosts left that died together with their watchdogs: found by the run folders, swept by the next `up` or `down`.
 *
 * Y1 What is killed and removed is decided by S1 and S3 of `sweep.ts`, and of the engine by L2 of `labels.ts`. The
 *    record of a run tells whether its host is dead, and where to look.
 * Y2 A run counts as swept only when nothing of it is left, neither here nor in the container engine that it used.
 * Y3 The topic of a warm-up on a Kafka of others is no evidence, as the run's own topic is: it is removed where that Kafka
 *    answers. Where it does not, that is told and tried once: a purge removes it later. Its name is made from the run's id.
 */
import { warmUpTopicName } from "../../simulator/common/contract/names.ts";
import { requireKafkaAddresses } from "../../simulator/common/foundation/address.ts";
import { unreachable } from "../../simulator/common/foundation/assert.ts";
import { describeError } from "../../simulator/common/foundation/errors.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { maskTyped } from "../../simulator/common/foundation/mask.ts";
import { openEngine } from "../drivers/docker/engine.ts";
import { type EngineThing, type Removal, removeDeadRun } from "../drivers/docker/leftovers.ts";
import { createRunMark } from "../processes/process-identity.ts";
import { removeScratchTopic } from "../resources/kafka.ts";
import { isLeftBehind, listRuns, type RunState, readKafkaSecurity, readState, writeState } from "../run/run-folder.ts";
import { sweepRun } from "../watchdog/sweep.ts";

export interface SweptRun {
  readonly runId: string;
  readonly killed: readonly number[];
  /** Containers, networks and volumes. */
  readonly removed: readonly EngineThing[];
  /** What is still there, or may be, in words. */
  readonly remaining: readonly string[];
  readonly warmUpTopic: WarmUpTopic;
}

/** Of a warm-up in whose middle the host died (Y3). */
type WarmUpTopic =
  | { readonly kind: "none" }
  | { readonly kind: "removed"; readonly topic: string }
  | { readonly kind: "left"; readonly topic: string; readonly reason: string };

const TOPIC_MS_MAX = 20_000;

/** Looks at every run of the folder, and once at each that is dead: swept, it counts as ended. */
export async function sweepDeadHosts(base: string): Promise<SweptRun[]> {
  const swept: SweptRun[] = [];
  for (const runDir of listRuns(base)) {
    const state = readState(runDir);
    if (state === undefined || !isLeftBehind(state)) continue;
    const run = await sweepDeadRun(runDir, state);
    swept.push(run);
    if (run.remaining.length > 0) continue;
    const evidence = forgetTopic(state.evidence, run.warmUpTopic);
    writeState(runDir, { ...state, evidence, ended: true, children: [], engine: null });
  }
  return swept;
}

async function sweepDeadRun(runDir: string, state: RunState): Promise<SweptRun> {
  const { runId, children } = state;
  const mark = createRunMark(runDir, state);
  const { killed, remaining } = await sweepRun({ mark, children, spare: [process.pid] });
  const engine = await sweepEngineOf(state);
  const warmUpTopic = await removeWarmUpTopic(runDir, state);
  return { runId, killed, removed: engine.removed, remaining: [...remaining, ...engine.remaining], warmUpTopic };
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
async function sweepEngineOf({ runId, engine }: RunState): Promise<Removal> {
  if (engine === null) return { removed: [], remaining: [] };
  try {
    return await removeDeadRun(await openEngine(engine, process.env), runId);
  } catch (error) {
    return { removed: [], remaining: [`containers in ${maskTyped(engine)}, perhaps: ${describeError(error)}`] };
  }
}

export function describeSwept({ runId, killed, removed, remaining, warmUpTopic }: SweptRun): string {
  const things = removed.map(({ kind, name }) => `, ${kind} ${name} removed`).join("");
  const rest = remaining.length === 0 ? "" : `; still there: ${remaining.join("; ")}`;
  return `swept run ${runId}, whose host had died: ${killed.length} processes killed${things}${describeTopic(runId, warmUpTopic)}${rest}`;
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
