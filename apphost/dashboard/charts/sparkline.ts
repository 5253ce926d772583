/** A small history without axes: the newest values, one a column, the newest at the right. Pure. */
import {
  type Cell,
  type ChartRow,
  type ChartSize,
  fitRows,
  type Glyphs,
  joinCells,
  type PaletteColor,
} from "./segment.ts";

export interface Sparkline {
  /** Oldest first; null is a blank, and zero is not: it has the lowest glyph. */
  readonly values: readonly (number | null)[];
  readonly color?: PaletteColor;
  /** What fills all rows; without it the largest that is shown. */
  readonly max?: number;
}

/** By height; the last fills its cell. */
const LEVELS: Readonly<Record<Glyphs, string>> = { unicode: "▁▂▃▄▅▆▇█", ascii: ".:-=#" };

export function drawSparkline({ values, color, max }: Sparkline, size: ChartSize): readonly ChartRow[] {
  const columns = Math.max(0, size.columns);
  const shown = columns === 0 ? [] : values.slice(-columns).map((value) => toKnown(value));
  const top = max ?? Math.max(0, ...shown.map((value) => value ?? 0));
  const levels = LEVELS[size.glyphs];
  const heights = shown.map((value) => (value === null ? 0 : heightOf(value, top, levels.length * size.rows)));
  const blanks = Array.from({ length: columns - heights.length }, () => 0);
  return fitRows(
    Array.from({ length: size.rows }, (_, row) => {
      const ground = (size.rows - 1 - row) * levels.length;
      return joinCells([...blanks, ...heights].map((height) => toCell(levels, height - ground, color)));
    }),
    size,
  );
}

/** A rate beside the median of its kind: the lowest glyph is none, the one in the middle the median, the full one twice. */
export function heatGlyph(ofMedian: number, glyphs: Glyphs): string {
  const levels = LEVELS[glyphs];
  // Rounded around the middle, so that what is close to the median looks like it.
  return levels.charAt(Math.min(levels.length - 1, Math.round(ofMedian * Math.floor(levels.length / 2))));
}

/** A figure that is none is not known. */
export const toKnown = (value: number | null): number | null =>
  value !== null && Number.isFinite(value) ? value : null;

/** From 1, so that what is known is seen. */
function heightOf(value: number, top: number, heightMax: number): number {
  const share = top > 0 ? Math.min(1, Math.max(0, value / top)) : 0;
  return 1 + Math.round(share * (heightMax - 1));
}

function toCell(levels: string, height: number, color: PaletteColor | undefined): Cell {
  if (height <= 0) return { glyph: " " };
  return { glyph: levels.charAt(Math.min(height, levels.length) - 1), color };
}
