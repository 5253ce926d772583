/**
 * CPU time and memory by process, and of the whole machine: once a second, and every ten while the host is idle. Each
 * such look is told as `usage`; the report gets the sums. Read from /proc on Linux, from `ps` elsewhere; a process that
 * ended between listing and reading has no new sample. One that this machine does not see, as in a container of an
 * engine in a virtual machine, is not here at all.
 *
 * U1 A process that has ended is not looked for again: what it used is added to its name's sum.
 * U2 An average over the run is one over its time, however often it was looked.
 * U3 What is told covers the time since it was told before, and no other look shortens it. Memory that is looked at
 *    seldom is told as it was last seen.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, freemem, totalmem } from "node:os";
import type { UsageEvent } from "../../simulator/common/contract/events.ts";
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
  /** Null where it was not asked for. */
  readonly memory: MemoryUse | null;
  /** Of the process, as the system counts it: another one under the same pid is another process. Null: not told. */
  readonly startTime: string | null;
}

interface MemoryUse {
  /** Resident now. */
  readonly rssBytes: number;
  /** The peak, as far as it is known. */
  readonly rssBytesMax: number;
}

export type Pace = keyof typeof INTERVAL_MS;

interface WatchedProcess {
  readonly name: string;
  startTime: string | null;
  cpuMs: number;
  /** Null before it was seen. */
  rssBytes: number | null;
  rssBytesMax: number;
  loadCpuMs: number;
  /** When the load began; null outside of one. */
  cpuMsBefore: number | null;
  /** What `usage` goes on from (U3). */
  told: { readonly cpuMs: number; readonly atMs: number };
}

/** It samples from its making to `stop`. */
export class Sampler {
  readonly #processes = new Map<number, WatchedProcess>();
  /** Of those that have ended (U1), by name, in the order in which names came. */
  readonly #ended = new Map<string, ProcessUse>();
  readonly #machine = new MachineSampler();
  readonly #tell: (usage: UsageEvent) => void;
  #timer: NodeJS.Timeout;
  #isLoaded = false;
  #memoryReadAtMs = Number.NEGATIVE_INFINITY;

  constructor(tell: (usage: UsageEvent) => void) {
    this.#tell = tell;
    this.#timer = this.#startTimer("busy");
  }

  /** A restarted resource adds a pid to its name; the CPU time of all its processes is summed. */
  watch(name: string, pid: number): void {
    const cpuMsBefore = this.#isLoaded ? 0 : null;
    if (!this.#ended.has(name)) this.#ended.set(name, { name, cpuMs: 0, loadCpuMs: 0, rssBytesMax: 0 });
    // It is watched from its start on; this process alone has run for a while.
    const told = { cpuMs: pid === process.pid ? readOwnCpuMs() : 0, atMs: performance.now() };
    const nothing = { startTime: null, cpuMs: 0, rssBytes: null, rssBytesMax: 0, loadCpuMs: 0 };
    this.#processes.set(pid, { name, ...nothing, cpuMsBefore, told });
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
    const look = () => {
      this.#sample({ withAllMemory: isMemoryDue() });
      this.#tell(this.#takeUsage());
    };
    return setInterval(look, INTERVAL_MS[pace]).unref();
  }

  /** U3. Two lives of a name may overlap for a moment: together they are what it uses. */
  #takeUsage(): UsageEvent {
    const nowMs = performance.now();
    const byName = new Map<string, { cpuPercent: number; rssBytes: number }>();
    for (const entry of this.#processes.values()) {
      const { name, cpuMs, rssBytes, told } = entry;
      if (rssBytes === null) continue;
      const elapsedMs = nowMs - told.atMs;
      const percent = elapsedMs <= 0 ? 0 : Math.max(0, (100 * (cpuMs - told.cpuMs)) / elapsedMs);
      const sum = byName.get(name) ?? { cpuPercent: 0, rssBytes: 0 };
      byName.set(name, { cpuPercent: round1(sum.cpuPercent + percent), rssBytes: sum.rssBytes + rssBytes });
      entry.told = { cpuMs, atMs: nowMs };
    }
    const processes = [...byName].map(([name, use]) => ({ name, ...use }));
    return { type: "usage", processes, machine: this.#machine.takeUsage() };
  }

  #sample({ withAllMemory }: { readonly withAllMemory: boolean }): void {
    if (withAllMemory) this.#memoryReadAtMs = performance.now();
    for (const [pid, entry] of this.#processes) {
      const usage = readUsage(pid, withAllMemory || entry.rssBytes === null || !isOneOfMany(entry.name));
      if (usage === undefined ? !isAlive(pid) : isAnother(entry, usage)) this.#retire(pid, entry);
      else if (usage !== undefined) {
        entry.startTime = usage.startTime;
        entry.cpuMs = usage.cpuMs;
        if (usage.memory === null) continue;
        entry.rssBytes = usage.memory.rssBytes;
        entry.rssBytesMax = Math.max(entry.rssBytesMax, usage.memory.rssBytesMax);
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
  #told = this.#before;
  #sampledAtMs = performance.now();
  #memoryPercent = 0;
  #cpuPercentPeak: number | null = null;
  /** Percent, times the milliseconds for which it stands (U2). */
  #memoryPercentMs = 0;
  #ms = 0;

  sample(): void {
    const nowMs = performance.now();
    const elapsedMs = nowMs - this.#sampledAtMs;
    this.#sampledAtMs = nowMs;
    const now = readMachineTimes();
    const percent = cpuPercentBetween(this.#before, now);
    if (percent !== null) this.#cpuPercentPeak = Math.max(this.#cpuPercentPeak ?? 0, percent);
    this.#before = now;
    this.#memoryPercent = 100 * (1 - readAvailableBytes() / totalmem());
    this.#memoryPercentMs += this.#memoryPercent * elapsedMs;
    this.#ms += elapsedMs;
  }

  /** Of the newest sample, since the one that was told before it (U3). */
  takeUsage(): UsageEvent["machine"] {
    const cpuPercent = cpuPercentBetween(this.#told, this.#before) ?? 0;
    this.#told = this.#before;
    return { cpuPercent: round1(cpuPercent), memoryPercent: round1(this.#memoryPercent) };
  }

  facts(): { cpuPercentPeak: number | null; memoryPercentAvg: number | null } {
    return {
      cpuPercentPeak: this.#cpuPercentPeak === null ? null : round1(this.#cpuPercentPeak),
      memoryPercentAvg: this.#ms === 0 ? null : round1(this.#memoryPercentMs / this.#ms),
    };
  }
}

/** Null where no time has passed, as the system counts it. */
function cpuPercentBetween(before: MachineTimes, after: MachineTimes): number | null {
  const totalMs = after.totalMs - before.totalMs;
  return totalMs <= 0 ? null : 100 * (1 - (after.idleMs - before.idleMs) / totalMs);
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
  if (!withMemory) return { cpuMs, memory: null, startTime };
  // A process that has just ended has no memory lines any more.
  const memory = /^VmHWM:\s+(\d+) kB\nVmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"));
  if (memory === null) return undefined;
  const [rssBytesMax, rssBytes] = memory.slice(1).map((kilobytes) => Number(kilobytes) * 1024) as [number, number];
  return { cpuMs, memory: { rssBytes, rssBytesMax }, startTime };
}

/** `  1-02:03:04.56  12345`: CPU time and kilobytes. */
function readUsageFromPs(pid: number): Usage | undefined {
  const text = execFileSync("ps", ["-o", "time=,rss=", "-p", String(pid)], { encoding: "utf8" }).trim();
  const match = /^(?:(\d+)-)?(?:(\d+):)?(\d+):([\d.]+)\s+(\d+)$/.exec(text);
  if (match === null) return undefined;
  const [days, hours, minutes, seconds, kilobytes] = match.slice(1).map((part) => Number(part ?? 0));
  const total = (((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0);
  const rssBytes = (kilobytes ?? 0) * 1024;
  return { cpuMs: Math.round(total * 1_000), memory: { rssBytes, rssBytesMax: rssBytes }, startTime: null };
}

function readOwnCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

interface MachineTimes {
  readonly idleMs: number;
  readonly totalMs: number;
}

function readMachineTimes(): MachineTimes {
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
