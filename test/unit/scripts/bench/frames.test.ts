import { expect, it } from "vitest";
import { countFrames, longestStillUs } from "../../../../scripts/bench/terminal/frames.ts";

/** [ms, bytes so far] */
const samples = (...points: readonly (readonly [number, number])[]) =>
  points.map(([atMs, bytes]) => ({ atUs: atMs * 1_000, bytes }));

it("what comes in pieces is one frame, and a look that finds nothing new is none", () => {
  const written = samples([0, 100], [25, 100], [500, 200], [525, 300], [600, 400], [1_000, 500], [1_025, 500]);
  expect(countFrames(written, 0, 2_000_000)).toBe(3);
});

it("only frames that began within the interval count", () => {
  const written = samples([100, 10], [600, 20], [1_100, 30]);
  expect(countFrames(written, 100_000, 1_100_000)).toBe(2);
  expect(countFrames([], 0, 1_000_000)).toBe(0);
});

it("the longest still may also be before the first frame or after the last", () => {
  const written = samples([900, 10], [1_400, 20], [1_900, 30]);
  expect(longestStillUs(written, 0, 2_000_000)).toBe(900_000);
  expect(longestStillUs(written, 800_000, 2_000_000)).toBe(500_000);
  expect(longestStillUs(written, 800_000, 3_000_000)).toBe(1_100_000);
  expect(longestStillUs([], 0, 1_000_000)).toBe(1_000_000);
});
