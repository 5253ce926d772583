import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MESSAGE, type RejectReason } from "../../../../simulator/common/contract/message.ts";
import { MESSAGE_VECTORS } from "../../../../simulator/common/contract/message-vectors.ts";
import { RecordSetDecoder } from "../../../../simulator/runtime/source/record-set-decoder.ts";
import {
  atOffset,
  batchOf,
  fetchedOf,
  messageOf,
  withAttributes,
  withLastOffsetDelta,
} from "../../../support/record-sets.ts";

const seed = process.env["TEST_SEED"] === undefined ? {} : { seed: Number(process.env["TEST_SEED"]) };

interface Decoded {
  records: { id: number; tsUs: number }[];
  rejected: { offset: number; reason: RejectReason; value: string }[];
  rejectedCount: number;
  skipped: number;
  next: number[];
}

function decode(bytes: Buffer, from: number, lead = 0): Decoded {
  const result: Decoded = { records: [], rejected: [], rejectedCount: 0, skipped: 0, next: [] };
  const decoder = new RecordSetDecoder({
    topic: "t",
    operate: (columns) => columns,
    onRejected: (_p, offset, reason, value) => result.rejected.push({ offset, reason, value: value.toString() }),
  });
  // The bytes lie somewhere inside a larger buffer, at any alignment.
  decoder.decode(fetchedOf(bytes, from, { lead }), {
    add: (records, next) => {
      for (let i = 0; i < records.count; i += 1) {
        result.records.push({ id: records.ids[i] as number, tsUs: records.timestampsUs[i] as number });
      }
      result.rejectedCount += records.rejected;
      result.skipped += records.skipped;
      result.next.push(next);
    },
  });
  return result;
}

/** The grammar, as plainly as it can be written. */
function readNaively(value: string): { id: number; tsUs: number } | { rejected: RejectReason } {
  const fixed = /^\{"id":"(\d{12})","ts":"(\d{16})","p":"[\s\S]*"\}$/.exec(value);
  if (fixed !== null && Number(fixed[1]) > 0) return { id: Number(fixed[1]), tsUs: Number(fixed[2]) };
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    return { rejected: "notJson" };
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return { rejected: "notObject" };
  const id = (parsed as Record<string, unknown>)["id"];
  if (!Object.hasOwn(parsed, "id")) return { rejected: "idMissing" };
  const ok = typeof id === "number" || (typeof id === "string" && /^\d+$/.test(id));
  return ok && Number.isInteger(Number(id)) && Number(id) >= 1 && Number(id) <= MESSAGE.idMax
    ? { id: Number(id), tsUs: 0 }
    : { rejected: "idInvalid" };
}

describe("RecordSetDecoder", () => {
  it("reads every vector of the grammar as the contract says", () => {
    for (const vector of MESSAGE_VECTORS) {
      const { records, rejected } = decode(batchOf(5, [vector.value]), 5);
      if ("rejected" in vector) {
        expect(rejected).toEqual([{ offset: 5, reason: vector.rejected, value: vector.value }]);
      } else {
        expect({ value: vector.value, records }).toEqual({
          value: vector.value,
          records: [{ id: vector.id, tsUs: vector.tsUs ?? 0 }],
        });
      }
    }
  });

  it("agrees with a naive reader on messages, damaged messages and any text", () => {
    const message = fc
      .record({
        id: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 999_999_999_999 })),
        ts: fc.oneof(fc.constant(1795360719696123), fc.integer({ min: 0, max: 9_007_199_254_740_991 })),
        size: fc.integer({ min: MESSAGE.sizeMin, max: 200 }),
      })
      .map(({ id, ts, size }) => messageOf(id, ts, size));
    const damaged = fc
      .tuple(message, fc.nat(63), fc.constantFrom("x", "0", '"', "é", "", "/", ":"))
      .map(([text, at, put]) => text.slice(0, at) + put + text.slice(at + 1));
    const value = fc.oneof({ weight: 3, arbitrary: message }, damaged, fc.string(), fc.json());
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 40 }), fc.nat(9), (values, lead) => {
        const expected = values.map(readNaively);
        const actual = decode(batchOf(0, values), 0, lead);
        expect(actual.records).toEqual(expected.filter((one) => "id" in one));
        expect(actual.rejected.map(({ reason }) => reason)).toEqual(
          expected.flatMap((one) => ("rejected" in one ? [one.rejected] : [])),
        );
        expect(actual.rejectedCount).toBe(actual.rejected.length);
      }),
      { numRuns: 400, ...seed },
    );
  });

  it("does not take payload bytes into account", () => {
    const value = Buffer.concat([
      Buffer.from(messageOf(9, 5).slice(0, 50)),
      Buffer.from([0, 0xff, 0x22]),
      Buffer.from('"}'),
    ]);
    expect(decode(batchOf(0, [value]), 0).records).toEqual([{ id: 9, tsUs: 5 }]);
  });

  it("counts no record below the position, and every offset from it once (D1)", () => {
    const first = batchOf(
      10,
      [1, 2, 3].map((id) => messageOf(id, 1)),
    );
    const second = batchOf(
      15,
      [4, 5].map((id) => messageOf(id, 1)),
    );
    const decoded = decode(Buffer.concat([first, second]), 11);
    expect(decoded.records.map(({ id }) => id)).toEqual([2, 3, 4, 5]);
    expect(decoded.skipped).toBe(2);
    expect(decoded.next).toEqual([13, 17]);
  });

  it("ignores a batch that lies wholly below the position", () => {
    const decoded = decode(Buffer.concat([batchOf(0, [messageOf(1, 1)]), batchOf(1, [messageOf(2, 1)])]), 1);
    expect(decoded.records.map(({ id }) => id)).toEqual([2]);
    expect(decoded.next).toEqual([2]);
  });

  it("counts offsets whose records were compacted away, or are markers, as skipped", () => {
    const compacted = withLastOffsetDelta(batchOf(0, [messageOf(1, 1)]), 9);
    const marker = atOffset(withAttributes(batchOf(0, ["x"]), 0x30), 10);
    const decoded = decode(Buffer.concat([compacted, marker]), 0);
    expect(decoded.records).toHaveLength(1);
    expect(decoded.rejectedCount).toBe(0);
    expect(decoded.skipped).toBe(10);
    expect(decoded.next).toEqual([10, 11]);
  });

  it("rejects a null value as a tombstone, and an empty one as no JSON", () => {
    expect(decode(batchOf(0, [""]), 0).rejected).toEqual([{ offset: 0, reason: "notJson", value: "" }]);
    expect(decode(batchOf(0, [null]), 0).rejected).toEqual([{ offset: 0, reason: "tombstone", value: "" }]);
  });

  it("leaves a batch that is cut short for the next fetch", () => {
    const whole = batchOf(0, [messageOf(1, 1)]);
    const cut = batchOf(1, [messageOf(2, 1)]);
    for (const bytes of [1, 20, 60, cut.length - 1]) {
      expect(decode(Buffer.concat([whole, cut.subarray(0, bytes)]), 0).next).toEqual([1]);
    }
  });

  it("refuses what it cannot vouch for (D3)", () => {
    const corrupt = batchOf(7, [messageOf(1, 1)]);
    corrupt[100] = (corrupt[100] as number) ^ 1;
    expect(() => decode(corrupt, 7)).toThrow(/offset 7 of t-3 is corrupt/);
    expect(() => decode(withAttributes(batchOf(7, ["x"]), 1), 7)).toThrow(/its gzip records cannot be decompressed/);
    expect(() => decode(withAttributes(batchOf(7, ["x"]), 7), 7)).toThrow(/compression codec 7 is not supported/);
    expect(() => decode(withLastOffsetDelta(batchOf(7, ["{}", "{}"]), 0), 7)).toThrow(/out of order/);
  });

  it("needs no more than its arrays for batches of any size", () => {
    const many = Array.from({ length: 9_000 }, (_, i) => messageOf(i + 1, 1 + Math.floor(i / 100)));
    const decoded = decode(batchOf(0, many), 0);
    expect(decoded.records).toHaveLength(9_000);
    expect(decoded.records[8_999]).toEqual({ id: 9_000, tsUs: 90 });
  });
});
