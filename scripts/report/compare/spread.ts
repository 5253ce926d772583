/**
 * How far a figure's values lie apart, and whether two sides differ by more than that. Pure.
 *
 * S1 Of several runs the spread is their range. From five runs on, those that lie further than three scaled median
 *    absolute deviations from the median do not widen it: one bad run must not hide every change for good.
 * S2 Of one run it is twice how far its seconds under load lie from their median (scaled median absolute deviation), as a
 *    share of that median. Where a figure has no value by second, its spread is not known.
 * S3 Two sides differ when their ranges do not meet, and the medians by at least a hundredth. Where neither side has a
 *    spread nothing is said.
 */

/** What one run measured of a figure. */
export interface RunValue {
  readonly value: number;
  /** S2, as a share of the value; null: not known. */
  readonly secondsSpread: number | null;
  /** S2: the values that the spread is of. A baseline does not keep them. */
  readonly seconds?: readonly number[];
}

export interface Estimate {
  /** Median of the runs. */
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly runs: number;
  readonly spreadOf: "runs" | "seconds" | "unknown";
}

export type Outcome =
  | "better"
  | "worse"
  /** The difference is within the noise. */
  | "withinSpread"
  /** One run on each side, and nothing by second: how far such a figure varies is not known. */
  | "spreadUnknown"
  /** One of the sides, or both, did not measure it. */
  | "notMeasured";

export type Direction = "higher" | "lower";

/** Makes a median absolute deviation comparable with the standard deviation of a normal distribution. */
const MAD_SCALE = 1.4826;
const FAR_IN_DEVIATIONS = 3;
const RUNS_WITH_OUTLIERS_MIN = 5;
const SECONDS_IN_DEVIATIONS = 2;
/** Of fewer a median deviation says nothing. */
const SECONDS_MIN = 4;
/** A smaller difference is none. */
const CHANGE_MIN = 0.01;

/** The middle value, or the mean of the two middle ones; null when there is none. */
export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted.length >> 1;
  const high = sorted[upper] as number;
  return sorted.length % 2 === 1 ? high : ((sorted[upper - 1] as number) + high) / 2;
}

/** Median absolute deviation, scaled; null when there is none. */
export function deviationOf(values: readonly number[]): number | null {
  const middle = median(values);
  if (middle === null) return null;
  return MAD_SCALE * (median(values.map((value) => Math.abs(value - middle))) as number);
}

/** S2: null when the seconds are too few, or their median is none that others could be a share of. */
export function spreadOfSeconds(seconds: readonly number[]): number | null {
  const middle = median(seconds);
  if (seconds.length < SECONDS_MIN || middle === null || middle <= 0) return null;
  return (SECONDS_IN_DEVIATIONS * (deviationOf(seconds) as number)) / middle;
}

/** Null when no run measured it. */
export function estimate(values: readonly RunValue[]): Estimate | null {
  const [first] = values;
  if (first === undefined) return null;
  if (values.length === 1) return estimateOfOne(first);
  const all = values.map(({ value }) => value);
  const value = median(all) as number;
  const near = all.length < RUNS_WITH_OUTLIERS_MIN ? all : withoutFar(all, value);
  return { value, low: Math.min(...near), high: Math.max(...near), runs: values.length, spreadOf: "runs" };
}

function estimateOfOne({ value, secondsSpread }: RunValue): Estimate {
  if (secondsSpread === null) return { value, low: value, high: value, runs: 1, spreadOf: "unknown" };
  const reach = Math.abs(value) * secondsSpread;
  // No figure is below zero, however much its seconds vary.
  return { value, low: Math.max(0, value - reach), high: value + reach, runs: 1, spreadOf: "seconds" };
}

function withoutFar(values: readonly number[], middle: number): readonly number[] {
  const reach = FAR_IN_DEVIATIONS * (deviationOf(values) as number);
  // Half of the values lie within one deviation, so there is always one left.
  return values.filter((value) => Math.abs(value - middle) <= reach);
}

/** S3. */
export function judgeChange(a: Estimate | null, b: Estimate | null, better: Direction): Outcome {
  if (a === null || b === null) return "notMeasured";
  if (a.spreadOf === "unknown" && b.spreadOf === "unknown") return "spreadUnknown";
  const change = changeOf(a, b);
  const doRangesMeet = a.low <= b.high && b.low <= a.high;
  if (doRangesMeet || (change !== null && Math.abs(change) < CHANGE_MIN)) return "withinSpread";
  return b.value > a.value === (better === "higher") ? "better" : "worse";
}

/** Of B over A, as a share of A; null when A is 0. */
export const changeOf = (a: Estimate, b: Estimate): number | null =>
  a.value === 0 ? null : (b.value - a.value) / a.value;
