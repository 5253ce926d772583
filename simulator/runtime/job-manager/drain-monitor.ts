/**
 * Knows whether the newest drain request is fulfilled: every applied offset at or above its end offset, in a completed
 * checkpoint.
 *
 * States: idle (no request) → waiting → drained; a newer request, or a state rolled back below it, leads back to
 * waiting.
 */

import type { DrainRequest } from "../../common/contract/job/rest.ts";
import type { JobState } from "../../common/contract/state/redis-state.ts";

export interface DrainedAt extends DrainRequest {
  readonly checkpointId: number;
  readonly total: number;
}

export class DrainMonitor {
  #request: DrainRequest | undefined;
  #drained: DrainedAt | null = null;

  get waiting(): boolean {
    return this.#request !== undefined && this.#drained === null;
  }

  /** Of the newest request; undefined before the first. */
  get endOffsets(): readonly number[] | undefined {
    return this.#request?.endOffsets;
  }

  get drained(): DrainedAt | null {
    return this.#drained;
  }

  /** The same request again changes nothing: it may be a repetition after a restart. */
  request(request: DrainRequest): void {
    const same = this.#request?.endOffsets.every((end, p) => end === request.endOffsets[p]) ?? false;
    this.#request = request;
    if (!same) this.#drained = null;
  }

  isReached(state: JobState): boolean {
    const ends = this.#request?.endOffsets;
    return ends !== undefined && state.partitions.every(({ p, offset }) => offset >= (ends[p] ?? 0));
  }

  /** A checkpoint completed with this state. True when it is the one that was waited for. */
  completed(checkpointId: number, state: JobState): boolean {
    const request = this.#request;
    if (request === undefined || this.#drained !== null || !this.isReached(state)) return false;
    this.#drained = { checkpointId, total: state.total, endOffsets: request.endOffsets };
    return true;
  }

  /** The state was set back: what was drained may be open again. */
  rolledBack(): void {
    this.#drained = null;
  }
}
