/**
 * Which process is meant. A pid alone may have been given to somebody else by now, so everything that kills compares the
 * pid and the start time. No package is imported here: the watchdog uses this file.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { ENV } from "../../simulator/common/contract/environment.ts";

export interface ProcessIdentity {
  readonly pid: number;
  /** Linux: clock ticks since boot, from /proc. Elsewhere the text of `ps -o lstart=`. */
  readonly startTime: string;
}

/** undefined when there is no such process (any more). */
export function readStartTime(pid: number): string | undefined {
  return process.platform === "linux" ? readStat(pid)?.startTime : readStartTimeFromPs(pid);
}

export function isSameProcess(identity: ProcessIdentity): boolean {
  return readStartTime(identity.pid) === identity.startTime;
}

interface ProcessStat {
  /** R, S, D, T, Z, … */
  readonly state: string;
  readonly group: number;
  readonly startTime: string;
}

/** The name in the second field may hold spaces and parentheses, so fields are counted from the last `)`. */
function readStat(pid: number): ProcessStat | undefined {
  const text = readProcFile(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "", group: Number(fields[2]), startTime: fields[19] ?? "" };
}

/** A process may end between the listing and the reading, and others' processes are not ours to read: both mean "no". */
function readProcFile(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}

function readStartTimeFromPs(pid: number): string | undefined {
  try {
    const text = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
    return text === "" ? undefined : text;
  } catch {
    // ps ends with 1 when the process is not there.
    return undefined;
  }
}

/** The pids on this machine that carry the run in their environment. Empty where the system cannot tell. */
export function findProcessesOfRun(runId: string): number[] {
  if (process.platform !== "linux") return [];
  const mark = `${ENV.run}=${runId}`;
  return listPids().filter((pid) => readProcFile(`/proc/${pid}/environ`)?.split("\0").includes(mark) === true);
}

const listPids = (): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

/** Whether a process group still has a living member. A zombie is dead: it only waits for its parent to look. */
export function isGroupAlive(group: number): boolean {
  try {
    process.kill(-group, 0);
  } catch {
    return false;
  }
  if (process.platform !== "linux") return true;
  return listPids().some((pid) => {
    const stat = readStat(pid);
    return stat !== undefined && stat.group === group && stat.state !== "Z";
  });
}

export const isAlive = (pid: number): boolean => {
  if (process.platform === "linux") {
    const stat = readStat(pid);
    return stat !== undefined && stat.state !== "Z";
  }
  return readStartTimeFromPs(pid) !== undefined;
};

/** Whether that very process runs, and not another one under its pid. */
export const isRunning = (identity: ProcessIdentity): boolean => isAlive(identity.pid) && isSameProcess(identity);

/** Beyond this many records those of processes that have ended are dropped: a run of any length needs the same room. */
const RECORDS_MAX = 500;

/** What is recorded for whoever kills what is left: of those that have ended nothing is left. */
export function dropEnded<T>(records: readonly T[], identityOf: (record: T) => ProcessIdentity | null): readonly T[] {
  if (records.length <= RECORDS_MAX) return records;
  return records.filter((record) => {
    const identity = identityOf(record);
    return identity === null || isRunning(identity);
  });
}

/** Sends a signal to a whole group. False when nobody is left to get it. */
export function signalGroup(group: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    return false;
  }
}
