/** What a comparison is told in, wherever it is shown. Pure. */
import { unreachable } from "../../../simulator/common/foundation/assert.ts";
import { formatCount, formatMs } from "../../../simulator/common/foundation/figures.ts";
import type { FigureComparison, FigureUnit, Judgement } from "./figures.ts";
import type { StandOut } from "./load-balance.ts";
import type { Outcome } from "./spread.ts";

export function describeOutcome(outcome: Outcome): string {
  switch (outcome) {
    case "better":
      return "better";
    case "worse":
      return "WORSE";
    case "withinSpread":
      return "within noise";
    case "spreadUnknown":
      return "spread not known";
    case "notMeasured":
      return "not measured";
    default:
      return unreachable(outcome);
  }
}

/** Those that stand out on one side only are what changed, and come first. */
export function sortStandOuts(standOuts: readonly StandOut[]): StandOut[] {
  const order = { b: 0, a: 1, both: 2 };
  return [...standOuts].sort((x, y) => order[x.side] - order[y.side]);
}

export function describeStandOutSide({ side, unit, measure }: StandOut): string {
  switch (side) {
    case "a":
      return "no longer in B";
    case "b":
      return `${unit === "count" || measure === "CPU per message" ? "MORE" : "SLOWER"} THAN ITS PEERS in B`;
    case "both":
      return "in A and in B";
    default:
      return unreachable(side);
  }
}

const MEBIBYTE = 1_048_576;

export function formatFigure(value: number | null, unit: FigureUnit): string {
  if (value === null) return "not measured";
  switch (unit) {
    case "perSecond":
      return `${formatCount(value)}/s`;
    case "ms":
      return formatMs(value);
    case "us":
      return `${value.toFixed(2)} µs`;
    case "ns":
      return `${value.toFixed(1)} ns`;
    case "bytes":
      return `${formatCount(value / MEBIBYTE)} MiB`;
    case "percent":
      return `${value.toFixed(1)} %`;
    case "count":
      return Number.isInteger(value) ? formatCount(value) : value.toFixed(2);
    default:
      return unreachable(unit);
  }
}

/** `+12.3 %`. */
export function formatChange(change: number | null): string {
  if (change === null) return "-";
  return `${change < 0 ? "" : "+"}${(100 * change).toFixed(1)} %`;
}

export function describeSpread(figures: readonly FigureComparison[]): string[] {
  const sources = new Set(figures.flatMap(({ a, b }) => [a?.spreadOf, b?.spreadOf]));
  return [
    ...(sources.has("runs") ? ["spread of several runs: their range (from five on, without those far off)"] : []),
    ...(sources.has("seconds")
      ? [
          "spread of one run: how far its seconds under load lie from their median (two scaled median absolute deviations)",
        ]
      : []),
    ...(sources.has("unknown") ? ["spread not known: such a figure has one value a run, so give several runs"] : []),
  ];
}

export function describeJudgement(judgement: Judgement, figures: readonly FigureComparison[], percent: number): string {
  switch (judgement.kind) {
    case "kept":
      return `KEPT: nothing that counts got worse by more than ${percent} % and by more than its spread`;
    case "worse": {
      const titles = figures.filter(({ id }) => judgement.figures.includes(id)).map(({ title }) => title);
      return `FAILED: worse by more than ${percent} % and by more than the spread: ${titles.join(", ")}`;
    }
    case "unknown":
      return "UNKNOWN: nothing that counts has a spread on either side: compare longer runs, or several on a side";
    default:
      return unreachable(judgement);
  }
}
