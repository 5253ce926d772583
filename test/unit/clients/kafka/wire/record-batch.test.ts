/** Record batches: against kafkajs's encoder and decoder, golden bytes, checksum vectors, and damaged input. */
import { createRequire } from "node:module";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crc32c, crc32cPortable } from "../../../../../simulator/clients/kafka/wire/crc32c.ts";
import {
  batchBaseOffset,
  batchBaseSequence,
  batchNextOffset,
  batchProducerEpoch,
  batchProducerId,
  batchRecordCount,
  findBatchEnd,
  patchBatchHeader,
  placeBatch,
  sealBatch,
  verifyBatchCrc,
} from "../../../../../simulator/clients/kafka/wire/record-batch.ts";
import { encodeRecordBatch, indexRecords, RECORD_FIELDS } from "../../../../../simulator/clients/kafka/wire/records.ts";

const seed = process.env["TEST_SEED"] === undefined ? {} : { seed: Number(process.env["TEST_SEED"]) };
const require = createRequire(import.meta.url);

const field = fc.option(fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)));
const records = fc.array(fc.record({ key: field, value: field }), { minLength: 1, maxLength: 200 });

function readRecords(batch: Buffer, start = 0, end = batch.length) {
  const count = batchRecordCount(batch, start);
  const index = new Int32Array(count * RECORD_FIELDS);
  expect(indexRecords(batch, start, end, index)).toBe(count);
  return Array.from({ length: count }, (_, i) => {
    const [offsetDelta, keyAt = 0, keyLength = 0, valueAt = 0, valueLength = 0] = index.subarray(
      i * RECORD_FIELDS,
      (i + 1) * RECORD_FIELDS,
    );
    return {
      offsetDelta,
      key: keyLength < 0 ? null : Buffer.from(batch.subarray(keyAt, keyAt + keyLength)),
      value: valueLength < 0 ? null : Buffer.from(batch.subarray(valueAt, valueAt + valueLength)),
    };
  });
}

describe("crc32c", () => {
  // RFC 3720, appendix B.4.
  const ascending = Buffer.from(Array.from({ length: 32 }, (_, i) => i));
  const vectors = [
    ["32 zeros", Buffer.alloc(32), 0x8a9136aa],
    ["32 ones", Buffer.alloc(32, 0xff), 0x62a8ab43],
    ["ascending", ascending, 0x46dd794e],
    ["descending", Buffer.from(ascending).reverse(), 0x113fdb5c],
    ["the digits", Buffer.from("123456789"), 0xe3069283],
    ["nothing", Buffer.alloc(0), 0],
  ] as const;
  for (const [what, bytes, expected] of vectors) {
    it(`of ${what}, native and portable`, () => {
      expect(crc32c(bytes, 0, bytes.length)).toBe(expected);
      expect(crc32cPortable(bytes, 0, bytes.length)).toBe(expected);
    });
  }

  it("is the same in both implementations for any part of any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), fc.nat(300), (array, a, b) => {
        const buffer = Buffer.from(array);
        const [start = 0, end = 0] = [Math.min(a, buffer.length), Math.min(b, buffer.length)].sort((x, y) => x - y);
        expect(crc32cPortable(buffer, start, end)).toBe(crc32c(buffer, start, end));
      }),
      seed,
    );
  });
});

describe("a record batch", () => {
  it("has the bytes that the protocol asks for", () => {
    const batch = encodeRecordBatch({
      records: [{ key: Buffer.from("k"), value: Buffer.from("v1") }, { value: null }],
      timestampMs: 1_600_000_000_000,
      baseOffset: 5,
      producerId: 4_000,
      producerEpoch: 1,
      baseSequence: 77,
    });
    const header = [
      "0000000000000005", // baseOffset
      "00000042", // batchLength: 66 = 49 + 17
      "ffffffff", // partitionLeaderEpoch
      "02", // magic
      batch.toString("hex", 17, 21), // crc, checked below
      "0000", // attributes
      "00000001", // lastOffsetDelta
      "00000174876e8000", // baseTimestamp
      "00000174876e8000", // maxTimestamp
      "0000000000000fa0", // producerId
      "0001", // producerEpoch
      "0000004d", // baseSequence
      "00000002", // recordCount
    ].join("");
    // length 9: attributes, timestamp delta, offset delta, key length 1, k, value length 2, v1, no headers
    const first = `12${"00"}${"00"}${"00"}${"02"}6b${"04"}7631${"00"}`;
    const second = `0c${"00"}${"00"}${"02"}${"01"}${"01"}${"00"}`;
    expect(batch.toString("hex")).toBe(header + first + second);
    expect(verifyBatchCrc(batch, 0, batch.length)).toBe(true);
  });

  it("gives back its records", () => {
    fc.assert(
      fc.property(records, fc.maxSafeInteger(), (input, timestampMs) => {
        const batch = encodeRecordBatch({ records: input, timestampMs });
        expect(findBatchEnd(batch, 0, batch.length)).toBe(batch.length);
        expect(verifyBatchCrc(batch, 0, batch.length)).toBe(true);
        expect(readRecords(batch)).toEqual(input.map((record, offsetDelta) => ({ ...record, offsetDelta })));
      }),
      { numRuns: 50, ...seed },
    );
  });

  it("gives back records where lengths and offset deltas take one byte more", () => {
    const sizes = [0, 1, 55, 56, 57, 58, 63, 64, 8_100, 8_183, 8_184, 8_185, 8_191, 8_192, 8_193];
    const ofEachSize = sizes.flatMap((size) => [
      { key: null, value: Buffer.alloc(size, 65) },
      { key: Buffer.alloc(size, 66), value: Buffer.alloc(3, 65) },
    ]);
    const many = Array.from({ length: 8_300 }, (_, i) => ({ key: null, value: Buffer.from(String(i)) }));
    for (const input of [ofEachSize, many]) {
      const batch = encodeRecordBatch({ records: input, timestampMs: 1 });
      expect(readRecords(batch)).toEqual(input.map((record, offsetDelta) => ({ ...record, offsetDelta })));
    }
  });

  it("is read by kafkajs", async () => {
    const Decoder = require("kafkajs/src/protocol/decoder");
    const decodeBatch = require("kafkajs/src/protocol/recordBatch/v0/decoder");
    const batch = encodeRecordBatch({
      records: [{ key: Buffer.from("key"), value: Buffer.from("value") }, { value: Buffer.alloc(1_000, 65) }],
      timestampMs: 1_700_000_000_000,
      baseOffset: 12,
    });
    const decoded = await decodeBatch(new Decoder(batch));
    expect(
      decoded.records.map((record: { offset: string; key: Buffer | null; value: Buffer }) => record),
    ).toMatchObject([
      { offset: "12", key: Buffer.from("key"), value: Buffer.from("value"), timestamp: "1700000000000" },
      { offset: "13", key: null, value: Buffer.alloc(1_000, 65), timestamp: "1700000000000" },
    ]);
  });

  it("that kafkajs wrote is read, headers and all", async () => {
    const Encoder = require("kafkajs/src/protocol/encoder");
    const { RecordBatch } = require("kafkajs/src/protocol/recordBatch/v0");
    const Record = require("kafkajs/src/protocol/recordBatch/record/v0");
    const encoded = await RecordBatch({
      firstTimestamp: 1_700_000_000_000,
      maxTimestamp: 1_700_000_009_000,
      lastOffsetDelta: 1,
      producerId: 9,
      producerEpoch: 3,
      firstSequence: 100,
      records: [
        Record({ offsetDelta: 0, timestampDelta: 0, key: "k", value: "first", headers: { a: "b" } }),
        Record({ offsetDelta: 1, timestampDelta: 9_000, key: null, value: "second" }),
      ],
    });
    const batch: Buffer = (encoded instanceof Encoder ? encoded : new Encoder().writeEncoder(encoded)).buffer;
    expect(findBatchEnd(batch, 0, batch.length)).toBe(batch.length);
    expect(verifyBatchCrc(batch, 0, batch.length)).toBe(true);
    expect([batchProducerId(batch, 0), batchProducerEpoch(batch, 0), batchBaseSequence(batch, 0)]).toEqual([9, 3, 100]);
    expect(readRecords(batch).map(({ key, value }) => [key?.toString(), value?.toString()])).toEqual([
      ["k", "first"],
      [undefined, "second"],
    ]);
  });

  it("may be placed by a broker without a new checksum, and patched with one", () => {
    const batch = encodeRecordBatch({ records: [{ value: Buffer.from("v") }], timestampMs: 1 });
    placeBatch(batch, 0, 9_007_199_254_740_000, 3);
    expect(batchBaseOffset(batch, 0)).toBe(9_007_199_254_740_000);
    expect(batchNextOffset(batch, 0)).toBe(9_007_199_254_740_001);
    expect(verifyBatchCrc(batch, 0, batch.length)).toBe(true);
    patchBatchHeader(batch, 0, { producerId: 5, producerEpoch: 6, baseSequence: 7, baseTimestamp: 8, maxTimestamp: 9 });
    expect(verifyBatchCrc(batch, 0, batch.length)).toBe(false);
    sealBatch(batch, 0, batch.length);
    expect(verifyBatchCrc(batch, 0, batch.length)).toBe(true);
  });

  it("that is cut anywhere is not whole", () => {
    const batch = encodeRecordBatch({ records: [{ value: Buffer.from("value") }], timestampMs: 1 });
    for (let end = 0; end < batch.length; end += 1) expect(findBatchEnd(batch, 0, end)).toBe(-1);
  });

  it("of another magic, or of an impossible length, is refused", () => {
    const batch = encodeRecordBatch({ records: [{ value: null }], timestampMs: 1 });
    const old = Buffer.from(batch);
    old[16] = 1;
    expect(() => findBatchEnd(old, 0, old.length)).toThrow(/magic 1/);
    const short = Buffer.from(batch);
    short.writeInt32BE(48, 8);
    expect(() => findBatchEnd(short, 0, short.length)).toThrow(/48 bytes/);
  });

  it("with any byte changed is noticed: by the checksum, or by the lengths, and nothing else happens", () => {
    fc.assert(
      fc.property(records, fc.nat(), fc.integer({ min: 1, max: 255 }), (input, pick, change) => {
        const batch = encodeRecordBatch({ records: input, timestampMs: 1 });
        const at = 21 + (pick % (batch.length - 21));
        batch[at] = (batch[at] as number) ^ change;
        expect(verifyBatchCrc(batch, 0, batch.length)).toBe(false);
        const index = new Int32Array(RECORD_FIELDS * 100_000);
        try {
          const count = indexRecords(batch, 0, batch.length, index);
          // What is accepted all the same (a changed byte of a value, say) stays inside the batch.
          for (let slot = 0; slot < count * RECORD_FIELDS; slot += RECORD_FIELDS) {
            const [, keyAt = 0, keyLength = 0, valueAt = 0, valueLength = 0] = index.subarray(
              slot,
              slot + RECORD_FIELDS,
            );
            expect(keyAt + Math.max(0, keyLength)).toBeLessThanOrEqual(valueAt);
            expect(valueAt + Math.max(0, valueLength)).toBeLessThanOrEqual(batch.length);
          }
        } catch (error) {
          expect(error).toMatchObject({ code: "KAFKA_MALFORMED" });
        }
      }),
      { numRuns: 200, ...seed },
    );
  });
});
