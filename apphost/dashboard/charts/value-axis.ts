/** The axis of values: from zero to a round number that none exceeds. */
import { measureText } from "./segment.ts";

export interface ValueAxis {
  readonly top: number;
  /** By row of the plot, from above; empty where a row has none. */
  readonly labels: readonly string[];
  readonly labelColumns: number;
}

/** Three digits are enough for each quarter of them. */
const ROUND = [1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10];
const TOP_MIN = 1e-6;
const TOP_MAX = 1e18;

/** At least `max`; 1 where all is zero, so that a flat line lies on the ground. */
export function roundUp(max: number): number {
  if (!(max > TOP_MIN)) return 1;
  const bounded = Math.min(max, TOP_MAX);
  const power = 10 ** Math.floor(Math.log10(bounded));
  // The quotient of what was just divided may be a last digit too large.
  const factor = ROUND.find((round) => round * power >= bounded) ?? 10;
  return factor * power;
}

export function createValueAxis(max: number, rows: number, formatValue: (value: number) => string): ValueAxis {
  const top = roundUp(max);
  const steps = rows >= 9 ? 4 : rows >= 5 ? 2 : 1;
  const labels: string[] = Array.from({ length: rows }, () => "");
  for (let step = 0; step <= steps; step += 1) {
    const row = Math.round(((steps - step) / steps) * (rows - 1));
    // With a single row the top stands: that the ground is zero goes without saying.
    labels[row] = formatValue((top * step) / steps);
  }
  return { top, labels, labelColumns: Math.max(0, ...labels.map(measureText)) };
}

/** 0 is the ground, `levels - 1` the top. */
export function levelOf(value: number, top: number, levels: number): number {
  return Math.round((Math.min(Math.max(0, value), top) / top) * (levels - 1));
}
