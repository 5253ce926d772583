/** A bar for each of many, or one of each side: whoever has more or less than the others stands out. */
import { createAxis, lineStyleOf, renderChart } from "./chart.ts";
import type { Html } from "./markup.ts";
import type { Table } from "./page-frame.ts";

export interface BarChart {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly bars: readonly { readonly name: string; readonly value: number }[];
  readonly formatAxis: (value: number) => string;
  readonly table: Table;
}

export interface PairedBarChart extends Omit<BarChart, "bars"> {
  readonly names: readonly string[];
  /** Each with a value for every name; null where there is none. */
  readonly sides: readonly { readonly name: string; readonly values: readonly (number | null)[] }[];
}

export const renderBarChart = ({ bars, ...chart }: BarChart): Html =>
  renderPairedBarChart({
    ...chart,
    names: bars.map(({ name }) => name),
    sides: [{ name: chart.title, values: bars.map(({ value }) => value) }],
  });

export const renderPairedBarChart = ({ names, sides, formatAxis, ...parts }: PairedBarChart): Html =>
  renderChart(
    {
      ...parts,
      legend: sides.length === 1 ? [] : sides.map(({ name }, index) => ({ name, style: lineStyleOf(index) })),
    },
    {
      xAxis: createAxis({ type: "category", data: names, splitLine: { show: false } }),
      yAxis: createAxis({ type: "value", min: 0 }, formatAxis),
      series: sides.map(({ values }, index) => ({
        type: "bar",
        data: values,
        barCategoryGap: "20%",
        itemStyle: { color: `var(--series-${lineStyleOf(index).color})` },
        silent: true,
      })),
    },
  );
