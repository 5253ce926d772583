/**
 * Where the records of a log end, which is not always where the log ends: behind the last one may stand markers of
 * transactions, records of aborted ones, and what compaction took. A reader of records alone never gets there, and so
 * whoever commits the offset behind the last record that it has read (as Flink's KafkaSource does) never commits that end.
 *
 * From the end backwards, in windows that grow: mostly the last records are the last offsets.
 */
import type { FetchedRecords } from "./assigned-partition.ts";
import type { KafkaCluster } from "./cluster.ts";
import { type OffsetRange, readRanges } from "./range-read.ts";
import { AbortedTransactions } from "./wire/aborted-transactions.ts";
import { openBatch } from "./wire/batch-compression.ts";
import { batchBaseOffset, batchRecordCount, findBatchEnd } from "./wire/record-batch.ts";
import { indexRecords, RECORD_FIELDS } from "./wire/records.ts";

const FIRST_WINDOW = 256;
const WINDOW_GROWTH = 16;
/** Of one window. The last one may be the whole log. */
const WINDOW_MS_MAX = 120_000;

/** In the order of the ranges: the offset after the last record of each; 0 where there is none, and nothing to commit. */
export async function findRecordEnds(
  cluster: KafkaCluster,
  topic: string,
  ranges: readonly OffsetRange[],
  signal: AbortSignal,
): Promise<number[]> {
  const found = new Map<number, number>();
  let open = ranges.filter(({ from, to }) => from < to);
  for (let window = FIRST_WINDOW; open.length > 0; window *= WINDOW_GROWTH) {
    const looked = open.map(({ p, from, to }) => ({ p, from: Math.max(from, to - window), to }));
    for (const [p, end] of await readLastRecords(cluster, topic, looked, signal)) found.set(p, end);
    open = open.flatMap(({ p, from }, i) => {
      const to = looked[i]?.from ?? from;
      return found.has(p) || to <= from ? [] : [{ p, from, to }];
    });
  }
  return ranges.map(({ p }) => found.get(p) ?? 0);
}

/** Of those partitions that have a record in their range. */
async function readLastRecords(
  cluster: KafkaCluster,
  topic: string,
  ranges: readonly OffsetRange[],
  signal: AbortSignal,
): Promise<Map<number, number>> {
  const ends = new Map<number, number>();
  const take = (records: FetchedRecords, range: OffsetRange) => {
    const end = findLastRecord(records, topic, range);
    if (end !== null) ends.set(range.p, end);
  };
  const what = `looking for the last records of ${topic}`;
  await readRanges({ cluster, topic }, ranges, take, { what, deadlineMs: WINDOW_MS_MAX, signal });
  return ends;
}

/** The offset after the last record within the range; null: there is none. */
function findLastRecord(
  { p, buffer, start, end, abortedTransactions }: FetchedRecords,
  topic: string,
  { from, to }: OffsetRange,
): number | null {
  const aborted = AbortedTransactions.of(abortedTransactions);
  let last: number | null = null;
  for (let at = start; at < end; ) {
    const batchEnd = findBatchEnd(buffer, at, end);
    if (batchEnd < 0) break;
    const offset = batchBaseOffset(buffer, at);
    const plain = openBatch({ buffer, at, end: batchEnd }, { topic, p, offset }, aborted);
    if (plain !== null) {
      const index = new Int32Array(batchRecordCount(plain.buffer, plain.at) * RECORD_FIELDS);
      const records = indexRecords(plain.buffer, plain.at, plain.end, index);
      for (let slot = 0; slot < records * RECORD_FIELDS; slot += RECORD_FIELDS) {
        const each = offset + (index[slot] as number);
        if (each >= from && each < to) last = each + 1;
      }
    }
    at = batchEnd;
  }
  return last;
}
