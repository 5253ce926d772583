/** What happened, newest last, as plain output would print it. Pure. */

import { colorOf } from "../../logs/log-lines.ts";
import type { EventLine } from "../../snapshot/event-text.ts";
import { formatSeconds } from "../../snapshot/format.ts";
import { fitColumns } from "../charts/segment.ts";
import { type Row, takeRows, titleRow } from "../rows.ts";
import { colored, LEVEL_COLORS, type ViewProps } from "./view-props.ts";

const SOURCE_COLUMNS = 19;

/** The whole view: it can be filtered, and scrolled back from its newest. */
export function drawEvents({ snapshot, state, columns, rows, glyphs }: ViewProps): readonly Row[] {
  const filter = (state.filters.events ?? "").toLowerCase();
  const all = snapshot.recent;
  const matching =
    filter === "" ? all : all.filter(({ source, text }) => `${source} ${text}`.toLowerCase().includes(filter));
  const room = Math.max(0, rows - 1);
  const back = Math.min(state.scrolled.events ?? 0, Math.max(0, matching.length - room));
  const shown = matching.slice(Math.max(0, matching.length - back - room), matching.length - back);
  const detail = [
    `${matching.length} of the newest ${all.length}`,
    ...(filter === "" ? [] : [`with "${filter}"`]),
    ...(back === 0 ? [] : [`${back} newer below`]),
  ].join(", ");
  return takeRows(
    [titleRow("EVENTS", detail, columns, glyphs), ...shown.map((line) => drawEvent(line, snapshot))],
    rows,
  );
}

/** The newest ones, below other things; where there is but one row, the newest alone. */
export function drawNewestEvents({ snapshot, columns, glyphs }: ViewProps, rows: number): readonly Row[] {
  if (rows <= 0) return [];
  const lines = snapshot.recent.slice(-Math.max(1, rows - 1)).map((line) => drawEvent(line, snapshot));
  return rows === 1 ? lines : [titleRow("EVENTS", "", columns, glyphs), ...lines];
}

/** A resource has the colour that it has in the logs. */
function drawEvent(line: EventLine, { startedAtUs }: { readonly startedAtUs: number | null }): Row {
  const color = colored(LEVEL_COLORS[line.level]);
  return [
    { text: `${formatSeconds(line.atUs - (startedAtUs ?? 0)).padStart(8)}  `, dim: true },
    { text: `${fitColumns(line.source, SOURCE_COLUMNS)} `, color: colorOf(line.source) },
    { text: line.level === "info" ? "" : `${line.level.toUpperCase()} `, bold: true, ...color },
    { text: line.text, ...color },
  ];
}
