/**
 * CPU time and memory by process, and of the whole machine: once a second, and every ten while the host is idle. Read
 * from /proc on Linux, from `ps` elsewhere; a process that ended between listing and reading has no new sample.
 *
 * U1 A process that has ended is not looked for again: what it used is added to its name's sum.
 * U2 An average over the run is one over its time, however often it was looked.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, freemem, totalmem } from "node:os";
import type { HostFacts } from "../../simulator/common/contract/files/host-facts.ts";
import type { ProcessUse } from "../../simulator/common/contract/files/report.ts";
import { isAlive } from "../processes/process-identity.ts";

/** The kernel reports CPU time to programs in hundredths of a second, whatever its own clock is. */
const MS_PER_TICK = 10;
const MB_BYTES = 1024 * 1024;
const INTERVAL_MS = { busy: 1_000, idle: 10_000 };
/** Reading memory costs more than all else here, and the kernel keeps the peak: for most processes seldom suffices. */
const MEMORY_INTERVAL_MS = 5_000;

export interface Usage {
  readonly cpuMs: number;
  /** 0 where it was not asked for. */
  readonly rssBytesMax: number;
  /** Of the process, as the system counts it: another one under the same pid is another process. Null: not told. */
  readonly startTime: string | null;
}

export type Pace = keyof typeof INTERVAL_MS;

interface WatchedProcess {
  readonly name: string;
  startTime: string | null;
  cpuMs: number;
  rssBytesMax: number;
  loadCpuMs: number;
  /** When the load began; null outside of one. */
  cpuMsBefore: number | null;
}

/** It samples from its making to `stop`. */
export class Sampler {
  readonly #processes = new Map<number, WatchedProcess>();
  /** Of those that have ended (U1), by name, in the order in which names came. */
  readonly #ended = new Map<string, ProcessUse>();
  readonly #machine = new MachineSampler();
  #timer: NodeJS.Timeout;
  #isLoaded = false;
  #memoryReadAtMs = Number.NEGATIVE_INFINITY;

  constructor() {
    this.#timer = this.#startTimer("busy");
  }

  /** A restarted resource adds a pid to its name; the CPU time of all its processes is summed. */
  watch(name: string, pid: number): void {
    const cpuMsBefore = this.#isLoaded ? 0 : null;
    if (!this.#ended.has(name)) this.#ended.set(name, { name, cpuMs: 0, loadCpuMs: 0, rssBytesMax: 0 });
    this.#processes.set(pid, { name, startTime: null, cpuMs: 0, rssBytesMax: 0, loadCpuMs: 0, cpuMsBefore });
  }

  setPace(pace: Pace): void {
    clearInterval(this.#timer);
    this.#timer = this.#startTimer(pace);
  }

  /** CPU time from here to `endLoad` is the load's. May be repeated. */
  startLoad(): void {
    this.#sample({ withAllMemory: false });
    this.#isLoaded = true;
    for (const entry of this.#processes.values()) entry.cpuMsBefore = entry.cpuMs;
  }

  endLoad(): void {
    this.#sample({ withAllMemory: false });
    this.#isLoaded = false;
    for (const entry of this.#processes.values()) endLoadOf(entry);
  }

  readFacts(): HostFacts["resources"] {
    this.#sample({ withAllMemory: true });
    const byName = new Map(this.#ended);
    for (const entry of this.#processes.values()) byName.set(entry.name, addUse(byName.get(entry.name), entry));
    return { ...this.#machine.facts(), byProcess: [...byName.values()] };
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #startTimer(pace: Pace): NodeJS.Timeout {
    const isMemoryDue = () => performance.now() - this.#memoryReadAtMs >= MEMORY_INTERVAL_MS;
    return setInterval(() => this.#sample({ withAllMemory: isMemoryDue() }), INTERVAL_MS[pace]).unref();
  }

  #sample({ withAllMemory }: { readonly withAllMemory: boolean }): void {
    if (withAllMemory) this.#memoryReadAtMs = performance.now();
    for (const [pid, entry] of this.#processes) {
      const usage = readUsage(pid, withAllMemory || !isOneOfMany(entry.name));
      if (usage === undefined ? !isAlive(pid) : isAnother(entry, usage)) this.#retire(pid, entry);
      else if (usage !== undefined) {
        entry.startTime = usage.startTime;
        entry.cpuMs = usage.cpuMs;
        entry.rssBytesMax = Math.max(entry.rssBytesMax, usage.rssBytesMax);
      }
    }
    this.#machine.sample();
  }

  /** U1. */
  #retire(pid: number, entry: WatchedProcess): void {
    this.#processes.delete(pid);
    endLoadOf(entry);
    this.#ended.set(entry.name, addUse(this.#ended.get(entry.name), entry));
  }
}

/** The peak is of one interval between two samples. */
class MachineSampler {
  #before = readMachineTimes();
  #sampledAtMs = performance.now();
  #cpuPercentPeak: number | null = null;
  /** Percent, times the milliseconds for which it stands (U2). */
  #memoryPercentMs = 0;
  #ms = 0;

  sample(): void {
    const nowMs = performance.now();
    const elapsedMs = nowMs - this.#sampledAtMs;
    this.#sampledAtMs = nowMs;
    const now = readMachineTimes();
    const totalMs = now.totalMs - this.#before.totalMs;
    if (totalMs > 0) {
      const percent = 100 * (1 - (now.idleMs - this.#before.idleMs) / totalMs);
      this.#cpuPercentPeak = Math.max(this.#cpuPercentPeak ?? 0, percent);
    }
    this.#before = now;
    this.#memoryPercentMs += 100 * (1 - readAvailableBytes() / totalmem()) * elapsedMs;
    this.#ms += elapsedMs;
  }

  facts(): { cpuPercentPeak: number | null; memoryPercentAvg: number | null } {
    return {
      cpuPercentPeak: this.#cpuPercentPeak === null ? null : round1(this.#cpuPercentPeak),
      memoryPercentAvg: this.#ms === 0 ? null : round1(this.#memoryPercentMs / this.#ms),
    };
  }
}

const isAnother = (entry: WatchedProcess, { startTime }: Usage): boolean =>
  entry.startTime !== null && startTime !== null && entry.startTime !== startTime;

function endLoadOf(entry: WatchedProcess): void {
  if (entry.cpuMsBefore !== null) entry.loadCpuMs += entry.cpuMs - entry.cpuMsBefore;
  entry.cpuMsBefore = null;
}

/** The others are few, and some live for a second or two. */
const isOneOfMany = (name: string): boolean => name.startsWith("taskmanager-");

const round1 = (value: number): number => Math.round(value * 10) / 10;

function addUse(sum: ProcessUse | undefined, more: ProcessUse): ProcessUse {
  return {
    name: more.name,
    cpuMs: (sum?.cpuMs ?? 0) + more.cpuMs,
    loadCpuMs: (sum?.loadCpuMs ?? 0) + (more.loadCpuMs ?? 0),
    rssBytesMax: Math.max(sum?.rssBytesMax ?? 0, more.rssBytesMax),
  };
}

export function readUsage(pid: number, withMemory: boolean): Usage | undefined {
  try {
    return process.platform === "linux" ? readUsageFromProc(pid, withMemory) : readUsageFromPs(pid);
  } catch {
    // It ended; its last sample stands.
    return undefined;
  }
}

function readUsageFromProc(pid: number, withMemory: boolean): Usage | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const cpuMs = (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
  const startTime = fields[19] ?? null;
  if (!withMemory) return { cpuMs, rssBytesMax: 0, startTime };
  // The peak; a process that has just ended has no memory line any more.
  const peak = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"));
  return peak === null ? undefined : { cpuMs, rssBytesMax: Number(peak[1]) * 1024, startTime };
}

/** `  1-02:03:04.56  12345`: CPU time and kilobytes. */
function readUsageFromPs(pid: number): Usage | undefined {
  const text = execFileSync("ps", ["-o", "time=,rss=", "-p", String(pid)], { encoding: "utf8" }).trim();
  const match = /^(?:(\d+)-)?(?:(\d+):)?(\d+):([\d.]+)\s+(\d+)$/.exec(text);
  if (match === null) return undefined;
  const [days, hours, minutes, seconds, kilobytes] = match.slice(1).map((part) => Number(part ?? 0));
  const total = (((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0);
  return { cpuMs: Math.round(total * 1_000), rssBytesMax: (kilobytes ?? 0) * 1024, startTime: null };
}

function readMachineTimes(): { idleMs: number; totalMs: number } {
  let idleMs = 0;
  let totalMs = 0;
  for (const { times } of cpus()) {
    idleMs += times.idle;
    totalMs += times.user + times.nice + times.sys + times.idle + times.irq;
  }
  return { idleMs, totalMs };
}

/** Linux counts caches as used; what a program could still get is the honest figure. */
function readAvailableBytes(): number {
  if (process.platform !== "linux") return freemem();
  const match = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync("/proc/meminfo", "latin1"));
  return match === null ? freemem() : (Number(match[1]) / 1024) * MB_BYTES;
}
