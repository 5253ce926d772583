/**
 * The hot path of the source: raw record-set bytes to columns of ids and stamps. One checksum a batch; for a record no
 * object, string, promise, closure or BigInt. Its arrays are used again for each batch.
 *
 * D1 Every offset from `fromOffset` to the end of the last whole batch is counted once: as a message, as rejected, or as
 *    skipped (no record has it: a marker, or compacted away). Records below `fromOffset` are not counted at all.
 * D2 A value is counted as rejected after it was handed to `onRejected`, so it is on disk before its APPLY.
 * D3 Bytes that are not understood are an error, never a skip: a wrong checksum, offsets that do not rise, a compressed or
 *    a transactional batch (without the list of aborted ones nobody can say what is committed).
 */
import {
  batchBaseOffset,
  batchCompression,
  batchNextOffset,
  batchRecordCount,
  findBatchEnd,
  isControlBatch,
  isTransactionalBatch,
  verifyBatchCrc,
} from "../../clients/kafka/wire/record-batch.ts";
import { indexRecords, RECORD_FIELDS } from "../../clients/kafka/wire/records.ts";
import { MESSAGE, type RejectReason } from "../../common/contract/message.ts";
import { type AppError, createError } from "../../common/foundation/errors.ts";
import { FIXED_SIZE_MIN, hasFixedLiterals, isFourDigits, readFourDigits, readOtherMessage } from "./message-form.ts";
import { createRecordColumns, type RecordColumns, resetColumns } from "./record-columns.ts";

/** A partition's record-set bytes. */
export interface RecordSet {
  readonly p: number;
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
}

export interface DecoderOptions {
  readonly topic: string;
  /** `value` is valid only during the call. */
  onRejected(p: number, offset: number, reason: RejectReason, value: Buffer): void;
}

/** The smallest record takes 7 bytes, so a count above this share of the batch's bytes is a lie (see indexRecords). */
const RECORD_BYTES_MIN = 7;
/** Smaller than any batch at speed: code that was compiled before the columns grew for the first time is thrown away. */
const RECORDS_INITIAL = 256;
const NO_VALUE = Buffer.alloc(0);

export class RecordSetDecoder {
  readonly #options: DecoderOptions;
  readonly #columns = createRecordColumns(RECORDS_INITIAL);
  #index = new Int32Array(RECORDS_INITIAL * RECORD_FIELDS);

  constructor(options: DecoderOptions) {
    this.#options = options;
  }

  /**
   * Decodes each whole batch that reaches beyond `fromOffset`, and hands it to `emit` with the offset after it. The
   * columns are valid only during that call. Throws KAFKA_BATCH_CORRUPT or KAFKA_BATCH_UNSUPPORTED.
   */
  decode(set: RecordSet, fromOffset: number, emit: (records: RecordColumns, next: number) => void): void {
    const view = new DataView(set.buffer.buffer, set.buffer.byteOffset, set.buffer.byteLength);
    let position = fromOffset;
    for (let at = set.start, end = 0; ; at = end) {
      end = this.#findEnd(set, at);
      if (end < 0) return;
      const next = batchNextOffset(set.buffer, at);
      if (next <= position) continue;
      this.#decodeBatch(set, view, at, end, position, next);
      emit(this.#columns, next);
      position = next;
    }
  }

  #findEnd(set: RecordSet, at: number): number {
    try {
      return findBatchEnd(set.buffer, at, set.end);
    } catch (error) {
      throw createError("KAFKA_BATCH_CORRUPT", { ...this.#place(set, at), what: "its header" }, error);
    }
  }

  #decodeBatch(set: RecordSet, view: DataView, at: number, end: number, from: number, next: number): void {
    const { buffer } = set;
    if (!verifyBatchCrc(buffer, at, end)) throw this.#corrupt(set, at, "its checksum does not match");
    if (isControlBatch(buffer, at)) {
      resetColumns(this.#columns, 0);
      this.#columns.skipped = next - from;
      return;
    }
    if (batchCompression(buffer, at) !== 0) throw this.#unsupported(set, at, "compression");
    if (isTransactionalBatch(buffer, at)) throw this.#unsupported(set, at, "a transaction");
    const count = this.#indexBatch(set, at, end);
    this.#readRecords(set, view, at, count, from, next);
  }

  #indexBatch(set: RecordSet, at: number, end: number): number {
    const claimed = batchRecordCount(set.buffer, at);
    if (claimed < 0 || claimed * RECORD_BYTES_MIN > end - at) throw this.#corrupt(set, at, `${claimed} records`);
    if (this.#index.length < claimed * RECORD_FIELDS) this.#index = new Int32Array(claimed * RECORD_FIELDS);
    resetColumns(this.#columns, claimed);
    try {
      return indexRecords(set.buffer, at, end, this.#index);
    } catch (error) {
      throw createError("KAFKA_BATCH_CORRUPT", { ...this.#place(set, at), what: "its records" }, error);
    }
  }

  /** The hot loop. Offsets are counted as deltas to the batch's base offset. */
  #readRecords(set: RecordSet, view: DataView, at: number, count: number, from: number, next: number): void {
    const index = this.#index;
    const columns = this.#columns;
    const { ids, timestampsUs } = columns;
    const baseOffset = batchBaseOffset(set.buffer, at);
    const first = from - baseOffset;
    const after = next - baseOffset;
    let wanted = first;
    let skipped = 0;
    let row = 0;
    // The stamp that was parsed last, as its four words: a producer stamps whole batches, so the next one is often equal.
    let ts0 = 0;
    let ts1 = 0;
    let ts2 = 0;
    let ts3 = 0;
    let timestampUs = -1;
    for (let slot = 0, slots = count * RECORD_FIELDS; slot < slots; slot += RECORD_FIELDS) {
      const delta = index[slot] as number;
      if (delta < first) continue;
      if (delta < wanted || delta >= after) throw this.#corrupt(set, at, `offset delta ${delta} out of order`);
      skipped += delta - wanted;
      wanted = delta + 1;
      const value = index[slot + 3] as number;
      const size = index[slot + 4] as number;
      if (size >= FIXED_SIZE_MIN && hasFixedLiterals(view, value, size)) {
        const word0 = view.getInt32(value + MESSAGE.tsAt, true);
        const word1 = view.getInt32(value + MESSAGE.tsAt + 4, true);
        const word2 = view.getInt32(value + MESSAGE.tsAt + 8, true);
        const word3 = view.getInt32(value + MESSAGE.tsAt + 12, true);
        if (word3 !== ts3 || word2 !== ts2 || word1 !== ts1 || word0 !== ts0) {
          timestampUs = readTimestamp(word0, word1, word2, word3);
          ts0 = word0;
          ts1 = word1;
          ts2 = word2;
          ts3 = word3;
        }
        const id = readId(view, value + MESSAGE.idAt);
        if (id > 0 && timestampUs >= 0) {
          ids[row] = id;
          timestampsUs[row] = timestampUs;
          row += 1;
          continue;
        }
      }
      const other = this.#readOther(set, baseOffset + delta, value, size);
      if (other === 0) continue;
      ids[row] = other;
      timestampsUs[row] = 0;
      row += 1;
    }
    columns.skipped = skipped + after - wanted;
    columns.count = row;
  }

  /** The slow path: the id of a message in another form, or 0 after the value was rejected. */
  #readOther(set: RecordSet, offset: number, at: number, size: number): number {
    // A null value (a tombstone) has size −1.
    const value = size > 0 ? set.buffer.subarray(at, at + size) : NO_VALUE;
    const outcome = readOtherMessage(value);
    if (typeof outcome === "number") return outcome;
    this.#options.onRejected(set.p, offset, outcome, value);
    this.#columns.rejected += 1;
    return 0;
  }

  #place(set: RecordSet, at: number): { topic: string; p: number; offset: number } {
    // Fewer than eight bytes hold no offset; findBatchEnd asks for more before it can fail.
    return { topic: this.#options.topic, p: set.p, offset: batchBaseOffset(set.buffer, at) };
  }

  #corrupt(set: RecordSet, at: number, what: string): AppError {
    return createError("KAFKA_BATCH_CORRUPT", { ...this.#place(set, at), what });
  }

  #unsupported(set: RecordSet, at: number, what: string): AppError {
    return createError("KAFKA_BATCH_UNSUPPORTED", { ...this.#place(set, at), what });
  }
}

/** Twelve digits, or −1. */
function readId(view: DataView, at: number): number {
  const high = view.getInt32(at, true);
  const middle = view.getInt32(at + 4, true);
  const low = view.getInt32(at + 8, true);
  if (!isFourDigits(high) || !isFourDigits(middle) || !isFourDigits(low)) return -1;
  return (readFourDigits(high) * 10_000 + readFourDigits(middle)) * 10_000 + readFourDigits(low);
}

/** Sixteen digits, or −1. They may exceed 2^53, which is no stamp of this century: then 0, as for a stamp not known. */
function readTimestamp(word0: number, word1: number, word2: number, word3: number): number {
  if (!isFourDigits(word0) || !isFourDigits(word1) || !isFourDigits(word2) || !isFourDigits(word3)) return -1;
  const high = readFourDigits(word0) * 10_000 + readFourDigits(word1);
  const low = readFourDigits(word2) * 10_000 + readFourDigits(word3);
  const timestampUs = high * 100_000_000 + low;
  return timestampUs <= Number.MAX_SAFE_INTEGER ? timestampUs : 0;
}
