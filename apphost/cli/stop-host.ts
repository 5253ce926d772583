/**
 * Stopping one running host, seen from another terminal.
 *
 * Z1 It is stopped when its process, every process of its run, and its socket are gone, whatever it answered.
 * Z2 Who is waited for is said while it takes long, and what remains is named when it takes too long.
 */
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { createError, describeError, isAppError } from "../../simulator/common/foundation/errors.ts";
import { tellLongWait } from "../../simulator/common/foundation/long-wait.ts";
import { askRunningHost, type RunningHost } from "../control/running-host.ts";
import { listSocketsOfRun } from "../files/socket-files.ts";
import { createRunMark } from "../processes/process-identity.ts";
import { isHostAlive, readState } from "../run/run-folder.ts";
import { listLiving } from "../watchdog/sweep.ts";
import { readHostWork } from "./host-work.ts";
import { noteLongWait } from "./terminal.ts";

export interface StopOptions {
  readonly timeoutMs: number;
  readonly write: (line: string) => Promise<void>;
  readonly note: (line: string) => void;
}

const LOOK_INTERVAL_MS = 50;

export async function stopHost(host: RunningHost, { timeoutMs, write, note }: StopOptions): Promise<void> {
  const { runId, hostPid } = host.state;
  const settled = new AbortController();
  // It may end before it answers, or be unable to: what counts is whether it is gone.
  let refusal = "";
  const asked = askRunningHost(host, { request: "down" }, { signal: settled.signal }).catch((error: unknown) => {
    if (!settled.signal.aborted) refusal = `; ${describeError(error)}`;
  });
  const ended = waitUntil(() => (listRemaining(host).length === 0 ? true : undefined), {
    what: `the end of run ${runId}`,
    deadlineMs: timeoutMs,
    intervalMs: LOOK_INTERVAL_MS,
  });
  const words = { what: () => describeWaiting(host, settled.signal), deadlineMs: timeoutMs };
  try {
    await tellLongWait(ended, words, noteLongWait({ note }));
  } catch (error) {
    if (!isAppError(error)) throw error;
    const advice = `it may still end; else kill -KILL ${hostPid}, and run down again${refusal}`;
    throw createError("DOWN_INCOMPLETE", { run: runId, waitedMs: timeoutMs, remaining: listRemaining(host), advice });
  } finally {
    settled.abort(new Error("settled"));
    await asked;
  }
  await write(`stopped run ${runId}`);
}

/** What is still there (Z1). While the host lives its children are its business, and looking for them would be waste. */
function listRemaining({ runDir, state }: RunningHost): string[] {
  const { runId, hostPid } = state;
  if (isHostAlive(state)) return [`host (pid ${hostPid})`];
  // A host that ended in order has no children recorded; one that was killed has, and its watchdog is at work.
  const children = readState(runDir)?.children ?? [];
  const living = listLiving({ mark: createRunMark(runDir, state), children, spare: [] });
  const nameOf = (pid: number) => children.find((child) => child.pid === pid)?.name ?? "a process of the run";
  const files = listSocketsOfRun(runId).map((socket) => `socket ${socket}`);
  return [...living.map((pid) => `${nameOf(pid)} (pid ${pid})`), ...files];
}

/** The host's own word, as long as it has one. */
async function describeWaiting(host: RunningHost, settled: AbortSignal): Promise<string> {
  const work = await readHostWork(host, settled);
  const left = work ?? listRemaining(host).join(", ");
  return `the end of run ${host.state.runId} (${left})`;
}
