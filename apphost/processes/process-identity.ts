/**
 * Which process is meant, and whether it is one of a run. A pid alone may have been given to somebody else by now, so
 * everything that kills compares the pid and the start time. No package is imported here: the watchdog uses this file.
 *
 * P1 A process is one of a run only by what the system tells of it, and never by what a file says alone: it is this
 *    user's, and carries the run in its environment.
 * P2 redis-server writes its title over its environment. A process whose environment is blank is one of the run when it
 *    works in the run's folder.
 * P3 macOS tells the environment of others only in a text that cannot be taken apart. There a recorded process must be
 *    this user's and lead a process group of its own, as each of our children does and as few others do; those that were
 *    not recorded are not found.
 * P4 A zombie is dead: it only waits for its parent to look, and in a container whose first process is no init it waits
 *    for ever.
 * P5 A pid means something only where it was given. Another machine and another container on the same folder have other
 *    processes under the same pids, and what is not to be seen from here may live.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { ENV } from "../../simulator/common/contract/child/environment.ts";

export interface ProcessIdentity {
  readonly pid: number;
  /** Linux: clock ticks since boot, from /proc. Elsewhere the text of `ps -o lstart=`. */
  readonly startTime: string;
}

/** undefined when there is no such process (any more). */
export function readStartTime(pid: number): string | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return process.platform === "linux" ? readStat(pid)?.startTime : readPsField(pid, "lstart");
}

function isSameProcess(identity: ProcessIdentity): boolean {
  const startTime = readStartTime(identity.pid);
  return startTime !== undefined && startTime === identity.startTime;
}

/** P5: two programs with the same view see the same processes under the same pids. */
export function readProcessView(machine = readMachine()): string {
  return `${machine} ${readNamespace()} uid ${process.getuid?.() ?? 0}`;
}

/** The first pid namespace has the same number on every machine, so it does not tell one machine from another. */
function readMachine(): string {
  return createHash("sha256").update(`${hostname()} ${readMachineId()}`).digest("hex").slice(0, 16);
}

function readMachineId(): string {
  try {
    return readFileSync("/etc/machine-id", "utf8").trim();
  } catch {
    // Not every system has one; its name is then all that is known.
    return "";
  }
}

function readNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    // A system without namespaces has but one view.
    return "";
  }
}

/** By what the processes of a run are known. */
export interface RunMark {
  readonly runId: string;
  readonly runDir: string;
  /** In the environment of every child, too: a child that nobody recorded is found by it, and nobody can guess it. */
  readonly secret: string;
}

/** The same for everybody who can read the run's token, which is not given to programs that are not ours. */
export const createRunMark = (runDir: string, { runId, token }: { runId: string; token: string }): RunMark => ({
  runId,
  runDir,
  secret: createHash("sha256").update(`mark of ${runId} ${token}`).digest("hex").slice(0, 32),
});

export const markVariables = ({ runId, secret }: RunMark): Record<string, string> => ({
  [ENV.run]: runId,
  [ENV.mark]: secret,
});

export function isOfThisUser(pid: number): boolean {
  if (process.platform !== "linux") return readPsField(pid, "uid") === String(process.getuid?.());
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid === process.getuid?.();
}

/** P1 to P3: of a process that was recorded with its start time. */
export function isRecordedChildOf(identity: ProcessIdentity, mark: RunMark): boolean {
  const { pid } = identity;
  if (!isSameProcess(identity) || !isOfThisUser(pid)) return false;
  if (process.platform !== "linux") return readPsField(pid, "pgid") === String(pid);
  const variables = readEnvironment(pid);
  if (variables.length === 0) return worksIn(pid, mark.runDir);
  return variables.includes(`${ENV.run}=${mark.runId}`);
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

function readPsField(pid: number, field: string): string | undefined {
  try {
    const text = execFileSync("ps", ["-o", `${field}=`, "-p", String(pid)], { encoding: "utf8" }).trim();
    return text === "" ? undefined : text;
  } catch {
    // ps ends with 1 when the process is not there.
    return undefined;
  }
}

/** P1: those that carry the run and its mark, recorded or not. Empty where the system cannot tell. */
export function findProcessesOfRun(mark: RunMark): number[] {
  if (process.platform !== "linux") return [];
  const wanted = Object.entries(markVariables(mark)).map(([name, value]) => `${name}=${value}`);
  return listPids().filter((pid) => {
    const variables = readEnvironment(pid);
    return wanted.every((variable) => variables.includes(variable)) && isOfThisUser(pid);
  });
}

/** `NAME=VALUE`; none when it is blank (P2), or not ours to read. */
const readEnvironment = (pid: number): string[] =>
  (readProcFile(`/proc/${pid}/environ`) ?? "").split("\0").filter((variable) => variable.includes("="));

function worksIn(pid: number, folder: string): boolean {
  try {
    return `${readlinkSync(`/proc/${pid}/cwd`)}/`.startsWith(`${realpathSync(folder)}/`);
  } catch {
    // It has ended, or is not ours to look into: then it is not ours to kill either.
    return false;
  }
}

const listPids = (): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

/** Whether a process group still has a living member (P4). */
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
  return readPsField(pid, "stat")?.startsWith("Z") === false;
};

/** Whether that very process runs, and not another one under its pid (P4). */
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
