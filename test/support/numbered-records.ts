/** Records that tell where they belong: record k of a partition is `value-k`, at offset k. */
import { batchBaseOffset, findBatchEnd, verifyBatchCrc } from "../../simulator/clients/kafka/wire/record-batch.ts";
import { encodeRecordBatch, indexRecords, RECORD_FIELDS } from "../../simulator/clients/kafka/wire/records.ts";

/** Of a partition to which one producer writes from its beginning, so that its sequences are the offsets. */
export function encodeNumberedBatch(
  identity: { producerId: number; producerEpoch: number },
  firstSequence: number,
  count: number,
): Buffer {
  const records = Array.from({ length: count }, (_, i) => ({ value: Buffer.from(`value-${firstSequence + i}`) }));
  return encodeRecordBatch({ records, timestampMs: Date.now(), ...identity, baseSequence: firstSequence });
}

/** Takes what a reader hands out, and notices a record that is lost, repeated, damaged, or out of order. */
export class NumberedRecordsCheck {
  /** By partition: the offset that is due. */
  readonly next: number[];
  error: Error | undefined;

  constructor(partitions: number) {
    this.next = Array.from({ length: partitions }, () => 0);
  }

  fail(p: number | null, error: Error): void {
    this.error ??= new Error(`partition ${p}: ${error.message}`);
  }

  take(records: { p: number; buffer: Buffer; start: number; end: number; fetchOffset: number }): void {
    const { p, buffer, fetchOffset } = records;
    const index = new Int32Array(RECORD_FIELDS * 1_000);
    let at = records.start;
    while (at < records.end) {
      const end = findBatchEnd(buffer, at, records.end);
      if (!verifyBatchCrc(buffer, at, end)) this.fail(p, new Error("checksum"));
      const count = indexRecords(buffer, at, end, index);
      for (let i = 0; i < count; i += 1) {
        const offset = batchBaseOffset(buffer, at) + i;
        if (offset < fetchOffset) continue;
        const valueAt = index[i * RECORD_FIELDS + 3] as number;
        const value = buffer.toString("latin1", valueAt, valueAt + (index[i * RECORD_FIELDS + 4] as number));
        if (offset !== this.next[p] || value !== `value-${offset}`) {
          this.fail(p, new Error(`${value} at ${offset} where ${this.next[p]} was due`));
        }
        this.next[p] = offset + 1;
      }
      at = end;
    }
  }
}
