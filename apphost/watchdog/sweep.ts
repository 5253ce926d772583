/**
 * Removes what a dead host left: processes, data folders, sockets. Used by the host at its end, by the watchdog at once
 * and by `down` later. No package is imported here.
 *
 * S1 A process is killed only if the system itself says that it is one of the run (P1 to P3 of `process-identity.ts`);
 *    what was recorded only narrows that down.
 * S2 Killing is repeated until a look finds nobody, because a child may be born between two looks; at most 10 s.
 * S3 Which files go is a matter of fixed names in the run's own folder, and of sockets named by its id. No path is read.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { RUN_DATA_FOLDER } from "../../simulator/common/contract/files/run-folder.ts";
import { removeOwn } from "../files/own-files.ts";
import { listSocketsOfRun, removeSocketsOfRun } from "../files/socket-files.ts";
import {
  findProcessesOfRun,
  isAlive,
  isRecordedChildOf,
  type ProcessIdentity,
  type RunMark,
  signalGroup,
} from "../processes/process-identity.ts";

export interface Leftovers {
  readonly mark: RunMark;
  readonly children: readonly ProcessIdentity[];
  /** Never killed: whoever sweeps. */
  readonly spare: readonly number[];
}

const SWEEP_MS_MAX = 10_000;
const LOOK_INTERVAL_MS = 50;

export interface Swept {
  /** Pids. */
  readonly killed: readonly number[];
  /** What is still there, in words. */
  readonly remaining: readonly string[];
}

export async function sweepRun(leftovers: Leftovers): Promise<Swept> {
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
  const processes = remaining.map((pid) => `process ${pid}, after SIGKILL`);
  return { killed: [...killed], remaining: [...processes, ...(await removeRemains(leftovers.mark))] };
}

/** S3. Data of servers that ran, and sockets on which nobody listens any more. Returns what could not be removed. */
export async function removeRemains({ runDir, runId }: RunMark): Promise<string[]> {
  const problem = removeOwn(join(runDir, RUN_DATA_FOLDER));
  await removeSocketsOfRun(runId);
  return problem === null ? [] : [problem];
}

/** What `removeRemains` would look at, as far as it is there. */
export function listRemains({ runDir, runId }: RunMark): string[] {
  const data = join(runDir, RUN_DATA_FOLDER);
  return [...(existsSync(data) ? [data] : []), ...listSocketsOfRun(runId)];
}

/** Its processes that are still there. */
export function listLiving({ mark, children, spare }: Leftovers): number[] {
  const recorded = children.filter((child) => isAlive(child.pid) && isRecordedChildOf(child, mark));
  const marked = findProcessesOfRun(mark).filter(isAlive);
  const pids = new Set([...recorded.map((child) => child.pid), ...marked]);
  return [...pids].filter((pid) => !spare.includes(pid));
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
