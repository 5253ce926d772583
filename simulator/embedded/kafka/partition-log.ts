/**
 * The log of one partition: record batches verbatim, in memory. Only the two header fields outside of the CRC's range
 * are written here: the base offset, and the leader epoch (always 0: one broker, one life).
 *
 * L1 Offsets are given out without gaps from 0: a batch of n records takes n of them.
 * L2 What was appended stays readable and unchanged until the topic is deleted, or the log begins behind it.
 * L3 A read returns whole batches, the first of which holds the asked offset.
 * L4 The log begins at `startOffset`, which only rises and is never above `endOffset`; segments wholly below it are gone.
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
  #startOffset = 0;

  get startOffset(): number {
    return this.#startOffset;
  }

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

  /** Lets the log begin at `offset`, if it is behind its beginning, and returns how many bytes that sets free. */
  deleteBefore(offset: number): number {
    if (offset <= this.#startOffset) return 0;
    this.#startOffset = Math.min(offset, this.#endOffset);
    let bytes = 0;
    let oldest = this.#segments[0];
    while (oldest !== undefined && this.#segmentEnd(0) <= this.#startOffset) {
      bytes += oldest.length;
      this.#segments.shift();
      oldest = this.#segments[0];
    }
    this.#bytesStored -= bytes;
    return bytes;
  }

  /** Where the log would begin without the segments that are too old or too many; segments are kept or go as a whole. */
  findRetained({ oldestMs, bytesMax }: { oldestMs: number; bytesMax: number }): number {
    let bytes = this.#bytesStored;
    let start = this.#startOffset;
    for (const [i, segment] of this.#segments.entries()) {
      // What has no time is as old as nobody knows.
      const expired = segment.maxTimestampMs >= 0 && segment.maxTimestampMs < oldestMs;
      if (!expired && bytes - segment.length < bytesMax) break;
      bytes -= segment.length;
      start = this.#segmentEnd(i);
    }
    return start;
  }

  /** The first record at or after this time; undefined when there is none. */
  findTimestamp(timestampMs: number): TimestampMatch | undefined {
    for (const segment of this.#segments) {
      if (segment.maxTimestampMs < timestampMs) continue;
      for (let at = this.#firstPosition(segment); at < segment.length; at = segment.endOfBatch(at)) {
        if (batchMaxTimestamp(segment.buffer, at) < timestampMs) continue;
        const batch = { buffer: segment.buffer, start: at, end: segment.endOfBatch(at) };
        const match = findRecordByTimestamp(batch, timestampMs, this.#startOffset);
        if (match !== undefined) return match;
      }
    }
    return undefined;
  }

  /** The first record that has the highest time of all; undefined when there is no record with a time. */
  findMaxTimestamp(): TimestampMatch | undefined {
    let highestMs = -1;
    for (const segment of this.#segments) {
      if (segment.maxTimestampMs <= highestMs) continue;
      // Of the oldest segment a part may be deleted, and with it the batch that its highest time is of.
      const whole = segment.baseOffset >= this.#startOffset;
      highestMs = Math.max(highestMs, whole ? segment.maxTimestampMs : this.#highestTimeOf(segment));
    }
    return highestMs < 0 ? undefined : this.findTimestamp(highestMs);
  }

  /** Where in this segment the batches below `endOffset` end. */
  #endIn(index: number, endOffset: number): number {
    const segment = this.#segments[index] as LogSegment;
    if (endOffset >= this.#segmentEnd(index)) return segment.length;
    return endOffset <= segment.baseOffset ? 0 : segment.findOffset(endOffset);
  }

  #highestTimeOf(segment: LogSegment): number {
    let highestMs = -1;
    for (let at = this.#firstPosition(segment); at < segment.length; at = segment.endOfBatch(at)) {
      highestMs = Math.max(highestMs, batchMaxTimestamp(segment.buffer, at));
    }
    return highestMs;
  }

  /** Where the first batch of the segment begins that is not deleted. */
  #firstPosition(segment: LogSegment): number {
    return segment.baseOffset >= this.#startOffset ? 0 : segment.findOffset(this.#startOffset);
  }

  /** The offset after the last one of the segment at this index. */
  #segmentEnd(index: number): number {
    return this.#segments[index + 1]?.baseOffset ?? this.#endOffset;
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
