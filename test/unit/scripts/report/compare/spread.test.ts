import { describe, expect, it } from "vitest";
import { estimate, judgeChange, spreadOfSeconds } from "../../../../../scripts/report/compare/spread.ts";

const runs = (...values: readonly number[]) => estimate(values.map((value) => ({ value, secondsSpread: null })));
const one = (value: number, secondsSpread: number | null) => estimate([{ value, secondsSpread }]);

describe("the spread of several runs (S1)", () => {
  it("is their range around the median", () => {
    expect(runs(90, 110, 100)).toEqual({ value: 100, low: 90, high: 110, runs: 3, spreadOf: "runs" });
    expect(runs(100, 90)).toMatchObject({ value: 95, low: 90, high: 100 });
  });

  it("is not widened by one run far off, once there are five", () => {
    expect(runs(98, 99, 100, 101, 5_000)).toMatchObject({ value: 100, low: 98, high: 101 });
    expect(runs(98, 99, 100, 5_000)).toMatchObject({ high: 5_000 });
  });

  it("keeps the runs that are equal when most of them are", () => {
    expect(runs(100, 100, 100, 100, 130)).toMatchObject({ low: 100, high: 100 });
  });

  it("is nothing where nothing was measured", () => expect(runs()).toBeNull());
});

describe("the spread of one run (S2)", () => {
  it("is the share by which its seconds lie around their median", () => {
    // Deviations 10, 0, 10, 0, 20: their median is 10, scaled 14.826, twice, of 100.
    expect(spreadOfSeconds([90, 100, 110, 100, 120])).toBeCloseTo(0.29652);
    expect(one(200, 0.1)).toEqual({ value: 200, low: 180, high: 220, runs: 1, spreadOf: "seconds" });
  });

  it("ends at zero, as every figure does", () => {
    expect(one(200, 1.5)).toMatchObject({ low: 0, high: 500 });
  });

  it("is not known of too few seconds, or of seconds that were nothing", () => {
    expect(spreadOfSeconds([1, 2, 3])).toBeNull();
    expect(spreadOfSeconds([0, 0, 0, 0])).toBeNull();
    expect(one(200, null)).toMatchObject({ spreadOf: "unknown" });
  });
});

describe("judgeChange (S3)", () => {
  it("says better or worse by the direction of the figure, when the ranges do not meet", () => {
    expect(judgeChange(runs(100, 105), runs(80, 90), "higher")).toBe("worse");
    expect(judgeChange(runs(100, 105), runs(80, 90), "lower")).toBe("better");
    expect(judgeChange(runs(80, 90), runs(100, 105), "lower")).toBe("worse");
  });

  it("calls a difference noise when the ranges meet, however far the medians are", () => {
    expect(judgeChange(runs(100, 200), runs(200, 300), "lower")).toBe("withinSpread");
    expect(judgeChange(one(100, 0.5), one(140, 0), "lower")).toBe("withinSpread");
  });

  it("calls a difference of less than a hundredth noise, also of seconds that were all alike", () => {
    expect(judgeChange(one(100_000, 0), one(99_500, 0), "higher")).toBe("withinSpread");
    expect(judgeChange(one(100_000, 0), one(98_000, 0), "higher")).toBe("worse");
  });

  it("judges one new run by the spread of the runs before it", () => {
    expect(judgeChange(runs(1_500, 1_600), one(1_550, null), "lower")).toBe("withinSpread");
    expect(judgeChange(runs(1_500, 1_600), one(2_000, null), "lower")).toBe("worse");
  });

  it("says nothing where neither side has a spread, or one was not measured", () => {
    expect(judgeChange(one(1, null), one(100, null), "lower")).toBe("spreadUnknown");
    expect(judgeChange(null, one(100, 0.1), "lower")).toBe("notMeasured");
  });

  it("takes a rise from zero for a change", () => {
    expect(judgeChange(runs(0, 0), runs(3, 4), "lower")).toBe("worse");
    expect(judgeChange(runs(0, 0), runs(0, 0), "lower")).toBe("withinSpread");
  });
});
