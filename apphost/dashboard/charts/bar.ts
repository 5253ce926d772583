/** How far something is: a bar, its percent, its counts and the time that remains. Pure. */
import { formatAmount, formatClock, formatCompact, formatCount } from "../../snapshot/format.ts";
import {
  type ChartRow,
  type ChartSegment,
  type ChartSize,
  cleanText,
  cutRow,
  fitColumns,
  fitRows,
  type Glyphs,
  measureText,
  type PaletteColor,
} from "./segment.ts";
import { toKnown } from "./sparkline.ts";

export interface Progress {
  readonly label: string;
  readonly done: number;
  /** Null while it is not known: there is a count then, and no share. */
  readonly total: number | null;
  /** Null where nobody measures it: no remaining time is told then. */
  readonly perSecond: number | null;
  readonly color?: PaletteColor;
}

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"] as const;
const FULL = "█";
const EMPTY = "░";
const LABEL_COLUMNS_MAX = 24;
const REMAINING_S_MAX = 99 * 3_600;

/**
 * Exactly `columns` wide. It is full only when all is done, and not empty once something is: what is missing of ten
 * million must be seen.
 */
export function drawBar(share: number, options: { columns: number; glyphs: Glyphs; color?: PaletteColor }): ChartRow {
  const { columns, glyphs, color } = options;
  const known = Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : 0;
  const isBlocks = glyphs === "unicode";
  const width = Math.max(0, isBlocks ? columns : columns - 2);
  const stepsOfCell = isBlocks ? EIGHTHS.length : 1;
  const steps = known === 0 ? 0 : Math.max(1, Math.floor(known * width * stepsOfCell));
  const cells = Math.floor(steps / stepsOfCell);
  const done = (isBlocks ? FULL : "#").repeat(cells) + (isBlocks ? (EIGHTHS[steps % stepsOfCell] ?? "") : "");
  const open = (isBlocks ? EMPTY : "-").repeat(Math.max(0, width - measureText(done)));
  const filled: ChartSegment = color === undefined ? { text: done } : { text: done, color };
  const row: ChartRow = isBlocks
    ? [filled, { text: open, color: "muted" }]
    : [{ text: "[" }, filled, { text: open, color: "muted" }, { text: "]" }];
  return cutRow(
    row.filter(({ text }) => text !== ""),
    columns,
  );
}

/** 100% only when all is done; nothing where the whole is not known. */
export function formatPercent({ done, total }: Pick<Progress, "done" | "total">): string {
  if (total === null) return "";
  const share = total <= 0 ? 1 : Math.min(1, Math.max(0, done / total));
  return `${Math.floor(share * 100)}%`;
}

/** `00:03 left` at the present rate; what has begun and has no rate is stalled. */
export function formatRemaining({ done, total, perSecond }: Omit<Progress, "label" | "color">): string {
  if (total === null || perSecond === null) return "";
  if (done >= total) return "done";
  if (done <= 0 && perSecond <= 0) return "";
  if (perSecond <= 0) return "stalled";
  const seconds = Math.ceil((total - done) / perSecond);
  // Rounded up: `00:00 left` would say that it is over.
  return seconds <= REMAINING_S_MAX ? `${formatClock(seconds * 1e6)} left` : "over 99 h left";
}

/** One row each, in columns; what does not fit is counted in the last row. */
export function drawProgress(bars: readonly Progress[], size: ChartSize): readonly ChartRow[] {
  const isCut = bars.length > size.rows;
  const shown = isCut ? bars.slice(0, Math.max(0, size.rows - 1)) : bars;
  const texts = shown.map(keepKnown).map((bar) => ({
    bar,
    label: cleanText(bar.label),
    percent: bar.total === null ? formatCompact(bar.done) : formatPercent(bar),
    exact: countWith(formatCount, bar),
    compact: countWith(formatCompact, bar),
    remaining: formatRemaining(bar),
  }));
  const widest = (read: (text: (typeof texts)[number]) => string) =>
    Math.max(0, ...texts.map((text) => measureText(read(text))));
  const labelColumns = Math.min(
    LABEL_COLUMNS_MAX,
    widest(({ label }) => label),
  );
  const percentColumns = widest(({ percent }) => percent);
  const remainingColumns = widest(({ remaining }) => remaining);
  // Where columns are few the counts go first, since the percent says nearly the same.
  const plans = [
    { counts: "exact", countColumns: widest(({ exact }) => exact), remaining: remainingColumns, barMin: 20 },
    { counts: "compact", countColumns: widest(({ compact }) => compact), remaining: remainingColumns, barMin: 10 },
    { counts: "compact", countColumns: 0, remaining: remainingColumns, barMin: 6 },
    { counts: "compact", countColumns: 0, remaining: 0, barMin: 0 },
  ] as const;
  const barOf = ({ countColumns, remaining }: (typeof plans)[number]) =>
    size.columns - labelColumns - percentColumns - countColumns - remaining - 8;
  const plan = plans.find((candidate) => barOf(candidate) >= candidate.barMin) ?? plans[3];
  const barColumns = Math.max(0, barOf(plan));
  const rows = texts.map(({ bar, label, percent, remaining, ...counts }): ChartRow => {
    const { done, total, color } = bar;
    const share = total === null ? 0 : total <= 0 ? 1 : done / total;
    const options = { columns: barColumns, glyphs: size.glyphs, ...(color === undefined ? {} : { color }) };
    return [
      { text: `${fitColumns(label, labelColumns)}  ` },
      ...(total === null ? [{ text: " ".repeat(barColumns) }] : drawBar(share, options)),
      { text: `  ${fitColumns(percent, percentColumns, "right")}`, bold: true },
      { text: plan.countColumns === 0 ? "" : `  ${fitColumns(counts[plan.counts], plan.countColumns, "right")}` },
      { text: plan.remaining === 0 ? "" : `  ${remaining}` },
    ].filter(({ text }) => text !== "");
  });
  const more: ChartRow = [{ text: `${formatAmount(bars.length - shown.length, "more bar")}`, dim: true }];
  return fitRows(isCut ? [...rows, more] : rows, size);
}

const keepKnown = ({ done, total, perSecond, ...bar }: Progress): Progress => ({
  ...bar,
  done: toKnown(done) ?? 0,
  total: toKnown(total),
  perSecond: toKnown(perSecond),
});

const countWith = (format: (n: number) => string, { done, total }: Progress): string =>
  total === null ? "" : `${format(done)} of ${format(total)}`;
