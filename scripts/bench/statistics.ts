/** The statistics of a bench beside medians: ratios and rates. Pure. What was not measured is null, never zero. */

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
