/** Record sets and messages for tests, made by the plainest code there is. */
import type { FetchedRecords } from "../../simulator/clients/kafka/assigned-partition.ts";
import {
  ATTRIBUTE,
  BATCH,
  findBatchEnd,
  placeBatch,
  sealBatch,
} from "../../simulator/clients/kafka/wire/record-batch.ts";
import { encodeRecordBatch } from "../../simulator/clients/kafka/wire/records.ts";

/** A message of the fixed form. */
export function messageOf(id: number, tsUs: number, size = 100): string {
  const digits = String(id).padStart(12, "0");
  const head = `{"id":"${digits}","ts":"${String(tsUs).padStart(16, "0")}","p":"`;
  return `${head}${`sample-data-${digits}`.padEnd(size, "x").slice(0, size - head.length - 2)}"}`;
}

/** A batch of the values at `baseOffset`. */
export function batchOf(baseOffset: number, values: readonly (string | Buffer | null)[]): Buffer {
  const records = values.map((value) => ({ value: typeof value === "string" ? Buffer.from(value) : value }));
  return encodeRecordBatch({ records, timestampMs: 1, baseOffset });
}

/** The same batch, as if compaction had left only these records of a longer batch: `lastOffsetDelta` is kept. */
export function withLastOffsetDelta(batch: Buffer, lastOffsetDelta: number): Buffer {
  batch.writeInt32BE(lastOffsetDelta, BATCH.lastOffsetDelta);
  return sealed(batch);
}

export function withAttributes(batch: Buffer, attributes: keyof typeof ATTRIBUTE | number): Buffer {
  batch.writeInt16BE(typeof attributes === "number" ? attributes : ATTRIBUTE[attributes], BATCH.attributes);
  return sealed(batch);
}

export function atOffset(batch: Buffer, baseOffset: number): Buffer {
  placeBatch(batch, 0, baseOffset, 0);
  return batch;
}

function sealed(batch: Buffer): Buffer {
  sealBatch(batch, 0, findBatchEnd(batch, 0, batch.length));
  return batch;
}

/** The bytes as the reader hands them out, asked for at `fetchOffset`; `lead` other bytes lie before them, some behind. */
export function fetchedOf(
  bytes: Buffer,
  fetchOffset: number,
  {
    p = 3,
    lead = 0,
    nextOffset = fetchOffset,
    abortedTransactions = [],
  }: Partial<Pick<FetchedRecords, "p" | "nextOffset" | "abortedTransactions">> & { readonly lead?: number } = {},
): FetchedRecords {
  const buffer = Buffer.concat([Buffer.alloc(lead, 0xff), bytes, Buffer.alloc(7, 0xff)]);
  return {
    p,
    buffer,
    start: lead,
    end: lead + bytes.length,
    fetchOffset,
    nextOffset,
    lastStableOffset: nextOffset,
    highWatermark: nextOffset,
    abortedTransactions,
  };
}
