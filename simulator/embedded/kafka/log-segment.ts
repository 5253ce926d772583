/**
 * A segment: consecutive record batches of one partition in one block of memory outside of the JavaScript heap, with a
 * sparse index from offset to position. Blocks are never moved, grown or reused, because answers under way to slow
 * readers still point into them; a deleted topic's blocks are freed when the last such answer is gone.
 *
 * S1 Bytes below `length` are whole batches, in offset order, and never change.
 * S2 Index entries are batch starts, ascending, at most INDEX_INTERVAL_BYTES plus one batch apart; the first one is
 *    the segment's first batch.
 */
import { BATCH, batchNextOffset } from "../../clients/kafka/wire/record-batch.ts";

/** A look-up walks at most this many bytes of batch headers (plus one batch) after the binary search. */
const INDEX_INTERVAL_BYTES = 16 * 1024;
/** Bytes before the part that a batch's own length counts. */
const LENGTH_OVERHEAD = 12;

export class LogSegment {
  readonly buffer: Buffer;
  readonly baseOffset: number;
  length = 0;
  maxTimestampMs = -1;
  readonly #offsets: number[] = [];
  readonly #positions: number[] = [];

  constructor(capacity: number, firstOffset: number) {
    // Not from Node's pool and not zeroed: pages are touched only when batches arrive.
    this.buffer = Buffer.allocUnsafeSlow(capacity);
    this.baseOffset = firstOffset;
  }

  get bytesFree(): number {
    return this.buffer.length - this.length;
  }

  /** Copies one batch to the end and returns its position. The caller has seen that it fits. */
  append(source: Buffer, start: number, end: number, offset: number, timestampMs: number): number {
    const position = this.length;
    source.copy(this.buffer, position, start, end);
    const indexed = this.#positions[this.#positions.length - 1];
    if (indexed === undefined || position - indexed >= INDEX_INTERVAL_BYTES) {
      this.#offsets.push(offset);
      this.#positions.push(position);
    }
    this.length = position + (end - start);
    if (timestampMs > this.maxTimestampMs) this.maxTimestampMs = timestampMs;
    return position;
  }

  /** Where the batch begins that holds `offset`, which is in this segment. */
  findOffset(offset: number): number {
    let position = this.#indexedAtOrBelow(this.#offsets, offset);
    while (batchNextOffset(this.buffer, position) <= offset) position = this.endOfBatch(position);
    return position;
  }

  /** The largest batch boundary at or below `limit`, but not below `from`, which is a boundary itself. */
  findBoundary(from: number, limit: number): number {
    if (limit >= this.length) return this.length;
    let position = Math.max(from, this.#indexedAtOrBelow(this.#positions, limit));
    for (;;) {
      const next = this.endOfBatch(position);
      if (next > limit) return position;
      position = next;
    }
  }

  /** The end of the batch at this position. */
  endOfBatch(position: number): number {
    return position + LENGTH_OVERHEAD + this.buffer.readInt32BE(position + BATCH.length);
  }

  /** Binary search: the position of the last entry whose key is at or below `key`; the first batch if there is none. */
  #indexedAtOrBelow(keys: readonly number[], key: number): number {
    let low = 0;
    let high = keys.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((keys[middle] as number) <= key) low = middle;
      else high = middle - 1;
    }
    return this.#positions[low] ?? 0;
  }
}
