/** Processes of a run, found by FLINK_APPHOST_RUN in their environment; its watchdog by itself. Linux only. */
import { readdirSync, readFileSync } from "node:fs";
import { ENV } from "../../simulator/common/contract/child/environment.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";

export interface RunProcess {
  readonly pid: number;
  readonly resource: string;
  readonly command: string;
}

const WATCHDOG = "watchdog/main";

export const canListProcesses: boolean = process.platform === "linux";

export function listRunProcesses(runId: string): readonly RunProcess[] {
  const found: RunProcess[] = [];
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    const variables = readProc(name, "environ");
    if (variables === undefined || !variables.includes(`${ENV.run}=${runId}`) || isZombie(name)) continue;
    const resource = variables.find((variable) => variable.startsWith(`${ENV.resource}=`)) ?? "";
    const command = (readProc(name, "cmdline") ?? []).join(" ");
    if (command.includes(WATCHDOG)) continue;
    found.push({ pid: Number(name), resource: resource.slice(ENV.resource.length + 1), command });
  }
  return found;
}

/** It stays a moment longer than what it watches over, and carries the run as all of them do, so it is listed apart. */
export function listWatchdogs(runId: string): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      const command = readProc(pid, "cmdline") ?? [];
      return command.some((part) => part.includes(WATCHDOG)) && command.includes(runId) && !isZombie(pid);
    })
    .map(Number);
}

/** Throws with the list of what is left after the deadline. Without /proc it can say nothing, and checks nothing. */
export async function expectNoRunProcesses(runId: string, deadlineMs = 5_000): Promise<void> {
  if (!canListProcesses) return;
  await waitUntil(
    () => {
      const left = listRunProcesses(runId);
      if (left.length > 0) throw new Error(left.map((p) => `${p.pid} ${p.resource} (${p.command})`).join(", "));
      return true;
    },
    { what: `the end of every process of run ${runId}`, deadlineMs, intervalMs: 50 },
  );
}

/** Undefined for a process that ended meanwhile, or that is somebody else's. */
function readProc(pid: string, file: "environ" | "cmdline"): readonly string[] | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8").split("\0");
  } catch {
    return undefined;
  }
}

function isZombie(pid: string): boolean {
  try {
    return /^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return true;
  }
}
