/** The axis of time: the first moment at the left edge, the last at the right one. Moments are run time in µs. */
import { formatClock } from "../../snapshot/format.ts";
import { type ChartRow, measureText } from "./segment.ts";

export interface TimeAxis {
  readonly fromUs: number;
  readonly toUs: number;
}

const LABEL_COLUMNS = 16;
const INTERVALS_MAX = 8;

/** Null where there is no moment. */
export function createTimeAxis(moments: readonly number[]): TimeAxis | null {
  let fromUs = Number.POSITIVE_INFINITY;
  let toUs = Number.NEGATIVE_INFINITY;
  for (const atUs of moments) {
    if (!Number.isFinite(atUs)) continue;
    fromUs = Math.min(fromUs, atUs);
    toUs = Math.max(toUs, atUs);
  }
  return fromUs > toUs ? null : { fromUs, toUs };
}

export const isOnAxis = ({ fromUs, toUs }: TimeAxis, atUs: number): boolean => atUs >= fromUs && atUs <= toUs;

/** Of `places` from left to right. A single moment is at the left. */
export function placeOf({ fromUs, toUs }: TimeAxis, atUs: number, places: number): number {
  const share = toUs === fromUs ? 0 : (atUs - fromUs) / (toUs - fromUs);
  return Math.round(Math.min(1, Math.max(0, share)) * (places - 1));
}

/** The clock of the run beneath its column; one that says the same as the one before, or would touch it, is left out. */
export function drawTimeLabels(axis: TimeAxis, startedAtUs: number, columns: number): ChartRow {
  const intervals =
    axis.fromUs === axis.toUs ? 0 : Math.min(INTERVALS_MAX, Math.max(1, Math.floor(columns / LABEL_COLUMNS)));
  let text = "";
  let before = "";
  const last = formatClock(axis.toUs - startedAtUs);
  const lastStart = Math.max(0, columns - measureText(last));
  for (let step = 0; step <= intervals; step += 1) {
    const share = intervals === 0 ? 0 : step / intervals;
    const label = formatClock(axis.fromUs + (axis.toUs - axis.fromUs) * share - startedAtUs);
    const isLast = step === intervals && intervals > 0;
    const start = isLast ? lastStart : step === 0 ? 0 : Math.round(share * (columns - 1) - label.length / 2);
    const isApart = start >= text.length + (text === "" ? 0 : 2);
    const leavesRoom = isLast || step === 0 || (label !== last && start + label.length + 2 <= lastStart);
    if (label === before || !isApart || !leavesRoom) continue;
    text = text.padEnd(start) + label;
    before = label;
  }
  return [{ text, color: "muted" }];
}
