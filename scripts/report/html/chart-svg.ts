/**
 * Charts as SVG, drawn by ECharts where the page is made, so that the page has no script. The build puts ECharts into this
 * one file: it is loaded in a tenth of the time, and nobody who installs the package gets the 60 MB of the whole.
 */
import { BarChart, LineChart, ScatterChart } from "echarts/charts";
import { GridComponent, MarkAreaComponent, MarkLineComponent } from "echarts/components";
import { type EChartsCoreOption, init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([BarChart, LineChart, ScatterChart, GridComponent, MarkAreaComponent, MarkLineComponent, SVGRenderer]);

export type ChartOption = EChartsCoreOption;

/** In units of the drawing: it is as wide as the page lets it be. */
export const CHART_WIDTH = 960;

/**
 * Colours are those of the page's style sheet, by name (`var(--grid)`), so that one drawing is good in light, dark and
 * print. What only matters to a mouse and styles of its own are left out; the page's rules forbid the latter.
 */
export function drawSvg(option: ChartOption, { height, labelId }: { height: number; labelId: string }): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, width: CHART_WIDTH, height });
  try {
    chart.setOption({ animation: false, ...option });
    return chart
      .renderToSVGString()
      .replace(/<style ?>.*?<\/style>/gs, "")
      .replace(/ (?:style|class|pointer-events|ecmeta_\w+)="[^"]*"/g, "")
      .replace(/^<svg [^>]*>/, `<svg viewBox="0 0 ${CHART_WIDTH} ${height}" role="img" aria-labelledby="${labelId}">`);
  } finally {
    chart.dispose();
  }
}
