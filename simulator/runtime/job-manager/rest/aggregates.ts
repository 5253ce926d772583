/** Flink's ways to bring several figures together: of checkpoints, of subtasks, and in metric queries. Pure. */

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
  const { sum, avg, at } = orderValues(values);
  return { min: at(0), max: at(1), avg, sum, median: at(0.5), p25: at(0.25), p75: at(0.75), p95: at(0.95) };
}

/** As in the `summary` of checkpoints: whole numbers. */
export function summarize(values: readonly number[]): object {
  const { avg, at } = orderValues(values);
  return {
    min: at(0),
    max: at(1),
    avg,
    p50: at(0.5),
    p90: at(0.9),
    p95: at(0.95),
    p99: at(0.99),
    p999: at(0.999),
  };
}

interface OrderedValues {
  readonly sum: number;
  /** Rounded down; of nothing it is 0, as each quantile is. */
  readonly avg: number;
  readonly at: (quantile: number) => number;
}

function orderValues(values: readonly number[]): OrderedValues {
  const sorted = values.toSorted((a, b) => a - b);
  const sum = sorted.reduce((total, value) => total + value, 0);
  return {
    sum,
    avg: sorted.length === 0 ? 0 : Math.floor(sum / sorted.length),
    at: (quantile) => sorted[Math.max(0, Math.ceil(sorted.length * quantile) - 1)] ?? 0,
  };
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
