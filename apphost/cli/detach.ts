/**
 * `up --detach`: starts the same command as a process of its own session, and returns when its job is RUNNING.
 *
 * A1 What the detached host says goes to `logs/host.log` of its run. Before there is a run it goes to a file of ours, and
 *    from there to this terminal if the host ends.
 * A2 A start that fails ends with the host's exit code and its reasons. Ctrl+C here is Ctrl+C for the start, and so is a
 *    closed terminal.
 */

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { renameSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import type { HostEvent } from "../../simulator/common/contract/events.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { createError } from "../../simulator/common/foundation/errors.ts";
import { describeWaited, type TellLongWait, tellLongWait } from "../../simulator/common/foundation/long-wait.ts";
import { EXIT } from "../exit-code.ts";
import { type LineReader, openLines } from "../logs/log-files.ts";
import type { HostOptions } from "../options.ts";
import { listRuns, type RunState, readState, requireOwnBase } from "../run/run-folder.ts";
import { hasEnded, nameHostLog, readLastLines, startHostProcess } from "./host-process.ts";
import { noteLongWait, type Terminal } from "./terminal.ts";

/** The host's own deadlines are shorter; this one only means that it hangs. */
const READY_MS_MAX = 900_000;
const LOOK_INTERVAL_MS = 50;
const SECOND_SIGNAL_MS_MAX = 5_000;
/** A terminal that is closed, too: nobody was told of the host yet. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export async function runDetached(args: readonly string[], options: HostOptions, terminal: Terminal): Promise<number> {
  const base = resolve(options.runDir);
  requireOwnBase(base);
  const logPath = nameHostLog(base);
  const before = new Set(listRuns(base));
  const child = startHostProcess(args, options, { logPath, isOwned: false });
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    child.kill(signal);
    signals += 1;
    // A second one is the host's business: it kills everything. One that hangs cannot, and then its watchdog does.
    if (signals > 1) setTimeout(() => child.kill("SIGKILL"), SECOND_SIGNAL_MS_MAX).unref();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    const tell = options.ui === "quiet" ? () => undefined : noteLongWait(terminal);
    const run = await waitForRun({ base, before, child, tell });
    if (run !== undefined) renameSync(logPath, runFolder.log(run.runDir, "host"));
    const reasons = run === undefined ? readLastLines(logPath) : await waitForJob(run, child, tell);
    if (reasons === undefined && run !== undefined) {
      await announce(run, options, terminal);
      return EXIT.passed;
    }
    return await tellFailure(child, reasons ?? [], terminal);
  } catch (error) {
    // Nobody would know of a host whose start could not be followed.
    child.kill("SIGTERM");
    throw error;
  } finally {
    for (const signal of SIGNALS) process.removeListener(signal, onSignal);
    rmSync(logPath, { force: true });
    child.unref();
  }
}

interface DetachedRun {
  readonly runDir: string;
  readonly state: RunState;
}

/** The run of that host. Not one that was there before: in a container, hosts have the same pid again and again. */
export function findNewRun(base: string, before: ReadonlySet<string>, hostPid: number): DetachedRun | undefined {
  for (const runDir of listRuns(base).reverse()) {
    const state = before.has(runDir) ? undefined : readState(runDir);
    if (state?.hostPid === hostPid) return { runDir, state };
  }
  return undefined;
}

/** undefined when the host ended before it had one. */
async function waitForRun(started: {
  readonly base: string;
  readonly before: ReadonlySet<string>;
  readonly child: ChildProcess;
  readonly tell: TellLongWait;
}): Promise<DetachedRun | undefined> {
  const { base, before, child, tell } = started;
  const look = () => {
    const isOver = hasEnded(child);
    const run = child.pid === undefined ? undefined : findNewRun(base, before, child.pid);
    return run ?? (isOver ? null : undefined);
  };
  const wait = { what: "the run of the detached host", deadlineMs: READY_MS_MAX };
  const run = await tellLongWait(waitUntil(look, { ...wait, intervalMs: LOOK_INTERVAL_MS }), wait, tell);
  return run ?? undefined;
}

/** undefined once the job is RUNNING; the reasons when the host ended before. */
async function waitForJob(
  { runDir, state }: DetachedRun,
  child: ChildProcess,
  tell: TellLongWait,
): Promise<readonly string[] | undefined> {
  const events = await openLines(runFolder.events(runDir));
  let reasons: readonly string[] = [];
  let work = "starting";
  const look = async () => {
    const isOver = hasEnded(child);
    for await (const event of readEvents(events)) {
      if (event.type === "phase" && event.phase === "job") return "running";
      if (event.type === "verdict") reasons = event.reasons;
      if (event.type === "phase") work = event.phase;
      if (event.type === "waiting")
        work = `waiting for ${event.for}, ${describeWaited(event.waitedMs, event.deadlineMs)}`;
    }
    return isOver ? "ended" : undefined;
  };
  try {
    const wait = { what: "the job of the detached host", deadlineMs: READY_MS_MAX };
    const words = { ...wait, what: () => `the job of run ${state.runId} (${work})` };
    const outcome = await tellLongWait(waitUntil(look, { ...wait, intervalMs: LOOK_INTERVAL_MS }), words, tell);
    if (outcome === "running") return undefined;
    return reasons.length > 0 ? reasons : readLastLines(runFolder.log(runDir, "host"));
  } finally {
    await events.close();
  }
}

async function* readEvents(events: LineReader): AsyncGenerator<HostEvent> {
  for (let line = await events.read(); line !== undefined; line = await events.read()) {
    const event = parseEvent(line);
    if (event !== undefined) yield event;
  }
}

/** undefined for a piece of a line that is longer than the reader keeps: none that is looked for is. */
function parseEvent(line: string): HostEvent | undefined {
  try {
    return JSON.parse(line) as HostEvent;
  } catch {
    return undefined;
  }
}

async function announce({ runDir, state }: DetachedRun, options: HostOptions, terminal: Terminal): Promise<void> {
  const { runId, hostPid } = state;
  if (options.ui === "json") await terminal.write(JSON.stringify({ runId, runDir, hostPid }));
  else if (options.ui === "quiet") await terminal.write(runId);
  else await terminal.write(`run ${runId} is up (host pid ${hostPid}); end it with: flink-apphost down --run ${runId}`);
}

async function tellFailure(child: ChildProcess, lines: readonly string[], terminal: Terminal): Promise<number> {
  if (!hasEnded(child)) await once(child, "exit");
  const { exitCode, signalCode } = child;
  const how = exitCode === null ? `signal ${signalCode}` : `exit code ${exitCode}`;
  terminal.note(`flink-apphost: ${createError("DETACHED_FAILED", { how, lines }).message}`);
  return exitCode ?? EXIT.unexpected;
}
