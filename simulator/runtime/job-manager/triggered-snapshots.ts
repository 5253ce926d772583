/**
 * Checkpoints and savepoints that somebody asked for by REST: they are taken between the job's own, in the order of its
 * queue. What became of each is in `checkpoints` and `savepoints`.
 *
 * States of a trigger: waiting for the queue → being taken → completed | failed.
 *
 * G1 Only of a RUNNING job a checkpoint or savepoint is taken. What still waits when it ends is failed with that reason.
 * G2 A store that is lost meanwhile fails the trigger, and is looked after as with each checkpoint of the job's own.
 */
import type { JobState } from "../../common/contract/child/child-messages.ts";
import { describeError } from "../../common/foundation/errors.ts";
import type { CheckpointOutcome } from "../checkpoint/checkpoint-coordinator.ts";
import { CheckpointTriggers } from "../checkpoint/checkpoint-triggers.ts";
import { SavepointTriggers } from "../checkpoint/savepoint-triggers.ts";
import type { JobOutcome } from "./job-files.ts";

export interface TriggeredSnapshotsOptions {
  readonly state: () => JobState;
  /** Queues work on the store; its error fails the job. */
  readonly run: (task: () => Promise<unknown>) => void;
  /** Undefined: the state is being established. */
  readonly takeCheckpoint: () => Promise<CheckpointOutcome | undefined>;
  readonly takeSavepoint: (directory: string) => Promise<CheckpointOutcome | undefined>;
}

type Attempt =
  | { readonly kind: "taken"; readonly id: number; readonly location: string }
  | { readonly kind: "failed"; readonly reason: string };
type Settle = (attempt: Attempt) => void;

export class TriggeredSnapshots {
  readonly checkpoints = new CheckpointTriggers();
  readonly savepoints = new SavepointTriggers();
  readonly #options: TriggeredSnapshotsOptions;

  constructor(options: TriggeredSnapshotsOptions) {
    this.#options = options;
  }

  /** Takes a checkpoint even when it would tell nothing new. */
  triggerCheckpoint(triggerId: string): void {
    if (!this.checkpoints.add(triggerId)) return;
    this.#trigger(this.#options.takeCheckpoint, () => this.#claimCheckpoints());
  }

  /** "full": there are as many savepoints under way as may be. */
  triggerSavepoint(triggerId: string, directory: string): "accepted" | "full" {
    const added = this.savepoints.add(triggerId);
    if (added !== "new") return added === "full" ? "full" : "accepted";
    const settle: Settle = (attempt) =>
      this.savepoints.settle(
        triggerId,
        attempt.kind === "taken" ? { kind: "completed", location: attempt.location } : attempt,
      );
    this.#trigger(
      () => this.#options.takeSavepoint(directory),
      () => settle,
    );
    return "accepted";
  }

  /** The job is over, or was when this JobManager began: what waits is not begun any more (G1). */
  end({ state, reason, savepoint }: Pick<JobOutcome, "state" | "reason" | "savepoint">): void {
    if (savepoint !== null) {
      this.savepoints.settle(savepoint.triggerId, { kind: "completed", location: savepoint.location });
    }
    const why = `the job is ${state}${reason === null ? "" : `: ${reason}`}`;
    this.#claimCheckpoints()({ kind: "failed", reason: why });
    this.savepoints.failAll(why);
  }

  /** `claim` tells, when the work begins, for whom it is. */
  #trigger(take: () => Promise<CheckpointOutcome | undefined>, claim: () => Settle): void {
    if (this.#options.state() === "RUNNING") this.#options.run(() => this.#take(take, claim()));
    else claim()(this.#refuse());
  }

  async #take(take: () => Promise<CheckpointOutcome | undefined>, settle: Settle): Promise<void> {
    if (this.#options.state() !== "RUNNING") {
      settle(this.#refuse());
      return;
    }
    try {
      settle(describeOutcome(await take()));
    } catch (error) {
      settle({ kind: "failed", reason: describeError(error) });
      throw error;
    }
  }

  #claimCheckpoints(): Settle {
    const triggerIds = this.checkpoints.take();
    return (attempt) =>
      this.checkpoints.settle(
        triggerIds,
        attempt.kind === "taken" ? { kind: "completed", checkpointId: attempt.id } : attempt,
      );
  }

  #refuse(): Attempt {
    const reason = `the job is ${this.#options.state()}, and only of a RUNNING one a checkpoint or savepoint can be taken`;
    return { kind: "failed", reason };
  }
}

function describeOutcome(outcome: CheckpointOutcome | undefined): Attempt {
  if (outcome === undefined) return { kind: "failed", reason: "the state is being established" };
  if (outcome.kind === "completed") return { kind: "taken", id: outcome.id, location: outcome.location };
  const reason = outcome.kind === "superseded" ? `epoch ${outcome.epoch} leads` : outcome.reason;
  return { kind: "failed", reason };
}
