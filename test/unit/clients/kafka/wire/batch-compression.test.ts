/** What comes out of a compressed batch, and what is refused before it takes memory. */
import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { compressFrameSync as compressLz4 } from "lz4-napi";
import { compressSync as compressSnappy } from "snappy";
import { describe, expect, it } from "vitest";
import {
  createBatchCompressor,
  decompress,
  decompressBatch,
  decompressSnappy,
  nativeLz4Decoder,
  nativeSnappyDecoder,
  portableSnappyDecoder,
} from "../../../../../simulator/clients/kafka/wire/batch-compression.ts";
import { decompressLz4Portable, lz4BytesMax } from "../../../../../simulator/clients/kafka/wire/lz4-frame.ts";
import {
  BATCH,
  type Codec,
  findBatchEnd,
  judgeBatch,
  verifyBatchCrc,
} from "../../../../../simulator/clients/kafka/wire/record-batch.ts";
import { batchOf, messageOf, withAttributes } from "../../../../support/record-sets.ts";

const CODECS: readonly Codec[] = ["gzip", "snappy", "lz4", "zstd"];
const compressors: Readonly<Record<Codec, (bytes: Buffer) => Buffer>> = {
  gzip: gzipSync,
  snappy: compressSnappy,
  lz4: compressLz4,
  zstd: zstdCompressSync,
};
const LIMIT = 1_000_000;
const place = { topic: "t", p: 3, offset: 7 };
/** Runs, repeats from afar, and what has no pattern at all. */
const content = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 900 })), { maxLength: 12 })
  .map((parts) => Buffer.concat(parts.flatMap(([bytes, times]) => Array.from({ length: times }, () => bytes))));

describe.each(CODECS)("records of %s", (codec) => {
  it("come out as they went in", () => {
    fc.assert(
      fc.property(content, (bytes) => {
        expect(decompress(codec, compressors[codec](bytes), LIMIT)).toEqual(bytes);
      }),
      { numRuns: 40 },
    );
  });

  it("make a sealed batch, which any reader takes for the one before", () => {
    const plain = batchOf(
      7,
      Array.from({ length: 50 }, (_, i) => messageOf(i + 1, 1)),
    );
    const before = Buffer.from(plain);
    const batch = createBatchCompressor(codec)(plain);
    expect(plain).toEqual(before);
    expect(batch.length).toBeLessThan(plain.length / 2);
    expect(findBatchEnd(batch, 0, batch.length)).toBe(batch.length);
    expect(verifyBatchCrc(batch, 0, batch.length)).toBe(true);
    expect(judgeBatch(batch, 0, null)).toEqual({ kind: "compressed", codec });
    const read = decompressBatch({ buffer: batch, at: 0, end: batch.length }, codec, place);
    expect(read.subarray(BATCH.attributes)).toEqual(plain.subarray(BATCH.attributes));
  });

  it("are refused when they become too large, however small they are", () => {
    const bomb = compressors[codec](Buffer.alloc(20 * LIMIT));
    expect(bomb.length).toBeLessThan(LIMIT);
    expect(decompress(codec, bomb, LIMIT)).toBe("tooLarge");
    const batch = Buffer.concat([batchOf(7, []), bomb]);
    const end = batch.length;
    expect(() => decompressBatch({ buffer: batch, at: 0, end }, codec, place, LIMIT)).toThrow(
      `offset 7 of t-3 is not read: its ${bomb.length} bytes of ${codec} become more than 1000000 when decompressed`,
    );
  });

  it("are corrupt when they are cut short, or anything else", () => {
    const whole = compressors[codec](Buffer.alloc(5_000, "some text, again and again; "));
    for (const bytes of [whole.subarray(0, -5), whole.subarray(0, 3), Buffer.from("no such thing"), Buffer.alloc(0)]) {
      const batch = Buffer.concat([batchOf(7, []), bytes]);
      const read = () => decompressBatch({ buffer: batch, at: 0, end: batch.length }, codec, place, LIMIT);
      expect(read, bytes.toString("hex")).toThrow(
        expect.objectContaining({
          code: "KAFKA_BATCH_CORRUPT",
          message: expect.stringContaining(`its ${codec} records`),
        }),
      );
    }
  });
});

it("a batch is the same as before, but for its compression", () => {
  const plain = batchOf(7, ["one", null, "three"]);
  const stored = withAttributes(Buffer.from(plain), 0x1c);
  const compressed = Buffer.concat([
    stored.subarray(0, BATCH.records),
    zstdCompressSync(plain.subarray(BATCH.records)),
  ]);
  const read = decompressBatch({ buffer: compressed, at: 0, end: compressed.length }, "zstd", place);
  expect(read.subarray(BATCH.records)).toEqual(plain.subarray(BATCH.records));
  expect(read.readInt16BE(BATCH.attributes)).toBe(0x18);
});

describe("without a binary for the platform", () => {
  it("snappy gives the same bytes, raw and as the stream of snappy-java", () => {
    fc.assert(
      fc.property(content, content, (first, second) => {
        const raw = compressSnappy(first);
        const sized = (block: Buffer) =>
          Buffer.concat([Buffer.from(Int32Array.of(block.length).buffer).swap32(), block]);
        const header = Buffer.from("82534e4150505900" + "00000001" + "00000001", "hex");
        const stream = Buffer.concat([header, sized(raw), sized(compressSnappy(second))]);
        for (const decode of [nativeSnappyDecoder(), portableSnappyDecoder()]) {
          if (decode === undefined) throw new Error("the native package is missing here");
          expect(decompressSnappy(raw, LIMIT, decode)).toEqual(first);
          expect(decompressSnappy(stream, LIMIT, decode)).toEqual(Buffer.concat([first, second]));
        }
      }),
      { numRuns: 40 },
    );
  });

  it("lz4 gives the same bytes, and no frame exceeds what is said of it", () => {
    const native = nativeLz4Decoder();
    if (native === undefined) throw new Error("the native package is missing here");
    fc.assert(
      fc.property(content, (bytes) => {
        const frame = compressLz4(bytes);
        expect(decompressLz4Portable(frame)).toEqual(bytes);
        expect(native(frame)).toEqual(bytes);
        expect(lz4BytesMax(frame)).toBeGreaterThanOrEqual(bytes.length);
      }),
      { numRuns: 40 },
    );
  });

  it("lz4 never reads or writes beyond a block, whatever the frame says", () => {
    const frame = compressLz4(Buffer.alloc(3_000, "a text that comes again and again, "));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: frame.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const damaged = Buffer.from(frame);
        damaged[at] = (damaged[at] as number) ^ flip;
        try {
          expect(decompressLz4Portable(damaged).length).toBeLessThanOrEqual(lz4BytesMax(damaged));
        } catch (error) {
          expect(error).toMatchObject({ code: "KAFKA_MALFORMED" });
        }
      }),
      { numRuns: 500 },
    );
  });
});
