/** The statistics of a bench: medians and ratios. Pure. What was not measured is null, never zero. */

/** The middle value, or the mean of the two middle ones; null when there is none. */
export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted.length >> 1;
  const high = sorted[upper] as number;
  return sorted.length % 2 === 1 ? high : ((sorted[upper - 1] as number) + high) / 2;
}

/** null when one of them is not known, or nothing can be divided. */
export function ratio(over: number | null | undefined, under: number | null | undefined): number | null {
  if (over === null || over === undefined || under === null || under === undefined || under === 0) return null;
  return over / under;
}

/** Messages per second; null when the interval is not known or empty. */
export function perSecond(messages: number, fromUs: number | null, toUs: number | null): number | null {
  if (fromUs === null || toUs === null || toUs <= fromUs) return null;
  return (messages * 1_000_000) / (toUs - fromUs);
}
