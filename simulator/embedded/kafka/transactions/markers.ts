/**
 * Markers: the control batches that end a transaction in each of its partitions.
 *
 *   key => version:int16 type:int16           type 0 abort, 1 commit
 *   value => version:int16 coordinator_epoch:int32
 */
import { ATTRIBUTE } from "../../../clients/kafka/wire/record-batch.ts";
import { encodeRecordBatch } from "../../../clients/kafka/wire/records.ts";
import type { Partition, Topics } from "../topics.ts";

/** One broker with one life coordinates every transaction. */
export const COORDINATOR_EPOCH = 0;
/** Of every marker. */
export const MARKER_BYTES = 78;

export interface Marker {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly committed: boolean;
  readonly timestampMs: number;
}

export function encodeMarker({ producerId, producerEpoch, committed, timestampMs }: Marker): Buffer {
  const key = Buffer.alloc(4);
  key.writeInt16BE(committed ? 1 : 0, 2);
  const value = Buffer.alloc(6);
  value.writeInt32BE(COORDINATOR_EPOCH, 2);
  const attributes = ATTRIBUTE.transactional | ATTRIBUTE.control;
  return encodeRecordBatch({ records: [{ key, value }], timestampMs, producerId, producerEpoch, attributes });
}

/** Appends a marker, whose MARKER_BYTES the caller has reserved, and tells those who wait for what it uncovers. */
export function appendMarker(topics: Topics, { log, producers, transactions }: Partition, marker: Marker): void {
  const stableBefore = transactions.lastStableOffset(log.endOffset);
  const batch = encodeMarker(marker);
  const offset = log.append(batch, 0, batch.length, 1);
  producers.recordMarker(marker.producerId, marker.producerEpoch);
  transactions.recordMarker(marker.producerId, offset, marker.committed);
  topics.waiters.appended(log, batch.length, true);
  if (transactions.lastStableOffset(log.endOffset) > stableBefore) topics.waiters.stabilised(log);
}
