/** The two rows above every view: which run, which phase, for how long; and which views there are. Pure. */

import { formatClock } from "../../snapshot/format.ts";
import type { Snapshot } from "../../snapshot/snapshot.ts";
import type { Segment } from "../charts/segment.ts";
import { measureWidth, type Row } from "../rows.ts";
import { VIEWS } from "../state/view-state.ts";
import { verdictColor } from "./verdict.ts";
import type { ViewProps } from "./view-props.ts";

export const HEADER_ROWS = 2;

export function drawHeader({ snapshot, state, columns, nowUs }: ViewProps): readonly Row[] {
  const elapsedUs = snapshot.startedAtUs === null ? 0 : Math.max(0, nowUs - snapshot.startedAtUs);
  const waiting = describeWaiting(snapshot, nowUs);
  return [
    [
      { text: "flink-apphost ", bold: true },
      { text: `${snapshot.runId}  ` },
      { text: formatClock(elapsedUs), bold: true },
      { text: "  " },
      { text: snapshot.phase.toUpperCase(), bold: true, color: "accent" },
      { text: waiting === "" ? "" : `  ${waiting}` },
    ],
    drawTabs(snapshot, state.view, columns),
  ];
}

function describeWaiting(snapshot: Snapshot, nowUs: number): string {
  const { waitingFor, waitingSinceUs, waitingMsMax, phaseDetail } = snapshot;
  if (waitingFor === null) return phaseDetail;
  const waitedMs = Math.max(0, nowUs - waitingSinceUs) / 1_000;
  const most = waitingMsMax === null ? "s so far" : `of at most ${Math.ceil(waitingMsMax / 1_000)} s`;
  return `waiting for ${waitingFor}, ${Math.floor(waitedMs / 1_000)} ${most}`;
}

/** The present one stands in brackets, so that it is told without colours, too. */
function drawTabs({ verdict, faults }: Snapshot, view: string, columns: number): Row {
  const name = (one: string) => `${one.charAt(0).toUpperCase()}${one.slice(1)}`;
  const tabs = VIEWS.map(
    (one, index): Segment =>
      one === view
        ? { text: `[${index + 1} ${name(one)}]`, bold: true, color: "accent" }
        : { text: ` ${index + 1} ${name(one)} ` },
  );
  const facts: Segment[] = [
    ...(faults === 0 ? [] : [{ text: `${faults} ${faults === 1 ? "fault" : "faults"}  `, color: "warn" }]),
    ...(verdict === null
      ? []
      : [{ text: verdict.verdict.toUpperCase(), bold: true, color: verdictColor(verdict.verdict) }]),
  ];
  const gap = columns - measureWidth(tabs) - measureWidth(facts);
  return gap < 1 ? tabs : [...tabs, { text: " ".repeat(gap) }, ...facts];
}
