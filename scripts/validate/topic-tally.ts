/**
 * Counts the re-read topic, partition by partition, from raw record-set bytes. Pure but for its own tallies.
 *
 * Each partition has a cut: the job's applied offset. What lies below it is compared with the job's state; what lies
 * above is unprocessed.
 *
 * Y1 Each offset from `start` to `position` is counted once: as a message, as rejected, or as skipped (no record has it);
 *    but those in `unread`, which are not counted at all.
 * Y2 No object, string or closure call per record: the loop works on the index of a batch.
 */
import type { FetchedRecords } from "../../simulator/clients/kafka/assigned-partition.ts";
import { AbortedTransactions } from "../../simulator/clients/kafka/wire/aborted-transactions.ts";
import { decompressBatch } from "../../simulator/clients/kafka/wire/batch-compression.ts";
import {
  batchBaseOffset,
  batchNextOffset,
  batchProducerId,
  batchRecordCount,
  findBatchEnd,
  judgeBatch,
  verifyBatchCrc,
} from "../../simulator/clients/kafka/wire/record-batch.ts";
import { indexRecords, RECORD_FIELDS } from "../../simulator/clients/kafka/wire/records.ts";
import { mix32, SUM_MODULUS } from "../../simulator/common/contract/message.ts";
import { unreachable } from "../../simulator/common/foundation/assert.ts";
import { createError } from "../../simulator/common/foundation/errors.ts";
import type { IdBitmap } from "./id-bitmap.ts";
import { readFixedId, readMessageId } from "./message-reader.ts";
import type { SampleCollector } from "./samples.ts";

export interface OffsetTally {
  messages: number;
  rejected: number;
  /** Those of them that have a null value. */
  tombstones: number;
  skipped: number;
  idSum: number;
  idMix: number;
  disorder: number;
}

/** Offsets from … to−1 that could not be read, and why. */
export interface UnreadRange {
  readonly from: number;
  readonly to: number;
  readonly why: string;
}

export interface PartitionTally {
  readonly p: number;
  readonly start: number;
  readonly end: number;
  /** The job's applied offset, start ≤ cut; may lie above `end`. */
  readonly cut: number;
  readonly below: OffsetTally;
  readonly above: OffsetTally;
  readonly unread: UnreadRange[];
  /** Records in batches of another producer than ours, and the offset of the first of them. */
  foreign: { records: number; firstOffset: number } | null;
  /** Next offset to count; `end` when complete. */
  position: number;
  lastId: number;
  /** The last id below the cut; 0 = none. */
  lastIdBelow: number;
}

const emptyTally = (): OffsetTally => ({
  messages: 0,
  rejected: 0,
  tombstones: 0,
  skipped: 0,
  idSum: 0,
  idMix: 0,
  disorder: 0,
});

export function createPartitionTally(range: { p: number; start: number; end: number; cut: number }): PartitionTally {
  return {
    ...range,
    below: emptyTally(),
    above: emptyTally(),
    unread: [],
    foreign: null,
    position: range.start,
    lastId: 0,
    lastIdBelow: 0,
  };
}

/** Goes on at `to`, as far as that lies ahead and within the range; what lies before it is not counted. */
export function skipUnread(partition: PartitionTally, to: number, why: string): void {
  const next = Math.min(to, partition.end);
  if (next <= partition.position) return;
  partition.unread.push({ from: partition.position, to: next, why });
  partition.position = next;
}

/** What a fetch brought of one partition. */
export type RecordSet = Pick<FetchedRecords, "buffer" | "start" | "end" | "abortedTransactions">;

/** A batch as it lies in a record set, and which transactions of that set were aborted. */
interface StoredBatch {
  readonly buffer: Buffer;
  readonly view: DataView;
  readonly at: number;
  readonly end: number;
  readonly aborted: AbortedTransactions | null;
}

/** A batch whose bytes were checked, and the index of its records. */
interface CheckedBatch {
  readonly view: DataView;
  readonly buffer: Buffer;
  readonly baseOffset: number;
  readonly records: number;
}

export interface TopicTallyOptions {
  readonly topic: string;
  /** Null: ids are not marked. */
  readonly bitmap: IdBitmap | null;
  readonly samples: SampleCollector;
  /** Whose batches are ours; null: no batch is foreign. */
  readonly producerId: number | null;
}

export class TopicTally {
  readonly #topic: string;
  readonly #bitmap: IdBitmap | null;
  readonly #samples: SampleCollector;
  readonly #producerId: number | null;
  #index = new Int32Array(10_000 * RECORD_FIELDS);

  constructor({ topic, bitmap, samples, producerId }: TopicTallyOptions) {
    this.#topic = topic;
    this.#bitmap = bitmap;
    this.#samples = samples;
    this.#producerId = producerId;
  }

  /**
   * Counts the whole batches of a record set. Throws KAFKA_BATCH_CORRUPT, KAFKA_BATCH_TOO_LARGE or
   * KAFKA_BATCH_UNSUPPORTED.
   */
  add(partition: PartitionTally, { buffer, start, end, abortedTransactions }: RecordSet): void {
    const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    const aborted = AbortedTransactions.of(abortedTransactions);
    let at = start;
    while (partition.position < partition.end) {
      const batchEnd = findBatchEnd(buffer, at, end);
      if (batchEnd === -1) return;
      const next = Math.min(batchNextOffset(buffer, at), partition.end);
      if (next > partition.position) {
        const batch = this.#checkBatch(partition, { buffer, view, at, end: batchEnd, aborted });
        this.#addBatch(partition, batch, batchProducerId(buffer, at), next);
      }
      at = batchEnd;
    }
  }

  #addBatch(partition: PartitionTally, batch: CheckedBatch, producerId: number, next: number): void {
    const { position, cut } = partition;
    const middle = Math.min(Math.max(cut, position), next);
    if (position < middle) {
      this.#count(partition, partition.below, batch, position, middle);
      partition.lastIdBelow = partition.lastId;
    }
    if (middle < next) this.#count(partition, partition.above, batch, middle, next);
    if (this.#producerId !== null && producerId !== this.#producerId) {
      const { records, firstOffset } = partition.foreign ?? { records: 0, firstOffset: position };
      partition.foreign = { records: records + next - position, firstOffset };
    }
    this.#samples.collect(partition.p, batch, this.#index, position, next);
    partition.position = next;
  }

  #checkBatch(partition: PartitionTally, stored: StoredBatch): CheckedBatch {
    const { buffer, view, at, end, aborted } = stored;
    const baseOffset = batchBaseOffset(buffer, at);
    const place = { topic: this.#topic, p: partition.p, offset: baseOffset };
    if (!verifyBatchCrc(buffer, at, end)) throw createError("KAFKA_BATCH_CORRUPT", { ...place, what: "its checksum" });
    const content = judgeBatch(buffer, at, aborted);
    switch (content.kind) {
      case "records":
        return { view, buffer, baseOffset, records: this.#indexRecords(buffer, at, end) };
      case "compressed": {
        const plain = decompressBatch({ buffer, at, end }, content.codec, place);
        const plainView = new DataView(plain.buffer, plain.byteOffset, plain.byteLength);
        return { view: plainView, buffer: plain, baseOffset, records: this.#indexRecords(plain, 0, plain.length) };
      }
      case "skipped":
        return { view, buffer, baseOffset, records: 0 };
      case "unsupported":
        throw createError("KAFKA_BATCH_UNSUPPORTED", { ...place, what: content.what });
      default:
        return unreachable(content);
    }
  }

  #indexRecords(buffer: Buffer, at: number, end: number): number {
    const needed = batchRecordCount(buffer, at) * RECORD_FIELDS;
    if (needed > this.#index.length && needed <= end - at) this.#index = new Int32Array(needed);
    return indexRecords(buffer, at, end, this.#index);
  }

  /** The hot loop: records with offsets from … to−1. */
  #count(partition: PartitionTally, into: OffsetTally, batch: CheckedBatch, from: number, to: number): void {
    const { view, buffer, baseOffset, records } = batch;
    const index = this.#index;
    const bitmap = this.#bitmap;
    const words = bitmap?.words;
    const idMax = bitmap === null ? 0 : bitmap.idMax;
    const deltaFrom = from - baseOffset;
    const deltaTo = to - baseOffset;
    let { lastId } = partition;
    let messages = 0;
    let rejected = 0;
    let tombstones = 0;
    let disorder = 0;
    let duplicated = 0;
    let beyond = 0;
    let idSum = 0;
    let idMix = 0;
    for (let slot = 0; slot < records * RECORD_FIELDS; slot += RECORD_FIELDS) {
      const delta = index[slot] as number;
      if (delta < deltaFrom || delta >= deltaTo) continue;
      let id = readFixedId(view, index[slot + 3] as number, index[slot + 4] as number);
      if (id === 0) {
        const other = readMessageId(buffer, view, index[slot + 3] as number, index[slot + 4] as number);
        if (typeof other !== "number") {
          rejected += 1;
          if (other === "tombstone") tombstones += 1;
          continue;
        }
        id = other;
      }
      messages += 1;
      idSum += id;
      if (idSum >= SUM_MODULUS) idSum -= SUM_MODULUS;
      // A batch has at most 2^20 records or so: the sum of their 32-bit values stays far below 2^53.
      idMix += mix32(id);
      if (id <= lastId) disorder += 1;
      lastId = id;
      if (words === undefined) continue;
      if (id > idMax) {
        beyond += 1;
        continue;
      }
      const word = Math.floor(id / 32);
      const bit = 1 << (id & 31);
      const before = words[word] as number;
      if ((before & bit) !== 0) duplicated += 1;
      words[word] = before | bit;
    }
    partition.lastId = lastId;
    into.messages += messages;
    into.rejected += rejected;
    into.tombstones += tombstones;
    into.skipped += to - from - messages - rejected;
    into.disorder += disorder;
    into.idSum = (into.idSum + idSum) % SUM_MODULUS;
    into.idMix = (into.idMix + idMix) % SUM_MODULUS;
    if (bitmap !== null) {
      bitmap.duplicated += duplicated;
      bitmap.beyond += beyond;
    }
  }
}
