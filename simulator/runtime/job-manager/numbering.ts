/**
 * Numbers that are never issued twice: generations and checkpoint ids, both epoch × 1,000,000 + k with k counted in
 * memory. A restarted JobManager has a higher epoch, so its numbers are above all of its predecessor's.
 */
import { EPOCH_STRIDE } from "../../common/contract/redis-state.ts";
import { assert } from "../../common/foundation/assert.ts";

export interface Numbering {
  readonly epoch: number;
  nextGeneration(): number;
  nextCheckpointId(): number;
}

export function createNumbering(epoch: number): Numbering {
  const count = (what: string) => {
    let k = 0;
    return () => {
      k += 1;
      assert(k < EPOCH_STRIDE, `${what}s of epoch ${epoch} are used up`);
      return epoch * EPOCH_STRIDE + k;
    };
  };
  return { epoch, nextGeneration: count("generation"), nextCheckpointId: count("checkpoint id") };
}

/** The epoch in which a generation or checkpoint id was issued. */
export const epochOf = (number: number): number => Math.floor(number / EPOCH_STRIDE);
