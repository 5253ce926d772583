/**
 * Removes what a dead host left: processes, data folders, sockets. Used by the watchdog at once and by `down` later. No
 * package is imported here.
 *
 * S1 Only a process whose pid and start time were recorded, or that carries the run in its environment, is killed.
 * S2 Killing is repeated until a look finds nobody, because a child may be born between two looks; at most 10 s.
 */
import { rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { findProcessesOfRun, isAlive, isRunning, type ProcessIdentity, signalGroup } from "./process-identity.ts";

export interface Leftovers {
  readonly runId: string;
  readonly children: readonly ProcessIdentity[];
  /** Files and folders to remove once the processes are gone. */
  readonly paths: readonly string[];
  /** Never killed: whoever sweeps. */
  readonly spare: readonly number[];
}

const SWEEP_MS_MAX = 10_000;
const LOOK_INTERVAL_MS = 50;

/** Returns the pids that were killed, and those that are still there after the deadline. */
export async function sweepRun(leftovers: Leftovers): Promise<{ killed: number[]; remaining: number[] }> {
  const killed = new Set<number>();
  const endsAtMs = performance.now() + SWEEP_MS_MAX;
  let remaining = listLiving(leftovers);
  while (remaining.length > 0 && performance.now() < endsAtMs) {
    for (const pid of remaining) {
      killed.add(pid);
      killGroupOrProcess(pid);
    }
    await delay(LOOK_INTERVAL_MS);
    remaining = listLiving(leftovers);
  }
  for (const path of leftovers.paths) rmSync(path, { recursive: true, force: true, maxRetries: 5 });
  return { killed: [...killed], remaining };
}

/** Its processes that are still there. */
export function listLiving(leftovers: Omit<Leftovers, "paths">): number[] {
  const recorded = leftovers.children.filter(isRunning);
  const marked = findProcessesOfRun(leftovers.runId).filter(isAlive);
  const pids = new Set([...recorded.map((child) => child.pid), ...marked]);
  return [...pids].filter((pid) => !leftovers.spare.includes(pid));
}

/** Our children lead their own groups; a grandchild that does not is killed by itself. SIGKILL also ends a stopped one. */
function killGroupOrProcess(pid: number): void {
  if (signalGroup(pid, "SIGKILL")) return;
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself between the look and the signal, which is what we want.
  }
}
