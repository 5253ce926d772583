/** The figures of two sides: which got better or worse, by how much, and how each varies. Pure. */

import { unreachable } from "../../../simulator/common/foundation/assert.ts";
import type { Side } from "../compare/compare-runs.ts";
import { type FigureComparison, type FigureUnit, valuesOf } from "../compare/figures.ts";
import type { Estimate, Outcome } from "../compare/spread.ts";
import { describeOutcome, describeSpread, formatChange, formatFigure } from "../compare/words.ts";
import {
  formatCount,
  formatShort,
  formatShortMebibytes,
  formatShortMicroseconds,
  formatShortMs,
  formatShortNanoseconds,
  formatShortPercent,
  MEBIBYTE,
} from "./figures.ts";
import { type Content, type Html, html } from "./markup.ts";
import { renderTable } from "./page-frame.ts";
import { type RangeSide, renderRangeChart } from "./range-chart.ts";

/** What changed is read first. */
const ORDER: readonly Outcome[] = ["worse", "better", "withinSpread", "spreadUnknown", "notMeasured"];

export const sortFigures = (figures: readonly FigureComparison[]): FigureComparison[] =>
  [...figures].sort((x, y) => ORDER.indexOf(x.outcome) - ORDER.indexOf(y.outcome));

export function renderFigureTable(figures: readonly FigureComparison[]): Content {
  const isCounting = figures.some(({ counts }) => counts);
  return [
    renderTable({
      caption: "Each figure, of several runs the median, with its range below",
      columns: [
        { title: "Figure" },
        { title: "Judgement" },
        { title: "Change", isNumber: true },
        { title: "A", isNumber: true },
        { title: "B", isNumber: true },
      ],
      rows: sortFigures(figures).map(({ title, unit, better, counts, a, b, change, outcome }) => [
        html`${title}${counts ? " *" : ""}<small>${better} is better</small>`,
        renderOutcome(outcome),
        formatChange(change),
        ...[a, b].map((side) => renderEstimate(side, unit)),
      ]),
    }),
    html`<ul class="soft">${[
      ...(isCounting ? ["* counts for --fail-above"] : []),
      "a difference counts when the ranges of the two sides do not meet, and is a hundredth at least",
      ...describeSpread(figures),
    ].map((line) => html`<li>${line}</li>`)}</ul>\n`,
  ];
}

export function renderOutcome(outcome: Outcome): Html {
  const style = outcome === "worse" ? "bad" : outcome === "better" ? "good" : "soft";
  return html`<span class="status ${style}">${describeOutcome(outcome)}</span>`;
}

function renderEstimate(estimate: Estimate | null, unit: FigureUnit): Content {
  if (estimate === null) return "-";
  const { value, low, high, spreadOf } = estimate;
  const range =
    spreadOf === "unknown" ? "range not known" : `${formatFigure(low, unit)} to ${formatFigure(high, unit)}`;
  return html`${formatFigure(value, unit)}<small>${range}</small>`;
}

/** One for each figure that was judged: whether its ranges meet is what the judgement comes from. */
export function renderFigureCharts(figures: readonly FigureComparison[], a: Side, b: Side): Content {
  const judged = sortFigures(figures).filter(({ outcome }) => ["worse", "better", "withinSpread"].includes(outcome));
  if (judged.length === 0) return html`<p>No figure was judged: how far they vary is not known on either side.</p>\n`;
  return judged.map((figure) => renderFigureChart(figure, a, b));
}

function renderFigureChart(figure: FigureComparison, a: Side, b: Side): Content {
  const { id, title, unit, better, change, outcome } = figure;
  if (figure.a === null || figure.b === null) return "";
  const estimates = [figure.a, figure.b] as const;
  const sides = [a, b].map((side, index) =>
    toRangeSide(index === 0 ? "A" : "B", side, id, estimates[index] as Estimate),
  );
  const { axisUnit, formatAxis } = axisOf(unit);
  return renderRangeChart({
    id: `figure-${id.replace(/\W/g, "-")}`,
    title: `${title}: ${describeOutcome(outcome)}`,
    summary: `${formatChange(change)} from A to B; ${better} is better. The diamond is its value (of several runs their median), the line its range; ${describeDots(estimates)}.`,
    sides,
    axisUnit,
    formatAxis,
    format: (value) => formatFigure(value, unit),
    table: {
      caption: title,
      columns: [
        { title: "Side" },
        ...["Median", "Lowest", "Highest", "Runs"].map((name) => ({ title: name, isNumber: true })),
      ],
      rows: estimates.map(({ value, low, high, runs }, index) => [
        index === 0 ? "A" : "B",
        ...[value, low, high].map((one) => formatFigure(one, unit)),
        formatCount(runs),
      ]),
    },
  });
}

/** Of several runs their values, and of one those of its seconds. */
function toRangeSide(name: string, { runs }: Side, id: string, { value, low, high, spreadOf }: Estimate): RangeSide {
  const measured = valuesOf(
    runs.map(({ figures }) => figures),
    id,
  );
  const values = spreadOf === "runs" ? measured.map((run) => run.value) : (measured[0]?.seconds ?? []);
  return { name, value, low, high, values };
}

function describeDots(estimates: readonly Estimate[]): string {
  const sources = new Set(estimates.map(({ spreadOf }) => spreadOf));
  if (!sources.has("runs")) return "a dot is one of those behind it: a second under load, a checkpoint or a recovery";
  return sources.size === 1 ? "a dot is a run" : "a dot is a run, and of a single run one of its seconds";
}

export interface AxisForm {
  readonly axisUnit: number;
  readonly formatAxis: (value: number) => string;
}

export function axisOf(unit: FigureUnit): AxisForm {
  switch (unit) {
    case "perSecond":
    case "count":
      return { axisUnit: 1, formatAxis: formatShort };
    case "ms":
      return { axisUnit: 1, formatAxis: formatShortMs };
    case "us":
      return { axisUnit: 1, formatAxis: formatShortMicroseconds };
    case "ns":
      return { axisUnit: 1, formatAxis: formatShortNanoseconds };
    case "bytes":
      return { axisUnit: MEBIBYTE, formatAxis: formatShortMebibytes };
    case "percent":
      return { axisUnit: 1, formatAxis: formatShortPercent };
    default:
      return unreachable(unit);
  }
}
