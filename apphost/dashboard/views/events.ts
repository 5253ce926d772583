/** What happened, newest last, as plain output would print it. Pure. */

import type { EventLine } from "../../snapshot/event-text.ts";
import { formatSeconds } from "../../snapshot/format.ts";
import { type Row, takeRows, titleRow } from "../rows.ts";
import { colored, LEVEL_COLORS, type ViewProps } from "./view-props.ts";

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

/** The newest ones, below other things. */
export function drawNewestEvents({ snapshot, columns, glyphs }: ViewProps, rows: number): readonly Row[] {
  if (rows <= 0) return [];
  const lines = rows > 1 ? snapshot.recent.slice(-(rows - 1)) : [];
  return [titleRow("EVENTS", "", columns, glyphs), ...lines.map((line) => drawEvent(line, snapshot))];
}

export function drawEvent(line: EventLine, { startedAtUs }: { readonly startedAtUs: number | null }): Row {
  const color = colored(LEVEL_COLORS[line.level]);
  return [
    { text: `${formatSeconds(line.atUs - (startedAtUs ?? 0)).padStart(8)}  `, dim: true },
    { text: `${line.source.padEnd(19)} ` },
    { text: line.level === "info" ? "" : `${line.level.toUpperCase()} `, bold: true, ...color },
    { text: line.text, ...color },
  ];
}
