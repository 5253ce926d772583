/**
 * A canvas of dots for up to two lines: braille has 2 × 4 dots a cell, ASCII one.
 *
 * C1 Each point of a line sets a dot, so no extreme is lost, however many points share a column.
 * C2 The second line sets at most one dot column a cell and the first both: they are told apart without colour.
 */
import { type Cell, type ChartRow, type Glyphs, joinCells, type PaletteColor } from "./segment.ts";

/** By row and column of the cell, as Unicode numbers the dots. */
const DOT_BITS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;
const BRAILLE_BLANK = 0x2800;
const ASCII_LINES = ["#", "-"] as const;
/** How each line looks, for the legend. */
const BRAILLE_LINES = ["⠒⠒", "⠂⠂"] as const;

export type LineNumber = 0 | 1;

export const lineSample = (line: LineNumber, glyphs: Glyphs): string =>
  glyphs === "unicode" ? BRAILLE_LINES[line] : ASCII_LINES[line].repeat(2);

export class DotCanvas {
  readonly width: number;
  readonly height: number;
  readonly #columns: number;
  readonly #rows: number;
  readonly #glyphs: Glyphs;
  /** By line, then row by row: the dots of each cell as bits. */
  readonly #cells: readonly [Uint8Array, Uint8Array];

  constructor(size: { readonly columns: number; readonly rows: number; readonly glyphs: Glyphs }) {
    this.#columns = size.columns;
    this.#rows = size.rows;
    this.#glyphs = size.glyphs;
    this.width = size.glyphs === "unicode" ? size.columns * 2 : size.columns;
    this.height = size.glyphs === "unicode" ? size.rows * 4 : size.rows;
    this.#cells = [new Uint8Array(size.columns * size.rows), new Uint8Array(size.columns * size.rows)];
  }

  /** `x` from the left, `y` from the ground. */
  setDot(line: LineNumber, x: number, y: number): void {
    const fromTop = this.height - 1 - y;
    if (x < 0 || x >= this.width || fromTop < 0 || fromTop >= this.height) return;
    const cells = this.#cells[line];
    if (this.#glyphs === "ascii") {
      cells[fromTop * this.#columns + x] = 1;
      return;
    }
    const bits = DOT_BITS[(fromTop % 4) as 0 | 1 | 2 | 3];
    const index = (fromTop >> 2) * this.#columns + (x >> 1);
    // C2
    const bit = line === 0 && x % 2 === 1 ? bits[1] : bits[0];
    cells[index] = (cells[index] ?? 0) | bit;
  }

  /** A straight line, its ends included. */
  drawLine(line: LineNumber, from: { x: number; y: number }, to: { x: number; y: number }): void {
    const steps = Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y), 1);
    for (let step = 0; step <= steps; step += 1) {
      const share = step / steps;
      this.setDot(line, Math.round(from.x + (to.x - from.x) * share), Math.round(from.y + (to.y - from.y) * share));
    }
  }

  /** Where both lines pass through a cell, it has the dots of both and the colour of the first. */
  toRows(colors: readonly [PaletteColor, PaletteColor]): readonly ChartRow[] {
    return Array.from({ length: this.#rows }, (_, row) =>
      joinCells(
        Array.from({ length: this.#columns }, (_, column) => this.#cellAt(row * this.#columns + column, colors)),
      ),
    );
  }

  #cellAt(index: number, colors: readonly [PaletteColor, PaletteColor]): Cell {
    const first = this.#cells[0][index] ?? 0;
    const second = this.#cells[1][index] ?? 0;
    if (first === 0 && second === 0) return { glyph: " " };
    const color = first > 0 ? colors[0] : colors[1];
    if (this.#glyphs === "ascii") return { glyph: first > 0 ? ASCII_LINES[0] : ASCII_LINES[1], color };
    return { glyph: String.fromCharCode(BRAILLE_BLANK | first | second), color };
  }
}
