/** A comparison as text for people: what got worse first, then all figures with their spread. Pure. */
import type { ComparedSide, Comparison } from "../../scripts/report/compare/compare-runs.ts";
import type { FigureComparison, FigureUnit } from "../../scripts/report/compare/figures.ts";
import type { Beside, StandOut } from "../../scripts/report/compare/load-balance.ts";
import type { Estimate } from "../../scripts/report/compare/spread.ts";
import {
  describeJudgement,
  describeOutcome,
  describeSpread,
  describeStandOutSide,
  formatChange,
  formatFigure,
  sortStandOuts,
} from "../../scripts/report/compare/words.ts";
import { formatAmount } from "../snapshot/format.ts";
import { formatTable } from "./table.ts";

const STAND_OUTS_MAX = 20;
const RUNS_SHOWN_MAX = 5;

export function renderComparison(comparison: Comparison, failAbovePercent: number | null): string[] {
  const { a, b, differences, figures, standOuts, judgement } = comparison;
  const isCounting = figures.some(({ counts }) => counts);
  return [
    `A  ${describeSide(a)}`,
    `B  ${describeSide(b)}`,
    ...(differences.length === 0
      ? []
      : ["", "COMPARED BY FORCE, though these differ, and a change may come from them:"]),
    ...differences.map((difference) => `  ${difference.name}: ${difference.a} in A, ${difference.b} in B`),
    "",
    ...listChanges("worse", figures),
    ...listChanges("better", figures),
    ...listStandOuts(standOuts),
    "",
    ...formatTable(["FIGURE", "A", "B", "CHANGE", "OUTCOME"], figures.map(renderRow)),
    "",
    ...(isCounting ? ["* counts for --fail-above"] : []),
    ...describeSpread(figures),
    ...(judgement === null ? [] : ["", describeJudgement(judgement, figures, failAbovePercent ?? 0)]),
  ];
}

function describeSide({ name, runs }: ComparedSide): string {
  const shown = runs.slice(0, RUNS_SHOWN_MAX).map((run) => `${run.runId} of ${run.startedAt} ${run.verdict}`);
  const more = runs.length - shown.length;
  return `${name}: ${shown.join(", ")}${more > 0 ? ` and ${formatAmount(more, "more run")}` : ""}`;
}

function listChanges(outcome: "better" | "worse", figures: readonly FigureComparison[]): string[] {
  const changed = figures.filter((figure) => figure.outcome === outcome);
  const word = outcome.toUpperCase();
  if (changed.length === 0) return [`${word}: nothing beyond its spread`];
  return changed.map(
    ({ title, unit, a, b, change }) =>
      `${word}: ${title}, ${formatFigure(a?.value ?? null, unit)} in A, ${formatFigure(b?.value ?? null, unit)} in B (${formatChange(change)})`,
  );
}

function listStandOuts(standOuts: readonly StandOut[]): string[] {
  const sorted = sortStandOuts(standOuts);
  const more = sorted.length - STAND_OUTS_MAX;
  return [
    ...sorted.slice(0, STAND_OUTS_MAX).map(describeStandOut),
    ...(more > 0 ? [`${formatAmount(more, "more")} in the JSON form`] : []),
  ];
}

function describeStandOut(standOut: StandOut): string {
  const { name, measure, unit, a, b } = standOut;
  const show = (beside: Beside | null) =>
    beside === null
      ? "not measured"
      : `${formatFigure(beside.value, unit)} beside ${formatFigure(beside.peers, unit)} of its peers`;
  return `${name} ${describeStandOutSide(standOut)}: ${measure} ${show(b)} (A: ${show(a)})`;
}

function renderRow({ title, unit, counts, a, b, change, outcome }: FigureComparison): string[] {
  return [
    `${title}${counts ? " *" : ""}`,
    renderEstimate(a, unit),
    renderEstimate(b, unit),
    formatChange(change),
    describeOutcome(outcome),
  ];
}

function renderEstimate(estimate: Estimate | null, unit: FigureUnit): string {
  if (estimate === null) return "-";
  const { value, low, high, spreadOf } = estimate;
  const shown = formatFigure(value, unit);
  return spreadOf === "unknown" ? shown : `${shown} (${formatFigure(low, unit)} to ${formatFigure(high, unit)})`;
}
