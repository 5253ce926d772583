/** Figures as people read them, wherever they are shown. Pure. */

const COUNTS = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** 1,234,567; `-` for what is not known, which is never zero. */
export const formatCount = (n: number | null): string => (n === null ? "-" : COUNTS.format(n));

/** `1 message`, `7 messages`. */
export const formatAmount = (n: number, noun: string): string => `${formatCount(n)} ${noun}${n === 1 ? "" : "s"}`;

/** Milliseconds with the digits that matter: 0.84, 12.3, 1,234. */
export function formatMs(ms: number | null): string {
  if (ms === null) return "-";
  if (ms < 10) return `${ms.toFixed(2)} ms`;
  return ms < 100 ? `${ms.toFixed(1)} ms` : `${formatCount(ms)} ms`;
}
