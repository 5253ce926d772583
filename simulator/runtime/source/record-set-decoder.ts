/**
 * The hot path of the source: raw record-set bytes to columns of ids and stamps, and through the job's operators into its
 * sink. One checksum a batch; for a record no object, string, promise, closure or BigInt. Its arrays are used again for
 * each batch.
 *
 * D1 Every offset from the fetch offset to the end of the last whole batch is counted once: as a message, as rejected, or
 *    as skipped (no committed record has it: a marker, of an aborted transaction, or compacted away). Records below the fetch offset are not counted at all.
 * D2 A value is counted as rejected after it was handed to `onRejected`, so it is on disk before its APPLY.
 * D3 Bytes that are not understood are an error, never a skip: a wrong checksum, offsets that do not rise, and what
 *    `judgeBatch` does not let pass.
 */
import type { FetchedRecords } from "../../clients/kafka/assigned-partition.ts";
import { AbortedTransactions } from "../../clients/kafka/wire/aborted-transactions.ts";
import { decompressBatch } from "../../clients/kafka/wire/batch-compression.ts";
import {
  type BatchContent,
  batchBaseOffset,
  batchNextOffset,
  batchRecordCount,
  type Codec,
  findBatchEnd,
  judgeBatch,
  verifyBatchCrc,
} from "../../clients/kafka/wire/record-batch.ts";
import { indexRecords, RECORD_FIELDS } from "../../clients/kafka/wire/records.ts";
import { MESSAGE, type RejectReason } from "../../common/contract/message.ts";
import { unreachable } from "../../common/foundation/assert.ts";
import { type AppError, createError } from "../../common/foundation/errors.ts";
import { FIXED_SIZE_MIN, hasFixedLiterals, isFourDigits, readFourDigits, readOtherMessage } from "./message-form.ts";

/**
 * The decoded records of one batch, as columns that are filled again for each batch: no object per record. Row i is the
 * i-th message of the batch; what was rejected or skipped has no row and is only counted.
 */
export interface RecordColumns {
  /** Rows in use; the arrays are at least this long. */
  count: number;
  ids: Float64Array;
  /** Run time in µs at which the message was sent; 0 = the message has no readable stamp. */
  timestampsUs: Float64Array;
  rejected: number;
  /** Offsets without a committed record. */
  skipped: number;
}

export const createRecordColumns = (capacity: number): RecordColumns => ({
  count: 0,
  ids: new Float64Array(capacity),
  timestampsUs: new Float64Array(capacity),
  rejected: 0,
  skipped: 0,
});

/** Empties the columns and makes room for `capacity` rows. Contents are not kept. */
export function resetColumns(columns: RecordColumns, capacity: number): void {
  columns.count = 0;
  columns.rejected = 0;
  columns.skipped = 0;
  if (columns.ids.length >= capacity) return;
  columns.ids = new Float64Array(capacity);
  columns.timestampsUs = new Float64Array(capacity);
}

/** Where decoded records go: the sink of their partition. */
export interface RecordOutput {
  /** Takes a batch that ends before `next`. The columns are valid only during the call. */
  add(records: RecordColumns, next: number): void;
}

export interface DecoderOptions {
  readonly topic: string;
  /** The operators of the job, as one: see `operators/registry.ts`. */
  readonly operate: (batch: RecordColumns) => RecordColumns;
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
   * Decodes each whole batch that reaches beyond the fetch offset, and hands what the operators make of it to `output`.
   * Throws KAFKA_BATCH_CORRUPT, KAFKA_BATCH_TOO_LARGE or KAFKA_BATCH_UNSUPPORTED.
   */
  decode(fetched: FetchedRecords, output: RecordOutput): void {
    const { buffer } = fetched;
    const { operate } = this.#options;
    const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    const aborted = AbortedTransactions.of(fetched.abortedTransactions);
    let position = fetched.fetchOffset;
    for (let at = fetched.start, end = 0; ; at = end) {
      end = this.#findEnd(fetched, at);
      if (end < 0) return;
      const next = batchNextOffset(buffer, at);
      if (next <= position) continue;
      const content = this.#checkBatch(fetched, at, end, aborted);
      switch (content.kind) {
        case "records":
          this.#readRecords(fetched, view, at, this.#indexBatch(fetched, at, end), position, next);
          break;
        case "compressed":
          this.#readCompressed(fetched, at, end, content.codec, position, next);
          break;
        case "skipped":
          resetColumns(this.#columns, 0);
          this.#columns.skipped = next - position;
          break;
        case "unsupported":
          throw createError("KAFKA_BATCH_UNSUPPORTED", { ...this.#place(fetched, at), what: content.what });
        default:
          unreachable(content);
      }
      output.add(operate(this.#columns), next);
      position = next;
    }
  }

  #findEnd(fetched: FetchedRecords, at: number): number {
    try {
      return findBatchEnd(fetched.buffer, at, fetched.end);
    } catch (error) {
      throw createError("KAFKA_BATCH_CORRUPT", { ...this.#place(fetched, at), what: "its header" }, error);
    }
  }

  #checkBatch(fetched: FetchedRecords, at: number, end: number, aborted: AbortedTransactions | null): BatchContent {
    if (!verifyBatchCrc(fetched.buffer, at, end)) throw this.#corrupt(fetched, at, "its checksum does not match");
    return judgeBatch(fetched.buffer, at, aborted);
  }

  /** The same as for plain records, on a copy of the batch that is plain. */
  #readCompressed(fetched: FetchedRecords, at: number, end: number, codec: Codec, from: number, next: number): void {
    const buffer = decompressBatch({ buffer: fetched.buffer, at, end }, codec, this.#place(fetched, at));
    const plain = { ...fetched, buffer, start: 0, end: buffer.length };
    const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    this.#readRecords(plain, view, 0, this.#indexBatch(plain, 0, plain.end), from, next);
  }

  #indexBatch(fetched: FetchedRecords, at: number, end: number): number {
    const claimed = batchRecordCount(fetched.buffer, at);
    if (claimed < 0 || claimed * RECORD_BYTES_MIN > end - at) throw this.#corrupt(fetched, at, `${claimed} records`);
    if (this.#index.length < claimed * RECORD_FIELDS) this.#index = new Int32Array(claimed * RECORD_FIELDS);
    resetColumns(this.#columns, claimed);
    try {
      return indexRecords(fetched.buffer, at, end, this.#index);
    } catch (error) {
      throw createError("KAFKA_BATCH_CORRUPT", { ...this.#place(fetched, at), what: "its records" }, error);
    }
  }

  /** The hot loop. Offsets are counted as deltas to the batch's base offset. */
  #readRecords(fetched: FetchedRecords, view: DataView, at: number, count: number, from: number, next: number): void {
    const index = this.#index;
    const columns = this.#columns;
    const { ids, timestampsUs } = columns;
    const baseOffset = batchBaseOffset(fetched.buffer, at);
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
      if (delta < wanted || delta >= after) throw this.#corrupt(fetched, at, `offset delta ${delta} out of order`);
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
      const other = this.#readOther(fetched, baseOffset + delta, value, size);
      if (other === 0) continue;
      ids[row] = other;
      timestampsUs[row] = 0;
      row += 1;
    }
    columns.skipped = skipped + after - wanted;
    columns.count = row;
  }

  /** The slow path: the id of a message in another form, or 0 after the value was rejected. */
  #readOther(fetched: FetchedRecords, offset: number, at: number, size: number): number {
    const value = size > 0 ? fetched.buffer.subarray(at, at + size) : NO_VALUE;
    // A null value has the size −1.
    const outcome = size < 0 ? "tombstone" : readOtherMessage(value);
    if (typeof outcome === "number") return outcome;
    this.#options.onRejected(fetched.p, offset, outcome, value);
    this.#columns.rejected += 1;
    return 0;
  }

  #place(fetched: FetchedRecords, at: number): { topic: string; p: number; offset: number } {
    // Fewer than eight bytes hold no offset; findBatchEnd asks for more before it can fail.
    return { topic: this.#options.topic, p: fetched.p, offset: batchBaseOffset(fetched.buffer, at) };
  }

  #corrupt(fetched: FetchedRecords, at: number, what: string): AppError {
    return createError("KAFKA_BATCH_CORRUPT", { ...this.#place(fetched, at), what });
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
