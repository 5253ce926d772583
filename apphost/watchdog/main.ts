/**
 * The watchdog: a plain process of its own session, started before anything else, on a pipe from the host. Java,
 * redis-server and stopped children cannot notice that the host is gone; this process does, by the end of its input.
 *
 * W1 It acts only at end of input, which the host's death brings about however the host died.
 * W2 It kills what the host recorded (pid and start time equal) and, where the system can tell, whatever carries the run
 *    in its environment; neither itself nor the host.
 * W3 It ends by itself after that; after an orderly end of the host it finds nothing to do.
 *
 * Input, a line each, JSON: {"child":{"pid","startTime"}} | {"path":"…"}. Arguments: run id, pid of the host.
 */
import { createInterface } from "node:readline";
import type { ProcessIdentity } from "../orchestrator/process-identity.ts";
import { sweepRun } from "../orchestrator/sweep.ts";

export type WatchdogLine = { readonly child: ProcessIdentity } | { readonly path: string };

// A terminal's or a shell's signal to the host must not take its watchdog along.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);

const [runId, hostPid] = process.argv.slice(2);
if (runId === undefined || hostPid === undefined) {
  process.stderr.write("usage: watchdog RUN HOST_PID, with its orders on standard input\n");
  process.exit(2);
}
const children: ProcessIdentity[] = [];
const paths: string[] = [];
for await (const line of createInterface({ input: process.stdin })) readLine(line);
await sweepRun({ runId, children, paths, spare: [process.pid, Number(hostPid)] });
process.exit(0);

function readLine(line: string): void {
  const order = parseOrder(line);
  if (order === undefined) return;
  if ("child" in order) children.push(order.child);
  else paths.push(order.path);
}

/** The host may die in the middle of its last line; that child is then found by its environment. */
function parseOrder(line: string): WatchdogLine | undefined {
  try {
    return JSON.parse(line) as WatchdogLine;
  } catch {
    return undefined;
  }
}
