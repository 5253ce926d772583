/**
 * Positions that open transactions want to commit. They are a group's positions once the transaction is committed, and
 * nothing at all if it is aborted.
 *
 * O1 What a transaction holds is counted, each group and each position as one; over all transactions it is at most
 *    HELD_MAX, so that clients that make up names fill no memory.
 * O2 Positions are held only for groups that the offset store has admitted: the commit cannot fail.
 */
import type { OffsetStore, StoredOffset } from "../offset-store.ts";

const HELD_MAX = 100_000;

export interface PendingOffset {
  readonly group: string;
  readonly topic: string;
  readonly p: number;
  readonly committed: StoredOffset;
}

/** The positions of one transaction. */
export interface HeldOffsets {
  /** Those that were added to the transaction. */
  readonly groups: Set<string>;
  readonly offsets: Map<string, PendingOffset>;
}

export class PendingOffsets {
  readonly #store: OffsetStore;
  /** How many transactions hold a position, by its key. */
  readonly #holders = new Map<string, number>();
  #held = 0;

  constructor(store: OffsetStore) {
    this.#store = store;
  }

  open(): HeldOffsets {
    return { groups: new Set(), offsets: new Map() };
  }

  /** False when there is no room (O1). */
  addGroup(to: HeldOffsets, group: string): boolean {
    if (to.groups.has(group)) return true;
    if (this.#held >= HELD_MAX) return false;
    to.groups.add(group);
    this.#held += 1;
    return true;
  }

  /** False when there is no room (O1, O2). */
  add(to: HeldOffsets, pending: PendingOffset): boolean {
    const key = keyOf(pending.group, pending.topic, pending.p);
    if (!to.offsets.has(key)) {
      if (this.#held >= HELD_MAX || !this.#store.admit(pending.group)) return false;
      this.#held += 1;
      this.#holders.set(key, (this.#holders.get(key) ?? 0) + 1);
    }
    to.offsets.set(key, pending);
    return true;
  }

  isPending(group: string, topic: string, p: number): boolean {
    return this.#holders.has(keyOf(group, topic, p));
  }

  /** The transaction is over. */
  settle(held: HeldOffsets, committed: boolean): void {
    for (const [key, pending] of held.offsets) {
      if (committed) this.#store.commit(pending.group, pending.topic, pending.p, pending.committed);
      this.#release(key);
    }
    this.#held -= held.groups.size;
    held.groups.clear();
    held.offsets.clear();
  }

  /** Drops the positions of a topic or a group that is gone. */
  drop(held: HeldOffsets, isGone: (pending: { readonly group: string; readonly topic: string }) => boolean): void {
    for (const [key, pending] of held.offsets) {
      if (!isGone(pending)) continue;
      held.offsets.delete(key);
      this.#release(key);
    }
  }

  #release(key: string): void {
    this.#held -= 1;
    const holders = (this.#holders.get(key) ?? 1) - 1;
    if (holders === 0) this.#holders.delete(key);
    else this.#holders.set(key, holders);
  }
}

/** A topic's name has no zero byte, so no two positions share a key. */
function keyOf(group: string, topic: string, p: number): string {
  return `${group}\0${topic}\0${p}`;
}
