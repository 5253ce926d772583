/** Numbers and times as the page says them. What is not known is said so, and is never zero. Pure. */

const UNKNOWN = "unknown";
const COUNTS = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const SHORT = new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 3 });

type Figure = number | null | undefined;

const isKnown = (value: Figure): value is number => typeof value === "number" && Number.isFinite(value);

export const formatCount = (value: Figure): string => (isKnown(value) ? COUNTS.format(value) : UNKNOWN);

/** For axes: 250K, 1.5M. */
export const formatShort = (value: number): string => SHORT.format(value);

export const formatRate = (value: Figure): string => (isKnown(value) ? `${COUNTS.format(value)}/s` : UNKNOWN);

/** For axes: 250 ms, 0.5 %, 1,500 MiB. */
const formatWith = (unit: string) => (value: number) =>
  `${Number(value.toPrecision(4)).toLocaleString("en-US")} ${unit}`;
export const formatShortMs = formatWith("ms");
export const formatShortMicroseconds = formatWith("µs");
export const formatShortNanoseconds = formatWith("ns");
export const formatShortPercent = formatWith("%");
export const formatShortMebibytes = formatWith("MiB");
export const MEBIBYTE = 1_048_576;

/** With the digits that matter: 0.84 ms, 12.3 ms, 4,210 ms. */
export function formatMs(value: Figure): string {
  if (!isKnown(value)) return UNKNOWN;
  if (value === 0) return "0 ms";
  if (value < 10) return `${value.toFixed(2)} ms`;
  return value < 100 ? `${value.toFixed(1)} ms` : `${COUNTS.format(value)} ms`;
}

/** Of something that takes from a moment to hours. */
export function formatDuration(valueMs: Figure): string {
  if (!isKnown(valueMs)) return UNKNOWN;
  if (valueMs < 1_000) return formatMs(valueMs);
  return valueMs < 60_000 ? `${(valueMs / 1_000).toFixed(1)} s` : formatClock(valueMs / 1_000);
}

/** 03:07, 1:02:03. */
export function formatClock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const pad = (n: number) => String(n).padStart(2, "0");
  const hours = Math.floor(whole / 3_600);
  return `${hours > 0 ? `${hours}:` : ""}${pad(Math.floor(whole / 60) % 60)}:${pad(whole % 60)}`;
}

export const formatSeconds = (seconds: number): string => `${seconds.toFixed(1)} s`;

export const formatBytes = (value: Figure): string =>
  isKnown(value) ? `${COUNTS.format(value / MEBIBYTE)} MiB` : UNKNOWN;

export const formatPercent = (value: Figure): string => (isKnown(value) ? `${value.toFixed(1)} %` : UNKNOWN);

/** Ranges instead of lists: 0-3, 7. */
export function formatPartitions(partitions: readonly number[]): string {
  const sorted = [...partitions].sort((a, b) => a - b);
  const ranges: string[] = [];
  for (let i = 0; i < sorted.length; ) {
    let end = i;
    while (sorted[end + 1] === (sorted[end] as number) + 1) end += 1;
    ranges.push(end > i ? `${sorted[i]}-${sorted[end]}` : `${sorted[i]}`);
    i = end + 1;
  }
  return ranges.length === 0 ? "none" : ranges.join(", ");
}
