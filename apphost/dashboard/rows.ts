/** Rows of a screen, beside what charts have (`charts/segment.ts`). Pure. */
import { cutText, type Glyphs, measureText, type Segment, startOf } from "./charts/segment.ts";

export type Row = readonly Segment[];

/** What is cut off is marked. */
export function cutWidth(row: Row, columns: number): Row {
  let left = columns;
  const cut: Segment[] = [];
  for (const segment of row) {
    if (left <= 0) break;
    const text = cutText(segment.text, left);
    left -= measureText(text);
    cut.push(text === segment.text ? segment : { ...segment, text });
  }
  return cut;
}

export const measureWidth = (row: Row): number => row.reduce((sum, { text }) => sum + measureText(text), 0);

/** Exactly `count` rows: cut at the end, or filled with empty ones. */
export function takeRows(rows: readonly Row[], count: number): readonly Row[] {
  const wanted = Math.max(0, count);
  return rows.length >= wanted
    ? rows.slice(0, wanted)
    : [...rows, ...Array.from({ length: wanted - rows.length }, (): Row => [])];
}

export const textRow = (text: string, style: Omit<Segment, "text"> = {}): Row => [{ text, ...style }];

/** `── NAME ─ detail ─────────`, as wide as the screen. */
export function titleRow(name: string, detail: string, columns: number, glyphs: Glyphs): Row {
  const rule = glyphs === "unicode" ? "─" : "-";
  const start = `${rule}${rule} ${name}${detail === "" ? "" : ` ${rule} ${detail}`} `;
  return [{ text: start + rule.repeat(Math.max(0, columns - measureText(start))), dim: true }];
}

/** Two drawings of as many rows beside each other. What is right of it begins in one column, however short the left is. */
export function joinSides(left: readonly Row[], right: readonly Row[], leftColumns: number): readonly Row[] {
  const start = leftColumns + SIDES_GAP_COLUMNS;
  return left.map((row, index) => {
    const cut = cutWidth(row, leftColumns);
    return [...cut, { text: " ".repeat(start - measureWidth(cut)) }, ...(right[index] ?? [])];
  });
}
export const SIDES_GAP_COLUMNS = 2;

/** Words in lines of at most `columns`; a word that is longer is cut into pieces, and nothing of it is lost. */
export function wrapText(text: string, columns: number): readonly string[] {
  const width = Math.max(1, columns);
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const next = line === "" ? word : `${line} ${word}`;
    if (measureText(next) <= width) {
      line = next;
      continue;
    }
    if (line !== "") lines.push(line);
    line = word;
    while (measureText(line) > width) {
      const piece = startOf(line, width);
      // A character that is wider than the whole line has no room at all.
      if (piece === "") return lines;
      lines.push(piece);
      line = line.slice(piece.length);
    }
  }
  return [...lines, line];
}

/** The part of a list that is shown: the selected item is always in it. */
export function windowOf(
  count: number,
  rows: number,
  selected: number,
): { readonly from: number; readonly to: number } {
  const room = Math.max(0, rows);
  const from = Math.max(0, Math.min(selected - Math.floor(room / 2), count - room));
  return { from, to: Math.min(count, from + room) };
}
