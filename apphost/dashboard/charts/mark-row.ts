/** What happened, beneath the column of its moment: a glyph for each kind, and a bar for as long as a recovery took. */
import { formatClock, formatDuration } from "../../snapshot/format.ts";
import type { Mark, Recovery } from "../../snapshot/histories.ts";
import {
  type Cell,
  type ChartRow,
  cleanText,
  type Glyphs,
  joinCells,
  joinParts,
  type PaletteColor,
} from "./segment.ts";
import { isOnAxis, placeOf, type TimeAxis } from "./time-axis.ts";

type MarkKind = Mark["kind"];
/** The part of a recovery that is drawn: from the fault until what it hit was ready again. */
export type Outage = Pick<Recovery, "target" | "atUs" | "recoveredAfterMs">;

interface MarkForm {
  readonly unicode: string;
  readonly ascii: string;
  readonly noun: string;
  readonly color: PaletteColor;
}

/** In the order of what a person must not miss: of several in one column the first stands. */
const FORMS: Readonly<Record<MarkKind, MarkForm>> = {
  fault: { unicode: "✗", ascii: "x", noun: "fault", color: "bad" },
  checkpointFailed: { unicode: "△", ascii: "!", noun: "checkpoint failed", color: "bad" },
  asked: { unicode: "×", ascii: "k", noun: "killed or paused as asked", color: "warn" },
  recovered: { unicode: "●", ascii: "o", noun: "recovered", color: "good" },
  restart: { unicode: "↻", ascii: "r", noun: "restart", color: "warn" },
  rebalance: { unicode: "⇄", ascii: "b", noun: "rebalance", color: "accent" },
  round: { unicode: "┃", ascii: "|", noun: "round", color: "accent" },
  // They may come each second: a tick of the axis, and no more.
  checkpoint: { unicode: "╵", ascii: "'", noun: "checkpoint", color: "muted" },
};
const KINDS = Object.keys(FORMS) as readonly MarkKind[];
const RECOVERING = { unicode: "━", ascii: "=" } as const;

export interface MarkRowInput {
  readonly marks: readonly Mark[];
  readonly recoveries: readonly Outage[];
  readonly axis: TimeAxis;
  readonly startedAtUs: number;
  readonly columns: number;
  readonly glyphs: Glyphs;
}

export const hasMarks = ({ marks, recoveries, axis }: Pick<MarkRowInput, "marks" | "recoveries" | "axis">): boolean =>
  marks.some(({ atUs }) => isOnAxis(axis, atUs)) || recoveries.some((recovery) => isSeen(recovery, axis));

export function drawMarkRow({ marks, recoveries, axis, columns, glyphs }: MarkRowInput): ChartRow {
  const cells: Cell[] = Array.from({ length: columns }, () => ({ glyph: " " }));
  for (const recovery of recoveries) {
    if (!isSeen(recovery, axis)) continue;
    const end = placeOf(axis, endOf(recovery, axis), columns);
    for (let column = placeOf(axis, recovery.atUs, columns); column <= end; column += 1) {
      cells[column] = { glyph: RECOVERING[glyphs], color: "warn" };
    }
  }
  const byUrgency = KINDS.toReversed().flatMap((kind) => marks.filter((mark) => mark.kind === kind));
  for (const { kind, atUs } of byUrgency) {
    if (!isOnAxis(axis, atUs)) continue;
    cells[placeOf(axis, atUs, columns)] = { glyph: FORMS[kind][glyphs], color: FORMS[kind].color };
  }
  return joinCells(cells);
}

/** What the glyphs mean, of those that are there, and how long the newest fault lasted. */
export function drawMarkLegend({ marks, recoveries, axis, startedAtUs, columns, glyphs }: MarkRowInput): ChartRow {
  const seen = new Set(marks.filter(({ atUs }) => isOnAxis(axis, atUs)).map(({ kind }) => kind));
  const parts = KINDS.filter((kind) => seen.has(kind)).map(
    (kind): ChartRow => [{ text: FORMS[kind][glyphs], color: FORMS[kind].color }, { text: ` ${FORMS[kind].noun}` }],
  );
  const newest = recoveries.filter((recovery) => isSeen(recovery, axis)).at(-1);
  if (newest === undefined) return joinParts(parts, columns);
  const { target, atUs, recoveredAfterMs } = newest;
  const end =
    recoveredAfterMs === null
      ? `not back since ${formatClock(atUs - startedAtUs)}`
      : `back after ${formatDuration(recoveredAfterMs)}`;
  return joinParts(
    [...parts, [{ text: RECOVERING[glyphs], color: "warn" }, { text: ` ${cleanText(target)} ${end}` }]],
    columns,
  );
}

const endOf = ({ atUs, recoveredAfterMs }: Outage, { toUs }: TimeAxis): number =>
  recoveredAfterMs === null ? toUs : Math.min(toUs, atUs + recoveredAfterMs * 1_000);

const isSeen = (recovery: Outage, axis: TimeAxis): boolean =>
  recovery.atUs <= axis.toUs && endOf(recovery, axis) >= axis.fromUs;
