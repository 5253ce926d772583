/** Flink's two ways to bring figures of several subtasks together. Pure. */

export interface Distribution {
  readonly min: number;
  readonly max: number;
  readonly avg: number;
  readonly sum: number;
  readonly median: number;
  readonly p25: number;
  readonly p75: number;
  readonly p95: number;
}

/** As in the `aggregated` of a vertex: whole numbers. */
export function distribute(values: readonly number[]): Distribution {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (quantile: number): number => sorted[Math.max(0, Math.ceil(sorted.length * quantile) - 1)] ?? 0;
  const sum = sorted.reduce((total, value) => total + value, 0);
  const avg = sorted.length === 0 ? 0 : Math.floor(sum / sorted.length);
  return { min: at(0), max: at(1), avg, sum, median: at(0.5), p25: at(0.25), p75: at(0.75), p95: at(0.95) };
}

export const AGGREGATIONS = ["min", "max", "avg", "sum", "skew"] as const;
export type Aggregation = (typeof AGGREGATIONS)[number];

/** As in the aggregated metrics. `values` is not empty. */
export function aggregate(values: readonly number[], kind: Aggregation): number {
  const sum = values.reduce((total, value) => total + value, 0);
  const avg = sum / values.length;
  switch (kind) {
    case "min":
      return Math.min(...values);
    case "max":
      return Math.max(...values);
    case "avg":
      return avg;
    case "sum":
      return sum;
    case "skew": {
      // The mean distance from the average, in per cent of it.
      const distance = values.reduce((total, value) => total + Math.abs(value - avg), 0) / values.length;
      return avg === 0 ? 0 : Math.min(100, (distance / avg) * 100);
    }
  }
}
