/**
 * CPU time from /proc, and its interpolation. Pure; `process-sampler.ts` reads the files.
 *
 * The kernel counts in hundredths of a second, so a figure over an interval is good to about 10 ms per process.
 */
const MS_PER_TICK = 10;

export interface ProcessTimes {
  /** User and system time of the process itself. */
  readonly cpuMs: number;
  /** That of its children which have ended and been waited for, and of theirs. */
  readonly reapedCpuMs: number;
}

/** Reads the text of `/proc/<pid>/stat`; undefined when it has another form. */
export function parseProcessStat(text: string): ProcessTimes | undefined {
  // The name in the second field may hold spaces and parentheses, so fields are counted from the last `)`.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [user, system, reapedUser, reapedSystem] = fields.slice(11, 15).map(Number);
  const cpuMs = ((user ?? Number.NaN) + (system ?? Number.NaN)) * MS_PER_TICK;
  const reapedCpuMs = ((reapedUser ?? Number.NaN) + (reapedSystem ?? Number.NaN)) * MS_PER_TICK;
  return Number.isNaN(cpuMs) || Number.isNaN(reapedCpuMs) ? undefined : { cpuMs, reapedCpuMs };
}

/** A line of `/proc/<pid>/status` or `smaps_rollup` in bytes: `VmRSS:    123 kB`. Undefined when it is not there. */
export function parseKilobytes(text: string, name: string): number | undefined {
  const match = new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text);
  return match === null ? undefined : Number(match[1]) * 1024;
}

/** Cumulative CPU time of a process, in rising time. */
export type CpuSeries = readonly { readonly atUs: number; readonly cpuMs: number }[];

/** CPU time used between two moments: interpolated between samples, constant before the first and after the last. */
export function cpuMsBetween(series: CpuSeries, fromUs: number, toUs: number): number {
  return cpuMsAt(series, toUs) - cpuMsAt(series, fromUs);
}

function cpuMsAt(series: CpuSeries, atUs: number): number {
  const after = series.findIndex((sample) => sample.atUs >= atUs);
  if (after === -1) return series.at(-1)?.cpuMs ?? 0;
  const high = series[after] as CpuSeries[number];
  const low = series[after - 1];
  if (low === undefined) return high.cpuMs;
  return low.cpuMs + ((high.cpuMs - low.cpuMs) * (atUs - low.atUs)) / (high.atUs - low.atUs);
}
