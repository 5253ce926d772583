import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { perSecond, ratio } from "../../../../scripts/bench/statistics.ts";
import { median } from "../../../../scripts/report/compare/spread.ts";

const seed = Number(process.env["TEST_SEED"] ?? Date.now() % 2 ** 31);

describe("median", () => {
  it.each([
    [[], null],
    [[7], 7],
    [[9, 1, 5], 5],
    [[4, 1, 3, 2], 2.5],
  ])("of %j is %s", (values, expected) => expect(median(values)).toBe(expected));

  it("has as many values at or below it as at or above it, whatever the order", () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1, maxLength: 30 }), (values) => {
        const middle = median(values) as number;
        const below = values.filter((value) => value <= middle).length;
        const above = values.filter((value) => value >= middle).length;
        expect(Math.min(below, above)).toBeGreaterThanOrEqual(values.length / 2);
      }),
      { seed },
    );
  });

  it("leaves its input as it is", () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });
});

describe("ratio and rate", () => {
  it("are unknown, not zero, when one side is unknown or nothing can be divided", () => {
    expect([ratio(null, 2), ratio(2, null), ratio(undefined, 2), ratio(2, 0)]).toEqual([null, null, null, null]);
    expect([perSecond(5, null, 7), perSecond(5, 7, null), perSecond(5, 7, 7), perSecond(5, 8, 7)]).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });

  it("are plain divisions otherwise", () => {
    expect(ratio(3, 2)).toBe(1.5);
    expect(perSecond(3_000, 1_000_000, 1_500_000)).toBe(6_000);
  });
});
