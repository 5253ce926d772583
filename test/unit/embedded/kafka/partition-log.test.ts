import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  BATCH,
  batchBaseOffset,
  placeBatch,
  sealBatch,
} from "../../../../simulator/clients/kafka/wire/record-batch.ts";
import { encodeRecordBatch } from "../../../../simulator/clients/kafka/wire/records.ts";
import { PartitionLog } from "../../../../simulator/embedded/kafka/partition-log.ts";

const seed = process.env["TEST_SEED"] === undefined ? {} : { seed: Number(process.env["TEST_SEED"]) };

function makeBatch(records: number, valueBytes: number, timestampMs = 1): Buffer {
  const value = Buffer.alloc(valueBytes, "v");
  return encodeRecordBatch({ records: Array.from({ length: records }, () => ({ value })), timestampMs });
}

function append(log: PartitionLog, batch: Buffer): number {
  // Not at the start of the source: batches lie somewhere in a request's frame.
  const frame = Buffer.concat([Buffer.alloc(5, 0xee), batch, Buffer.alloc(3, 0xee)]);
  return log.append(frame, 5, 5 + batch.length, batch.readInt32BE(BATCH.recordCount));
}

function read(log: PartitionLog, offset: number, bytesMax: number, atLeastOne = true): Buffer {
  const parts: Buffer[] = [];
  const bytes = log.read(offset, { bytesMax, atLeastOne, endOffset: log.endOffset }, parts);
  const all = Buffer.concat(parts);
  expect(all.length).toBe(bytes);
  return all;
}

describe("the log of a partition", () => {
  test("L1, L2: batches are stored as sent, but for base offset and leader epoch", () => {
    const log = new PartitionLog();
    const first = makeBatch(3, 10);
    const second = makeBatch(2, 20);
    expect(append(log, first)).toBe(0);
    expect(append(log, second)).toBe(3);
    expect(log.endOffset).toBe(5);
    expect(log.bytesStored).toBe(first.length + second.length);
    placeBatch(first, 0, 0, 0);
    placeBatch(second, 0, 3, 0);
    expect(read(log, 0, 1e6)).toEqual(Buffer.concat([first, second]));
  });

  test("a read at the end gives nothing", () => {
    const log = new PartitionLog();
    expect(read(log, 0, 1e6)).toHaveLength(0);
    append(log, makeBatch(3, 10));
    expect(read(log, 3, 1e6)).toHaveLength(0);
  });

  test("a batch larger than the limit is read alone, and only when one is due", () => {
    const log = new PartitionLog();
    const large = makeBatch(1, 300_000);
    append(log, large);
    append(log, large);
    expect(read(log, 0, 100)).toHaveLength(large.length);
    expect(read(log, 0, 100, false)).toHaveLength(0);
    expect(batchBaseOffset(read(log, 1, 100), 0)).toBe(1);
  });

  test("a read ends where it is told to, which is the start of any batch of any segment", () => {
    const log = new PartitionLog();
    const batch = makeBatch(2, 5_000);
    const starts = Array.from({ length: 60 }, () => append(log, batch));
    for (const endOffset of starts) {
      for (const offset of [0, 1, endOffset - 1, endOffset, endOffset + 1].filter((each) => each >= 0)) {
        const parts: Buffer[] = [];
        const bytes = log.read(offset, { bytesMax: 1e9, atLeastOne: true, endOffset }, parts);
        const batches = Math.max(0, endOffset / 2 - Math.floor(offset / 2));
        expect(bytes).toBe(batches * batch.length);
        expect(Buffer.concat(parts)).toHaveLength(bytes);
      }
    }
    // A limit of bytes above the last batch before the end gives no batch from beyond it.
    expect(log.read(2, { bytesMax: 1, atLeastOne: true, endOffset: 2 }, [])).toBe(0);
  });

  test("L3: it agrees with a list of batches, over segments", () => {
    const shape = fc.record({ records: fc.integer({ min: 1, max: 40 }), bytes: fc.integer({ min: 0, max: 800 }) });
    const look = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      bytesMax: fc.integer({ min: 0, max: 150_000 }),
      atLeastOne: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(shape, { minLength: 1, maxLength: 40 }),
        fc.array(look, { maxLength: 10 }),
        (shapes, looks) => {
          const log = new PartitionLog();
          const stored: { base: number; next: number; bytes: Buffer }[] = [];
          for (const { records, bytes } of shapes) {
            const batch = makeBatch(records, bytes);
            const base = append(log, batch);
            placeBatch(batch, 0, base, 0);
            stored.push({ base, next: base + records, bytes: batch });
          }
          for (const { at, bytesMax, atLeastOne } of looks) {
            const offset = Math.floor(at * log.endOffset);
            const expected: Buffer[] = [];
            let total = 0;
            for (const batch of stored.filter((each) => each.next > offset)) {
              const first = atLeastOne && total === 0;
              if (!first && total + batch.bytes.length > bytesMax) break;
              expected.push(batch.bytes);
              total += batch.bytes.length;
            }
            expect(read(log, offset, bytesMax, atLeastOne).equals(Buffer.concat(expected))).toBe(true);
          }
        },
      ),
      { numRuns: 100, ...seed },
    );
  });

  test("finds the first record at or after a time, within its batch", () => {
    const log = new PartitionLog();
    for (const timestampMs of [100, 300, 200, 500]) append(log, makeBatch(2, 10, timestampMs));
    expect(log.findTimestamp(0)).toEqual({ offset: 0, timestampMs: 100 });
    expect(log.findTimestamp(101)).toEqual({ offset: 2, timestampMs: 300 });
    expect(log.findTimestamp(301)).toEqual({ offset: 6, timestampMs: 500 });
    expect(log.findTimestamp(501)).toBeUndefined();
  });

  test("finds a record in the middle of a batch by its timestamp delta", () => {
    const batch = makeBatch(3, 1);
    // Each record is length, attributes, delta, offset delta, key, value length, value, headers: 8 bytes.
    batch.writeInt8(60, BATCH.records + 8 + 2);
    batch.writeInt8(80, BATCH.records + 16 + 2);
    batch.writeBigInt64BE(41n, BATCH.maxTimestamp);
    sealBatch(batch, 0, batch.length);
    const log = new PartitionLog();
    append(log, batch);
    // The deltas are zigzag: 60 is 30, and 80 is 40.
    expect(log.findTimestamp(2)).toEqual({ offset: 1, timestampMs: 31 });
    expect(log.findTimestamp(32)).toEqual({ offset: 2, timestampMs: 41 });
  });

  test("a compressed batch is found as a whole", () => {
    const batch = makeBatch(3, 10, 700);
    batch.writeInt16BE(1, BATCH.attributes);
    sealBatch(batch, 0, batch.length);
    const log = new PartitionLog();
    append(log, makeBatch(4, 10, 100));
    append(log, batch);
    expect(log.findTimestamp(500)).toEqual({ offset: 4, timestampMs: 700 });
  });
});
