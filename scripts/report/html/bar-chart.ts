/** A bar for each of many: whoever has more or less than the others stands out. */
import { createAxis, renderChart } from "./chart.ts";
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

export const renderBarChart = ({ bars, formatAxis, ...parts }: BarChart): Html =>
  renderChart(
    { ...parts, legend: [] },
    {
      xAxis: createAxis({ type: "category", data: bars.map(({ name }) => name), splitLine: { show: false } }),
      yAxis: createAxis({ type: "value", min: 0 }, formatAxis),
      series: [
        {
          type: "bar",
          data: bars.map(({ value }) => value),
          barCategoryGap: "20%",
          itemStyle: { color: "var(--series-1)" },
          silent: true,
        },
      ],
    },
  );
