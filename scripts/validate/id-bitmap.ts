/** One bit an id: which ids the topic holds, exactly. Ids are 1…idMax. */
import { type IdLayout, idOfIndex } from "../../simulator/common/contract/message.ts";

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
    this.words = new Uint32Array(Math.floor(idMax / 32) + 1);
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
