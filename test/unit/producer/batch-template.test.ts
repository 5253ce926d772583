import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BatchTemplate } from "../../../producer/batch-template.ts";
import {
  batchBaseSequence,
  batchProducerEpoch,
  batchProducerId,
  batchRecordCount,
  findBatchEnd,
  verifyBatchCrc,
} from "../../../simulator/clients/kafka/wire/record-batch.ts";
import { indexRecords, RECORD_FIELDS } from "../../../simulator/clients/kafka/wire/records.ts";
import { batchBytes, recordsPerBatch } from "../../../simulator/common/contract/batch-size.ts";
import { MESSAGE } from "../../../simulator/common/contract/message.ts";

/** A failing property prints its seed; TEST_SEED runs it again. */
const again = process.env["TEST_SEED"] === undefined ? {} : { seed: Number(process.env["TEST_SEED"]) };

/** The message as the grammar in contract/message.ts says it, written without any of the template's tricks. */
function expectedMessage(id: number, tsUs: number, size: number): string {
  const digits = String(id).padStart(MESSAGE.idDigits, "0");
  const payloadSize = size - MESSAGE.payloadAt - MESSAGE.suffix.length;
  const payload = `sample-data-${digits}`.padEnd(payloadSize, "x").slice(0, payloadSize);
  return `{"id":"${digits}","ts":"${String(tsUs).padStart(16, "0")}","p":"${payload}"}`;
}

/** Decodes with the wire's own decoder. */
function readValues(batch: Buffer): string[] {
  expect(findBatchEnd(batch, 0, batch.length)).toBe(batch.length);
  expect(verifyBatchCrc(batch, 0, batch.length)).toBe(true);
  const index = new Int32Array(batchRecordCount(batch, 0) * RECORD_FIELDS);
  const count = indexRecords(batch, 0, batch.length, index);
  return Array.from({ length: count }, (_, i) => {
    expect(index[i * RECORD_FIELDS]).toBe(i);
    const at = index[i * RECORD_FIELDS + 3] as number;
    return batch.toString("latin1", at, at + (index[i * RECORD_FIELDS + 4] as number));
  });
}

describe("BatchTemplate", () => {
  it("writes exactly the messages of the grammar, whatever the batch before held", () => {
    const content = fc.record({
      records: fc.integer({ min: 1, max: 150 }),
      firstIndex: fc.integer({ min: 0, max: 2 ** 33 }),
      firstId: fc.oneof(fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 99_990_000, max: 900_000_000_000 })),
      idStep: fc.integer({ min: 1, max: 1_000 }),
      tsUs: fc.integer({ min: 0, max: 9_000_000_000_000_000 }),
      tsStepUs: fc.constantFrom(0, 0.3, 17, 1_000_000),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 64, max: 300 }),
        fc.array(content, { minLength: 1, maxLength: 4 }),
        (size, fills) => {
          const template = new BatchTemplate(size, 150);
          for (const fill of fills) {
            const batch = template.fill({ producerId: 4711, producerEpoch: 3, ...fill });
            expect([batchProducerId(batch, 0), batchProducerEpoch(batch, 0)]).toEqual([4711, 3]);
            expect(batchBaseSequence(batch, 0)).toBe(fill.firstIndex % 2 ** 31);
            let ts = fill.tsUs;
            const expected = Array.from({ length: fill.records }, (_, i) => {
              const message = expectedMessage(fill.firstId + i * fill.idStep, Math.floor(ts), size);
              ts += fill.tsStepUs;
              return message;
            });
            expect(readValues(batch)).toEqual(expected);
          }
        },
      ),
      { ...again, numRuns: 60 },
    );
  });

  it("keeps a full batch below the broker's limit of 1 MiB at every message size", () => {
    for (const size of [64, 100, 229, 230, 1_000, 10_000, 900_000]) {
      const records = recordsPerBatch(size);
      const batch = new BatchTemplate(size, records).fill({
        producerId: 1,
        producerEpoch: 0,
        firstIndex: 0,
        records,
        firstId: 1,
        idStep: 20,
        tsUs: 1_795_360_719_696_123,
        tsStepUs: 0,
      });
      expect(batch.length).toBeLessThanOrEqual(batchBytes(records, size));
      expect(batchBytes(records, size)).toBeLessThan(1_048_576);
      expect(verifyBatchCrc(batch, 0, batch.length)).toBe(true);
    }
  });
});
