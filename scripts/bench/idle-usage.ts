/**
 * What the processes of a host have used so far, and what its folder holds: two of these samples tell what it costs to
 * have a host that does nothing. Read from /proc; elsewhere all of it is unknown.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseKilobytes, parseProcessStat } from "./cpu.ts";
import type { Group } from "./process-sampler.ts";

export interface GroupUsage {
  processes: number;
  cpuMs: number;
  rssBytes: number;
  /** That went, or will go, to a disk. */
  writtenBytes: number;
}

export interface IdleSample {
  readonly atMs: number;
  readonly groups: Readonly<Partial<Record<Group, GroupUsage>>>;
  readonly folderBytes: number;
}

export function takeIdleSample(pids: ReadonlyMap<number, Group>, folder: string): IdleSample {
  const groups: Partial<Record<Group, GroupUsage>> = {};
  for (const [pid, group] of pids) {
    const usage = readUsage(pid);
    if (usage === undefined) continue;
    const sum = groups[group] ?? { processes: 0, cpuMs: 0, rssBytes: 0, writtenBytes: 0 };
    groups[group] = {
      processes: sum.processes + 1,
      cpuMs: sum.cpuMs + usage.cpuMs,
      rssBytes: sum.rssBytes + usage.rssBytes,
      writtenBytes: sum.writtenBytes + usage.writtenBytes,
    };
  }
  return { atMs: performance.now(), groups, folderBytes: measureFolder(folder) };
}

/** Undefined for a process that has ended, as the tasks of a round have. */
function readUsage(pid: number): Omit<GroupUsage, "processes"> | undefined {
  try {
    const times = parseProcessStat(readFileSync(`/proc/${pid}/stat`, "latin1"));
    const rssBytes = parseKilobytes(readFileSync(`/proc/${pid}/status`, "latin1"), "VmRSS");
    if (times === undefined || rssBytes === undefined) return undefined;
    const writtenBytes = Number(/^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, "latin1"))?.[1] ?? 0);
    return { cpuMs: times.cpuMs, rssBytes, writtenBytes };
  } catch {
    return undefined;
  }
}

/** Without the data of servers that were started for the run: those are theirs. */
function measureFolder(folder: string): number {
  let bytes = 0;
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (/\/data\//.test(name)) continue;
    // One that was replaced meanwhile is counted the next time.
    bytes += statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
}
