/**
 * Hands over the committed records of record sets, one by one, as texts: the functions of an expectation take them. What
 * the sink's reader is for the sink, but for a user's functions, which make objects in any case.
 *
 * R1 Each offset of a partition is handed over once, however often it is fetched.
 */
import { AbortedTransactions } from "../../../simulator/clients/kafka/wire/aborted-transactions.ts";
import { type BatchBytes, openBatch } from "../../../simulator/clients/kafka/wire/batch-compression.ts";
import {
  batchBaseOffset,
  batchNextOffset,
  batchRecordCount,
  findBatchEnd,
} from "../../../simulator/clients/kafka/wire/record-batch.ts";
import { indexRecords, RECORD_FIELDS } from "../../../simulator/clients/kafka/wire/records.ts";
import type { TopicRecord } from "../../../simulator/common/contract/expectation.ts";
import type { PartitionTally, RecordSet } from "../topic-tally.ts";

export type TakeRecord = (record: TopicRecord) => void;

export class RecordReader {
  readonly #topic: string;
  readonly #take: TakeRecord;

  constructor(topic: string, take: TakeRecord) {
    this.#topic = topic;
    this.#take = take;
  }

  /** Throws KAFKA_BATCH_CORRUPT, KAFKA_BATCH_TOO_LARGE or KAFKA_BATCH_UNSUPPORTED. */
  add(partition: PartitionTally, { buffer, start, end, abortedTransactions }: RecordSet): void {
    const aborted = AbortedTransactions.of(abortedTransactions);
    for (let at = start; partition.position < partition.end; ) {
      const batchEnd = findBatchEnd(buffer, at, end);
      if (batchEnd === -1) return;
      const next = Math.min(batchNextOffset(buffer, at), partition.end);
      if (next > partition.position) {
        this.#addBatch(partition, { buffer, at, end: batchEnd }, aborted, next);
        partition.position = next;
      }
      at = batchEnd;
    }
  }

  #addBatch({ p, position }: PartitionTally, batch: BatchBytes, aborted: AbortedTransactions | null, to: number): void {
    const offset = batchBaseOffset(batch.buffer, batch.at);
    const plain = openBatch(batch, { topic: this.#topic, p, offset }, aborted);
    if (plain !== null) this.#handOver(plain, { p, offset, from: position, to });
  }

  #handOver(
    { buffer, at, end }: BatchBytes,
    {
      p,
      offset: base,
      from,
      to,
    }: { readonly p: number; readonly offset: number; readonly from: number; readonly to: number },
  ): void {
    const index = new Int32Array(batchRecordCount(buffer, at) * RECORD_FIELDS);
    const records = indexRecords(buffer, at, end, index);
    const text = (position: number, size: number) =>
      size < 0 ? null : buffer.toString("utf8", position, position + size);
    for (let slot = 0; slot < records * RECORD_FIELDS; slot += RECORD_FIELDS) {
      const offset = base + (index[slot] as number);
      if (offset < from || offset >= to) continue;
      const key = text(index[slot + 1] as number, index[slot + 2] as number);
      const value = text(index[slot + 3] as number, index[slot + 4] as number);
      this.#take(createRecord(p, offset, key, value));
    }
  }
}

export const createRecord = (
  partition: number,
  offset: number,
  key: string | null,
  value: string | null,
): TopicRecord => ({
  partition,
  offset,
  key,
  value,
  json<T>(): T {
    if (value === null) throw new Error("it has no value");
    return JSON.parse(value) as T;
  },
});
