/**
 * Reads the counts that Flink has committed from fetched record sets. A row in 500 ms and partition: objects are allowed.
 *
 * D1 Only committed rows are seen: what an open transaction holds is not fetched, and what was aborted is skipped.
 * D2 What is no row of counts is an error, never a skip: nobody else writes to this topic.
 */
import type { FetchedRecords } from "../../clients/kafka/assigned-partition.ts";
import { AbortedTransactions } from "../../clients/kafka/wire/aborted-transactions.ts";
import { type BatchBytes, openBatch } from "../../clients/kafka/wire/batch-compression.ts";
import {
  type BatchPlace,
  batchBaseOffset,
  batchNextOffset,
  batchRecordCount,
  findBatchEnd,
} from "../../clients/kafka/wire/record-batch.ts";
import { indexRecords, RECORD_FIELDS } from "../../clients/kafka/wire/records.ts";
import { type PartitionCounts, parseCounts } from "../../common/contract/job/counts.ts";
import { createError } from "../../common/foundation/errors.ts";

export interface CountsSource {
  readonly topic: string;
  /** Of the input that is counted. */
  readonly partitions: number;
}

/** In the order in which they were written. Throws KAFKA_BATCH_CORRUPT, KAFKA_BATCH_UNSUPPORTED or COUNTS_MALFORMED. */
export function decodeCounts(source: CountsSource, fetched: FetchedRecords): PartitionCounts[] {
  const { topic } = source;
  const { buffer, end, p } = fetched;
  const aborted = AbortedTransactions.of(fetched.abortedTransactions);
  const rows: PartitionCounts[] = [];
  for (let at = fetched.start; ; ) {
    const batchEnd = findBatchEnd(buffer, at, end);
    if (batchEnd < 0) return rows;
    const place = { topic, p, offset: batchBaseOffset(buffer, at) };
    const plain = openBatch({ buffer, at, end: batchEnd }, place, aborted);
    // One that lies below what was asked for was read before.
    const isNew = batchNextOffset(buffer, at) > fetched.fetchOffset;
    if (plain !== null && isNew) rows.push(...readRows(source, plain, place, fetched.fetchOffset));
    at = batchEnd;
  }
}

function readRows(
  { topic, partitions }: CountsSource,
  { buffer, at, end }: BatchBytes,
  place: BatchPlace,
  fromOffset: number,
): PartitionCounts[] {
  const index = new Int32Array(batchRecordCount(buffer, at) * RECORD_FIELDS);
  const records = indexRecords(buffer, at, end, index);
  const rows: PartitionCounts[] = [];
  for (let slot = 0; slot < records * RECORD_FIELDS; slot += RECORD_FIELDS) {
    const offset = place.offset + (index[slot] as number);
    if (offset < fromOffset) continue;
    const [valueAt, size] = [index[slot + 3] as number, index[slot + 4] as number];
    const parsed = parseCounts(size < 0 ? "null" : buffer.toString("utf8", valueAt, valueAt + size), partitions);
    if (parsed.kind === "malformed") {
      throw createError("COUNTS_MALFORMED", { topic, offset, reason: parsed.reason });
    }
    rows.push(parsed.value);
  }
  return rows;
}
