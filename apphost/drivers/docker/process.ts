/** The main process of a container as this machine sees it: only on Linux, and only with an engine of this very kernel. */
import { readFileSync } from "node:fs";

/** An engine in a virtual machine tells a pid of that machine, under which something else may run here. */
export function isProcessOfContainer(pid: number, containerId: string): boolean {
  if (pid <= 0 || process.platform !== "linux") return false;
  try {
    return readFileSync(`/proc/${pid}/cgroup`, "utf8").includes(containerId);
  } catch {
    // No such process here.
    return false;
  }
}
