/** Reads ranges of a topic's partitions to their ends, once: what readers of a few records have in common. */
import { type DeadlineOptions, withDeadline } from "../../common/foundation/deadline.ts";
import type { FetchedRecords } from "./assigned-partition.ts";
import type { KafkaCluster } from "./cluster.ts";
import { PartitionReader } from "./consumer.ts";

/** Offsets of a partition: those from … to−1 are read. */
export interface OffsetRange {
  readonly p: number;
  /** Not below the first offset that is still there. */
  readonly from: number;
  /** Not above the last stable offset: what a committed reader gets ends there. */
  readonly to: number;
}

/**
 * One range of a partition at most. `take` gets raw record sets in offset order, the first of which may begin below the
 * range, and the last end above it; what it throws ends the reading. Throws DEADLINE_EXCEEDED, too.
 */
export async function readRanges<Range extends OffsetRange>(
  { cluster, topic }: { readonly cluster: KafkaCluster; readonly topic: string },
  ranges: readonly Range[],
  take: (records: FetchedRecords, range: Range) => void,
  wait: DeadlineOptions,
): Promise<void> {
  const open = new Map(ranges.filter(({ from, to }) => from < to).map((range) => [range.p, range]));
  if (open.size === 0) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const reader = new PartitionReader({
    cluster,
    topic,
    onRecords: (records) => {
      const range = open.get(records.p);
      if (range === undefined) return;
      try {
        take(records, range);
      } catch (error) {
        reject(error);
      }
      if (records.nextOffset < range.to) return;
      open.delete(records.p);
      reader.release(records.p);
      if (open.size === 0) resolve();
    },
    onError: (_p, error) => reject(error),
  });
  try {
    for (const { p, from } of open.values()) reader.assign(p, from);
    await withDeadline(promise, wait);
  } finally {
    await reader.close();
  }
}
