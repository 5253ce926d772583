/** One figure of two sides, each in a row of its own: its values as dots, its range as a line, its median as a diamond. */
import { createAxis, lineStyleOf, renderChart } from "./chart.ts";
import type { Html } from "./markup.ts";
import type { Table } from "./page-frame.ts";

export interface RangeChart {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  /** From the top. */
  readonly sides: readonly RangeSide[];
  /** The axis is in this many of the values' own unit: bytes in a MiB. */
  readonly axisUnit: number;
  /** For values on the axis, and for the median beside its mark. */
  readonly formatAxis: (value: number) => string;
  readonly format: (value: number) => string;
  readonly table: Table;
}

export interface RangeSide {
  readonly name: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Of which the value is the median; may be empty. */
  readonly values: readonly number[];
}

const HEIGHT = 150;
/** More would be a line. */
const DOTS_MAX = 100;
/** So much wider than its lowest value is what cannot be read on an even axis. */
const LOG_RATIO = 50;

export function renderRangeChart({ sides, axisUnit, formatAxis, format, ...parts }: RangeChart): Html {
  const names = sides.map(({ name }) => name);
  return renderChart(
    { ...parts, height: HEIGHT, legend: [] },
    {
      xAxis: createAxis(xAxisOf(sides), formatAxis),
      yAxis: createAxis({ type: "category", data: names, inverse: true, splitLine: { show: false } }),
      series: sides.flatMap((side, index) => {
        const color = `var(--series-${lineStyleOf(index).color})`;
        const place = (value: number) => [value / axisUnit, side.name];
        const range = {
          type: "line",
          data: [place(side.low), place(side.high)],
          symbol: "rect",
          symbolSize: [2, 16],
          lineStyle: { color, width: 2 },
          itemStyle: { color },
          silent: true,
        };
        const dots = {
          type: "scatter",
          data: thinOut(side.values).map(place),
          symbol: "circle",
          symbolSize: 6,
          itemStyle: { color, opacity: 0.4 },
          silent: true,
        };
        const middle = {
          type: "scatter",
          data: [place(side.value)],
          symbol: "diamond",
          symbolSize: 15,
          itemStyle: { color },
          label: {
            show: true,
            position: "top",
            distance: 6,
            color: "var(--text)",
            formatter: () => format(side.value),
          },
          silent: true,
        };
        return [...(side.low < side.high ? [range] : []), dots, middle];
      }),
    },
  );
}

/** It need not begin at zero: dots and lines are compared by their places, and not by their lengths. */
function xAxisOf(sides: readonly RangeSide[]) {
  const all = sides.flatMap(({ value, low, high, values }) => [value, low, high, ...values]);
  const min = all.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const max = all.reduce((most, value) => Math.max(most, value), 0);
  return min > 0 && max / min > LOG_RATIO ? { type: "log" } : { type: "value", scale: true };
}

/** Evenly over their order, so that both ends stay, and dots are as dense as the values are. */
function thinOut(values: readonly number[]): readonly number[] {
  const sorted = [...values].sort((x, y) => x - y);
  if (sorted.length <= DOTS_MAX) return sorted;
  const step = (sorted.length - 1) / (DOTS_MAX - 1);
  return Array.from({ length: DOTS_MAX }, (_, index) => sorted[Math.round(index * step)] as number);
}
