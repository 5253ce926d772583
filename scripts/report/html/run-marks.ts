/** The moments of a run that its charts mark: phases, faults with their recovery, restarts, failed checkpoints. Pure. */
import { nameFault, type Report } from "../../../simulator/common/contract/files/report.ts";
import { unreachable } from "../../../simulator/common/foundation/assert.ts";
import { formatDuration, formatSeconds } from "./figures.ts";
import { type Content, type Html, html } from "./markup.ts";
import { renderTable } from "./page-frame.ts";
import type { ChartMark } from "./time-chart.ts";
import type { Mark, Timeline } from "./timeline.ts";

/** More would hide what they mark. The table has all that were read. */
const CHART_MARKS_MAX = 60;

export interface Moment extends ChartMark {
  readonly what: string;
  readonly detail: string;
}

/** In the order of time. The labels of what went wrong are numbers, which the table explains. */
export function listMoments(report: Report, { marks }: Timeline, startUs: number): Moment[] {
  const faults = report.faults.map((fault) => {
    const { at, target, detail, recoveredAfterMs } = fault;
    const seconds = (Date.parse(at) - startUs / 1_000) / 1_000;
    return {
      seconds,
      kind: "incident" as const,
      prefix: "F",
      what: fault.planned ? `${target} ${nameFault(fault)}` : `${nameFault(fault)} of ${target}`,
      detail: `${detail}; ${recoveredAfterMs === null ? "did not come back" : `ready again after ${formatDuration(recoveredAfterMs)}`}`,
      untilSeconds: recoveredAfterMs === null ? null : seconds + recoveredAfterMs / 1_000,
    };
  });
  const moments = [...faults, ...marks.map(toMoment)].filter(({ seconds }) => Number.isFinite(seconds) && seconds >= 0);
  moments.sort((a, b) => a.seconds - b.seconds);
  const counts = new Map<string, number>();
  return moments.map(({ prefix, ...moment }) => {
    if (moment.kind === "phase") return { ...moment, label: prefix };
    counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
    return { ...moment, label: `${prefix}${counts.get(prefix)}` };
  });
}

function toMoment({ seconds, kind, name, detail }: Mark) {
  const moment = { seconds, detail, untilSeconds: null };
  switch (kind) {
    case "phase":
      return { ...moment, kind: "phase" as const, prefix: name, what: `phase: ${name}` };
    case "restart":
      return { ...moment, kind: "incident" as const, prefix: "R", what: `restart of ${name}` };
    case "checkpointFailed":
      return { ...moment, kind: "incident" as const, prefix: "C", what: `checkpoint ${name} failed` };
    default:
      return unreachable(kind);
  }
}

/** Faults first where there are too many. */
export function chooseChartMarks(moments: readonly Moment[]): readonly ChartMark[] {
  const rank = ({ kind, label }: Moment) => (label.startsWith("F") ? 0 : kind === "phase" ? 1 : 2);
  const chosen = new Set(moments.toSorted((a, b) => rank(a) - rank(b)).slice(0, CHART_MARKS_MAX));
  return moments.filter((moment) => chosen.has(moment));
}

export function renderMoments(moments: readonly Moment[], dropped: number): Content {
  const rest: Html | "" = dropped === 0 ? "" : html`<p>${dropped} more are in events.ndjson only.</p>\n`;
  return html`${renderTable({
    caption:
      "Phases, faults (F), restarts (R) and failed checkpoints (C), with the labels that they have in the charts",
    columns: [{ title: "Label" }, { title: "Since the start", isNumber: true }, { title: "What" }, { title: "Detail" }],
    rows: moments.map(({ label, seconds, what, detail }) => [label, formatSeconds(seconds), what, detail]),
  })}${rest}`;
}
