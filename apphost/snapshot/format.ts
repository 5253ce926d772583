/** Numbers and texts as the terminal shows them. Pure; nothing here is wider than it has characters. */
import { stripVTControlCharacters } from "node:util";
import type { FlinkTaskManagerFigures } from "../../simulator/common/contract/events.ts";
import { formatCount } from "../../simulator/common/foundation/figures.ts";

export { formatAmount, formatCount, formatMs } from "../../simulator/common/foundation/figures.ts";

export const formatRate = (perSecond: number | null): string =>
  perSecond === null ? "-" : `${formatCount(perSecond)}/s`;

const THOUSANDS = ["", "K", "M", "B", "T"] as const;

/** Three digits that matter, for an axis or a narrow column: 1.25M, 61.7K, 350. */
export function formatCompact(n: number | null): string {
  if (n === null) return "-";
  if (!(Math.abs(n) < 1e15)) return formatCount(n);
  // Rounded before the unit is chosen: 999.6 is 1K.
  const rounded = Number(n.toPrecision(3));
  const power = THOUSANDS.findLastIndex((_, index) => Math.abs(rounded) >= 1_000 ** index);
  if (power <= 0) return String(rounded);
  return `${Number((rounded / 1_000 ** power).toPrecision(3))}${THOUSANDS[power]}`;
}

/** Seconds with one digit, for the margin of a log: `12.3s`. */
export const formatSeconds = (us: number): string => `${(Math.max(0, us) / 1e6).toFixed(1)}s`;

/** How long something took, or is ago: 350 ms, 3.2 s, 03:07. */
export function formatDuration(ms: number): string {
  const whole = Math.max(0, ms);
  if (whole < 999.5) return `${Math.round(whole)} ms`;
  return whole < 59_950 ? `${(whole / 1_000).toFixed(1)} s` : formatClock(Math.round(whole / 1_000) * 1e6);
}

/** 00:12, 03:07, 1:02:03. */
export function formatClock(us: number): string {
  const seconds = Math.max(0, Math.floor(us / 1e6));
  const pad = (n: number) => String(n).padStart(2, "0");
  const minutes = pad(Math.floor(seconds / 60) % 60);
  const hours = Math.floor(seconds / 3600);
  return `${hours > 0 ? `${hours}:` : ""}${minutes}:${pad(seconds % 60)}`;
}

export const formatMebibytes = (bytes: number): string => `${formatCount(bytes / 1_048_576)} MiB`;

type Times = Pick<FlinkTaskManagerFigures, "busyMs" | "backPressuredMs" | "idleMs">;

/** How a TaskManager of Flink spent its time: `busy 12%, backpressured 0%, idle 88%`. */
export const formatTimes = (times: Times): string =>
  `${formatBusy(times)}, backpressured ${formatShare(times.backPressuredMs, times)}, idle ${formatShare(times.idleMs, times)}`;

export const formatBusy = (times: Times): string => `busy ${formatShare(times.busyMs, times)}`;

function formatShare(ms: number, { busyMs, backPressuredMs, idleMs }: Times): string {
  const allMs = busyMs + backPressuredMs + idleMs;
  return allMs === 0 ? "-" : `${Math.round((100 * ms) / allMs)}%`;
}

/** Ranges instead of lists: 0-3,7. */
export function formatPartitions(partitions: readonly number[]): string {
  const sorted = [...partitions].sort((a, b) => a - b);
  const ranges: string[] = [];
  for (let i = 0; i < sorted.length; ) {
    let end = i;
    while (sorted[end + 1] === (sorted[end] as number) + 1) end += 1;
    ranges.push(end > i ? `${sorted[i]}-${sorted[end]}` : `${sorted[i]}`);
    i = end + 1;
  }
  return ranges.join(",");
}

/** One line for the screen: no colour codes, no control characters, no line ends. */
export const flattenText = (text: string): string =>
  stripVTControlCharacters(text)
    .replace(/\p{Cc}+/gu, " ")
    .trim();
