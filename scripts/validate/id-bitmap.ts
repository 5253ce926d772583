/**
 * One bit per id: which ids the topic holds, exactly. Ids are 1…idMax, and the host has refused a run whose bits would not
 * fit into the machine's memory. The system gives the pages when bits in them are set.
 */

import type { RoundTask } from "../../simulator/common/contract/child/tasks.ts";
import { type IdLayout, idOfIndex } from "../../simulator/common/contract/message.ts";
import { createError } from "../../simulator/common/foundation/errors.ts";
import { lastPlannedId } from "./round-plan.ts";

export class IdBitmap {
  readonly idMax: number;
  /** Public for the re-read's loop, which sets bits without a call per record. */
  readonly words: Uint32Array;
  /** Records whose id was there before. */
  duplicated = 0;
  /** Records with an id above idMax: nobody was asked to produce them. */
  beyond = 0;

  constructor(idMax: number) {
    this.idMax = idMax;
    this.words = allocate(Math.floor(idMax / 32) + 1, idMax);
  }

  has(id: number): boolean {
    return id <= this.idMax && ((this.words[Math.floor(id / 32)] as number) & (1 << (id & 31))) !== 0;
  }

  /** How many ids of indexes from … to−1 of a partition are not there, and the first of them. */
  countMissing(p: number, from: number, to: number, layout: IdLayout): { count: number; first: number | null } {
    let count = 0;
    let first: number | null = null;
    for (let index = from; index < to; index += 1) {
      const id = idOfIndex(p, index, layout);
      if (this.has(id)) continue;
      count += 1;
      first ??= id;
    }
    return { count, first };
  }
}

/** Null on somebody else's topic: its ids may be any. */
export const createIdBitmap = (topic: { readonly ownTopic: boolean }, rounds: readonly RoundTask[]) =>
  topic.ownTopic ? new IdBitmap(lastPlannedId(rounds)) : null;

function allocate(words: number, idMax: number): Uint32Array {
  try {
    return new Uint32Array(words);
  } catch (error) {
    throw createError("ID_BITS_REFUSED", { idMax, bytes: words * Uint32Array.BYTES_PER_ELEMENT }, error);
  }
}
