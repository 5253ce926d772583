import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readMessageId, readPayload, readStampUs } from "../../../../scripts/validate/message-reader.ts";
import { MESSAGE_VECTORS } from "../../../../simulator/common/contract/message-vectors.ts";

/** Reads a value that lies between other bytes, as in a record batch. */
function read(value: string) {
  const buffer = Buffer.concat([Buffer.from("00"), Buffer.from(value), Buffer.from("99999999")]);
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
  const size = Buffer.byteLength(value);
  return {
    id: readMessageId(buffer, view, 2, size),
    tsUs: readStampUs(buffer, view, 2, size),
    payload: readPayload(buffer, view, 2, size),
  };
}

const fixed = '{"id":"000000000042","ts":"1795360719696123","p":"sample-data-"}';

describe("the validator's message grammar", () => {
  it.each(MESSAGE_VECTORS.map((vector) => [vector.value, vector] as const))(
    "agrees with the vector %s",
    (value, vector) => {
      const { id, tsUs } = read(value);
      if ("rejected" in vector) expect(id).toBe(vector.rejected);
      else expect([id, tsUs]).toEqual([vector.id, vector.tsUs]);
    },
  );

  it("takes a null value for a tombstone", () => {
    const buffer = Buffer.alloc(8);
    expect(readMessageId(buffer, new DataView(buffer.buffer, buffer.byteOffset, 8), 4, -1)).toBe("tombstone");
  });

  it("never takes a byte that is no digit for one, in any place of id and stamp", () => {
    const places = [...Array.from({ length: 12 }, (_, i) => 7 + i), ...Array.from({ length: 16 }, (_, i) => 27 + i)];
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.integer({ min: 0x20, max: 0x7e }), (at, code) => {
        const character = String.fromCharCode(code);
        fc.pre(character !== '"' && character !== "\\");
        const { id, tsUs } = read(`${fixed.slice(0, at)}${character}${fixed.slice(at + 1)}`);
        const isDigit = code >= 0x30 && code <= 0x39;
        if (isDigit) expect(typeof id).toBe("number");
        // A broken stamp leaves a JSON message with a good id and no stamp; a broken id leaves no message.
        else if (at >= 27) expect([id, tsUs]).toEqual([42, null]);
        else expect([id, tsUs]).toEqual(["idInvalid", null]);
      }),
    );
  });

  it("reads the id that a value was written with", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999_999_999 }), (id) => {
        const value = `{"id":"${String(id).padStart(12, "0")}","ts":"0000000000000001","p":"${"x".repeat(id % 50)}"}`;
        expect(read(value).id).toBe(id);
      }),
    );
  });

  it("shows the payload of the fixed form, else the value, cut to a readable length", () => {
    expect(read(fixed).payload).toBe("sample-data-");
    expect(read('{"id":7}').payload).toBe('{"id":7}');
    expect(read(`{"id":7,"x":"${"y".repeat(500)}"}`).payload).toHaveLength(201);
  });
});
