/**
 * RecordBatch v2 (magic 2), read and patched in place.
 *
 *   RecordBatch => baseOffset:int64 batchLength:int32 partitionLeaderEpoch:int32 magic:int8 crc:uint32
 *                  attributes:int16 lastOffsetDelta:int32 baseTimestamp:int64 maxTimestamp:int64
 *                  producerId:int64 producerEpoch:int16 baseSequence:int32 recordCount:int32 record*
 *
 * batchLength counts what follows it. The CRC-32C covers attributes to the end, so a broker sets baseOffset and
 * partitionLeaderEpoch without a new checksum. A record set may end in the middle of a batch: that is normal.
 *
 * B1 A batch's header is checked (magic, length) before any other field of it is believed.
 * B2 The checksum is checked by whoever decodes the records: `verifyBatchCrc`, once a batch.
 * B3 What a reader of committed records does with a batch is decided in one place: `judgeBatch`, by whoever decodes the
 *    records. Who looks at headers only takes any batch.
 */
import { type AppError, createError, isAppError } from "../../../common/foundation/errors.ts";
import type { AbortedTransactions } from "./aborted-transactions.ts";
import { crc32c } from "./crc32c.ts";
import { readInt64, writeInt64 } from "./int64.ts";
import type { ByteRange } from "./reader.ts";

export const BATCH = {
  baseOffset: 0,
  length: 8,
  partitionLeaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordCount: 57,
  /** Bytes of the header: the first record begins here. */
  records: 61,
} as const;

/** Bytes before the part that batchLength counts. */
export const LENGTH_OVERHEAD = 12;

export const ATTRIBUTE = { compressionMask: 0x07, logAppendTime: 0x08, transactional: 0x10, control: 0x20 } as const;

/**
 * The end of the batch that begins at `at`, or -1 when the range ends before it does. Throws KAFKA_MALFORMED when the
 * bytes are no batch v2.
 */
export function findBatchEnd(buffer: Buffer, at: number, end: number): number {
  if (end - at < LENGTH_OVERHEAD) return -1;
  const length = buffer.readInt32BE(at + BATCH.length);
  if (length < BATCH.records - LENGTH_OVERHEAD) {
    throw createError("KAFKA_MALFORMED", { what: `a batch of ${length} bytes`, position: at });
  }
  if (end - at > BATCH.magic && buffer[at + BATCH.magic] !== 2) {
    const what = `magic ${buffer[at + BATCH.magic]} where record batches of magic 2 are served`;
    throw createError("KAFKA_MALFORMED", { what, position: at });
  }
  return length > end - at - LENGTH_OVERHEAD ? -1 : at + LENGTH_OVERHEAD + length;
}

// Accessors take the position of the batch's first byte. They read, and check nothing (B1 comes first).

export function batchBaseOffset(buffer: Buffer, at: number): number {
  return readInt64(buffer, at + BATCH.baseOffset);
}

/** The offset after the batch's last one. Compaction may remove records but keeps this. */
export function batchNextOffset(buffer: Buffer, at: number): number {
  return batchBaseOffset(buffer, at) + buffer.readInt32BE(at + BATCH.lastOffsetDelta) + 1;
}

export function batchAttributes(buffer: Buffer, at: number): number {
  return buffer.readInt16BE(at + BATCH.attributes);
}

/** 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
export function batchCompression(buffer: Buffer, at: number): number {
  return batchAttributes(buffer, at) & ATTRIBUTE.compressionMask;
}

/** A marker that ends a transaction. */
export function isControlBatch(buffer: Buffer, at: number): boolean {
  return (batchAttributes(buffer, at) & ATTRIBUTE.control) !== 0;
}

export function isTransactionalBatch(buffer: Buffer, at: number): boolean {
  return (batchAttributes(buffer, at) & ATTRIBUTE.transactional) !== 0;
}

export function batchBaseTimestamp(buffer: Buffer, at: number): number {
  return readInt64(buffer, at + BATCH.baseTimestamp);
}

export function batchProducerId(buffer: Buffer, at: number): number {
  return readInt64(buffer, at + BATCH.producerId);
}

export function batchProducerEpoch(buffer: Buffer, at: number): number {
  return buffer.readInt16BE(at + BATCH.producerEpoch);
}

export function batchBaseSequence(buffer: Buffer, at: number): number {
  return buffer.readInt32BE(at + BATCH.baseSequence);
}

export function batchRecordCount(buffer: Buffer, at: number): number {
  return buffer.readInt32BE(at + BATCH.recordCount);
}

/** Of which a batch's attributes name one by its place here, from 1 on. */
export const CODECS = ["gzip", "snappy", "lz4", "zstd"] as const;
export type Codec = (typeof CODECS)[number];

/** What a reader of committed records finds in a batch (B3). */
export type BatchContent =
  /** Plain records. */
  | { readonly kind: "records" }
  /** Records, once they are decompressed. */
  | { readonly kind: "compressed"; readonly codec: Codec }
  /** No application reads it, and its offsets count as skipped: a marker, or records of an aborted transaction. */
  | { readonly kind: "skipped" }
  | { readonly kind: "unsupported"; readonly what: string };

const RECORDS: BatchContent = { kind: "records" };
const SKIPPED: BatchContent = { kind: "skipped" };
const COMPRESSED: readonly BatchContent[] = CODECS.map((codec) => ({ kind: "compressed", codec }));
const NOT_PLAIN = ATTRIBUTE.compressionMask | ATTRIBUTE.transactional | ATTRIBUTE.control;

/**
 * `aborted` is of the fetch answer that the batch came in, and is to see every batch of it, in order; null: none was.
 * A marker belongs to its transaction, so its own bit is looked at first.
 */
export function judgeBatch(buffer: Buffer, at: number, aborted: AbortedTransactions | null): BatchContent {
  const attributes = batchAttributes(buffer, at);
  if ((attributes & NOT_PLAIN) === 0) return RECORDS;
  if ((attributes & ATTRIBUTE.control) !== 0) {
    aborted?.end(batchProducerId(buffer, at), batchNextOffset(buffer, at));
    return SKIPPED;
  }
  const isTransactional = (attributes & ATTRIBUTE.transactional) !== 0;
  if (isTransactional && aborted?.covers(batchProducerId(buffer, at), batchNextOffset(buffer, at))) return SKIPPED;
  const codec = attributes & ATTRIBUTE.compressionMask;
  if (codec === 0) return RECORDS;
  return COMPRESSED[codec - 1] ?? { kind: "unsupported", what: `compression codec ${codec}` };
}

/** Where a batch was found, for messages. */
export interface BatchPlace {
  readonly topic: string;
  readonly p: number;
  readonly offset: number;
}

export interface RecordSetWalk {
  /** End of the last whole batch; equal to the start when there is none. */
  readonly end: number;
  /** The offset after it; the fetch offset when there is none. */
  readonly nextOffset: number;
  /** Why the walk ended before the bytes did, unless they ended in the middle of a batch. */
  readonly refused: AppError | undefined;
}

/**
 * How far a fetched record set goes, by its batches' headers. `place.offset` is the offset that was asked for. A wrong
 * length or offset is noticed here, although the checksum is not looked at: offsets must rise from batch to batch.
 */
export function walkRecordSet(buffer: Buffer, records: ByteRange, place: BatchPlace): RecordSetWalk {
  let at = records.start;
  let nextOffset = place.offset;
  try {
    for (;;) {
      const end = findBatchEnd(buffer, at, records.end);
      if (end < 0) return { end: at, nextOffset, refused: undefined };
      const next = batchNextOffset(buffer, at);
      // The first batch may begin below what was asked for, but must reach it; later ones begin above the one before.
      const begins = at === records.start ? nextOffset : batchBaseOffset(buffer, at);
      if (begins < nextOffset || next <= nextOffset) {
        const what = `it covers ${batchBaseOffset(buffer, at)} to ${next - 1} where ${nextOffset} was due`;
        const refused = createError("KAFKA_BATCH_CORRUPT", { ...place, offset: nextOffset, what });
        return { end: at, nextOffset, refused };
      }
      at = end;
      nextOffset = next;
    }
  } catch (error) {
    if (!isAppError(error) || error.code !== "KAFKA_MALFORMED") throw error;
    const what = error.message;
    return {
      end: at,
      nextOffset,
      refused: createError("KAFKA_BATCH_CORRUPT", { ...place, offset: nextOffset, what }, error),
    };
  }
}

/** True if the checksum in the header is the one of the bytes from attributes to `end`. */
export function verifyBatchCrc(buffer: Buffer, at: number, end: number): boolean {
  return buffer.readUInt32BE(at + BATCH.crc) === crc32c(buffer, at + BATCH.attributes, end);
}

/** Writes the checksum: the last step after any change from attributes on. */
export function sealBatch(buffer: Buffer, at: number, end: number): void {
  buffer.writeUInt32BE(crc32c(buffer, at + BATCH.attributes, end), at + BATCH.crc);
}

export interface BatchHeaderPatch {
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly baseTimestamp?: number;
  readonly maxTimestamp?: number;
}

/** Changes header fields of a prebuilt batch. `sealBatch` must follow. */
export function patchBatchHeader(buffer: Buffer, at: number, patch: BatchHeaderPatch): void {
  if (patch.producerId !== undefined) writeInt64(buffer, patch.producerId, at + BATCH.producerId);
  if (patch.producerEpoch !== undefined) buffer.writeInt16BE(patch.producerEpoch, at + BATCH.producerEpoch);
  if (patch.baseSequence !== undefined) buffer.writeInt32BE(patch.baseSequence, at + BATCH.baseSequence);
  if (patch.baseTimestamp !== undefined) writeInt64(buffer, patch.baseTimestamp, at + BATCH.baseTimestamp);
  if (patch.maxTimestamp !== undefined) writeInt64(buffer, patch.maxTimestamp, at + BATCH.maxTimestamp);
}

/** Every record of the batch gets the time of its append, as in a topic with LogAppendTime; sealed anew. */
export function stampLogAppendTime(buffer: Buffer, at: number, end: number, timeMs: number): void {
  buffer.writeInt16BE(batchAttributes(buffer, at) | ATTRIBUTE.logAppendTime, at + BATCH.attributes);
  writeInt64(buffer, timeMs, at + BATCH.maxTimestamp);
  sealBatch(buffer, at, end);
}

/** What a broker sets when it appends: outside the checksum. */
export function placeBatch(buffer: Buffer, at: number, baseOffset: number, partitionLeaderEpoch: number): void {
  writeInt64(buffer, baseOffset, at + BATCH.baseOffset);
  buffer.writeInt32BE(partitionLeaderEpoch, at + BATCH.partitionLeaderEpoch);
}
