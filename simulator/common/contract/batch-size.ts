/**
 * How large the batches of our producer are: what it fills, and what a topic must be able to take. Pure.
 *
 * Where a batch ends follows from the index of its first record: at full speed a batch is as large as the target allows,
 * with a rate it ends with its partition's turn.
 */
import type { IdLayout } from "./message.ts";

/** Bytes of one record in a batch, at most: value, and up to 14 bytes around it. */
const RECORD_OVERHEAD_MAX = 14;
const BATCH_HEADER_BYTES = 61;

/**
 * Below the broker's default limit of 1 MiB for a batch, and about what a TaskManager fetches at once. As large as that
 * allows: at full speed each batch costs a produce request, a fetch, and an APPLY.
 */
const BATCH_BYTES_TARGET = 900_000;
/** With a rate, and without turns of ids: as much of one partition as is due within this time. */
const TURN_MS = 5;

export interface BatchLoad {
  readonly messageSize: number;
  /** Messages per second; 0 = as fast as possible. */
  readonly rate: number;
  readonly layout: IdLayout;
}

/** How many records of a size go into one batch: many enough to make the cost of a request small. */
export function recordsPerBatch(messageSize: number): number {
  return Math.max(1, Math.floor(BATCH_BYTES_TARGET / (messageSize + RECORD_OVERHEAD_MAX)));
}

/** A batch ends where its partition's index is a multiple of this; at full speed nowhere. */
export function recordsPerTurn({ rate, layout }: Pick<BatchLoad, "rate" | "layout">): number {
  if (layout.stickyIds > 1) return layout.stickyIds;
  if (rate === 0) return Number.POSITIVE_INFINITY;
  return Math.max(1, Math.round((rate * TURN_MS) / 1_000 / layout.partitions));
}

/** Records of the largest batch. */
export const batchRecordsMax = (load: BatchLoad): number =>
  Math.min(recordsPerBatch(load.messageSize), recordsPerTurn(load));

/** Bytes that this many records of one partition take, at most: turns may end between two of the largest batches. */
export function recordsBytes(records: number, load: BatchLoad): number {
  const batches = Math.ceil(records / batchRecordsMax(load)) + 1;
  return batchBytes(records, load.messageSize) + batches * BATCH_HEADER_BYTES;
}

/** Bytes of a batch, at most. */
export const batchBytes = (records: number, messageSize: number): number =>
  BATCH_HEADER_BYTES + records * (messageSize + RECORD_OVERHEAD_MAX);
