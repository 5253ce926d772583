/**
 * The view of logs as rows of text: exactly as many as there is room for, and the last one says where one is. Pure.
 *
 * W1 No row is wider than the screen. A line that is too wide is cut, or takes several rows.
 * W2 Who follows sees the end of the last line; who does not sees the begin of the first.
 * W3 A match that is cut off at the right is moved into sight.
 */
import { colorOf, type LogLine } from "../../logs/log-lines.ts";
import {
  cutRow,
  highlightRow,
  type Row,
  readTerminalText,
  textOf,
  widthOf,
  wrapRow,
} from "../../logs/terminal-text.ts";
import { drawStatus, type LogStatus } from "./log-status.ts";
import type { LogViewState } from "./log-view-state.ts";

export interface LogWindow {
  /** The place of the first of them among all lines that are shown. */
  readonly from: number;
  readonly lines: readonly LogLine[];
  /** How many these are; null: not counted yet. */
  readonly of: number | null;
}

export interface LogScreenInput {
  readonly state: LogViewState;
  readonly window: LogWindow;
  readonly status: LogStatus;
  /** Before which line a mark stands, and its time. */
  readonly marks: readonly { readonly line: number; readonly atMs: number }[];
  /** Columns for the name of a resource; 0 = there is but one. */
  readonly nameWidth: number;
  readonly findAll: (text: string) => readonly { readonly start: number; readonly end: number }[];
  readonly rows: number;
  readonly columns: number;
  readonly colors: boolean;
  /** Whether the terminal shows more than ASCII. */
  readonly unicode: boolean;
}

export interface LogScreen {
  readonly rows: readonly Row[];
  /** The first line on it, and how many are on it. */
  readonly top: number;
  readonly visibleLines: number;
}

export const STATUS_ROWS = 1;
const NAME_PART_MAX = 3;

export function drawLogScreen(input: LogScreenInput): LogScreen {
  const { state, window, status, rows, columns } = input;
  const bodyRows = Math.max(0, rows - STATUS_ROWS);
  const { from, lines } = window;
  const end = from + lines.length;
  const drawn: Row[] = [];
  let top = Math.min(Math.max(state.top, from), end);
  let next = top;
  if (state.follow) {
    next = end;
    top = end;
    drawn.push(...drawMarks(input, end));
    for (; top > from && drawn.length < bodyRows; top -= 1) drawn.unshift(...drawPlace(input, top - 1));
  } else {
    for (; next < end && drawn.length < bodyRows; next += 1) drawn.push(...drawPlace(input, next));
    if (next === end && drawn.length < bodyRows) drawn.push(...drawMarks(input, end));
  }
  const body = state.follow ? drawn.slice(Math.max(0, drawn.length - bodyRows)) : drawn.slice(0, bodyRows);
  while (body.length < bodyRows) body.push([]);
  const visibleLines = next - top;
  if (rows >= STATUS_ROWS)
    body.push(cutRow(drawStatus(state, status, { top, visibleLines, of: window.of }, columns), columns));
  return { rows: body, top, visibleLines };
}

/** The marks before a line, and the line. */
function drawPlace(input: LogScreenInput, place: number): Row[] {
  const line = input.window.lines[place - input.window.from];
  return [...drawMarks(input, place), ...(line === undefined ? [] : drawLine(input, line, place))];
}

function drawMarks({ marks, columns, unicode }: LogScreenInput, place: number): Row[] {
  const rule = unicode ? "─" : "-";
  return marks
    .filter(({ line }) => line === place)
    .map(({ atMs }) => {
      const text = `${rule.repeat(2)} mark ${showTime(atMs)} `;
      return cutRow([{ text: text + rule.repeat(Math.max(0, columns - text.length)), dim: true }], columns);
    });
}

function drawLine(input: LogScreenInput, line: LogLine, place: number): Row[] {
  const { state, columns, rows } = input;
  const start = drawStart(input, line);
  const startWidth = start.reduce((sum, { text }) => sum + widthOf(text), 0);
  const room = Math.max(1, columns - startWidth);
  const text = drawText(input, line, place);
  if (!state.wrap) return [cutRow([...start, ...fitRow(input, text, room)], columns)];
  const blank = startWidth === 0 ? [] : [{ text: " ".repeat(startWidth) }];
  return wrapRow(text, room, state.follow ? Number.POSITIVE_INFINITY : rows).map((row, index) =>
    cutRow([...(index === 0 ? start : blank), ...row], columns),
  );
}

function drawStart({ state, nameWidth, columns, colors }: LogScreenInput, { resource, timeMs }: LogLine): Row {
  const width = Math.min(nameWidth, Math.floor(columns / NAME_PART_MAX));
  const name = `${textOf(readTerminalText(resource, { colors: false }))
    .slice(0, width)
    .padEnd(width)} | `;
  return [
    ...(nameWidth === 0 ? [] : [{ text: name, color: colors ? colorOf(resource) : undefined }]),
    ...(state.timestamps && timeMs !== null ? [{ text: `${showTime(timeMs)} `, dim: true }] : []),
  ];
}

function drawText({ state, colors, findAll }: LogScreenInput, line: LogLine, place: number): Row {
  const text = readTerminalText(line.text, { colors });
  if (state.search === null) return text;
  return highlightRow(text, findAll(textOf(text)), { inverse: true, bold: place === state.search.match });
}

/** One row of it, with a sign where something is cut off. */
function fitRow({ state, unicode }: LogScreenInput, row: Row, columns: number): Row {
  const more = { text: unicode ? "…" : ">", dim: true };
  const shown = cutRow(row, columns);
  if (lengthOf(shown) === lengthOf(row)) return row;
  const match = state.search === null ? -1 : row.findIndex(({ inverse }) => inverse === true);
  const isInSight = match < 0 || lengthOf(row.slice(0, match + 1)) < lengthOf(shown);
  if (isInSight) return [...cutRow(row, columns - 1), more];
  const moved = [more, ...row.slice(match)];
  const isCut = lengthOf(cutRow(moved, columns)) < lengthOf(moved);
  return isCut ? [...cutRow(moved, columns - 1), more] : moved;
}

const lengthOf = (row: Row): number => row.reduce((sum, { text }) => sum + text.length, 0);

/** UTC, as the programs of a run write it. */
const showTime = (timeMs: number): string => new Date(timeMs).toISOString().slice(11, 24);
