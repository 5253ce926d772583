/** Two sides of one or more runs beside each other, as a value that every form of output renders. Pure. */
import type { VerdictWord } from "../../../simulator/common/contract/files/report.ts";
import {
  compareFigures,
  type FigureComparison,
  findShapeDifferences,
  type Judgement,
  judgeFigures,
  type ShapeDifference,
} from "./figures.ts";
import { findStandOuts, type StandOut } from "./load-balance.ts";
import { RUN_FIGURES, type RunMeasure } from "./run-measure.ts";

export interface ComparedSide {
  /** As the user named it. */
  readonly name: string;
  readonly runs: readonly { readonly runId: string; readonly startedAt: string; readonly verdict: VerdictWord }[];
}

export interface Comparison {
  readonly schema: 1;
  readonly a: ComparedSide;
  readonly b: ComparedSide;
  /** Not empty: the sides are not alike, and were compared by force. */
  readonly differences: readonly ShapeDifference[];
  readonly figures: readonly FigureComparison[];
  readonly standOuts: readonly StandOut[];
  /** Of `--fail-above`; null without it. */
  readonly judgement: Judgement | null;
}

export interface Side {
  readonly name: string;
  /** One at least. */
  readonly runs: readonly RunMeasure[];
}

/** `failAbove` is a share, 0.1 for 10 %; null: nothing is judged. */
export function compareRuns(a: Side, b: Side, failAbove: number | null): Comparison {
  const figures = compareFigures(
    RUN_FIGURES,
    a.runs.map((run) => run.figures),
    b.runs.map((run) => run.figures),
  );
  return {
    schema: 1,
    a: describeSide(a),
    b: describeSide(b),
    differences: findShapeDifferences(
      a.runs.map(({ shape }) => shape),
      b.runs.map(({ shape }) => shape),
    ),
    figures,
    standOuts: findStandOuts(a.runs, b.runs),
    judgement: failAbove === null ? null : judgeFigures(figures, failAbove),
  };
}

const describeSide = ({ name, runs }: Side): ComparedSide => ({
  name,
  runs: runs.map(({ runId, startedAt, verdict }) => ({ runId, startedAt, verdict })),
});
