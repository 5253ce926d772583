/**
 * A checkpoint now, because a person asked for it.
 *
 * Q1 It is triggered by an id of ours and at each life of the JobManager again: one that dies in between goes on with a
 *    checkpoint of its own. A life whose job is still starting is not asked yet: it would refuse.
 * Q2 What it is told of is complete: Flink's own answer says that it is, and the JobManager's message what is in it.
 */
import { randomBytes } from "node:crypto";
import type { HostEvent } from "../../simulator/common/contract/events.ts";
import { formatCheckpointId } from "../../simulator/common/contract/files/checkpoint.ts";
import type { CheckpointOperation } from "../../simulator/common/contract/job/rest.ts";
import { present } from "../../simulator/common/foundation/assert.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import type { CheckpointAnswer } from "../control/protocol.ts";
import { toJobState } from "../drivers/flink/flink-job-rest.ts";
import { isStartingState } from "../run/job-view.ts";
import type { CommandContext } from "./scaling.ts";

/** Longer than a checkpoint may take that waits for a store that is away (`timeout` of its configuration). */
const CHECKPOINT_MS_MAX = 65_000;
/** From its end to the message about it, which comes another way. */
const MESSAGE_MS_MAX = 5_000;
const LOOK_INTERVAL_MS = 50;

export async function takeCheckpoint(context: CommandContext): Promise<CheckpointAnswer> {
  const { run, signal, tell } = context;
  const refusal = findRefusal(context);
  if (refusal !== null) return { kind: "failed", reason: refusal };
  tell(`waiting for the checkpoint, at most ${CHECKPOINT_MS_MAX} ms`);
  const messages = new Map<number, CheckpointMessage>();
  const unsubscribe = run.feed.subscribe((event) => {
    if (event.type === "checkpoint") messages.set(event.id, event);
  });
  try {
    const operation = await triggerUntilDone(context);
    if (!("checkpointId" in operation)) return { kind: "failed", reason: operation.failureCause["stack-trace"] };
    const id = operation.checkpointId;
    const { durationMs, total } = await waitUntil(() => messages.get(id), {
      what: `the JobManager's message about checkpoint ${formatCheckpointId(id)}`,
      deadlineMs: MESSAGE_MS_MAX,
      signal,
    });
    return { kind: "completed", id, durationMs, total };
  } finally {
    unsubscribe();
  }
}

type CheckpointMessage = Extract<HostEvent, { type: "checkpoint" }>;
type Done = Extract<CheckpointOperation, { operation: object }>["operation"];

function findRefusal({ run, system }: CommandContext): string | null {
  const jobManager = system.supervisors.get("jobmanager");
  if (jobManager?.isHalted === true) return "jobmanager is stopped by the user: start it first";
  if (jobManager?.isPaused === true) return "jobmanager is paused by the user: resume it first";
  const { state } = run.seen.job;
  if (state === "RUNNING" || isStartingState(state)) return null;
  return `the job is ${state ?? "not submitted"}, and only of a RUNNING one a checkpoint can be taken`;
}

/** Q1. */
function triggerUntilDone(context: CommandContext): Promise<Done> {
  const { system, signal } = context;
  const jobManager = present(system.supervisors.get("jobmanager"), "the JobManager");
  const triggerId = randomBytes(16).toString("hex");
  let askedLife = -1;
  const look = async (): Promise<Done | undefined> => {
    const { life } = jobManager;
    if (askedLife !== life) {
      if (await isStarting(context)) return undefined;
      await system.jobControl().triggerCheckpoint(triggerId);
      askedLife = life;
    }
    const answer = await system.jobControl().readCheckpoint(triggerId);
    // Apache Flink names the operation from the begin, with null until it is over.
    return "operation" in answer ? (answer.operation ?? undefined) : undefined;
  };
  const what = "the checkpoint";
  return waitUntil(look, { what, deadlineMs: CHECKPOINT_MS_MAX, intervalMs: LOOK_INTERVAL_MS, signal });
}

/** By the word of who is asked next: what was heard of the job may be of the life before. */
async function isStarting({ system, signal }: CommandContext): Promise<boolean> {
  if (system.flink === null) return isStartingState((await system.jobControl().read()).state);
  const status = await system.flink.job?.rest.readStatus(signal);
  if (status === undefined) return true;
  // Flink takes a checkpoint of tasks that all run.
  return isStartingState(toJobState(status.state)) || (status.state === "RUNNING" && !status.isProcessing);
}
