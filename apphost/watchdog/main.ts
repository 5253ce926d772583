/**
 * The watchdog: a plain process of its own session, started before anything else, on a pipe from the host. Java,
 * redis-server and stopped children cannot notice that the host is gone; this process does, by the end of its input.
 *
 * W1 It acts only at end of input, which the host's death brings about however the host died. Until then it answers the
 *    host's pings, and that is all.
 * W2 It kills and removes what S1 and S3 of `sweep.ts` allow, the host's own children among it; neither itself nor the
 *    host.
 * W3 It ends by itself after that; after an orderly end of the host it finds nothing to do.
 * W4 Containers of the run are removed by label, at the engine that it was told of. What speaks to engines is loaded only
 *    then: a watchdog that nobody needs stays small.
 * W5 The run's job on a Flink of others is cancelled, once no gateway of ours can submit it any more.
 *
 * Input, a line each, JSON: {"child":{"pid","startTime"}} | {"engine":"unix://…" or null} | {"flink":"http://…" or null}.
 * Arguments: run id, run folder, secret of the run's mark, pid of the host.
 */
import { createInterface } from "node:readline";
import { jobIdOf } from "../../simulator/common/contract/names.ts";
import { dropEnded, type ProcessIdentity } from "../processes/process-identity.ts";
import { removeRemains, sweepRun } from "./sweep.ts";

export type WatchdogLine =
  | { readonly child: ProcessIdentity }
  | { readonly engine: string | null }
  | { readonly flink: string | null };

// A terminal's or a shell's signal to the host must not take its watchdog along.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);

process.on("message", () => {
  if (process.connected) process.send?.({ type: "pong" }, undefined, undefined, () => undefined);
});

const [runId, runDir, secret, hostPid] = process.argv.slice(2);
if (runId === undefined || runDir === undefined || secret === undefined || hostPid === undefined) {
  process.stderr.write("usage: watchdog RUN FOLDER SECRET HOST_PID, with its orders on standard input\n");
  process.exit(2);
}
let children: readonly ProcessIdentity[] = [];
let engine: string | null = null;
let flink: string | null = null;
for await (const line of createInterface({ input: process.stdin })) readLine(line);
const mark = { runId, runDir, secret };
await Promise.all([
  sweepRun({ mark, children, spare: [process.pid, Number(hostPid)] }).then(() =>
    flink === null ? undefined : cancelJobOf(flink, runId),
  ),
  engine === null ? undefined : sweepEngine(engine, runId),
]);
// Containers of Flink write into the run's folder until they are gone (W4).
if (engine !== null) await removeRemains(mark);
process.exit(0);

function readLine(line: string): void {
  const order = parseOrder(line);
  if (order === undefined) return;
  if ("child" in order) children = dropEnded([...children, order.child], (child) => child);
  else if ("engine" in order) engine = order.engine;
  else flink = order.flink;
}

/** An engine that is silent now may be restarting. What stays in it, the next `up` or `down` removes. */
async function sweepEngine(address: string, run: string): Promise<void> {
  const [{ openEngine }, { removeRunPatiently }] = await Promise.all([
    import("../drivers/docker/engine.ts"),
    import("../drivers/docker/leftovers.ts"),
  ]);
  await removeRunPatiently(await openEngine(address, process.env), run).catch(() => undefined);
}

/** Where Flink does not answer now, the next `up` or `down` cancels it. */
async function cancelJobOf(restUrl: string, run: string): Promise<void> {
  const { cancelJob, CANCEL_MS_MAX, jobUrl } = await import("../drivers/flink/job-cancellation.ts");
  await cancelJob(jobUrl(restUrl, jobIdOf(run)), CANCEL_MS_MAX).catch(() => undefined);
}

/** The host may die in the middle of its last line; that child is then found by its environment. */
function parseOrder(line: string): WatchdogLine | undefined {
  try {
    return JSON.parse(line) as WatchdogLine;
  } catch {
    return undefined;
  }
}
