/**
 * Finds a record of a stored batch by its time. Pure; used for ListOffsets only, never on the hot path.
 *
 *   Record => length:varint attributes:int8 timestampDelta:varlong …
 */
import { readInt64 } from "../../clients/kafka/wire/int64.ts";
import {
  ATTRIBUTE,
  BATCH,
  batchAttributes,
  batchBaseOffset,
  batchBaseTimestamp,
  batchRecordCount,
} from "../../clients/kafka/wire/record-batch.ts";

/** As a number; what a client wrote beyond 2^53 is cut to it, since no answer could carry it exactly. */
export function batchMaxTimestamp(buffer: Buffer, at: number): number {
  return Math.min(readInt64(buffer, at + BATCH.maxTimestamp), Number.MAX_SAFE_INTEGER);
}

export interface TimestampMatch {
  readonly offset: number;
  readonly timestampMs: number;
}

export interface StoredBatch {
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
}

/**
 * The first record at or after `timestampMs`, and not below the offset `from`, of a batch whose newest record is not
 * older; undefined when all such records are below it. Compressed records are not unpacked: such a batch is answered as
 * a whole, with its first offset. Who reads from there misses nothing and sees at most one batch of older records. A
 * batch that was stamped at its append has one time for all of its records.
 */
export function findRecordByTimestamp(
  { buffer, start, end }: StoredBatch,
  timestampMs: number,
  from: number,
): TimestampMatch | undefined {
  const baseOffset = batchBaseOffset(buffer, start);
  const whole = { offset: Math.max(baseOffset, from), timestampMs: batchMaxTimestamp(buffer, start) };
  const attributes = batchAttributes(buffer, start);
  if ((attributes & (ATTRIBUTE.compressionMask | ATTRIBUTE.logAppendTime)) !== 0) return whole;
  const baseTimestampMs = batchBaseTimestamp(buffer, start);
  const records = batchRecordCount(buffer, start);
  let at: number = start + BATCH.records;
  for (let i = 0; i < records; i += 1) {
    const length = readVarlong(buffer, at, end);
    const delta = length === undefined ? undefined : readVarlong(buffer, length.next + 1, end);
    // Records that do not fit their batch are the producer's own doing; the batch as a whole is then the answer.
    if (length === undefined || delta === undefined || length.value < 0) return whole;
    const recordMs = Math.min(baseTimestampMs + delta.value, Number.MAX_SAFE_INTEGER);
    const offset = baseOffset + i;
    if (recordMs >= timestampMs && offset >= from) return { offset, timestampMs: recordMs };
    at = length.next + length.value;
  }
  // The records do not have the time that their batch claims, or those that have it are deleted.
  return baseOffset >= from ? whole : undefined;
}

/** A zigzag number of at most 10 bytes, exact up to ±2^53; undefined when it does not end before `end`. */
function readVarlong(buffer: Buffer, at: number, end: number): { value: number; next: number } | undefined {
  let raw = 0;
  for (let i = 0; i < 10 && at + i < end; i += 1) {
    const byte = buffer[at + i] as number;
    raw += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value: raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2, next: at + i + 1 };
  }
  return undefined;
}
