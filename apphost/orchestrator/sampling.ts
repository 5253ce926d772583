/**
 * CPU time and memory by process, once a second, and of the whole machine. Read from /proc on Linux, from `ps`
 * elsewhere; a process that ended between listing and reading simply has no new sample.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, freemem, totalmem } from "node:os";
import type { HostFacts, ProcessUse } from "../../simulator/common/contract/host-facts.ts";

/** The kernel reports CPU time to programs in hundredths of a second, whatever its own clock is. */
const MS_PER_TICK = 10;
const MB_BYTES = 1024 * 1024;
const INTERVAL_MS = 1_000;
const SAMPLES_PER_MEMORY = 5;

export interface Usage {
  readonly cpuMs: number;
  /** 0 where it was not asked for. */
  readonly rssBytesMax: number;
}

export interface Sampler {
  /** A restarted resource adds a pid to its name; the CPU time of all its processes is summed. */
  watch(name: string, pid: number): void;
  /** CPU time from here to `endLoad` is the load's. May be repeated. */
  startLoad(): void;
  endLoad(): void;
  readFacts(): HostFacts["resources"];
  stop(): void;
}

interface WatchedProcess {
  readonly name: string;
  cpuMs: number;
  rssBytesMax: number;
  loadCpuMs: number;
  /** When the load began; null outside of one. */
  cpuMsBefore: number | null;
}

export function startSampler(): Sampler {
  const processes = new Map<number, WatchedProcess>();
  let isLoaded = false;
  const machine = { cpuPercentPeak: null as number | null, memoryPercents: 0, samples: 0 };
  let before = readMachineTimes();
  const sample = (withAllMemory: boolean) => {
    for (const [pid, entry] of processes) {
      const usage = readUsage(pid, withAllMemory || !isOneOfMany(entry.name));
      if (usage === undefined) continue;
      entry.cpuMs = usage.cpuMs;
      entry.rssBytesMax = Math.max(entry.rssBytesMax, usage.rssBytesMax);
    }
    const now = readMachineTimes();
    const totalMs = now.totalMs - before.totalMs;
    if (totalMs > 0) {
      const percent = 100 * (1 - (now.idleMs - before.idleMs) / totalMs);
      machine.cpuPercentPeak = Math.max(machine.cpuPercentPeak ?? 0, percent);
    }
    before = now;
    machine.memoryPercents += 100 * (1 - readAvailableBytes() / totalmem());
    machine.samples += 1;
  };
  // Reading memory costs more than all else here, and the kernel keeps the peak: for most processes seldom suffices.
  const timer = setInterval(() => sample(machine.samples % SAMPLES_PER_MEMORY === 0), INTERVAL_MS);
  timer.unref();
  return {
    watch: (name, pid) => {
      const cpuMsBefore = isLoaded ? 0 : null;
      processes.set(pid, { name, cpuMs: 0, rssBytesMax: 0, loadCpuMs: 0, cpuMsBefore });
    },
    startLoad() {
      sample(false);
      isLoaded = true;
      for (const entry of processes.values()) entry.cpuMsBefore = entry.cpuMs;
    },
    endLoad() {
      sample(false);
      isLoaded = false;
      for (const entry of processes.values()) {
        if (entry.cpuMsBefore !== null) entry.loadCpuMs += entry.cpuMs - entry.cpuMsBefore;
        entry.cpuMsBefore = null;
      }
    },
    readFacts() {
      sample(true);
      return {
        cpuPercentPeak: machine.cpuPercentPeak === null ? null : round1(machine.cpuPercentPeak),
        memoryPercentAvg: machine.samples === 0 ? null : round1(machine.memoryPercents / machine.samples),
        byProcess: sumByName([...processes.values()]),
      };
    },
    stop: () => clearInterval(timer),
  };
}

/** The others are few, and some live for a second or two. */
const isOneOfMany = (name: string): boolean => name.startsWith("taskmanager-");

const round1 = (value: number): number => Math.round(value * 10) / 10;

function sumByName(entries: readonly WatchedProcess[]): ProcessUse[] {
  const byName = Map.groupBy(entries, ({ name }) => name);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return [...byName].map(([name, lives]) => ({
    name,
    cpuMs: sum(lives.map(({ cpuMs }) => cpuMs)),
    loadCpuMs: sum(lives.map(({ loadCpuMs }) => loadCpuMs)),
    rssBytesMax: Math.max(...lives.map(({ rssBytesMax }) => rssBytesMax)),
  }));
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
  if (!withMemory) return { cpuMs, rssBytesMax: 0 };
  // The peak; a process that has just ended has no memory line any more.
  const peak = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"));
  return peak === null ? undefined : { cpuMs, rssBytesMax: Number(peak[1]) * 1024 };
}

/** `  1-02:03:04.56  12345`: CPU time and kilobytes. */
function readUsageFromPs(pid: number): Usage | undefined {
  const text = execFileSync("ps", ["-o", "time=,rss=", "-p", String(pid)], { encoding: "utf8" }).trim();
  const match = /^(?:(\d+)-)?(?:(\d+):)?(\d+):([\d.]+)\s+(\d+)$/.exec(text);
  if (match === null) return undefined;
  const [days, hours, minutes, seconds, kilobytes] = match.slice(1).map((part) => Number(part ?? 0));
  const total = (((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0);
  return { cpuMs: Math.round(total * 1_000), rssBytesMax: (kilobytes ?? 0) * 1024 };
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
