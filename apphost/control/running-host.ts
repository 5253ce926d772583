/**
 * Finds the host that a verb means, and asks it.
 *
 * N1 The base folder is the one given, else the nearest `.flink-apphost` from here upwards: any folder of a project will
 *    do, as it does for git. One that is not ours is refused, and never passed over for one further up.
 * N2 Without --run the only running host is meant. Of several none is guessed.
 * N3 A host that lives and cannot be asked within 5 s is an error that names it; it may be starting, or stopped.
 * N4 An answer may take as long as the work that it is about. While it is awaited the host is looked at, and one that
 *    gives no answer for 15 s is the same error.
 * N5 A host that holds its folder and has no run yet pulls an image, or sweeps. One that was started a moment ago still
 *    loads its code, and does not even hold its folder. Whoever would watch it waits for a sign of it, and then for its run.
 */
import { dirname, join, resolve } from "node:path";
import { sleep, waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { createError, isAppError } from "../../simulator/common/foundation/errors.ts";
import { type TellLongWait, tellLongWait } from "../../simulator/common/foundation/long-wait.ts";
import { lookAt } from "../files/own-files.ts";
import { connectTo, findControlSocket } from "../files/socket-files.ts";
import { findClaimHolder } from "../run/host-claim.ts";
import { findRun, isHostAlive, listRuns, type RunState, readState, runIdOf } from "../run/run-folder.ts";
import { askHost, followHost, type HostAddress } from "./client.ts";
import type { ControlRequest } from "./protocol.ts";

export interface RunningHost {
  readonly runDir: string;
  readonly state: RunState;
}

/** Which host of which folder. */
export interface HostChoice {
  readonly base: string;
  /** Run id or folder name; null: the only one. */
  readonly run: string | null;
}

export const BASE_NAME = ".flink-apphost";
const REACHABLE_MS_MAX = 5_000;

/** With a host that works on an answer. */
interface Patience {
  readonly lookIntervalMs: number;
  readonly silentMsMax: number;
}

const PATIENCE: Patience = { lookIntervalMs: 5_000, silentMsMax: 15_000 };

/** N1. Falls back to the name below `from`, which is where `up` makes it. */
export function findBase(from: string): string {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (lookAt(join(folder, BASE_NAME)) !== undefined) return join(folder, BASE_NAME);
    if (folder === dirname(folder)) return join(from, BASE_NAME);
  }
}

/** Newest first. A run whose host lives but has ended its work is not listed: it can answer nothing. */
export function findRunningHosts(base: string): RunningHost[] {
  return listRuns(base).reverse().flatMap(readRunningHost);
}

/** The host of a run's folder, as a list of one or none. */
export function readRunningHost(runDir: string): RunningHost[] {
  const state = readState(runDir);
  return state !== undefined && !state.ended && isHostAlive(state) ? [{ runDir, state }] : [];
}

export function requireRunningHost(choice: HostChoice): RunningHost {
  const { base, run } = choice;
  if (run !== null) {
    const [host] = readRunningHost(requireRun(base, run));
    if (host === undefined) throw createError("RUN_NOT_RUNNING", { run, folder: base });
    return host;
  }
  const hosts = findRunningHosts(base);
  if (hosts.length > 1) throw createError("HOST_AMBIGUOUS", { folder: base, hosts: hosts.map(describeHost) });
  const [host] = hosts;
  if (host === undefined) throw createError("NO_RUNNING_HOST", { folder: base });
  return host;
}

export interface StartingLimits {
  /** From the start of a host's process to the claim on its folder, on a busy machine. */
  readonly signMsMax: number;
  /** From there to its run. */
  readonly runMsMax: number;
}

const STARTING: StartingLimits = { signMsMax: 3_000, runMsMax: 120_000 };
/** Each look reads the records of all runs in the folder. */
const STARTING_LOOK_INTERVAL_MS = 200;

/** N5. Settles when there is nothing to wait for (any more); throws NO_RUNNING_HOST when that takes too long. */
export async function waitForStartingHost(
  { base, run }: HostChoice,
  tell: TellLongWait,
  { signMsMax, runMsMax: deadlineMs }: StartingLimits = STARTING,
): Promise<void> {
  if (run !== null) return;
  const findSign = () => (findRunningHosts(base).length > 0 ? "running" : (findClaimHolder(base) ?? undefined));
  const sign = await waitForSign(findSign, signMsMax, tell);
  if (sign === null || sign === "running") return;
  const isSettled = () => (findRunningHosts(base).length > 0 || findClaimHolder(base) === null ? true : undefined);
  const wait = { what: `the host that is just starting (pid ${sign.pid}) to have a run`, deadlineMs };
  const settled = waitUntil(isSettled, { ...wait, intervalMs: STARTING_LOOK_INTERVAL_MS });
  try {
    await tellLongWait(settled, wait, tell);
  } catch (error) {
    throw createError("NO_RUNNING_HOST", { folder: base }, error);
  }
}

/** Null when none came. */
async function waitForSign<Sign>(
  findSign: () => Sign | undefined,
  deadlineMs: number,
  tell: TellLongWait,
): Promise<Sign | null> {
  const wait = { what: "a sign of a host that was just started", deadlineMs };
  try {
    return await tellLongWait(waitUntil(findSign, { ...wait, intervalMs: STARTING_LOOK_INTERVAL_MS }), wait, tell);
  } catch (error) {
    if (isAppError(error) && error.code === "DEADLINE_EXCEEDED") return null;
    throw error;
  }
}

/** The folder of a run that was named, whether its host lives or not. */
export function requireRun(base: string, run: string): string {
  const runDir = findRun(base, run);
  if (runDir !== undefined) return runDir;
  const known = listRuns(base).map(runIdOf);
  const expected = `a run in ${base}/runs${known.length === 0 ? ", which has none" : `: ${known.join(", ")}`}`;
  throw createError("USAGE_OPTION_INVALID", { option: "--run", value: run, expected });
}

export const describeHost = ({ state }: RunningHost): string =>
  `run ${state.runId}: ${state.command}, pid ${state.hostPid}, since ${state.startedAt}`;

export interface AskOptions {
  readonly onAccepted?: (detail: string) => void;
  readonly signal?: AbortSignal;
  readonly patience?: Patience;
  /** Told while the host itself gives no answer. The work that was asked of it is the caller's to tell of. */
  readonly tell?: TellLongWait;
}

const tellNobody: TellLongWait = () => undefined;

export async function askRunningHost(
  host: RunningHost,
  request: ControlRequest,
  { onAccepted, signal, patience = PATIENCE, tell = tellNobody }: AskOptions = {},
): Promise<unknown> {
  const address = await waitForHost(host, request, { deadlineMs: REACHABLE_MS_MAX, tell, signal });
  const watch = watchHost(host, request, { patience, tell, signal });
  try {
    return await askHost(address, request, onAccepted, watch.signal);
  } finally {
    watch.end();
  }
}

export async function* followRunningHost(
  host: RunningHost,
  request: ControlRequest,
  { signal, tell = tellNobody }: Pick<AskOptions, "tell"> & { readonly signal: AbortSignal },
) {
  const address = await waitForHost(host, request, { deadlineMs: REACHABLE_MS_MAX, tell, signal });
  const watch = watchHost(host, request, { patience: PATIENCE, tell, signal });
  try {
    yield* followHost(address, request, watch.signal);
  } finally {
    watch.end();
  }
}

interface WatchOptions {
  readonly patience: Patience;
  readonly tell: TellLongWait;
  readonly signal: AbortSignal | undefined;
}

/** N4. Its signal comes with the error, or with the caller's reason. A host that is to end is waited for by others. */
function watchHost(
  host: RunningHost,
  request: ControlRequest,
  { patience, tell, signal: given }: WatchOptions,
): { signal: AbortSignal; end(): void } {
  const over = new AbortController();
  const silent = new AbortController();
  const watch = async () => {
    for (;;) {
      await sleep(patience.lookIntervalMs, over.signal);
      await waitForHost(host, request, { deadlineMs: patience.silentMsMax, tell, signal: over.signal });
    }
  };
  if (request.request !== "down") watch().catch((error: unknown) => silent.abort(error));
  const signals = given === undefined ? [silent.signal] : [given, silent.signal];
  return { signal: AbortSignal.any(signals), end: () => over.abort(new Error("it was answered")) };
}

/**
 * N3. A host writes its state a moment before it listens. The system takes connections for one that is stopped (SIGSTOP),
 * so only an answer tells that it can be asked; `down` is for such a host, too, and waits in its socket.
 */
async function waitForHost(
  { state }: RunningHost,
  { request }: ControlRequest,
  { deadlineMs, tell, signal }: { readonly deadlineMs: number } & Omit<WatchOptions, "patience">,
): Promise<HostAddress> {
  const { runId, hostPid, token } = state;
  const find = () => findControlSocket(runId, state.socket);
  try {
    const look = async () => {
      const address = { socket: find(), token };
      if (request === "down") (await connectTo(address.socket)).destroy();
      else await greetHost(address, signal);
      return address;
    };
    const what = `an answer at ${find()}`;
    const answered = waitUntil(look, { what, deadlineMs, ...(signal === undefined ? {} : { signal }) });
    const words = { what: `an answer of the host of run ${runId} (pid ${hostPid})`, deadlineMs };
    return await tellLongWait(answered, words, tell);
  } catch (error) {
    signal?.throwIfAborted();
    if (!isAppError(error)) throw error;
    if (!isHostAlive(state)) throw createError("CONTROL_LOST", { request: "anything" }, error);
    const params = { run: runId, pid: hostPid, socket: find(), waitedMs: deadlineMs };
    throw createError("CONTROL_UNREACHABLE", params, error);
  }
}

/** Settles when it said anything: an older one refuses a ping. */
async function greetHost(address: HostAddress, signal?: AbortSignal): Promise<void> {
  const limited = AbortSignal.any([AbortSignal.timeout(REACHABLE_MS_MAX), ...(signal === undefined ? [] : [signal])]);
  try {
    await askHost(address, { request: "ping" }, undefined, limited);
  } catch (error) {
    if (!isAppError(error) || error.code !== "CONTROL_REFUSED") throw error;
  }
}
