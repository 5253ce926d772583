/** Charts over the time of a run, all with the same axis and the same marks, so that they can be read one above the other. */
import {
  type ChartParts,
  createAxis,
  type LegendItem,
  type LineStyle,
  PLOT_WIDTH,
  renderChart,
  toLineStyle,
} from "./chart.ts";
import { formatClock } from "./figures.ts";
import { type Html, html } from "./markup.ts";
import { type Series, SPANS_MAX } from "./series.ts";

/** All lines of a chart together; one alone never has more than a series has. */
const POINTS_MAX = 7_200;
const LINE_POINTS_MIN = 40;
/** Lines with fewer points are drawn with a dot at each, or one that stands alone would not be seen. */
const DOTTED_POINTS_MAX = 60;
/** So much wider than its lowest value is what cannot be read on an even axis. */
const LOG_RATIO = 50;
const TABLE_ROWS_MAX = 60;
/** Columns of a table; what has more lines tells of them in a table of its own. */
const TABLE_LINES_MAX = 8;
const LETTER_WIDTH = 6.5;
/** Into the margin on the right. */
const MARK_OVERHANG = 20;

export interface ChartLine {
  readonly name: string;
  readonly series: Series;
  readonly style: LineStyle | "many";
}

/** A moment, drawn over the height of each chart. */
export interface ChartMark {
  readonly seconds: number;
  readonly label: string;
  readonly kind: "phase" | "incident";
  /** Until when it lasted; null: it is a moment only, or never ended. */
  readonly untilSeconds: number | null;
}

export interface TimeChart {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly lines: readonly ChartLine[];
  /** What 1 on the axis is in the values' own unit: bytes in a MiB. @default 1 */
  readonly axisUnit?: number;
  /** For values on the axis, and for those in the table. */
  readonly formatAxis: (value: number) => string;
  readonly format: (value: number) => string;
  /** Dots at the foot of the chart. */
  readonly ticks?: { readonly name: string; readonly series: Series };
  readonly isScattered?: boolean;
  readonly isLogarithmic?: boolean;
  /** The line is broken where nothing was told for longer. */
  readonly gapSeconds?: number;
}

/** What all charts of a run share. */
export interface TimeFrame {
  readonly endSeconds: number;
  readonly marks: readonly ChartMark[];
}

export function renderTimeChart(chart: TimeChart, frame: TimeFrame): Html {
  const lines = chart.lines.filter(({ series }) => !series.isEmpty);
  if (lines.length === 0) return html`<p><strong>${chart.title}:</strong> this run recorded nothing for it.</p>\n`;
  const shown = { ...chart, lines };
  const option = {
    xAxis: createAxis({ type: "value", min: 0, max: Math.max(frame.endSeconds, 1) }, timeFormatOf(frame)),
    yAxis: createAxis(yAxisOf(shown), chart.formatAxis),
    series: [...lines.map((line) => drawLine(shown, line)), ...drawTicks(shown), drawMarks(frame)],
  };
  const parts: ChartParts = { ...chart, legend: legendOf(shown), table: tableOf(shown, frame) };
  return renderChart(parts, option);
}

/** Of a minute or two the seconds alone. */
const timeFormatOf = ({ endSeconds }: TimeFrame) =>
  endSeconds < 120 ? (seconds: number) => `${seconds} s` : formatClock;

function yAxisOf({ lines, isLogarithmic }: TimeChart) {
  const min = Math.min(...lines.map(({ series }) => series.min));
  const max = Math.max(...lines.map(({ series }) => series.max));
  return isLogarithmic === true && min > 0 && max / min > LOG_RATIO ? { type: "log" } : { type: "value", min: 0 };
}

function drawLine({ lines, isScattered, gapSeconds, axisUnit = 1 }: TimeChart, { series, style }: ChartLine) {
  const share = Math.floor(POINTS_MAX / lines.length);
  const data = series.points(Math.min(2 * SPANS_MAX, Math.max(LINE_POINTS_MIN, share)), gapSeconds);
  const { color, ...lineStyle } = toLineStyle(style);
  return {
    type: isScattered === true ? "scatter" : "line",
    data: data.map(([seconds, value]) => [round(seconds), value === null ? null : round(value / axisUnit)]),
    symbol: "circle",
    symbolSize: isScattered === true ? 5 : 4,
    showSymbol: style !== "many" && data.length <= DOTTED_POINTS_MAX,
    itemStyle: { color },
    lineStyle: { color, ...lineStyle },
    silent: true,
    z: style === "many" ? 2 : 3,
  };
}

/** Digits that no drawing shows only make the page long. */
const round = (value: number): number => Number(value.toPrecision(6));

const drawTicks = ({ ticks }: TimeChart) =>
  ticks === undefined
    ? []
    : [
        {
          type: "scatter",
          data: ticks.series.points(120).map(([seconds]) => [round(seconds), 0]),
          symbol: "triangle",
          symbolSize: 6,
          itemStyle: { color: "var(--soft)" },
          silent: true,
        },
      ];

function drawMarks({ marks, endSeconds }: TimeFrame) {
  const positionOf = ({ seconds }: ChartMark) => (seconds / Math.max(endSeconds, 1)) * PLOT_WIDTH;
  const named = new Set(chooseNamed(marks, positionOf));
  const data = marks.map((mark) => {
    const isPhase = mark.kind === "phase";
    const color = isPhase ? "var(--soft)" : "var(--bad)";
    return {
      xAxis: round(mark.seconds),
      lineStyle: { color, type: isPhase ? [2, 4] : [5, 3], width: 1 },
      label: { show: named.has(mark), formatter: mark.label, color, align: "left", distance: isPhase ? 18 : 4 },
    };
  });
  const areas = marks.flatMap(({ seconds, untilSeconds }) =>
    untilSeconds === null ? [] : [[{ xAxis: round(seconds) }, { xAxis: round(untilSeconds) }]],
  );
  return {
    type: "line",
    data: [],
    silent: true,
    markLine: { symbol: "none", silent: true, data },
    markArea: { silent: true, itemStyle: { color: "var(--bad)", opacity: 0.13 }, data: areas },
  };
}

/**
 * Names stand in two rows, phases above incidents. Of those that would touch, the last phase is named, since those at the
 * start are short, and the first incident, since what follows on it is its consequence; the table has them all.
 */
function chooseNamed(marks: readonly ChartMark[], positionOf: (mark: ChartMark) => number): ChartMark[] {
  const phases = marks.filter(({ kind }) => kind === "phase").toReversed();
  const incidents = marks.filter(({ kind }) => kind === "incident");
  return [phases, incidents].flatMap((row) => {
    const taken: (readonly [from: number, to: number])[] = [];
    return row.filter((mark) => {
      const from = positionOf(mark);
      const to = from + mark.label.length * LETTER_WIDTH;
      if (to > PLOT_WIDTH + MARK_OVERHANG || taken.some((other) => from < other[1] && other[0] < to)) return false;
      taken.push([from - LETTER_WIDTH, to + LETTER_WIDTH]);
      return true;
    });
  });
}

function legendOf({ lines, ticks, isScattered }: TimeChart): LegendItem[] {
  const named = lines.filter(({ style }) => style !== "many").map(({ name, style }) => ({ name, style }));
  const many = lines.length - named.length;
  if (isScattered === true && ticks === undefined) return [];
  return [...named, ...(many === 0 ? [] : [{ name: `the ${many} others, a line each`, style: "many" as const }])];
}

/** Each row is a span of time, and tells the lowest and the highest value in it. */
function tableOf({ title, lines, format }: TimeChart, { endSeconds }: TimeFrame) {
  const shown = lines.filter(({ style }) => style !== "many").slice(0, TABLE_LINES_MAX);
  const spanSeconds = Math.max(1, Math.ceil(endSeconds / TABLE_ROWS_MAX));
  const starts = Array.from({ length: Math.floor(endSeconds / spanSeconds) + 1 }, (_, i) => i * spanSeconds);
  const rows = starts.flatMap((from) => {
    const ranges = shown.map(({ series }) => series.range(from, from + spanSeconds));
    if (ranges.every((range) => range === null)) return [];
    const cells = ranges.map((range) => {
      if (range === null) return "—";
      const [low, high] = range.map(format) as [string, string];
      return low === high ? low : `${low} to ${high}`;
    });
    return [[formatClock(from), ...cells]];
  });
  return {
    caption: `${title}, lowest to highest in each ${spanSeconds} s`,
    columns: [{ title: "From" }, ...shown.map(({ name }) => ({ title: name, isNumber: true }))],
    rows,
  };
}
