import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MESSAGE } from "../../../../simulator/common/contract/message.ts";
import { isFourDigits, readFourDigits, readOtherMessage } from "../../../../simulator/runtime/source/message-form.ts";

const seed = process.env["TEST_SEED"] === undefined ? {} : { seed: Number(process.env["TEST_SEED"]) };
const wordOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, 4).getInt32(0, true);

describe("four digits at once", () => {
  it("are recognised exactly when all four bytes are digits", () => {
    for (let byte = 0; byte < 256; byte += 1) {
      for (let position = 0; position < 4; position += 1) {
        const bytes = Buffer.from("1590");
        bytes[position] = byte;
        expect(isFourDigits(wordOf(bytes))).toBe(byte >= 0x30 && byte <= 0x39);
      }
    }
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), (bytes) => {
        expect(isFourDigits(wordOf(bytes))).toBe(bytes.every((byte) => byte >= 0x30 && byte <= 0x39));
      }),
      seed,
    );
  });

  it("give the number that they write", () => {
    for (let value = 0; value <= 9_999; value += 1) {
      expect(readFourDigits(wordOf(Buffer.from(String(value).padStart(4, "0"))))).toBe(value);
    }
  });
});

describe("a value in another form", () => {
  it("is a message up to the largest id, as a number and as a decimal string", () => {
    for (const id of [1, MESSAGE.idMax]) {
      expect(readOtherMessage(Buffer.from(JSON.stringify({ id })))).toBe(id);
      expect(readOtherMessage(Buffer.from(JSON.stringify({ id: String(id) })))).toBe(id);
    }
    expect(readOtherMessage(Buffer.from(JSON.stringify({ id: MESSAGE.idMax + 1 })))).toBe("idInvalid");
  });

  it("has no id by inheritance", () => {
    expect(readOtherMessage(Buffer.from('{"__proto__":{"id":7}}'))).toBe("idMissing");
  });
});
