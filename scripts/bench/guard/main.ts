/**
 * The guard of a bench: a process that notices when the bench is gone without having cleaned up (SIGKILL, a crash), and
 * then ends what the bench was running and removes its folder of work.
 *
 * Input, a line each: `+<pid>` a child began, `-<pid>` it ended. The end of the input is the end of the bench; what is
 * still there then is ours to end. A host that gets SIGTERM takes down what it started, and has a watchdog of its own.
 */
import { rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { waitUntil } from "../../../simulator/common/foundation/deadline.ts";

const STOP_MS_MAX = 60_000;

const workFolder = process.argv[2] ?? "";
const children = new Set<number>();

// A terminal's Ctrl+C is for the bench; this process ends after it.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);

for await (const line of createInterface({ input: process.stdin })) {
  const pid = Number(line.slice(1));
  if (line.startsWith("+")) children.add(pid);
  else children.delete(pid);
}
for (const pid of children) send(pid, "SIGTERM");
try {
  await waitUntil(() => ([...children].some((pid) => send(pid, 0)) ? undefined : true), {
    what: "the end of what the bench was running",
    deadlineMs: STOP_MS_MAX,
  });
} catch {
  // They had their time.
  for (const pid of children) send(pid, "SIGKILL");
}
rmSync(workFolder, { recursive: true, force: true, maxRetries: 5 });

/** False when there is no such process (any more). */
function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}
