/** The two rows above every view: which run, which phase, for how long; and which views there are. Pure. */

import { formatAmount, formatClock } from "../../snapshot/format.ts";
import type { Snapshot } from "../../snapshot/snapshot.ts";
import { measureWidth, type Row } from "../rows.ts";
import { VIEWS } from "../state/view-state.ts";
import { verdictColor } from "./verdict.ts";
import type { ViewProps } from "./view-props.ts";

export const HEADER_ROWS = 2;

export function drawHeader({ snapshot, state, columns, nowUs }: ViewProps): readonly Row[] {
  const elapsedUs = snapshot.startedAtUs === null ? 0 : Math.max(0, nowUs - snapshot.startedAtUs);
  const waiting = describeWaiting(snapshot, nowUs);
  const facts = listFacts(snapshot);
  const room = columns - measureWidth(facts) - GAP_COLUMNS_MIN;
  const wide = drawTabs(state.view, " ");
  const tabs = measureWidth(wide) <= room ? wide : drawTabs(state.view, "");
  const hasRoom = measureWidth(tabs) <= room;
  const start: Row = [
    { text: "flink-apphost ", bold: true },
    { text: `${snapshot.runId}  ` },
    { text: formatClock(elapsedUs), bold: true },
    { text: "  " },
    { text: snapshot.phase.toUpperCase(), bold: true, color: "accent" },
    ...(hasRoom ? [] : [{ text: "  " }, ...facts]),
    { text: waiting === "" ? "" : `  ${waiting}` },
  ];
  return [alignEnds(start, drawMachine(snapshot), columns), alignEnds(tabs, hasRoom ? facts : [], columns)];
}

/** What the machine has left decides what its figures are worth. */
const drawMachine = ({ usage }: Snapshot): Row =>
  usage === null
    ? []
    : [
        {
          text: `machine CPU ${Math.round(usage.machine.cpuPercent)}%, memory ${Math.round(usage.machine.memoryPercent)}%`,
          dim: true,
        },
      ];

/** The right one only where there is room for both. */
function alignEnds(left: Row, right: Row, columns: number): Row {
  const gap = columns - measureWidth(left) - measureWidth(right);
  return gap < GAP_COLUMNS_MIN ? left : [...left, { text: " ".repeat(gap) }, ...right];
}
const GAP_COLUMNS_MIN = 1;

function describeWaiting(snapshot: Snapshot, nowUs: number): string {
  const { waitingFor, waitingSinceUs, waitingMsMax, phaseDetail } = snapshot;
  if (waitingFor === null) return phaseDetail;
  const waitedMs = Math.max(0, nowUs - waitingSinceUs) / 1_000;
  const most = waitingMsMax === null ? "s so far" : `of at most ${Math.ceil(waitingMsMax / 1_000)} s`;
  return `waiting for ${waitingFor}, ${Math.floor(waitedMs / 1_000)} ${most}`;
}

/** The present one stands in brackets, so that it is told without colours, too. Without `end` they have room in 60 columns. */
function drawTabs(view: string, end: string): Row {
  const name = (one: string) => `${one.charAt(0).toUpperCase()}${one.slice(1)}`;
  return VIEWS.map((one, index) =>
    one === view
      ? { text: `[${index + 1} ${name(one)}]`, bold: true, color: "accent" }
      : { text: ` ${index + 1} ${name(one)}${end}` },
  );
}

function listFacts({ verdict, faults }: Snapshot): Row {
  return [
    ...(faults === 0
      ? []
      : [{ text: `${formatAmount(faults, "fault")}${verdict === null ? "" : "  "}`, color: "warn" }]),
    ...(verdict === null
      ? []
      : [{ text: verdict.verdict.toUpperCase(), bold: true, color: verdictColor(verdict.verdict) }]),
  ];
}
