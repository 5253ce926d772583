import fc from "fast-check";
import { expect, it } from "vitest";
import { Series, SPANS_MAX } from "../../../../../scripts/report/html/series.ts";

/** Steps between points in seconds, with their values. */
const steps = fc.array(fc.tuple(fc.double({ min: 0, max: 50, noNaN: true }), fc.integer({ min: -1_000, max: 1_000 })), {
  minLength: 1,
  maxLength: 3_000,
});

function fill(points: readonly (readonly [number, number])[]) {
  const series = new Series();
  let at = 0;
  const given = points.map(([step, value]) => {
    at += step;
    series.add(at, value);
    return [at, value] as const;
  });
  return { series, given };
}

it("keeps its bounds, the order of time and both extremes, however many points there were (S1, S2)", () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 2, max: 700 }), (points, pointsMax) => {
      const { series, given } = fill(points);
      const values = given.map(([, value]) => value);
      for (const max of [pointsMax, 2 * SPANS_MAX]) {
        const kept = series.points(max);
        expect(kept.length).toBeLessThanOrEqual(max);
        expect(kept.every(([at], i) => i === 0 || at >= (kept[i - 1]?.[0] ?? 0))).toBe(true);
        expect(kept.map(([, value]) => value)).toEqual(
          expect.arrayContaining([Math.min(...values), Math.max(...values)]),
        );
        for (const [at, value] of kept) expect(given).toContainEqual([at, value]);
      }
      expect([series.min, series.max]).toEqual([Math.min(...values), Math.max(...values)]);
    }),
    { numRuns: 60 },
  );
});

it("draws an hour as evenly as a minute: an extreme of one second is still there (S1)", () => {
  const series = new Series();
  for (let second = 0; second < 3_600; second += 1) series.add(second, second === 1_800 ? 9 : second % 2);
  const points = series.points(600);
  expect(points.length).toBeGreaterThan(250);
  expect(points.length).toBeLessThanOrEqual(600);
  expect(points).toContainEqual([1_800, 9]);
  const early = points.filter(([at]) => at < 1_800).length;
  expect(Math.abs(early - points.length / 2)).toBeLessThan(5);
});

it("breaks the line where nothing was told, and nowhere else", () => {
  const { series } = fill([
    [0, 1],
    [1, 2],
    [20, 3],
    [1, 4],
  ]);
  expect(series.points(600, 5)).toEqual([
    [0, 1],
    [1, 2],
    [1, null],
    [21, 3],
    [22, 4],
  ]);
  expect(series.points(600)).toHaveLength(4);
});

it("holds what is told only when it changes until it does", () => {
  const series = new Series();
  for (const [at, value] of [
    [0, 0],
    [1, 5],
    [10, 7],
  ] as const)
    series.addChange(at, value, 1);
  expect(series.points(600)).toEqual([
    [0, 0],
    [1, 5],
    [9, 5],
    [10, 7],
  ]);
});

it("tells the lowest and highest value of a stretch, and that there is none", () => {
  const { series } = fill([
    [0, 4],
    [1, 2],
    [1, 9],
  ]);
  expect(series.range(0, 2)).toEqual([2, 4]);
  expect(series.range(3, 9)).toBeNull();
  expect(series.mean).toBe(5);
});
