/**
 * The history of one or two values, as lines over the time of the run. Pure.
 *
 * L1 Every point is drawn, so an extreme is seen however narrow the chart is.
 * L2 What is not known is a gap: a value of null, and a stretch of time without any point.
 * L3 Rows are given in the order of what a person needs: the newest figures, the lines, the time, the marks, their legend.
 */
import type { Mark } from "../../snapshot/histories.ts";
import { DotCanvas, type LineNumber, lineSample } from "./dot-canvas.ts";
import { drawMarkLegend, drawMarkRow, hasMarks, type MarkRowInput, type Outage } from "./mark-row.ts";
import {
  type ChartRow,
  type ChartSize,
  cleanText,
  fitColumns,
  fitRows,
  joinParts,
  type PaletteColor,
} from "./segment.ts";
import { createTimeAxis, drawTimeLabels, isOnAxis, placeOf, type TimeAxis } from "./time-axis.ts";
import { createValueAxis, levelOf, type ValueAxis } from "./value-axis.ts";

export interface ChartPoint {
  readonly atUs: number;
  readonly value: number | null;
}

export interface ChartSeries {
  readonly label: string;
  readonly color: PaletteColor;
  /** Oldest first. */
  readonly points: readonly ChartPoint[];
}

export interface LineChart {
  readonly title: string;
  readonly series: readonly [ChartSeries] | readonly [ChartSeries, ChartSeries];
  readonly formatValue: (value: number) => string;
  /** Of the run: its clock is what the axis of time shows. */
  readonly startedAtUs: number;
  readonly marks?: readonly Mark[];
  readonly recoveries?: readonly Outage[];
}

/** Points come once a second while there is something to tell. */
const GAP_US = 5_000_000;
/** With fewer columns than this left for the lines, they take the axis' as well. */
const PLOT_COLUMNS_MIN = 12;

export function drawLineChart(chart: LineChart, size: ChartSize): readonly ChartRow[] {
  const { columns, rows, glyphs } = size;
  const known = chart.series.map(({ points }) => points.filter(isKnown));
  const axis = createTimeAxis(chart.series.flatMap(({ points }) => points.map(({ atUs }) => atUs)));
  const max = Math.max(...known.map(findMax));
  const legend = drawLegend(chart, known, max, size);
  if (axis === null || known.every((points) => points.length === 0)) return drawNothing(legend, size);

  const input = { marks: chart.marks ?? [], recoveries: chart.recoveries ?? [], axis };
  const plan = planRows(rows, hasMarks(input));
  const values = createValueAxis(max, plan.plot, chart.formatValue);
  const isLabelled = columns - values.labelColumns - 1 >= PLOT_COLUMNS_MIN;
  const marginColumns = isLabelled ? values.labelColumns + 1 : 0;
  const plotColumns = Math.max(1, columns - marginColumns);
  const canvas = new DotCanvas({ columns: plotColumns, rows: plan.plot, glyphs });
  for (const [line, { points }] of chart.series.entries()) {
    drawSeries(canvas, line === 0 ? 0 : 1, points, { axis, top: values.top });
  }
  const { series } = chart;
  const lines = canvas.toRows([series[0].color, series[1]?.color ?? series[0].color]);
  const beneath: MarkRowInput = { ...input, startedAtUs: chart.startedAtUs, columns: plotColumns, glyphs };
  const margin = { text: " ".repeat(marginColumns) };
  return fitRows(
    [
      legend,
      ...lines.map((line, row) => (isLabelled ? [labelOf(values, row, size), ...line] : line)),
      ...(plan.time > 0 ? [[margin, ...drawTimeLabels(axis, chart.startedAtUs, plotColumns)]] : []),
      ...(plan.marks > 0 ? [[margin, ...drawMarkRow(beneath)]] : []),
      ...(plan.markLegend > 0 ? [drawMarkLegend({ ...beneath, columns })] : []),
    ],
    size,
  );
}

/** L3 */
function planRows(rows: number, hasMarksToShow: boolean) {
  let plot = Math.max(1, rows - 1);
  /** One of the plot's rows, if enough of them stay. */
  const take = (isWanted: boolean, plotRowsMin: number): number => {
    if (!isWanted || plot <= plotRowsMin) return 0;
    plot -= 1;
    return 1;
  };
  const time = take(true, 2);
  const marks = take(hasMarksToShow, 3);
  const markLegend = take(hasMarksToShow, 4);
  return { plot, time, marks, markLegend };
}

const isKnown = (point: ChartPoint): point is ChartPoint & { readonly value: number } =>
  point.value !== null && Number.isFinite(point.value) && Number.isFinite(point.atUs);

const findMax = (points: readonly { readonly value: number }[]): number =>
  points.reduce((max, { value }) => Math.max(max, value), 0);

function drawLegend(
  { title, series, formatValue }: LineChart,
  known: readonly (readonly { readonly atUs: number; readonly value: number }[])[],
  max: number,
  { columns, glyphs }: ChartSize,
): ChartRow {
  const newestUs = Math.max(...series.map(({ points }) => points.at(-1)?.atUs ?? 0));
  const parts: ChartRow[] = series.map(({ label, color }, line) => {
    const last = known[line]?.at(-1);
    // What is some time ago is not what it is now.
    const value = last === undefined || newestUs - last.atUs > GAP_US ? "-" : formatValue(last.value);
    return [{ text: lineSample(line === 0 ? 0 : 1, glyphs), color }, { text: ` ${cleanText(label)} ${value}` }];
  });
  const highest: ChartRow[] = max > 0 ? [[{ text: `max ${formatValue(max)}`, color: "muted" }]] : [];
  return joinParts([[{ text: cleanText(title), bold: true }], ...parts, ...highest], columns);
}

function drawNothing(legend: ChartRow, size: ChartSize): readonly ChartRow[] {
  const text = "nothing yet";
  const indent = " ".repeat(Math.max(0, Math.floor((size.columns - text.length) / 2)));
  const middle = Math.floor((size.rows - 1) / 2);
  const rows: ChartRow[] = Array.from({ length: size.rows }, (_, row) => (row === 0 ? legend : []));
  // In a single row, that there is nothing says more than the title.
  rows[middle] =
    middle === 0 ? joinParts([[{ text, dim: true }], legend], size.columns) : [{ text: indent + text, dim: true }];
  return fitRows(rows, size);
}

const labelOf = ({ labels, labelColumns }: ValueAxis, row: number, { glyphs }: ChartSize): ChartRow[number] => {
  const label = labels[row] ?? "";
  const edge = glyphs === "ascii" ? "|" : label === "" ? "│" : "┤";
  return { text: fitColumns(label, labelColumns, "right") + edge, color: "muted" };
};

/** L1, L2 */
function drawSeries(
  canvas: DotCanvas,
  line: LineNumber,
  points: readonly ChartPoint[],
  { axis, top }: { readonly axis: TimeAxis; readonly top: number },
): void {
  let before: { readonly x: number; readonly y: number; readonly atUs: number } | null = null;
  for (const point of points) {
    if (!isKnown(point) || !isOnAxis(axis, point.atUs)) {
      before = null;
      continue;
    }
    const dot = {
      x: placeOf(axis, point.atUs, canvas.width),
      y: levelOf(point.value, top, canvas.height),
      atUs: point.atUs,
    };
    const isJoined = before !== null && point.atUs - before.atUs <= GAP_US;
    canvas.drawLine(line, isJoined && before !== null ? before : dot, dot);
    before = dot;
  }
}
