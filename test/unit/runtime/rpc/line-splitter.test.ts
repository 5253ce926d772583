import fc from "fast-check";
import { expect, test } from "vitest";
import { LineSplitter } from "../../../../simulator/runtime/rpc/line-splitter.ts";

const seed = process.env["TEST_SEED"] === undefined ? {} : { seed: Number(process.env["TEST_SEED"]) };

test("lines come out as they went in, however the stream is cut", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\n", "")),
        { maxLength: 20 },
      ),
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 20 }),
      (lines, cuts) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
        const splitter = new LineSplitter(10_000);
        const seen: string[] = [];
        for (let at = 0, i = 0; at < bytes.length; i += 1) {
          const size = cuts[i % cuts.length] as number;
          expect(splitter.push(bytes.subarray(at, at + size), (line) => seen.push(line))).toBe(true);
          at += size;
        }
        expect(seen).toEqual(lines);
      },
    ),
    seed,
  );
});

test("a line longer than the bound is refused, also when it comes in pieces", () => {
  const splitter = new LineSplitter(8);
  expect(splitter.push(Buffer.from("12345678\n"), () => undefined)).toBe(true);
  expect(splitter.push(Buffer.from("12345"), () => undefined)).toBe(true);
  expect(splitter.push(Buffer.from("6789"), () => undefined)).toBe(false);
});
