/**
 * The records of an uncompressed batch: found in place, or encoded.
 *
 *   Record => length:varint attributes:int8 timestampDelta:varlong offsetDelta:varint
 *             keyLength:varint key valueLength:varint value headerCount:varint header*
 *
 * Varints are zigzag: 0, -1, 1, -2 are 0, 1, 2, 3. A null key or value has length -1.
 */
import { assert } from "../../../common/foundation/assert.ts";
import { createError } from "../../../common/foundation/errors.ts";
import { writeInt64 } from "./int64.ts";
import { BATCH, batchRecordCount, sealBatch } from "./record-batch.ts";

/** Integers that `indexRecords` writes for a record: offsetDelta, keyPosition, keyLength, valuePosition, valueLength. */
export const RECORD_FIELDS = 5;

/** A record has at least 7 bytes: a length, and six fields of a byte. */
const RECORD_BYTES_MIN = 7;

/** Where the varint that was read last ended. A module variable, because a result object per record costs more. */
let cursor = 0;

/**
 * Finds each record of the batch in start…end and writes 5 integers a record into `into`, which must hold
 * `RECORD_FIELDS × batchRecordCount` of them. Returns the number of records. Throws KAFKA_MALFORMED when the lengths
 * do not fit together. The batch must be uncompressed.
 */
export function indexRecords(buffer: Buffer, start: number, end: number, into: Int32Array): number {
  const count = batchRecordCount(buffer, start);
  if (count < 0 || count * RECORD_BYTES_MIN > end - start - BATCH.records) throw malformed(`${count} records`, start);
  assert(into.length >= count * RECORD_FIELDS, `the index has room for ${count} records`);
  let at = start + BATCH.records;
  for (let slot = 0; slot < count * RECORD_FIELDS; slot += RECORD_FIELDS) {
    const next = at + PLAIN_HEAD_BYTES_MAX <= end ? indexPlainRecord(buffer, at, end, into, slot) : 0;
    at = next !== 0 ? next : indexRecord(buffer, at, end, into, slot);
  }
  if (at !== end) throw malformed(`${end - at} bytes after the last record`, at);
  return count;
}

/** Lengths and offset delta of two bytes each, attributes, timestamp delta and key length of one. */
const PLAIN_HEAD_BYTES_MAX = 9;
/** A null key's length, -1, as it is written. */
const NULL_KEY = 1;

/**
 * The usual record (no key, the batch's own timestamp, lengths of at most two bytes) without a call per number: a third
 * of the time. Returns the record's end, or 0 for any other record and for any doubt: `indexRecord` decides those.
 * PLAIN_HEAD_BYTES_MAX bytes from `at` on must be inside the batch.
 */
function indexPlainRecord(buffer: Buffer, at: number, end: number, into: Int32Array, slot: number): number {
  let length = buffer[at] as number;
  let body = at + 1;
  if (length >= 0x80) {
    const high = buffer[body] as number;
    if (high >= 0x80) return 0;
    length = (length & 0x7f) | (high << 7);
    body += 1;
  }
  let delta = buffer[body + 2] as number;
  let keyAt = body + 3;
  if (delta >= 0x80) {
    const high = buffer[keyAt] as number;
    if (high >= 0x80) return 0;
    delta = (delta & 0x7f) | (high << 7);
    keyAt += 1;
  }
  let size = buffer[keyAt + 1] as number;
  let valueAt = keyAt + 2;
  if (size >= 0x80) {
    const high = buffer[valueAt] as number;
    if (high >= 0x80) return 0;
    size = (size & 0x7f) | (high << 7);
    valueAt += 1;
  }
  const recordEnd = body + (length >>> 1);
  // Odd numbers are negative ones.
  if (((length | delta | size) & 1) !== 0 || (buffer[body + 1] as number) >= 0x80 || buffer[keyAt] !== NULL_KEY)
    return 0;
  if (recordEnd > end || valueAt + (size >>> 1) >= recordEnd) return 0;
  into[slot] = delta >>> 1;
  into[slot + 1] = keyAt + 1;
  into[slot + 2] = -1;
  into[slot + 3] = valueAt;
  into[slot + 4] = size >>> 1;
  return recordEnd;
}

/** Indexes any record and returns its end. Throws KAFKA_MALFORMED. */
function indexRecord(buffer: Buffer, start: number, end: number, into: Int32Array, slot: number): number {
  const length = readVarint(buffer, start, end);
  let at = cursor;
  const recordEnd = at + length;
  if (length < RECORD_BYTES_MIN - 1 || recordEnd > end) throw malformed(`a record of ${length} bytes`, at);
  at = skipVarlong(buffer, at + 1, recordEnd);
  into[slot] = readVarint(buffer, at, recordEnd);
  const keyLength = readVarint(buffer, cursor, recordEnd);
  into[slot + 1] = cursor;
  into[slot + 2] = keyLength;
  const valueLength = readVarint(buffer, keyLength > 0 ? cursor + keyLength : cursor, recordEnd);
  into[slot + 3] = cursor;
  into[slot + 4] = valueLength;
  // What follows is the headers: nobody here reads them, and the record's length says where they end.
  if (keyLength < -1 || valueLength < -1 || cursor + valueLength >= recordEnd) throw malformed("a record", at);
  return recordEnd;
}

/** Reads a zigzag varint of at most 5 bytes; `cursor` is then the position after it. */
function readVarint(buffer: Buffer, at: number, end: number): number {
  if (at >= end) throw malformed("a number cut short", at);
  const first = buffer[at] as number;
  if (first < 0x80) {
    cursor = at + 1;
    return (first >>> 1) ^ -(first & 1);
  }
  let value = first & 0x7f;
  for (let i = 1; i < 5; i += 1) {
    if (at + i >= end) throw malformed("a number cut short", at);
    const byte = buffer[at + i] as number;
    value |= (byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      cursor = at + i + 1;
      return (value >>> 1) ^ -(value & 1);
    }
  }
  throw malformed("a number of more than 5 bytes", at);
}

/** The position after a varlong, whose value nobody here needs. */
function skipVarlong(buffer: Buffer, at: number, end: number): number {
  for (let i = at; i < end && i < at + 10; i += 1) if ((buffer[i] as number) < 0x80) return i + 1;
  throw malformed("a timestamp delta cut short", at);
}

function malformed(what: string, position: number): Error {
  return createError("KAFKA_MALFORMED", { what: `${what} in a record batch`, position });
}

export interface RecordToEncode {
  readonly key?: Buffer | null;
  readonly value: Buffer | null;
}

export interface BatchToEncode {
  readonly records: readonly RecordToEncode[];
  /** Of every record, in ms since 1970. */
  readonly timestampMs: number;
  readonly baseOffset?: number;
  /** -1, -1, -1 without a producer id. */
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  /** Of the batch, apart from its compression, which is none. */
  readonly attributes?: number;
}

/** A complete, sealed batch. Allocates; the send loop patches prebuilt batches instead. */
export function encodeRecordBatch(batch: BatchToEncode): Buffer {
  const bodies = batch.records.map((record, i) => recordBodyBytes(record, i));
  const bytes = bodies.reduce((sum, body) => sum + varintBytes(body) + body, BATCH.records);
  const out = Buffer.alloc(bytes);
  writeInt64(out, batch.baseOffset ?? 0, BATCH.baseOffset);
  out.writeInt32BE(bytes - 12, BATCH.length);
  out.writeInt32BE(-1, BATCH.partitionLeaderEpoch);
  out.writeInt8(2, BATCH.magic);
  out.writeInt16BE(batch.attributes ?? 0, BATCH.attributes);
  out.writeInt32BE(batch.records.length - 1, BATCH.lastOffsetDelta);
  writeInt64(out, batch.timestampMs, BATCH.baseTimestamp);
  writeInt64(out, batch.timestampMs, BATCH.maxTimestamp);
  writeInt64(out, batch.producerId ?? -1, BATCH.producerId);
  out.writeInt16BE(batch.producerEpoch ?? -1, BATCH.producerEpoch);
  out.writeInt32BE(batch.baseSequence ?? -1, BATCH.baseSequence);
  out.writeInt32BE(batch.records.length, BATCH.recordCount);
  let at: number = BATCH.records;
  for (const [i, record] of batch.records.entries()) {
    at = writeVarint(out, bodies[i] as number, at);
    // Attributes and the timestamp delta are zero.
    at = writeVarint(out, i, at + 2);
    at = writeField(out, record.key ?? null, at);
    at = writeField(out, record.value, at) + 1;
  }
  sealBatch(out, 0, bytes);
  return out;
}

/** Bytes of a record without its length: attributes, timestamp delta and header count are a byte each. */
function recordBodyBytes(record: RecordToEncode, offsetDelta: number): number {
  return 3 + varintBytes(offsetDelta) + fieldBytes(record.key ?? null) + fieldBytes(record.value);
}

function fieldBytes(field: Buffer | null): number {
  return field === null ? 1 : varintBytes(field.length) + field.length;
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = zigzag(value); rest >= 0x80; rest >>>= 7) bytes += 1;
  return bytes;
}

function writeField(out: Buffer, field: Buffer | null, at: number): number {
  if (field === null) return writeVarint(out, -1, at);
  const bodyAt = writeVarint(out, field.length, at);
  out.set(field, bodyAt);
  return bodyAt + field.length;
}

function writeVarint(out: Buffer, value: number, at: number): number {
  let rest = zigzag(value);
  let next = at;
  for (; rest >= 0x80; rest >>>= 7) {
    out[next] = (rest & 0x7f) | 0x80;
    next += 1;
  }
  out[next] = rest;
  return next + 1;
}

function zigzag(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0;
}
