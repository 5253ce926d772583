import { describe, expect, it } from "vitest";
import { readPattern } from "../../../../apphost/logs/line-pattern.ts";

function patternOf(text: string) {
  const reading = readPattern(text);
  if (reading.kind === "wrong") throw new Error(reading.reason);
  return reading.pattern;
}

describe("a pattern", () => {
  it.each([
    ["lag", ["Lag 5", "LAG", "no"], [true, true, false]],
    ["Lag", ["Lag 5", "LAG", "lag"], [true, false, false]],
    ["größe", ["GRÖSSE", "GRÖßE", "größe"], [false, true, true]],
    ["a.b|(", ["a.b|(", "axb"], [true, false]],
    ["/", ["a/b", "ab"], [true, false]],
    ["//", ["a//b", "a/b"], [true, false]],
    ["/lag \\d{2,}/", ["lag 5", "lag 55", "Lag 55"], [false, true, false]],
    ["/lag$/i", ["a LAG", "lags"], [true, false]],
    ["red bar", ["\x1b[31mred\x1b[0m bar"], [true]],
    ["[31m", ["\x1b[31mred"], [false]],
  ])("%s is found as a person sees it", (text, lines, expected) =>
    expect(patternOf(text).testAll(lines)).toEqual(expected),
  );

  it("tells where it stands", () => {
    expect(patternOf("a").findAll("aba")).toEqual([
      { start: 0, end: 1 },
      { start: 2, end: 3 },
    ]);
    expect(patternOf("/b*/").findAll("abba")).toEqual([{ start: 1, end: 3 }]);
    expect(patternOf("x").findAll("x".repeat(1_000))).toHaveLength(200);
  });

  it("that is no expression says why", () =>
    expect(readPattern("/(/")).toEqual({ kind: "wrong", reason: expect.stringContaining("Unterminated group") }));

  it("that would take for ever is given up", () => {
    const pattern = patternOf("/(a+)+$/");
    const line = `${"a".repeat(60)}!`;
    expect(pattern.testAll([line])).toBeNull();
    expect(pattern.findAll(line)).toEqual([]);
    expect(pattern.testAll(["baaa"])).toBeNull();
  });
});
