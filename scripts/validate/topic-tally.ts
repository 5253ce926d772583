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

const emptyTally = (): OffsetTally => ({ messages: 0, rejected: 0, skipped: 0, idSum: 0, idMix: 0, disorder: 0 });

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

  /** Counts the whole batches of a record set. Throws KAFKA_BATCH_CORRUPT or KAFKA_BATCH_UNSUPPORTED. */
  add(partition: PartitionTally, buffer: Buffer, start: number, end: number): void {
    const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    let at = start;
    while (partition.position < partition.end) {
      const batchEnd = findBatchEnd(buffer, at, end);
      if (batchEnd === -1) return;
      const next = Math.min(batchNextOffset(buffer, at), partition.end);
      if (next > partition.position) this.#addBatch(partition, buffer, view, at, batchEnd, next);
      at = batchEnd;
    }
  }

  #addBatch(partition: PartitionTally, buffer: Buffer, view: DataView, at: number, end: number, next: number): void {
    const { position, cut } = partition;
    const batch = this.#checkBatch(partition, buffer, view, at, end);
    const middle = Math.min(Math.max(cut, position), next);
    if (position < middle) {
      this.#count(partition, partition.below, batch, position, middle);
      partition.lastIdBelow = partition.lastId;
    }
    if (middle < next) this.#count(partition, partition.above, batch, middle, next);
    if (this.#producerId !== null && batchProducerId(buffer, at) !== this.#producerId) {
      const { records, firstOffset } = partition.foreign ?? { records: 0, firstOffset: position };
      partition.foreign = { records: records + next - position, firstOffset };
    }
    this.#samples.collect(partition.p, batch, this.#index, position, next);
    partition.position = next;
  }

  #checkBatch(partition: PartitionTally, buffer: Buffer, view: DataView, at: number, end: number): CheckedBatch {
    const baseOffset = batchBaseOffset(buffer, at);
    const place = { topic: this.#topic, p: partition.p, offset: baseOffset };
    if (!verifyBatchCrc(buffer, at, end)) throw createError("KAFKA_BATCH_CORRUPT", { ...place, what: "its checksum" });
    const content = judgeBatch(buffer, at);
    switch (content.kind) {
      case "control":
        return { view, buffer, baseOffset, records: 0 };
      case "unsupported":
        throw createError("KAFKA_BATCH_UNSUPPORTED", { ...place, what: content.what });
      case "records":
        break;
      default:
        unreachable(content);
    }
    const needed = batchRecordCount(buffer, at) * RECORD_FIELDS;
    if (needed > this.#index.length && needed <= end - at) this.#index = new Int32Array(needed);
    return { view, buffer, baseOffset, records: indexRecords(buffer, at, end, this.#index) };
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
