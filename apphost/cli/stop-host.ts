/**
 * Stopping one running host, seen from another terminal.
 *
 * Z1 It is stopped when its process, every process of its run, and its socket are gone, whatever it answered.
 * Z2 Who is waited for is said when it takes longer than 2 s, and what remains is named when it takes too long.
 */
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { createError, describeError, isAppError } from "../../simulator/common/foundation/errors.ts";
import { askRunningHost, type RunningHost } from "../control/running-host.ts";
import { listSocketsOfRun } from "../files/socket-files.ts";
import type { HostDescription } from "../model/description.ts";
import { createRunMark } from "../processes/process-identity.ts";
import { isHostAlive, readState } from "../run/run-folder.ts";
import { listLiving } from "../watchdog/sweep.ts";

export interface StopOptions {
  readonly timeoutMs: number;
  readonly write: (line: string) => Promise<void>;
  readonly note: (line: string) => void;
}

/** Before it, an orderly end needs no words. */
const QUIET_MS = 2_000;
const NOTE_INTERVAL_MS = 2_000;
const LOOK_INTERVAL_MS = 50;
const NAMES_MAX = 5;

export async function stopHost(host: RunningHost, { timeoutMs, write, note }: StopOptions): Promise<void> {
  const { runId, hostPid } = host.state;
  const settled = new AbortController();
  // It may end before it answers, or be unable to: what counts is whether it is gone.
  let refusal = "";
  const asked = askRunningHost(host, { request: "down" }, { signal: settled.signal }).catch((error: unknown) => {
    if (!settled.signal.aborted) refusal = `; ${describeError(error)}`;
  });
  const notes = noteWaiting(host, note, settled.signal);
  try {
    await waitUntil(() => (listRemaining(host).length === 0 ? true : undefined), {
      what: `the end of run ${runId}`,
      deadlineMs: timeoutMs,
      intervalMs: LOOK_INTERVAL_MS,
    });
  } catch (error) {
    if (!isAppError(error)) throw error;
    const advice = `it may still end; else kill -KILL ${hostPid}, and run down again${refusal}`;
    throw createError("DOWN_INCOMPLETE", { run: runId, waitedMs: timeoutMs, remaining: listRemaining(host), advice });
  } finally {
    settled.abort(new Error("settled"));
    await Promise.all([asked, notes]);
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

async function noteWaiting(host: RunningHost, note: (line: string) => void, settled: AbortSignal): Promise<void> {
  const startedMs = performance.now();
  const look = async () => {
    const waitedMs = performance.now() - startedMs;
    const waiting = waitedMs < QUIET_MS ? "" : await describeWaiting(host, settled);
    if (waiting !== "" && !settled.aborted) note(`waiting for ${waiting}`);
    return undefined;
  };
  const options = { what: "the end", deadlineMs: Number.POSITIVE_INFINITY, intervalMs: NOTE_INTERVAL_MS };
  await waitUntil(look, { ...options, signal: settled }).catch(() => undefined);
}

/** The host's own word, as long as it has one. */
async function describeWaiting(host: RunningHost, settled: AbortSignal): Promise<string> {
  try {
    const signal = AbortSignal.any([settled, AbortSignal.timeout(NOTE_INTERVAL_MS)]);
    const request = { request: "describe", showSecrets: false } as const;
    const { phase, resources } = (await askRunningHost(host, request, { signal })) as HostDescription;
    const busy = resources.filter(({ state }) => state === "stopping").map(({ name }) => name);
    const more = busy.length > NAMES_MAX ? `, and ${busy.length - NAMES_MAX} more` : "";
    return `run ${host.state.runId} (${phase})${busy.length === 0 ? "" : `: ${busy.slice(0, NAMES_MAX).join(", ")}${more}`}`;
  } catch {
    return listRemaining(host).join(", ");
  }
}
