/** What a chart looks like as text, and what each chart keeps to, whatever it is given. */
import fc from "fast-check";
import stringWidth from "string-width";
import { expect } from "vitest";
import type { ChartRow, ChartSize } from "../../apphost/dashboard/charts/segment.ts";

export const textOf = (row: ChartRow): string => row.map(({ text }) => text).join("");

/** Without trailing spaces, as an inline snapshot shows it. */
export const drawingOf = (rows: readonly ChartRow[]): string => rows.map((row) => textOf(row).trimEnd()).join("\n");

export const anySize: fc.Arbitrary<ChartSize> = fc.record({
  columns: fc.integer({ min: 0, max: 220 }),
  rows: fc.integer({ min: 0, max: 40 }),
  glyphs: fc.constantFrom("unicode" as const, "ascii" as const),
});

/** Also what no feed should bring: a figure that is none. */
export const anyFigure = fc.oneof(
  fc.double({ min: 0, max: 1e9 }),
  fc.constantFrom(0, 1e-320, Number.MAX_VALUE, Number.NaN, Number.POSITIVE_INFINITY, -1),
);

export const anyText = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 30 }),
  fc.constantFrom("taskmanager-07", "工作管理者", "a\nb", "\u001b[31mred\u001b[0m", "x\u202ey", "👩‍👩‍👧‍👦", "e\u0301"),
);

/** S1, and that no control character reaches the terminal. */
export function expectForm(rows: readonly ChartRow[], size: ChartSize): void {
  expect(rows).toHaveLength(size.rows);
  for (const row of rows) {
    const text = textOf(row);
    expect(stringWidth(text)).toBeLessThanOrEqual(size.columns);
    expect(text).not.toMatch(/NaN|Infinity|undefined|[\p{Cc}\u202a-\u202e]/u);
  }
}
