/**
 * The stop of a job's writers, and of the job: FENCE_ALL, so that nobody writes any more, and PUBLISH; then the final
 * checkpoint of what stands, and the savepoint, if one was asked for.
 *
 * P1 PUBLISH follows FENCE_ALL at once: nothing changes the total after that, so whatever fails later leaves a view that
 *    shows it. A JobManager that dies between the two has a successor that does both again.
 * P2 The savepoint follows the final checkpoint, so a store that is lost in between comes back with the state of both.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { JobState } from "../../common/contract/state/redis-state.ts";
import { createBackoff } from "../../common/foundation/backoff.ts";
import { withDeadline } from "../../common/foundation/deadline.ts";
import { createError, isAppError } from "../../common/foundation/errors.ts";
import type { Log } from "../../common/foundation/log.ts";
import type { CheckpointOutcome } from "../checkpoint/checkpoint-coordinator.ts";
import type { JobStore } from "../checkpoint/job-store.ts";
import type { Numbering } from "./numbering.ts";

/** With the pauses between them some 5 s: a disk that is full for a moment does not end the job. */
const STOP_ATTEMPTS_MAX = 7;
const PAUSE_INITIAL_MS = 100;
const PAUSE_CAP_MS = 1_600;
/** A failing job still stops its writers, but does not wait long for a store that may be the cause. */
const FENCE_ON_FAILURE_MS = 2_000;

interface Leadership {
  readonly store: JobStore;
  readonly numbering: Numbering;
}

export interface JobStopOptions extends Leadership {
  readonly jobId: string;
  /** Looks after a store that lost the state. */
  readonly verifyStore: (reason: string) => Promise<void>;
  readonly takeFinalCheckpoint: () => Promise<CheckpointOutcome | undefined>;
  readonly takeSavepoint: (directory: string) => Promise<CheckpointOutcome | undefined>;
  /** Aborted: the stop is overtaken, and does not go on. */
  readonly signal: AbortSignal;
}

/** P1. False: the store does not hold the current life. Throws JOB_MANAGER_SUPERSEDED. */
export async function fenceWriters({ store, numbering }: Leadership): Promise<boolean> {
  const { epoch } = numbering;
  const fenced = await store.fenceAll({ epoch, g: numbering.nextGeneration() });
  if (fenced.kind === "refused") throw createError("JOB_MANAGER_SUPERSEDED", { epoch, by: fenced.epoch });
  if (fenced.kind === "storeLost") return false;
  const published = await store.publish({ epoch });
  if (published.kind === "refused") throw createError("JOB_MANAGER_SUPERSEDED", { epoch, by: published.epoch });
  return published.kind === "published";
}

export interface StoppedJob {
  /** Of the final checkpoint. */
  readonly id: number;
  readonly state: JobState;
  /** Null: none was asked for. */
  readonly savepoint: string | null;
}

/**
 * The final checkpoint and its state; with a directory, a savepoint there, too. Each attempt either gets through or leaves
 * a recovered store to the next one. Throws JOB_STOP_FAILED, FINAL_CHECKPOINT_FAILED or SAVEPOINT_FAILED when none did.
 */
export async function stopJob(options: JobStopOptions, savepointDirectory: string | null): Promise<StoppedJob> {
  const { jobId, signal } = options;
  const backoff = createBackoff({ initialMs: PAUSE_INITIAL_MS, capMs: PAUSE_CAP_MS });
  let failure: Error | undefined;
  for (let attempt = 1; attempt <= STOP_ATTEMPTS_MAX; attempt += 1) {
    if (attempt > 1) await delay(backoff.nextMs(), undefined, { signal });
    const lost = (last: string) => createError("JOB_STOP_FAILED", { jobId, attempts: attempt, last });
    if (!(await fenceWriters(options))) {
      const reason = "the stop found no state of the current life";
      await options.verifyStore(reason);
      failure = lost(reason);
      continue;
    }
    const final = await options.takeFinalCheckpoint();
    if (final?.kind !== "completed") {
      failure =
        final?.kind === "declined"
          ? createError("FINAL_CHECKPOINT_FAILED", { jobId, attempts: attempt }, final.error)
          : lost(describeLoss(final));
      continue;
    }
    const { id, state } = final;
    if (savepointDirectory === null) return { id, state, savepoint: null };
    const taken = await options.takeSavepoint(savepointDirectory);
    if (taken?.kind === "completed") return { id, state, savepoint: taken.location };
    failure =
      taken?.kind === "declined"
        ? createError("SAVEPOINT_FAILED", { directory: savepointDirectory }, taken.error)
        : lost(describeLoss(taken));
  }
  throw failure ?? createError("ASSERTION_FAILED", { what: "a stop has at least one attempt" });
}

const describeLoss = (outcome: CheckpointOutcome | undefined): string =>
  outcome?.kind === "storeLost" ? outcome.reason : "the store was lost";

/**
 * So that nobody goes on writing for a job that failed. Its TaskManagers are told to stop as well. What a hanging store
 * keeps waiting is done once it answers, PUBLISH included. Throws only JOB_MANAGER_SUPERSEDED.
 */
export async function fenceFailedJob(options: Leadership & { readonly log: Log }): Promise<void> {
  try {
    const fenced = fenceWriters(options);
    await withDeadline(fenced, { what: "fencing the failed job's writers", deadlineMs: FENCE_ON_FAILURE_MS });
  } catch (error) {
    if (isAppError(error) && error.code === "JOB_MANAGER_SUPERSEDED") throw error;
    options.log.warn("the failed job's writers are not fenced; they are told to stop", error);
  }
}
