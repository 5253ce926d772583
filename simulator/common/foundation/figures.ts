/**
 * Figures as people read them, wherever they are shown. Pure, and without Intl: its first use takes a process 20 ms, and
 * all processes of a run load this.
 */

/** Before each three digits, counted from the end. */
const THOUSANDS = /\B(?=(?:\d{3})+$)/g;

/** 1,234,567; `-` for what is not known, which is never zero. */
export function formatCount(n: number | null): string {
  if (n === null) return "-";
  if (Math.abs(n) < 1e21) return n.toFixed(0).replace(THOUSANDS, ",");
  // From there on `toFixed` writes an exponent. What a host of another version does not tell is no number at all: NaN.
  return Number(n).toLocaleString("en-US");
}

/** `1 message`, `7 messages`. */
export const formatAmount = (n: number, noun: string): string => `${formatCount(n)} ${noun}${n === 1 ? "" : "s"}`;

/** Milliseconds with the digits that matter: 0.84, 12.3, 1,234. */
export function formatMs(ms: number | null): string {
  if (ms === null) return "-";
  if (ms < 10) return `${ms.toFixed(2)} ms`;
  return ms < 100 ? `${ms.toFixed(1)} ms` : `${formatCount(ms)} ms`;
}
