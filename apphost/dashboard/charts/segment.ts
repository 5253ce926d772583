/**
 * What a chart is made of: rows of styled pieces of text. Pure, and without Ink: whoever shows them turns the names of
 * colours into those of the terminal, or into none.
 *
 * S1 A drawing has exactly the rows that were asked for, and no row is wider than the columns that were.
 * S2 Colour repeats what a glyph or a word already says.
 */
import stringWidth from "string-width";

export type PaletteColor = "good" | "warn" | "bad" | "accent" | "muted";

export interface Segment<Color extends string = string> {
  readonly text: string;
  readonly color?: Color | undefined;
  readonly bold?: boolean | undefined;
  readonly dim?: boolean | undefined;
  readonly inverse?: boolean | undefined;
}

export type ChartSegment = Segment<PaletteColor>;
export type ChartRow = readonly ChartSegment[];

/** `ascii` is for terminals whose locale or font has no braille and no block characters. */
export type Glyphs = "unicode" | "ascii";

export interface ChartSize {
  readonly columns: number;
  readonly rows: number;
  readonly glyphs: Glyphs;
}

/** ASCII and the glyphs of the charts: each is one code unit and one column. */
export const ONE_COLUMN_EACH = /^[\u0020-\u007e\u2500-\u25cf\u2800-\u28ff\u2190-\u21ff\u2026\u2717]*$/;
/** What would move the cursor, end the line or turn the direction of the text. */
const NOT_SHOWN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

const graphemes = new Intl.Segmenter();

export const measureText = (text: string): number => (ONE_COLUMN_EACH.test(text) ? text.length : stringWidth(text));

/** The text of others, such as a label, as one line without anything that a terminal would obey. */
export const cleanText = (text: string): string => (ONE_COLUMN_EACH.test(text) ? text : text.replace(NOT_SHOWN, " "));

/** At most `columns` wide; what is cut off is marked with `~`. */
export function cutText(text: string, columns: number): string {
  if (measureText(text) <= columns) return text;
  if (columns <= 0) return "";
  return `${startOf(text, columns - 1)}~`;
}

/** As much of its start as has room, and no half of a character. */
export function startOf(text: string, columns: number): string {
  if (ONE_COLUMN_EACH.test(text)) return text.slice(0, Math.max(0, columns));
  let kept = "";
  let width = 0;
  for (const { segment } of graphemes.segment(text)) {
    width += stringWidth(segment);
    if (width > columns) break;
    kept += segment;
  }
  return kept;
}

/** At most `columns` wide; where it is cut off, at its start, stands `~`: of a path the end tells more. */
export function cutStart(text: string, columns: number): string {
  if (measureText(text) <= columns) return text;
  if (columns <= 0) return "";
  const reversed = [...graphemes.segment(text)].map(({ segment }) => segment).reverse();
  const kept: string[] = [];
  let left = columns - 1;
  for (const segment of reversed) {
    left -= measureText(segment);
    if (left < 0) break;
    kept.push(segment);
  }
  return `~${kept.reverse().join("")}`;
}

/** Exactly `columns` wide. */
export function fitColumns(text: string, columns: number, align: "left" | "right" = "left"): string {
  const cut = cutText(text, columns);
  const padding = " ".repeat(Math.max(0, columns - measureText(cut)));
  return align === "left" ? cut + padding : padding + cut;
}

export const measureRow = (row: ChartRow): number => row.reduce((width, { text }) => width + measureText(text), 0);

/** S1 */
export function cutRow(row: ChartRow, columns: number): ChartRow {
  const kept: ChartSegment[] = [];
  let left = columns;
  for (const segment of row) {
    if (left <= 0) break;
    const text = cutText(segment.text, left);
    left -= measureText(text);
    kept.push(text === segment.text ? segment : { ...segment, text });
  }
  return kept;
}

/** S1 */
export function fitRows(rows: readonly ChartRow[], { columns, rows: count }: ChartSize): readonly ChartRow[] {
  return Array.from({ length: Math.max(0, count) }, (_, index) => cutRow(rows[index] ?? [], columns));
}

/** Parts that belong together, as many as fit as a whole; the first is cut rather than left out. */
export function joinParts(parts: readonly ChartRow[], columns: number, gap = "  "): ChartRow {
  const row: ChartSegment[] = [];
  let width = 0;
  for (const part of parts) {
    const partWidth = measureRow(part);
    if (width > 0 && width + gap.length + partWidth > columns) continue;
    if (width > 0) row.push({ text: gap });
    row.push(...part);
    width += partWidth + (width > 0 ? gap.length : 0);
  }
  return cutRow(row, columns);
}

/** One column of a drawing. */
export interface Cell {
  readonly glyph: string;
  readonly color?: PaletteColor | undefined;
}

/** Neighbours of one colour become one piece: a terminal is told a colour once and not at each column. */
export function joinCells(cells: readonly Cell[]): ChartRow {
  const row: { text: string; color?: PaletteColor }[] = [];
  for (const { glyph, color } of cells) {
    const last = row.at(-1);
    // A space has no colour of its own.
    if (last !== undefined && (last.color === color || glyph === " ")) last.text += glyph;
    else row.push(color === undefined || glyph === " " ? { text: glyph } : { text: glyph, color });
  }
  return row;
}
