/**
 * Which TaskManager owns which partition, how far each is behind and how fast it is: the map that answers "who is slow?".
 * Pure. A matrix of both would be a diagonal with one partition each, so partitions are cells, grouped by owner.
 *
 * P1 The first row names the slow, the gone, the quiet and the idle, whatever the order and however few rows there are.
 * P2 The richest form that has room for all is taken: a line each, several in a line with figures, or only cells.
 * P3 What has no room is counted, with what it would have shown.
 */
import { formatAmount, formatCompact, formatPartitions, formatRate } from "../../snapshot/format.ts";
import { drawDetails, drawHeatLegend, drawStrip, MARKS, padStrip, rangesOf, styleBy } from "./load-cells.ts";
import {
  type ChartRow,
  type ChartSize,
  cleanText,
  fitColumns,
  fitRows,
  joinParts,
  measureRow,
  measureText,
} from "./segment.ts";
import {
  computeLoads,
  type LoadInput,
  type LoadOrder,
  type Loads,
  type PartitionLoad,
  sortLoads,
  type TaskManagerLoad,
} from "./task-manager-loads.ts";

export interface PartitionMap {
  /** Null before the first figures. */
  readonly progress: LoadInput["progress"] | null;
  readonly present: readonly string[];
  readonly order: LoadOrder;
}

const NAMED_MAX = 6;
const CELL_LABEL_COLUMNS_MAX = 8;
const NAME_COLUMNS_MAX = 20;
const MARK_COLUMNS = 5;
const RATE_COLUMNS = 7;
const SHARE_COLUMNS = 9;
const LAG_COLUMNS = 6;
const RANGES_COLUMNS_MAX = 12;
const STRIP_COLUMNS_MIN = 12;
/** Cells for the partitions of one, from the most that help to the least. */
const STRIPS = [8, 4, 2, 1] as const;

export function drawPartitionMap({ progress, present, order }: PartitionMap, size: ChartSize): readonly ChartRow[] {
  if (progress === null) {
    return fitRows(
      [joinParts([[{ text: "partitions", bold: true }], [{ text: "nothing yet", dim: true }]], size.columns)],
      size,
    );
  }
  const loads = computeLoads({ progress, present });
  const sorted = sortLoads(loads.taskManagers, order);
  const summary = drawSummary(loads, size.columns);
  const room = size.rows - 1;
  const inRoom = { ...size, rows: room };
  const body =
    drawTable(sorted, inRoom) ??
    drawCards(sorted, inRoom, { isNarrow: false }) ??
    drawCards(sorted, inRoom, { isNarrow: true }) ??
    drawCells(sorted, inRoom);
  const legend = body.length < room && sorted.length > 0 ? [drawHeatLegend(size)] : [];
  return fitRows([summary, ...body, ...legend], size);
}

/** P1 */
function drawSummary({ taskManagers, partitions, medianPerSecond, lag }: Loads, columns: number): ChartRow {
  const marked = (["slow", "gone", "quiet", "idle"] as const).flatMap((mark): ChartRow[] => {
    const names = taskManagers.filter((load) => load.mark === mark).map(({ shortName }) => cleanText(shortName));
    if (names.length === 0) return [];
    const { sign, word } = MARKS[mark];
    return [[styleBy(mark, `${sign} ${word}: ${nameSome(names)}`)]];
  });
  const unowned = partitions.filter(({ owner }) => owner === null).map(({ p }) => p);
  const worst = partitions.reduce<PartitionLoad | null>(
    (most, partition) => ((partition.lag ?? 0) > (most?.lag ?? 0) ? partition : most),
    null,
  );
  return joinParts(
    [
      [{ text: "partitions", bold: true }, { text: ` ${partitions.length} on ${taskManagers.length}` }],
      ...(unowned.length === 0
        ? []
        : [[{ text: `? nobody has ${fitShort(formatPartitions(unowned))}`, color: "bad" } as const]]),
      ...marked,
      [{ text: `lag ${formatCompact(lag)}` }],
      ...(worst === null ? [] : [[{ text: `most in ${worst.p}: ${formatCompact(worst.lag)}` }]]),
      [{ text: `median ${formatCompactRate(medianPerSecond)}`, color: "muted" }],
    ],
    columns,
  );
}

/** P2: a line each; null where there is no room for all. */
function drawTable(loads: readonly TaskManagerLoad[], size: ChartSize): readonly ChartRow[] | null {
  const nameColumns = Math.min(NAME_COLUMNS_MAX, Math.max(0, ...loads.map(({ name }) => measureText(cleanText(name)))));
  const figureColumns = nameColumns + MARK_COLUMNS + RATE_COLUMNS + SHARE_COLUMNS + LAG_COLUMNS + 10;
  const rest = size.columns - figureColumns;
  if (loads.length + 1 > size.rows || rest < STRIP_COLUMNS_MIN) return null;
  const details = loads.map((load) => drawDetails(load, size.glyphs));
  const hasDetails = details.every((detail) => measureRow(detail) <= rest);
  const heading = [
    fitColumns("", nameColumns + MARK_COLUMNS + 2),
    "rate/s".padStart(RATE_COLUMNS + 2),
    "of median".padStart(SHARE_COLUMNS + 2),
    "lag".padStart(LAG_COLUMNS + 2),
    `  ${hasDetails ? "partition, heat, lag" : "heat, partitions"}`,
  ].join("");
  return [
    [{ text: heading, color: "muted" }],
    ...loads.map((load, index): ChartRow => {
      const share = load.ofMedian === null ? "-" : `${Math.round(load.ofMedian * 100)}%`;
      const figures = [
        formatCompact(load.perSecond).padStart(RATE_COLUMNS + 2),
        share.padStart(SHARE_COLUMNS + 2),
        formatCompact(load.lag).padStart(LAG_COLUMNS + 2),
        "  ",
      ].join("");
      return [
        styleBy(
          load.mark,
          `${fitColumns(cleanText(load.name), nameColumns)}  ${MARKS[load.mark].word.padEnd(MARK_COLUMNS)}`,
        ),
        { text: figures },
        ...(hasDetails
          ? (details[index] ?? [])
          : [...drawStrip(load, rest - STRIP_COLUMNS_MIN + 4, size.glyphs), { text: ` ${rangesOf(load)}` }]),
      ];
    }),
  ];
}

/** P2: several in a line, each with its figures; null where there is no room for all. A narrow one names no partitions. */
function drawCards(
  loads: readonly TaskManagerLoad[],
  size: ChartSize,
  { isNarrow }: { readonly isNarrow: boolean },
): readonly ChartRow[] | null {
  const markColumns = isNarrow ? 1 : MARK_COLUMNS + 1;
  const labelColumns = labelColumnsOf(loads, NAME_COLUMNS_MAX) + markColumns;
  const stripColumns = Math.min(STRIPS[0], ownedMax(loads));
  const rangesColumns = isNarrow
    ? 0
    : 1 + Math.min(RANGES_COLUMNS_MAX, Math.max(1, ...loads.map((load) => rangesOf(load).length)));
  const figureColumns = labelColumns + RATE_COLUMNS + LAG_COLUMNS + 2;
  const cardColumns = figureColumns + 1 + stripColumns + rangesColumns + 3;
  const perRow = Math.floor((size.columns + 3) / cardColumns);
  if (perRow === 0 || Math.ceil(loads.length / perRow) + 1 > size.rows) return null;
  const heading = `${"rate/s".padStart(labelColumns + 1 + RATE_COLUMNS)} ${"lag".padStart(LAG_COLUMNS)}`;
  const cards = loads.map((load): ChartRow => {
    const { sign, word } = MARKS[load.mark];
    const label = fitColumns(cleanText(load.shortName), labelColumns - markColumns);
    return [
      styleBy(load.mark, isNarrow ? label + sign : `${label} ${word.padEnd(MARK_COLUMNS)}`),
      {
        text: ` ${formatCompact(load.perSecond).padStart(RATE_COLUMNS)} ${formatCompact(load.lag).padStart(LAG_COLUMNS)} `,
      },
      ...padStrip(drawStrip(load, stripColumns, size.glyphs), stripColumns),
      { text: `${isNarrow ? "" : ` ${fitColumns(rangesOf(load), rangesColumns - 1)}`}   ` },
    ];
  });
  const headings = heading.padEnd(cardColumns).repeat(Math.min(perRow, loads.length));
  return [[{ text: headings, color: "muted" }], ...groupCards(cards, perRow)];
}

/** P2, P3: a cell for each partition, grouped by owner. */
function drawCells(loads: readonly TaskManagerLoad[], size: ChartSize): readonly ChartRow[] {
  const labelColumns = labelColumnsOf(loads, CELL_LABEL_COLUMNS_MAX);
  const owned = ownedMax(loads);
  const perRowWith = (stripColumns: number) =>
    Math.max(1, Math.floor((size.columns + 1) / (labelColumns + 1 + stripColumns + 1)));
  const strips = STRIPS.map((strip) => Math.min(strip, owned));
  const stripColumns =
    strips.find((strip) => Math.ceil(loads.length / perRowWith(strip)) <= size.rows) ?? Math.min(2, owned);
  const perRow = perRowWith(stripColumns);
  const isCut = Math.ceil(loads.length / perRow) > size.rows;
  const shown = isCut ? loads.slice(0, Math.max(0, size.rows - 1) * perRow) : loads;
  const cells = shown.map(
    (load): ChartRow => [
      styleBy(load.mark, fitColumns(cleanText(load.shortName), labelColumns) + MARKS[load.mark].sign),
      ...padStrip(drawStrip(load, stripColumns, size.glyphs), stripColumns),
      { text: " " },
    ],
  );
  const rows = groupCards(cells, perRow);
  return isCut ? [...rows, drawMore(loads.slice(shown.length), size)] : rows;
}

/** P3 */
function drawMore(hidden: readonly TaskManagerLoad[], { columns, glyphs }: ChartSize): ChartRow {
  const counts = (["slow", "gone", "quiet", "idle"] as const).flatMap((mark) => {
    const count = hidden.filter((load) => load.mark === mark).length;
    return count === 0 ? [] : [`${count} ${mark}`];
  });
  const what = counts.length === 0 ? "none of them with a mark" : counts.join(", ");
  const dots = glyphs === "unicode" ? "…" : "...";
  return joinParts(
    [[{ text: `${dots} ${formatAmount(hidden.length, "more TaskManager")}: ${what}`, dim: true }]],
    columns,
  );
}

function groupCards(cards: readonly ChartRow[], perRow: number): readonly ChartRow[] {
  return Array.from({ length: Math.ceil(cards.length / perRow) }, (_, row) =>
    cards.slice(row * perRow, (row + 1) * perRow).flat(),
  );
}

const labelColumnsOf = (loads: readonly TaskManagerLoad[], max: number): number =>
  Math.min(max, Math.max(0, ...loads.map(({ shortName }) => measureText(cleanText(shortName)))));

const ownedMax = (loads: readonly TaskManagerLoad[]): number =>
  Math.max(1, ...loads.map(({ partitions }) => partitions.length));

const fitShort = (ranges: string): string =>
  ranges.length <= RANGES_COLUMNS_MAX ? ranges : `${ranges.slice(0, RANGES_COLUMNS_MAX - 1)}~`;

const formatCompactRate = (perSecond: number): string =>
  perSecond < 1_000 ? formatRate(perSecond) : `${formatCompact(perSecond)}/s`;

const nameSome = (names: readonly string[]): string =>
  names.length <= NAMED_MAX
    ? names.join(" ")
    : `${names.slice(0, NAMED_MAX).join(" ")} and ${names.length - NAMED_MAX} more`;
