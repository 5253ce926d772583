/**
 * A chart as a figure: its caption, its drawing, its legend, and the same figures as a table for who does not see it.
 * Pure.
 */
import { CHART_WIDTH, type ChartOption, drawSvg } from "./chart-svg.ts";
import { type Content, Html, html } from "./markup.ts";
import { renderTable, type Table } from "./page-frame.ts";
import { SERIES_COLORS } from "./style-sheet.ts";

/** Of the drawing: room for axis texts and, above, for the names of marks. */
const MARGINS = { left: 70, right: 20, top: 34, bottom: 26 };
export const PLOT_WIDTH = CHART_WIDTH - MARGINS.left - MARGINS.right;
const HEIGHT = 250;
const DASHES: readonly ("solid" | readonly number[])[] = ["solid", [7, 3], [2, 3]];

export interface ChartParts {
  readonly id: string;
  readonly title: string;
  /** What it shows, in a sentence or two: it is read to who does not see the drawing, too. */
  readonly summary: string;
  readonly legend: readonly LegendItem[];
  readonly table: Table;
  /** Of the drawing. @default HEIGHT */
  readonly height?: number;
}

export interface LegendItem {
  readonly name: string;
  readonly style: LineStyle | "many";
}

/** Colour and dash together tell lines apart, so that no colour has to. */
export interface LineStyle {
  readonly color: number;
  readonly dash: number;
}

export const lineStyleOf = (index: number): LineStyle => ({
  color: (index % SERIES_COLORS) + 1,
  dash: Math.floor(index / SERIES_COLORS) % DASHES.length,
});

export const toLineStyle = (style: LineStyle | "many") =>
  style === "many"
    ? { color: "var(--many)", width: 1, opacity: 0.55, type: "solid" as const }
    : { color: `var(--series-${style.color})`, width: 1.8, type: dashOf(style) };

const dashOf = ({ dash }: LineStyle) => {
  const pattern = DASHES[dash] ?? "solid";
  return pattern === "solid" ? pattern : [...pattern];
};

export function renderChart(parts: ChartParts, option: ChartOption): Html {
  const { id, title, summary, legend, table, height = HEIGHT } = parts;
  const svg = drawSvg({ grid: MARGINS, ...option }, { height, labelId: `chart-${id}-caption` });
  return html`<figure id="chart-${id}">
<figcaption id="chart-${id}-caption">${title}<small>${summary}</small></figcaption>
<div class="scroll" role="region" tabindex="0" aria-label="Drawing: ${title}">${new Html(svg)}</div>
${renderLegend(legend)}<details><summary>The same as a table<span class="soft"> (${title})</span></summary>
${renderTable(table)}</details>
</figure>
`;
}

const renderLegend = (items: readonly LegendItem[]): Content =>
  items.length === 0
    ? ""
    : html`<ul class="legend" aria-label="Lines">${items.map(({ name, style }) => html`<li>${renderSwatch(style)}${name}</li>`)}</ul>\n`;

function renderSwatch(style: LineStyle | "many"): Html {
  const dash = style === "many" ? "solid" : dashOf(style);
  const name = style === "many" ? "many" : String(style.color);
  return html`<svg class="swatch swatch-${name}" viewBox="0 0 28 10" aria-hidden="true" focusable="false"><path d="M0 5H28" stroke="currentColor" stroke-width="2.5"${
    dash === "solid" ? html`` : html` stroke-dasharray="${dash.join(",")}"`
  }/></svg>`;
}

const AXIS = {
  axisLine: { lineStyle: { color: "var(--line)" } },
  axisTick: { lineStyle: { color: "var(--line)" } },
  axisLabel: { color: "var(--soft)" },
  splitLine: { lineStyle: { color: "var(--grid)" } },
};

export const createAxis = (more: Readonly<Record<string, unknown>>, format?: (value: number) => string) => ({
  ...AXIS,
  ...more,
  axisLabel: {
    ...AXIS.axisLabel,
    hideOverlap: true,
    showMaxLabel: !("max" in more),
    ...(format === undefined ? {} : { formatter: format }),
  },
});
