/**
 * Numbers that are never issued twice and only rise: generations and checkpoint ids, each epoch × stride + k.
 *
 * N1 A number lies in an epoch whose file this JobManager created before (epoch.ts). The next JobManager claims a higher
 *    epoch, so all its numbers are above all of its predecessor's.
 * N2 Long before the numbers of an epoch are used up, the one that follows it is claimed. If another JobManager has that
 *    one, it leads: this one is superseded, and issues nothing above its successor's numbers.
 * N3 Leadership stays with the first epoch: that one goes into scripts, messages and files.
 */
import { EPOCH_STRIDE } from "../../common/contract/state/redis-state.ts";
import { assert } from "../../common/foundation/assert.ts";
import { createError } from "../../common/foundation/errors.ts";
import { claimFollowingEpoch, readHighestEpoch } from "./epoch.ts";

export interface NumberingOptions {
  /** Claimed by this JobManager. */
  readonly epoch: number;
  /** `checkpoints/` of the run. */
  readonly folder: string;
  /** Numbers of an epoch; tests use up a short one. Default 1,000,000. */
  readonly stride?: number;
}

interface Sequence {
  epoch: number;
  k: number;
}

export class Numbering {
  /** Of the leadership (N3). */
  readonly epoch: number;
  readonly #folder: string;
  readonly #stride: number;
  readonly #generations: Sequence;
  readonly #checkpointIds: Sequence;
  /** The highest epoch claimed here. */
  #newestEpoch: number;
  #claiming: Promise<void> | null = null;

  constructor({ epoch, folder, stride = EPOCH_STRIDE }: NumberingOptions) {
    this.epoch = epoch;
    this.#folder = folder;
    this.#stride = stride;
    this.#generations = { epoch, k: 0 };
    this.#checkpointIds = { epoch, k: 0 };
    this.#newestEpoch = epoch;
  }

  nextGeneration(): number {
    return this.#next(this.#generations, "generation");
  }

  nextCheckpointId(): number {
    return this.#next(this.#checkpointIds, "checkpoint id");
  }

  /**
   * Claims a further epoch when half of the newest one's numbers are used (N2). Throws JOB_MANAGER_SUPERSEDED, or why
   * the folder cannot be written: there is time to call again.
   */
  async refill(): Promise<void> {
    const isLow = [this.#generations, this.#checkpointIds].some(
      ({ epoch, k }) => epoch === this.#newestEpoch && k >= this.#stride / 2,
    );
    if (!isLow) return;
    this.#claiming ??= this.#claimFollowing().finally(() => {
      this.#claiming = null;
    });
    await this.#claiming;
  }

  /** Throws JOB_MANAGER_SUPERSEDED when another JobManager has claimed an epoch since. */
  async checkLeadership(): Promise<void> {
    await this.#claiming;
    const highest = await readHighestEpoch(this.#folder);
    if (highest > this.#newestEpoch) throw createError("JOB_MANAGER_SUPERSEDED", { epoch: this.epoch, by: highest });
  }

  async #claimFollowing(): Promise<void> {
    const following = this.#newestEpoch + 1;
    if (!(await claimFollowingEpoch(this.#folder, this.#newestEpoch))) {
      throw createError("JOB_MANAGER_SUPERSEDED", { epoch: this.epoch, by: following });
    }
    this.#newestEpoch = following;
  }

  #next(sequence: Sequence, what: string): number {
    sequence.k += 1;
    if (sequence.k === this.#stride) {
      const used = `the ${this.#stride - 1} ${what}s of epoch ${sequence.epoch} are used up, and no further epoch is claimed`;
      assert(sequence.epoch < this.#newestEpoch, used);
      sequence.epoch += 1;
      sequence.k = 1;
    }
    return sequence.epoch * this.#stride + sequence.k;
  }
}
