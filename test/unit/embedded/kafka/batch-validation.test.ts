import { describe, expect, test } from "vitest";
import { ErrorCode } from "../../../../simulator/clients/kafka/wire/error-codes.ts";
import { ATTRIBUTE, BATCH, sealBatch } from "../../../../simulator/clients/kafka/wire/record-batch.ts";
import { encodeRecordBatch } from "../../../../simulator/clients/kafka/wire/records.ts";
import { type BatchVerdict, validateBatch } from "../../../../simulator/embedded/kafka/batch-validation.ts";

const records = [{ value: Buffer.from("one") }, { value: Buffer.from("two") }];

function validate(batch: Buffer, produceVersion = 7, messageBytesMax = 1_000): BatchVerdict {
  return validateBatch(batch, { start: 0, end: batch.length }, { messageBytesMax, produceVersion });
}

/** A sound batch, changed and sealed again. */
function changed(change: (batch: Buffer) => void): Buffer {
  const batch = encodeRecordBatch({ records, timestampMs: 1, producerId: 9, producerEpoch: 2, baseSequence: 40 });
  change(batch);
  sealBatch(batch, 0, batch.length);
  return batch;
}

const codeOf = (verdict: BatchVerdict) => (verdict.kind === "refused" ? verdict.code : "valid");

describe("validation of a produced batch", () => {
  test("a sound batch passes, with what the log and the window need", () => {
    expect(validate(changed(() => undefined))).toEqual({
      kind: "valid",
      records: 2,
      producer: { producerId: 9, producerEpoch: 2, firstSequence: 40, records: 2 },
    });
    expect(validate(encodeRecordBatch({ records, timestampMs: 1 }))).toMatchObject({ producer: undefined });
  });

  test("a batch of a transaction passes as one", () => {
    const batch = changed((b) => void b.writeInt16BE(ATTRIBUTE.transactional, BATCH.attributes));
    expect(validate(batch)).toEqual({
      kind: "transactional",
      records: 2,
      producer: { producerId: 9, producerEpoch: 2, firstSequence: 40, records: 2 },
    });
  });

  test("nothing, and two batches at once, are no batch", () => {
    const batch = changed(() => undefined);
    expect(codeOf(validate(Buffer.alloc(0)))).toBe(ErrorCode.INVALID_RECORD);
    expect(codeOf(validateBatch(batch, undefined, { messageBytesMax: 1_000, produceVersion: 7 }))).toBe(
      ErrorCode.INVALID_RECORD,
    );
    expect(codeOf(validate(Buffer.concat([batch, batch])))).toBe(ErrorCode.INVALID_RECORD);
  });

  test("every cut and every flipped byte under the checksum is corrupt", () => {
    const batch = changed(() => undefined);
    for (let end = 1; end < batch.length; end += 1) {
      expect(codeOf(validate(batch.subarray(0, end)))).toBe(ErrorCode.CORRUPT_MESSAGE);
    }
    for (let at = BATCH.crc; at < batch.length; at += 1) {
      const damaged = Buffer.from(batch);
      damaged[at] = (damaged[at] as number) ^ 0x10;
      expect(codeOf(validate(damaged))).toBe(ErrorCode.CORRUPT_MESSAGE);
    }
  });

  test.each([
    ["a batch length below a header", (b: Buffer) => b.writeInt32BE(20, BATCH.length), ErrorCode.CORRUPT_MESSAGE],
    ["a negative batch length", (b: Buffer) => b.writeInt32BE(-1, BATCH.length), ErrorCode.CORRUPT_MESSAGE],
    ["magic 1", (b: Buffer) => b.writeInt8(1, BATCH.magic), ErrorCode.INVALID_RECORD],
    ["a wrong last offset delta", (b: Buffer) => b.writeInt32BE(5, BATCH.lastOffsetDelta), ErrorCode.INVALID_RECORD],
    ["no records", (b: Buffer) => b.writeInt32BE(0, BATCH.recordCount), ErrorCode.INVALID_RECORD],
    ["control", (b: Buffer) => b.writeInt16BE(ATTRIBUTE.control, BATCH.attributes), ErrorCode.INVALID_RECORD],
    [
      "a transaction without a producer",
      (b: Buffer) => {
        b.writeInt16BE(ATTRIBUTE.transactional, BATCH.attributes);
        b.writeBigInt64BE(-1n, BATCH.producerId);
      },
      ErrorCode.INVALID_RECORD,
    ],
    ["compression 7", (b: Buffer) => b.writeInt16BE(7, BATCH.attributes), ErrorCode.INVALID_RECORD],
    ["no sequence", (b: Buffer) => b.writeInt32BE(-1, BATCH.baseSequence), ErrorCode.INVALID_RECORD],
    ["no epoch", (b: Buffer) => b.writeInt16BE(-1, BATCH.producerEpoch), ErrorCode.INVALID_RECORD],
  ])("%s is refused", (_, change, code) => {
    expect(codeOf(validate(changed((batch) => void change(batch))))).toBe(code);
  });

  test("the size limit is the topic's", () => {
    const batch = changed(() => undefined);
    expect(codeOf(validate(batch, 7, batch.length))).toBe("valid");
    expect(codeOf(validate(batch, 7, batch.length - 1))).toBe(ErrorCode.MESSAGE_TOO_LARGE);
  });

  test("compressed batches pass, zstd from Produce 7 on", () => {
    for (const compression of [1, 2, 3, 4]) {
      expect(codeOf(validate(changed((b) => b.writeInt16BE(compression, BATCH.attributes))))).toBe("valid");
    }
    const zstd = changed((b) => b.writeInt16BE(4, BATCH.attributes));
    expect(codeOf(validate(zstd, 6))).toBe(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE);
  });
});
