/**
 * Looks into the log for a batch whose outcome is unknown.
 *
 * A broker knows a producer's last five batches of a partition, and answers a repeat with its first offset. But one that
 * was killed and has recovered its log knows only the very last one: its snapshots of producers hold no more (Kafka's
 * ProducerStateManager writes one batch an entry, and LogLoader reloads from the snapshot it took after recovery). It
 * then refuses an older repeat as out of order, although the log holds it. So the log is asked.
 */
import { withDeadline } from "../../common/foundation/deadline.ts";
import type { KafkaCluster } from "./cluster.ts";
import { type FetchedRecords, PartitionReader } from "./consumer.ts";
import {
  batchBaseOffset,
  batchBaseSequence,
  batchProducerEpoch,
  batchProducerId,
  batchRecordCount,
  findBatchEnd,
} from "./wire/record-batch.ts";

export interface WantedBatch {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly firstSequence: number;
  readonly records: number;
}

export interface LogRange {
  readonly topic: string;
  readonly p: number;
  /** First offset to look at. */
  readonly from: number;
  /** The offset after the last one to look at. */
  readonly to: number;
}

const LOOK_DEADLINE_MS = 30_000;

/** The batch's first offset, or undefined when the range does not hold it. */
export async function findLandedBatch(
  cluster: KafkaCluster,
  range: LogRange,
  wanted: WantedBatch,
): Promise<number | undefined> {
  if (range.from >= range.to) return undefined;
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  const reader = new PartitionReader({
    cluster,
    topic: range.topic,
    onRecords: (records) => {
      const found = findInRecords(records, wanted);
      if (found !== undefined || records.nextOffset >= range.to) resolve(found);
    },
    onError: (_p, error) => reject(error),
  });
  try {
    reader.assign(range.p, range.from);
    const what = `looking for sequence ${wanted.firstSequence} in ${range.topic}-${range.p}`;
    return await withDeadline(promise, { what, deadlineMs: LOOK_DEADLINE_MS });
  } finally {
    await reader.close();
  }
}

/** Pure. */
export function findInRecords(
  records: Pick<FetchedRecords, "buffer" | "start" | "end">,
  wanted: WantedBatch,
): number | undefined {
  const { buffer } = records;
  for (let at = records.start; at < records.end; ) {
    const end = findBatchEnd(buffer, at, records.end);
    if (end < 0) return undefined;
    if (
      batchProducerId(buffer, at) === wanted.producerId &&
      batchProducerEpoch(buffer, at) === wanted.producerEpoch &&
      batchBaseSequence(buffer, at) === wanted.firstSequence &&
      batchRecordCount(buffer, at) === wanted.records
    ) {
      return batchBaseOffset(buffer, at);
    }
    at = end;
  }
  return undefined;
}
