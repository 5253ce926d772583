/**
 * The log of one partition: record batches verbatim, in memory. Only the two header fields outside of the CRC's range
 * are written here: the base offset, and the leader epoch (always 0: one broker, one life).
 *
 * L1 Offsets are given out without gaps from 0: a batch of n records takes n of them.
 * L2 What was appended stays readable and unchanged until the topic is deleted.
 * L3 A read returns whole batches, the first of which holds the asked offset.
 */
import { placeBatch } from "../../clients/kafka/wire/record-batch.ts";
import { batchMaxTimestamp, findRecordByTimestamp, type TimestampMatch } from "./batch-timestamps.ts";
import { LogSegment } from "./log-segment.ts";

/** Segments double up to the largest, so that a topic of many small partitions does not reserve much. */
const SEGMENT_BYTES_MIN = 64 * 1024;
const SEGMENT_BYTES_MAX = 16 * 1024 * 1024;
const LEADER_EPOCH = 0;

export interface ReadLimits {
  readonly bytesMax: number;
  readonly atLeastOne: boolean;
  readonly endOffset: number;
}

export class PartitionLog {
  readonly #segments: LogSegment[] = [];
  #endOffset = 0;
  #bytesStored = 0;

  readonly startOffset = 0;

  /** The next offset to be given out: the high watermark too, as nothing here is replicated. */
  get endOffset(): number {
    return this.#endOffset;
  }

  get bytesStored(): number {
    return this.#bytesStored;
  }

  /** Appends the batch at start..end, which was validated, and returns its base offset. */
  append(source: Buffer, start: number, end: number, records: number): number {
    const offset = this.#endOffset;
    const segment = this.#segmentFor(end - start, offset);
    const position = segment.append(source, start, end, offset, batchMaxTimestamp(source, start));
    placeBatch(segment.buffer, position, offset, LEADER_EPOCH);
    this.#endOffset = offset + records;
    this.#bytesStored += end - start;
    return offset;
  }

  /**
   * Adds views of the stored batches from the one that holds `offset` on, up to `endOffset`, which is the end of the log
   * or the start of a batch, at most `bytesMax` in all, and returns how many bytes that is. With `atLeastOne` the first batch is added even if it is larger: a reader whose limit is below
   * one batch would otherwise never get on.
   */
  read(offset: number, limits: ReadLimits, into: Buffer[]): number {
    if (offset >= limits.endOffset) return 0;
    let bytes = 0;
    const first = this.#segmentIndexOf(offset);
    for (let i = first; i < this.#segments.length; i += 1) {
      const segment = this.#segments[i] as LogSegment;
      const from = i === first ? segment.findOffset(offset) : 0;
      const end = this.#endIn(i, limits.endOffset);
      let to = Math.min(segment.findBoundary(from, from + limits.bytesMax - bytes), end);
      if (to === from && bytes === 0 && limits.atLeastOne && from < end) to = segment.endOfBatch(from);
      if (to > from) into.push(segment.buffer.subarray(from, to));
      bytes += to - from;
      if (to < segment.length) break;
    }
    return bytes;
  }

  /** The first record at or after this time; undefined when there is none. */
  findTimestamp(timestampMs: number): TimestampMatch | undefined {
    for (const segment of this.#segments) {
      if (segment.maxTimestampMs < timestampMs) continue;
      const position = segment.findTimestamp(timestampMs);
      if (position !== undefined) {
        return findRecordByTimestamp(segment.buffer, position, segment.endOfBatch(position), timestampMs);
      }
    }
    return undefined;
  }

  /** The first record that has the highest time of all; undefined when there is no record with a time. */
  findMaxTimestamp(): TimestampMatch | undefined {
    const highestMs = this.#segments.reduce((highest, segment) => Math.max(highest, segment.maxTimestampMs), -1);
    return highestMs < 0 ? undefined : this.findTimestamp(highestMs);
  }

  /** Where in this segment the batches below `endOffset` end. */
  #endIn(index: number, endOffset: number): number {
    const segment = this.#segments[index] as LogSegment;
    const nextOffset = this.#segments[index + 1]?.baseOffset ?? this.#endOffset;
    if (endOffset >= nextOffset) return segment.length;
    return endOffset <= segment.baseOffset ? 0 : segment.findOffset(endOffset);
  }

  /** The newest segment, or a fresh one when the batch does not fit into its rest. */
  #segmentFor(bytes: number, offset: number): LogSegment {
    const newest = this.#segments[this.#segments.length - 1];
    if (newest !== undefined && newest.bytesFree >= bytes) return newest;
    const wanted = newest === undefined ? SEGMENT_BYTES_MIN : Math.min(newest.buffer.length * 2, SEGMENT_BYTES_MAX);
    const segment = new LogSegment(Math.max(wanted, bytes), offset);
    this.#segments.push(segment);
    return segment;
  }

  #segmentIndexOf(offset: number): number {
    let low = 0;
    let high = this.#segments.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#segments[middle] as LogSegment).baseOffset <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
