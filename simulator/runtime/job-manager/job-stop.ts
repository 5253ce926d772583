/**
 * The stop of a job: FENCE_ALL, so that nobody writes any more, then the final checkpoint of what stands. Each attempt
 * either gets through or leaves a recovered store to the next one.
 */
import type { JobState } from "../../common/contract/redis-state.ts";
import { withDeadline } from "../../common/foundation/deadline.ts";
import { createError } from "../../common/foundation/errors.ts";
import type { Log } from "../../common/foundation/log.ts";
import type { CheckpointOutcome } from "../checkpoint/checkpoint-coordinator.ts";
import type { JobStore } from "../checkpoint/job-store.ts";
import type { Numbering } from "./numbering.ts";

const STOP_ATTEMPTS_MAX = 5;
/** A failing job still fences its writers, but does not wait long for a store that may be the cause. */
const FENCE_ON_FAILURE_MS = 2_000;

export interface JobStopOptions {
  readonly jobId: string;
  readonly store: JobStore;
  readonly numbering: Numbering;
  /** Looks after a store that lost the state. */
  readonly verifyStore: (reason: string) => Promise<void>;
  readonly takeFinalCheckpoint: () => Promise<CheckpointOutcome | undefined>;
}

/** The final checkpoint and its state. Throws JOB_STOP_FAILED when no attempt got through. */
export async function stopJob(options: JobStopOptions): Promise<{ id: number; state: JobState }> {
  const { store, numbering } = options;
  let last = "";
  for (let attempt = 1; attempt <= STOP_ATTEMPTS_MAX; attempt += 1) {
    const answer = await store.fenceAll({ epoch: numbering.epoch, g: numbering.nextGeneration() });
    if (answer.kind === "refused") {
      throw createError("JOB_MANAGER_SUPERSEDED", { epoch: numbering.epoch, by: answer.epoch });
    }
    if (answer.kind === "storeLost") {
      last = "the stop found no state of the current life";
      await options.verifyStore(last);
      continue;
    }
    const outcome = await options.takeFinalCheckpoint();
    if (outcome?.kind === "completed") return outcome;
    last = outcome === undefined || outcome.kind === "superseded" ? "the store was lost" : outcome.reason;
  }
  throw createError("JOB_STOP_FAILED", { jobId: options.jobId, attempts: STOP_ATTEMPTS_MAX, last });
}

/** So that nobody goes on writing for a job that failed. Its TaskManagers are told to stop as well. */
export async function fenceFailedJob(options: {
  readonly store: JobStore;
  readonly numbering: Numbering;
  readonly log: Log;
}): Promise<void> {
  const { store, numbering, log } = options;
  try {
    const fenced = store.fenceAll({ epoch: numbering.epoch, g: numbering.nextGeneration() });
    await withDeadline(fenced, { what: "fencing the failed job's writers", deadlineMs: FENCE_ON_FAILURE_MS });
  } catch (error) {
    log.warn("the failed job's writers are not fenced; they are told to stop", error);
  }
}
