/** How far a fetched record set goes, where it is refused, and which of its batches a reader of committed records reads. */
import { describe, expect, it } from "vitest";
import { judgeBatch, sealBatch, walkRecordSet } from "../../../../../simulator/clients/kafka/wire/record-batch.ts";
import { encodeRecordBatch } from "../../../../../simulator/clients/kafka/wire/records.ts";

function batchAt(baseOffset: number, count: number, attributes = 0): Buffer {
  const records = Array.from({ length: count }, () => ({ value: Buffer.from("value") }));
  const batch = encodeRecordBatch({ records, timestampMs: 1, baseOffset });
  batch.writeInt16BE(attributes, 21);
  sealBatch(batch, 0, batch.length);
  return batch;
}

function walk(parts: readonly Buffer[], offset: number) {
  const buffer = Buffer.concat([Buffer.from("before"), ...parts]);
  const place = { topic: "t", p: 3, offset };
  const { end, nextOffset, refused } = walkRecordSet(buffer, { start: 6, end: buffer.length }, place);
  return { bytes: end - 6, nextOffset, refused: refused?.message };
}

describe("walkRecordSet", () => {
  const first = batchAt(10, 5);
  const second = batchAt(15, 5);

  it("ends after the last whole batch", () => {
    expect(walk([first, second], 10)).toEqual({ bytes: first.length * 2, nextOffset: 20, refused: undefined });
    expect(walk([first, second.subarray(0, 40)], 10)).toMatchObject({ bytes: first.length, nextOffset: 15 });
    expect(walk([first.subarray(0, -1)], 10)).toEqual({ bytes: 0, nextOffset: 10, refused: undefined });
  });

  it("takes a first batch that begins below the offset, and gaps", () => {
    expect(walk([first, batchAt(30, 2)], 12)).toMatchObject({ nextOffset: 32, refused: undefined });
  });

  it("refuses what no broker sends: offsets that do not rise, or lie below what was asked for", () => {
    expect(walk([first, first], 10)).toMatchObject({
      nextOffset: 15,
      refused: expect.stringMatching(/t-3 is corrupt/),
    });
    expect(walk([first], 15).refused).toMatch(/covers 10 to 14 where 15 was due/);
  });

  it("goes over any batch: whether it can be read is decided by who decodes it", () => {
    for (const attributes of [1, 7, 0x10, 0x30]) {
      const odd = batchAt(15, 1, attributes);
      expect(walk([first, odd], 10)).toEqual({
        bytes: first.length + odd.length,
        nextOffset: 16,
        refused: undefined,
      });
    }
  });

  it("refuses bytes that are no batch", () => {
    expect(walk([first, Buffer.alloc(100)], 10).refused).toMatch(/the batch at offset 15 of t-3 is corrupt/);
  });
});

describe("judgeBatch (B3)", () => {
  const judge = (attributes: number) => judgeBatch(batchAt(0, 1, attributes), 0, null);

  it("reads plain records, of committed transactions too, skips markers, and names what it cannot read", () => {
    // LogAppendTime changes nothing.
    for (const attributes of [0, 0x08, 0x10]) expect(judge(attributes)).toEqual({ kind: "records" });
    expect([judge(0x20), judge(0x30)]).toEqual([{ kind: "skipped" }, { kind: "skipped" }]);
    expect(judge(7)).toEqual({ kind: "unsupported", what: "compression codec 7" });
  });

  it.each([
    [1, "gzip"],
    [2, "snappy"],
    [3, "lz4"],
    [4, "zstd"],
  ])("knows codec %i as %s, in a transaction or not", (codec, name) => {
    for (const attributes of [codec, codec | 0x10])
      expect(judge(attributes)).toEqual({ kind: "compressed", codec: name });
  });
});
