/** Figures of two sides beside each other, and which of the differences mean something. Pure. */
import { createError } from "../../../simulator/common/foundation/errors.ts";
import {
  changeOf,
  type Direction,
  type Estimate,
  estimate,
  judgeChange,
  type Outcome,
  type RunValue,
} from "./spread.ts";

export type FigureUnit = "perSecond" | "ms" | "us" | "ns" | "bytes" | "percent" | "count";

export interface FigureSpec {
  readonly id: string;
  readonly title: string;
  readonly unit: FigureUnit;
  /** Which direction is the better one. */
  readonly better: Direction;
  /** Whether `--fail-above` minds it. */
  readonly counts: boolean;
}

export interface FigureComparison extends FigureSpec {
  readonly a: Estimate | null;
  readonly b: Estimate | null;
  /** Of B over A, as a share of A; null where it cannot be said. */
  readonly change: number | null;
  readonly outcome: Outcome;
}

/** By id of the figure. What was not measured is not there. */
export type RunFigures = Readonly<Record<string, RunValue>>;

/** Figures that no run of either side measured are left out. */
export function compareFigures(
  specs: readonly FigureSpec[],
  a: readonly RunFigures[],
  b: readonly RunFigures[],
): FigureComparison[] {
  return specs.flatMap((spec) => {
    const [ofA, ofB] = [estimate(valuesOf(a, spec.id)), estimate(valuesOf(b, spec.id))];
    if (ofA === null && ofB === null) return [];
    const change = ofA === null || ofB === null ? null : changeOf(ofA, ofB);
    return [{ ...spec, a: ofA, b: ofB, change, outcome: judgeChange(ofA, ofB, spec.better) }];
  });
}

/** Of one figure, of those runs that measured it. */
export const valuesOf = (runs: readonly RunFigures[], id: string): RunValue[] =>
  runs.flatMap((figures) => {
    const value = figures[id];
    return value === undefined ? [] : [value];
  });

/** How a comparison ends that has a limit. */
export type Judgement =
  | { readonly kind: "kept" }
  /** Ids of the figures that got worse by more than the limit, and by more than their spread. */
  | { readonly kind: "worse"; readonly figures: readonly string[] }
  /** No figure that counts was measured on both sides with a spread: nothing is known to be worse, and nothing not to be. */
  | { readonly kind: "unknown" };

/** The limit is a share: 0.1 for 10 %. */
export function judgeFigures(figures: readonly FigureComparison[], limit: number): Judgement {
  const counting = figures.filter(({ counts }) => counts);
  const isJudged = counting.some(({ outcome }) => ["better", "worse", "withinSpread"].includes(outcome));
  if (!isJudged) return { kind: "unknown" };
  // From zero every share is exceeded.
  const worse = counting.filter(({ outcome, change }) => outcome === "worse" && Math.abs(change ?? Infinity) > limit);
  return worse.length === 0 ? { kind: "kept" } : { kind: "worse", figures: worse.map(({ id }) => id) };
}

export interface ShapeDifference {
  readonly name: string;
  readonly a: string;
  readonly b: string;
}

/** What was measured, by name: two sides of another shape measure another thing. */
export type Shape = Readonly<Record<string, string>>;

/** Each name at which some run differs from the first one, with the values of either side. */
export function findShapeDifferences(a: readonly Shape[], b: readonly Shape[]): ShapeDifference[] {
  const all = [...a, ...b];
  return listShapes(a, b).filter(({ name }) => new Set(all.map((shape) => shape[name])).size > 1);
}

/** Every name, with the values of either side. */
export function listShapes(a: readonly Shape[], b: readonly Shape[]): ShapeDifference[] {
  const names = [...new Set([...a, ...b].flatMap((shape) => Object.keys(shape)))];
  const list = (shapes: readonly Shape[], name: string) =>
    [...new Set(shapes.map((shape) => shape[name] ?? "not told"))].join(" and ");
  return names.map((name) => ({ name, a: list(a, name), b: list(b, name) }));
}

/** Throws COMPARISON_REFUSED where something differs. */
export function refuseUnlike(differences: readonly ShapeDifference[], what: string): void {
  if (differences.length === 0) return;
  throw createError("COMPARISON_REFUSED", {
    what,
    differences: differences.map(({ name, a, b }) => `${name}: ${a} beside ${b}`),
  });
}
