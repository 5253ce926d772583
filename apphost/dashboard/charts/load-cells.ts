/** How a TaskManager and its partitions look in the map: glyphs, words and colours, whatever the form. Pure. */
import { formatCompact, formatPartitions } from "../../snapshot/format.ts";
import {
  type Cell,
  type ChartRow,
  type ChartSegment,
  type ChartSize,
  type Glyphs,
  joinCells,
  joinParts,
  measureRow,
  type PaletteColor,
} from "./segment.ts";
import { heatGlyph } from "./sparkline.ts";
import type { LoadMark, PartitionLoad, TaskManagerLoad } from "./task-manager-loads.ts";

export const MARKS: Readonly<
  Record<LoadMark, { readonly sign: string; readonly word: string; readonly color?: PaletteColor }>
> = {
  slow: { sign: "!", word: "slow", color: "warn" },
  gone: { sign: "x", word: "gone", color: "bad" },
  quiet: { sign: "~", word: "quiet", color: "accent" },
  idle: { sign: "_", word: "idle", color: "muted" },
  even: { sign: " ", word: "" },
};

/** Of more partitions than cells, each cell stands for some in a row and shows the slowest of them. */
export function drawStrip({ partitions }: TaskManagerLoad, columns: number, glyphs: Glyphs): ChartRow {
  const perCell = Math.max(1, Math.ceil(partitions.length / Math.max(1, columns)));
  return joinCells(
    Array.from({ length: Math.ceil(partitions.length / perCell) }, (_, cell) =>
      toCell(partitions.slice(cell * perCell, (cell + 1) * perCell).reduce(slowerOf), glyphs),
    ),
  );
}

const slowerOf = (a: PartitionLoad, b: PartitionLoad): PartitionLoad => (b.perSecond < a.perSecond ? b : a);

function toCell({ ofMedian, lag }: PartitionLoad, glyphs: Glyphs): Cell & { readonly color: PaletteColor } {
  const glyph = heatGlyph(ofMedian ?? 0, glyphs);
  if (ofMedian === null || lag === null || lag === 0) return { glyph, color: "muted" };
  return { glyph, color: ofMedian === 0 ? "bad" : ofMedian < 0.5 ? "warn" : "good" };
}

export function drawDetails({ partitions }: TaskManagerLoad, glyphs: Glyphs): ChartRow {
  return partitions.flatMap((partition, index): ChartRow => {
    const { glyph, color } = toCell(partition, glyphs);
    return [
      { text: `${index === 0 ? "" : "  "}${partition.p} ` },
      { text: glyph, color },
      { text: ` ${formatCompact(partition.lag)}` },
    ];
  });
}

export function padStrip(strip: ChartRow, columns: number): ChartRow {
  const width = measureRow(strip);
  return width < columns ? [...strip, { text: " ".repeat(columns - width) }] : strip;
}

export function styleBy(mark: LoadMark, text: string): ChartSegment {
  const { color } = MARKS[mark];
  return color === undefined ? { text } : { text, color };
}

export function drawHeatLegend({ columns, glyphs }: ChartSize): ChartRow {
  const meanings = [
    ["no rate", 0],
    ["half of the median", 0.5],
    ["the median", 1],
    ["twice", 2],
  ] as const;
  return joinParts(
    [
      ...meanings.map(
        ([meaning, ofMedian]): ChartRow => [{ text: `${heatGlyph(ofMedian, glyphs)} ${meaning}`, color: "muted" }],
      ),
      [{ text: "! slow: below half of the median, with lag", color: "muted" }],
    ],
    columns,
  );
}

export const rangesOf = ({ partitions }: TaskManagerLoad): string => formatPartitions(partitions.map(({ p }) => p));
