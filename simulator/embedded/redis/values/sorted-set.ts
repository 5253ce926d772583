/**
 * A sorted set: an array ordered by score and then by member, and each member's score.
 *
 * A change moves what stands behind it in the array, one memory move of 8 bytes a member: for the sizes of a
 * development server this is faster than a skip list, and much simpler.
 */
/** What the collection itself and each of its members cost beside the text, see `keyspace.ts`. */
const OWN_BYTES = 448;
const OVERHEAD_BYTES = 176;

export interface Scored {
  readonly member: string;
  readonly score: number;
}

export class SortedSetValue {
  readonly kind = "zset";
  readonly #ordered: Scored[] = [];
  readonly #scores = new Map<string, number>();
  #textBytes = 0;
  version = 0;

  get size(): number {
    return this.#ordered.length;
  }

  get bytes(): number {
    return OWN_BYTES + this.#textBytes + this.size * OVERHEAD_BYTES;
  }

  get ordered(): readonly Scored[] {
    return this.#ordered;
  }

  scoreOf(member: string): number | undefined {
    return this.#scores.get(member);
  }

  rankOf(member: string): number | undefined {
    const score = this.#scores.get(member);
    return score === undefined ? undefined : this.#positionOf({ member, score });
  }

  /** Adds the member, or moves it to its new score. */
  set(member: string, score: number): void {
    const before = this.#scores.get(member);
    if (before === score) return;
    if (before !== undefined) this.#ordered.splice(this.#positionOf({ member, score: before }), 1);
    else this.#textBytes += member.length;
    this.#scores.set(member, score);
    const entry = { member, score };
    this.#ordered.splice(this.#positionOf(entry), 0, entry);
    this.version += 1;
  }

  delete(member: string): boolean {
    const score = this.#scores.get(member);
    if (score === undefined) return false;
    this.#ordered.splice(this.#positionOf({ member, score }), 1);
    this.#scores.delete(member);
    this.#textBytes -= member.length;
    this.version += 1;
    return true;
  }

  /** Removes the ranks from `from` to before `to`; returns them. */
  removeRange(from: number, to: number): Scored[] {
    const removed = this.#ordered.splice(from, Math.max(0, to - from));
    for (const { member } of removed) {
      this.#scores.delete(member);
      this.#textBytes -= member.length;
    }
    if (removed.length > 0) this.version += 1;
    return removed;
  }

  /** The first rank whose entry is not before the bound that `isBefore` describes. */
  findRank(isBefore: (entry: Scored) => boolean): number {
    let low = 0;
    let high = this.#ordered.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(this.#ordered[middle] as Scored)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  clone(): SortedSetValue {
    const copy = new SortedSetValue();
    for (const { member, score } of this.#ordered) copy.set(member, score);
    return copy;
  }

  #positionOf({ member, score }: Scored): number {
    return this.findRank((entry) => entry.score < score || (entry.score === score && entry.member < member));
  }
}
