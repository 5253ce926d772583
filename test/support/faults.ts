/** Faults for a run: which process a resource is at the moment, and signals to it. Only what the run itself named. */
import type { HostEvent, RunPhase } from "../../simulator/common/contract/events.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { type Cli, type CliOptions, type CliResult, startCli } from "./run-cli.ts";

/** Of a whole run, and of each wait in it: generous, for a busy machine with two cores that restarts a broker. */
const RUN_DEADLINE_MS = 240_000;
const WAIT_DEADLINE_MS = 120_000;

type ResourceEvent = Extract<HostEvent, { type: "resource" }>;

/** Starts a run, lets `work` do harm to it, and ends it whatever happened. */
export async function withRun(
  args: readonly string[],
  work: (cli: Cli) => Promise<void>,
  options: CliOptions = {},
): Promise<void> {
  const cli = startCli(args, { deadlineMs: RUN_DEADLINE_MS, ...options });
  try {
    await work(cli);
  } finally {
    await cli.dispose();
  }
}

/** A host that stays: however slowly its commands come on a busy machine, the end of the load does not end it under them. */
export const STANDING = ["up", "--infra", "embedded", "--ui", "json"] as const;

/** Ends one that stays, once its round has a verdict. */
export async function endStanding(cli: Cli): Promise<CliResult> {
  await cli.waitForEvent("verdict", () => true, WAIT_DEADLINE_MS);
  process.kill(cli.pid, "SIGTERM");
  return cli.end();
}

/** The process of a resource, once it has one. */
export async function processOf(cli: Cli, name: string): Promise<number> {
  const { pid } = await waitUntil(
    async () => {
      const newest = (await cli.events()).findLast((event) => event.type === "resource" && event.name === name);
      const found = newest as ResourceEvent | undefined;
      return found?.pid == null ? undefined : { pid: found.pid };
    },
    { what: `a process of ${name}`, deadlineMs: WAIT_DEADLINE_MS },
  );
  return pid;
}

/** Kills each with SIGKILL, all at the same time. */
export async function killAll(cli: Cli, ...names: readonly string[]): Promise<void> {
  const pids = await Promise.all(names.map((name) => processOf(cli, name)));
  for (const pid of pids) sendSignal(pid, "SIGKILL");
}

/** Stops each process, and lets it go on once `work` is done. */
export async function whileStopped(cli: Cli, names: readonly string[], work: () => Promise<unknown>): Promise<void> {
  const pids = await Promise.all(names.map((name) => processOf(cli, name)));
  for (const pid of pids) sendSignal(pid, "SIGSTOP");
  try {
    await work();
  } finally {
    for (const pid of pids) sendSignal(pid, "SIGCONT");
  }
}

/** A process that ended by itself meanwhile needs no fault any more. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

export const taskManagers = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `taskmanager-${String(i + 1).padStart(2, "0")}`);

/** Until this share of the messages is processed: then the run is in its middle. */
export async function untilProcessed(cli: Cli, records: number): Promise<void> {
  await cli.waitForEvent("progress", (event) => event.processed >= records, WAIT_DEADLINE_MS);
}

export async function untilPhase(cli: Cli, phase: RunPhase): Promise<void> {
  await cli.waitForEvent("phase", (event) => event.phase === phase, WAIT_DEADLINE_MS);
}

/** Until a resource was started again `restarts` times and is ready. */
export async function untilRestarted(cli: Cli, name: string, restarts = 1): Promise<void> {
  await cli.waitForEvent(
    "resource",
    (event) => event.name === name && event.state === "running" && event.restarts >= restarts,
    WAIT_DEADLINE_MS,
  );
}
