/**
 * The transactions of one partition: which are open here, and which of those that ended were aborted.
 *
 * T1 A producer has at most one open transaction; it begins here with its first batch, and ends with its marker.
 * T2 The last stable offset is the first offset of the oldest open transaction, or else the end of the log; where the log
 *    begins behind it, its beginning. It never falls, and no batch that may be read reaches beyond it.
 * T3 What was deleted from the log is forgotten here, and there is at most one entry of an aborted transaction per stored
 *    marker, so the memory for records bounds them too.
 */
import type { AbortedTransaction } from "../../../clients/kafka/wire/aborted-transactions.ts";

interface AbortedRange extends AbortedTransaction {
  /** Its marker's. */
  readonly lastOffset: number;
  /** When its marker was in: all that ended later begins at or after it (T2). */
  readonly lastStableOffset: number;
}

export class PartitionTransactions {
  /** First offsets by producer id. Offsets rise, and a Map keeps insertion order: the oldest one is first. */
  readonly #open = new Map<number, number>();
  /** In the order of their markers. */
  readonly #aborted: AbortedRange[] = [];
  #startOffset = 0;

  get anyOpen(): boolean {
    return this.#open.size > 0;
  }

  get anyAborted(): boolean {
    return this.#aborted.length > 0;
  }

  /** Undefined when the producer has no open transaction here. */
  firstOffsetOf(producerId: number): number | undefined {
    return this.#open.get(producerId);
  }

  lastStableOffset(endOffset: number): number {
    for (const firstOffset of this.#open.values()) return Math.max(firstOffset, this.#startOffset);
    return endOffset;
  }

  /** A transactional batch of this producer was appended at `offset`. */
  recordBatch(producerId: number, offset: number): void {
    if (!this.#open.has(producerId)) this.#open.set(producerId, offset);
  }

  /** The marker of this producer was appended at `offset`, and is the last of the log. */
  recordMarker(producerId: number, offset: number, committed: boolean): void {
    const firstOffset = this.#open.get(producerId);
    // A partition that was added to a transaction and not written to.
    if (firstOffset === undefined) return;
    this.#open.delete(producerId);
    if (committed) return;
    const lastStableOffset = this.lastStableOffset(offset + 1);
    this.#aborted.push({ producerId, firstOffset, lastOffset: offset, lastStableOffset });
  }

  /** The log begins at `startOffset` from now on. */
  deleteBefore(startOffset: number): void {
    this.#startOffset = startOffset;
    this.#aborted.splice(0, this.#firstReaching(startOffset));
  }

  /** The aborted transactions that reach into the offsets `from` up to `to`, which is not one of them. */
  listAborted(from: number, to: number): AbortedTransaction[] {
    const listed: AbortedTransaction[] = [];
    for (let i = this.#firstReaching(from); i < this.#aborted.length; i += 1) {
      const { producerId, firstOffset, lastStableOffset } = this.#aborted[i] as AbortedRange;
      if (firstOffset < to) listed.push({ producerId, firstOffset });
      if (lastStableOffset >= to) break;
    }
    return listed;
  }

  /** Binary search: the index of the first entry whose marker is at or above `offset`. */
  #firstReaching(offset: number): number {
    let low = 0;
    let high = this.#aborted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#aborted[middle] as AbortedRange).lastOffset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
