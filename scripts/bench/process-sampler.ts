/**
 * CPU time and memory of the processes of one measurement, by group. On systems without /proc nothing is sampled, and
 * every figure is "not known".
 */
import { existsSync, readFileSync } from "node:fs";
import { type CpuSeries, cpuMsBetween, parseKilobytes, parseProcessStat } from "./cpu.ts";

/** What the CPU time of a run is split into. */
export const GROUPS = [
  "producer",
  "taskManagers",
  "jobManager",
  "host",
  "dashboard",
  "broker",
  "redis",
  "peer",
  "other",
] as const;
export type Group = (typeof GROUPS)[number];

const INTERVAL_MS = 100;
/** Memory changes slowly and costs more to read. */
const MEMORY_EVERY = 5;

interface Watched {
  readonly group: Group;
  readonly series: { atUs: number; cpuMs: number }[];
  rssBytesMax: number;
}

export class ProcessSampler {
  readonly #nowUs: () => number;
  readonly #processes = new Map<number, Watched>();
  readonly #timer: NodeJS.Timeout;
  #rounds = 0;

  constructor(nowUs: () => number) {
    this.#nowUs = nowUs;
    this.#timer = setInterval(() => this.#sampleAll(), INTERVAL_MS);
  }

  /** From now on; a pid that is watched already is left as it is. */
  watch(group: Group, pid: number): void {
    if (this.#processes.has(pid)) return;
    const watched: Watched = { group, series: [], rssBytesMax: 0 };
    this.#processes.set(pid, watched);
    this.#sample(pid, watched, true);
  }

  /** One more sample of each, and the end of sampling. */
  stop(): void {
    clearInterval(this.#timer);
    for (const [pid, watched] of this.#processes) this.#sample(pid, watched, true);
  }

  /** In ms, by group; only groups of which something was sampled. */
  cpuMsBetween(fromUs: number, toUs: number): Partial<Record<Group, number>> {
    const sums: Partial<Record<Group, number>> = {};
    for (const { group, series } of this.#processes.values()) {
      if (series.length > 0) sums[group] = (sums[group] ?? 0) + cpuMsBetween(series as CpuSeries, fromUs, toUs);
    }
    return sums;
  }

  /** Of the largest process of each group. */
  rssBytesMax(): Partial<Record<Group, number>> {
    const largest: Partial<Record<Group, number>> = {};
    for (const { group, rssBytesMax } of this.#processes.values()) {
      if (rssBytesMax > 0) largest[group] = Math.max(largest[group] ?? 0, rssBytesMax);
    }
    return largest;
  }

  #sampleAll(): void {
    this.#rounds += 1;
    for (const [pid, watched] of this.#processes) this.#sample(pid, watched, this.#rounds % MEMORY_EVERY === 0);
  }

  #sample(pid: number, watched: Watched, withMemory: boolean): void {
    const times = parseProcessStat(readProc(`/proc/${pid}/stat`) ?? "");
    if (times === undefined) return;
    watched.series.push({ atUs: this.#nowUs(), cpuMs: times.cpuMs });
    if (!withMemory) return;
    const rssBytes = parseKilobytes(readProc(`/proc/${pid}/status`) ?? "", "VmRSS");
    watched.rssBytesMax = Math.max(watched.rssBytesMax, rssBytes ?? 0);
  }
}

/** CPU time of all children of this process that have ended, in ms; null where the system does not tell. */
export function readReapedCpuMs(): number | null {
  return parseProcessStat(readProc("/proc/self/stat") ?? "")?.reapedCpuMs ?? null;
}

/** Private memory and a fair share of what is shared with other processes, in bytes; null where it is not told. */
export function readPssBytes(pid: number): number | null {
  return parseKilobytes(readProc(`/proc/${pid}/smaps_rollup`) ?? "", "Pss") ?? null;
}

export const canSample = (): boolean => existsSync("/proc/self/stat");

/** A process may end between two samples, and its last one stands. */
function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}
