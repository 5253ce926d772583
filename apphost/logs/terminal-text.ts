/**
 * A line of a log as it may be drawn on a terminal: whatever a child writes, it is shown and never executed. Pure.
 *
 * T1 Of escape sequences only colours come through (SGR), as styles of segments; all others are left out: what moves the
 *    cursor, names the window or writes to the clipboard. One that does not end is no sequence: it is shown, like `^[`.
 * T2 Control characters are shown as `^M`; one at the end of a line (CR LF) is left out. C1 controls, and those that turn
 *    the direction of text, are shown as U+FFFD.
 * T3 Text is cut at TEXT_LENGTH_MAX before anything else looks at it, and says how much is missing.
 */
import stringWidth from "string-width";
import { type SgrStyle, startStyle, updateStyle } from "./sgr-style.ts";

/** A part of a row that looks the same throughout. */
export interface Segment {
  readonly text: string;
  readonly color?: string | undefined;
  readonly bold?: boolean;
  readonly dim?: boolean;
  readonly inverse?: boolean;
}

export type Row = readonly Segment[];

/** More than the largest terminal shows of one line. */
const TEXT_LENGTH_MAX = 16_384;
const TAB_COLUMNS = 8;
/** A letter with more marks than that would paint over its neighbours. */
const GRAPHEME_LENGTH_MAX = 32;

/** CSI with its final byte, a string with its end, and escapes of one or few characters. */
const SEQUENCE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  /(?:\x1b\[|\x9b)([0-?]*)[ -/]*([@-~])|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)|\x1b[ -/]+[0-~]|\x1b[0-OQ-WYZ\\`-~]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/g;
/** C1, and what turns directions or breaks lines: U+061C, U+200E, U+200F, U+2028 to U+202E, U+2066 to U+206F. */
const FORBIDDEN = /[\u0080-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb]/g;
const ASCII = /^[\x20-\x7e]*$/;
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

const mayHaveSequences = (text: string): boolean => text.includes("\x1b") || text.includes("\x9b");

/** Without escape sequences; for everything but drawing. */
export const stripSequences = (text: string): string => (mayHaveSequences(text) ? text.replace(SEQUENCE, "") : text);

/** A line without its end of line; with `colors`, those of the child are kept. */
export function readTerminalText(line: string, { colors }: { readonly colors: boolean }): Row {
  const text = cutText(line.endsWith("\r") ? line.slice(0, -1) : line);
  if (ASCII.test(text)) return text === "" ? [] : [{ text }];
  const segments: Segment[] = [];
  let column = 0;
  const add = (part: string, style: SgrStyle) => {
    if (part === "") return;
    const shown = showControls(part, column);
    column += widthOf(shown);
    segments.push({ ...(colors ? style : startStyle), text: shown });
  };
  let style = startStyle;
  let start = 0;
  for (const match of text.matchAll(SEQUENCE)) {
    add(text.slice(start, match.index), style);
    start = match.index + match[0].length;
    if (match[2] === "m") style = updateStyle(style, match[1] ?? "");
  }
  add(text.slice(start), style);
  return segments;
}

function cutText(text: string): string {
  if (text.length <= TEXT_LENGTH_MAX) return text;
  return `${text.slice(0, TEXT_LENGTH_MAX)} … and ${text.length - TEXT_LENGTH_MAX} more characters`;
}

function showControls(text: string, column: number): string {
  const shown = text
    .toWellFormed()
    .replace(CONTROL, (control) => `^${String.fromCharCode(control.charCodeAt(0) ^ 64)}`)
    .replace(FORBIDDEN, "\ufffd");
  return shown.includes("\t") ? expandTabs(shown, column) : shown;
}

function expandTabs(text: string, column: number): string {
  let expanded = "";
  let at = column;
  for (const [index, part] of text.split("\t").entries()) {
    const gap = index === 0 ? 0 : TAB_COLUMNS - (at % TAB_COLUMNS);
    expanded += " ".repeat(gap) + part;
    at += gap + widthOf(part);
  }
  return expanded;
}

/** In columns. */
export const widthOf = (text: string): number => (ASCII.test(text) ? text.length : stringWidth(text));

/** Parts that are never torn: one character as a person sees it, and its columns. */
function* listGraphemes(text: string): Generator<{ readonly text: string; readonly width: number }> {
  for (const { segment } of graphemes.segment(text)) {
    const isTooLong = segment.length > GRAPHEME_LENGTH_MAX;
    yield isTooLong ? { text: "\ufffd", width: 1 } : { text: segment, width: widthOf(segment) };
  }
}

/** The rows that a line takes on a terminal of that width, at most `rowsMax` of them. At least one. */
export function wrapRow(row: Row, columns: number, rowsMax: number): Row[] {
  const rows: Segment[][] = [[]];
  let used = 0;
  for (const segment of row) {
    let open = "";
    const close = () => {
      if (open !== "") rows.at(-1)?.push({ ...segment, text: open });
      open = "";
    };
    for (const part of listParts(segment.text, columns)) {
      if (used + part.width > columns && used > 0) {
        close();
        if (rows.length >= rowsMax) return rows;
        rows.push([]);
        used = 0;
      }
      // A character that is wider than the terminal has no place on it.
      if (part.width > columns) continue;
      open += part.text;
      used += part.width;
    }
    close();
  }
  return rows;
}

export const cutRow = (row: Row, columns: number): Row => wrapRow(row, columns, 1)[0] ?? [];

/** Plain text one character at a time, without asking what a grapheme is. */
function* listParts(text: string, columns: number): Generator<{ readonly text: string; readonly width: number }> {
  if (columns <= 0) return;
  if (ASCII.test(text)) for (const letter of text) yield { text: letter, width: 1 };
  else yield* listGraphemes(text);
}

/** Marks parts of a row, counted in its whole text. */
export function highlightRow(
  row: Row,
  ranges: readonly { readonly start: number; readonly end: number }[],
  style: Omit<Segment, "text">,
): Row {
  if (ranges.length === 0) return row;
  const segments: Segment[] = [];
  let segmentStart = 0;
  for (const segment of row) {
    const segmentEnd = segmentStart + segment.text.length;
    let at = segmentStart;
    const addTo = (end: number, extra: Omit<Segment, "text">) => {
      const text = segment.text.slice(at - segmentStart, end - segmentStart);
      if (text !== "") segments.push({ ...segment, ...extra, text });
      at = Math.max(at, end);
    };
    for (const { start, end } of ranges) {
      if (end <= segmentStart || start >= segmentEnd) continue;
      addTo(Math.max(at, start), {});
      addTo(Math.min(end, segmentEnd), style);
    }
    addTo(segmentEnd, {});
    segmentStart = segmentEnd;
  }
  return segments;
}

export const textOf = (row: Row): string => row.map(({ text }) => text).join("");
