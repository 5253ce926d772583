/** Numbers and patterns of the embedded Redis where they are easy to get wrong; the expected texts are a real one's. */
import { describe, expect, it } from "vitest";
import { compileGlob } from "../../../../simulator/embedded/redis/glob.ts";
import { formatDouble, readDouble } from "../../../../simulator/embedded/redis/numbers/double.ts";
import { addLongDoubles } from "../../../../simulator/embedded/redis/numbers/long-double.ts";
import {
  encodeReply,
  type Protocol,
  type Reply,
  ReplyTooLargeError,
} from "../../../../simulator/embedded/redis/reply.ts";

describe("numbers", () => {
  it.each([
    ["0.1", "0.2", "0.3"],
    ["10.5", "0.1", "10.6"],
    ["5.0e3", "2.0e2", "5200"],
    ["3000.1", "0.2", "3000.30000000000000004"],
    ["-0.5", "0.5", "0"],
    ["9223372036854775807", "1", "9223372036854775808"],
  ])("INCRBYFLOAT adds %s and %s to %s, as 80-bit numbers do", (a, b, sum) => {
    expect(addLongDoubles(a, b, "value is not a valid float")).toBe(sum);
  });

  it.each([
    [0.1, "0.10000000000000001"],
    [1e-7, "9.9999999999999995e-08"],
    [1e20, "1e+20"],
    [-2.5, "-2.5"],
    [100, "100"],
    [0.0001, "0.0001"],
    [Number.NEGATIVE_INFINITY, "-inf"],
  ])("writes the score %d as %s", (score, text) => {
    expect(formatDouble(score)).toBe(text);
  });

  it("takes no number from what only looks like one", () => {
    for (const text of ["", " 1", "1 ", "nan", "1e400", "0x", "1.2.3"]) expect(readDouble(text), text).toBeUndefined();
  });
});

describe("patterns", () => {
  it.each([
    ["h[^e]llo", "hallo", true],
    ["h[^e]llo", "hello", false],
    ["h[c-a]llo", "hbllo", true],
    ["h\\*llo", "h*llo", true],
    ["h\\*llo", "hello", false],
    ["*a*b", "xaxxb", true],
    ["[ab", "a", true],
  ])("%s on %s: %s", (pattern, text, matches) => {
    expect(compileGlob(pattern)(text)).toBe(matches);
  });

  it("cannot be made to run for ever", () => {
    // A backtracking matcher needs some 2^60 steps for this one; this test would not end.
    expect(compileGlob(`${"*a".repeat(60)}b`)("a".repeat(10_000))).toBe(false);
  });
});

it("stops building a reply at its bound", () => {
  const large = "x".repeat(1_000);
  expect(() => encode([[large, large], [large]], 2, 2_500)).toThrow(ReplyTooLargeError);
  expect(encode({ pairs: ["a", null] }, 3)).toBe("%1\r\n$1\r\na\r\n_\r\n");
  expect(encode({ pairs: ["a", null] }, 2)).toBe("*2\r\n$1\r\na\r\n$-1\r\n");
});

function encode(reply: Reply, protocol: Protocol, bytesMax = Number.POSITIVE_INFINITY): string {
  let text = "";
  const sink = {
    get bytes() {
      return text.length;
    },
    add(more: string) {
      text += more;
    },
  };
  encodeReply(reply, protocol, sink, bytesMax);
  return text;
}
