/** The bench's side of its guard (`guard/main.ts`): tells it which children there are. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { programPath } from "./parts.ts";

let guard: ChildProcess | undefined;

export function startGuard(workFolder: string): void {
  guard = spawn(process.execPath, [programPath("scripts/bench/guard/main"), workFolder], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  // Should the guard be killed, the bench goes on: it only loses its safety net.
  guard.stdin?.on("error", () => undefined);
}

/** From now until it ends, this child does not outlive the bench. */
export function guardChild(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  guard?.stdin?.write(`+${pid}\n`);
  child.once("exit", () => void guard?.stdin?.write(`-${pid}\n`));
}

/** All children have ended: nothing is left for it to do, and it removes the folder. */
export async function stopGuard(): Promise<void> {
  if (guard === undefined || guard.exitCode !== null || guard.signalCode !== null) return;
  const exited = once(guard, "exit");
  guard.stdin?.end();
  await exited;
}
