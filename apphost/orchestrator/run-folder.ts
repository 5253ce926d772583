/**
 * The folder of runs: `<base>/runs/<utc time>-<id>/` and `<base>/latest`. The host's own files in it are `state.json`,
 * `logs/`, `events.ndjson`, `metrics.ndjson`, `host-facts.json` and `credentials`.
 *
 * D1 Folders are 0700 and files 0600: they hold tokens, and payloads of somebody's messages.
 * D2 `state.json` is replaced by rename, so a reader in another terminal never sees half of it.
 * D3 The newest 20 runs are kept, and never is a run removed whose host still lives.
 */
import { randomBytes } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, join, resolve } from "node:path";
import { runFolder } from "../../simulator/common/contract/run-folder.ts";
import { createError } from "../../simulator/common/foundation/errors.ts";
import { isSameProcess, type ProcessIdentity } from "./process-identity.ts";

export const RUNS_KEPT = 20;

/** What another terminal, or a later sweep, must know of a run. */
export interface RunState {
  readonly schema: 1;
  readonly runId: string;
  readonly hostPid: number;
  readonly hostStartTime: string;
  readonly command: string;
  readonly startedAt: string;
  /** Unix socket of the host, and what a request must carry. */
  readonly socket: string;
  readonly token: string;
  readonly children: readonly (ProcessIdentity & { readonly name: string })[];
  /** Files and folders that must not outlive the host. */
  readonly paths: readonly string[];
  /** Address of the container engine that holds containers of the run; null when none does. */
  readonly engine: string | null;
  /** What stays on servers that are not ours, for `down --purge`. Null before it is known. */
  readonly evidence: RunEvidence | null;
  /** True once the host has taken down what it started. */
  readonly ended: boolean;
}

export interface RunEvidence {
  readonly topic: string;
  readonly ownTopic: boolean;
  readonly group: string;
  readonly stateKey: string;
  /** Runs of earlier versions have none. */
  readonly publishedKey?: string;
  readonly counterKey: string;
  readonly sequenceKey: string;
  /** Address of a Kafka that is not ours; null when we started it, and nothing stays. */
  readonly kafka: string | null;
  /** host:port of a Redis that is not ours. */
  readonly redis: string | null;
}

/** `20261122T174655Z-3f9c2a1b`: sorts by time, and the id is what names topics and groups. */
export function createRunId(now: Date): { readonly runId: string; readonly folder: string } {
  const runId = randomBytes(4).toString("hex");
  const time = now.toISOString().replace(/[-:]/g, "").replace(/\.\d+/, "");
  return { runId, folder: `${time}-${runId}` };
}

/** Throws RUN_FOLDER_FAILED when nothing can be written there. */
export function createRunFolder(base: string, folder: string): string {
  try {
    return makeRunFolder(base, folder);
  } catch (error) {
    throw createError("RUN_FOLDER_FAILED", { path: resolve(base) }, error);
  }
}

function makeRunFolder(base: string, folder: string): string {
  const run = resolve(base, "runs", folder);
  for (const path of [run, runFolder.logs(run), runFolder.appliedFolder(run), runFolder.rejectedFolder(run)]) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  }
  mkdirSync(runFolder.checkpoints(run), { recursive: true, mode: 0o700 });
  pointToLatest(base, folder);
  removeOldRuns(base);
  return run;
}

/** Relative, so that the whole folder can be moved; by rename, so that there is always a pointer. */
function pointToLatest(base: string, folder: string): void {
  const temporary = resolve(base, `latest.${process.pid}`);
  rmSync(temporary, { force: true });
  symlinkSync(join("runs", folder), temporary);
  renameSync(temporary, resolve(base, "latest"));
}

export function removeOldRuns(base: string): void {
  const folders = listRuns(base);
  for (const run of folders.slice(0, Math.max(0, folders.length - RUNS_KEPT))) {
    const state = readState(run);
    if (state === undefined || !isHostAlive(state)) rmSync(run, { recursive: true, force: true });
  }
}

/** Full paths, oldest first. */
export function listRuns(base: string): string[] {
  const runs = resolve(base, "runs");
  if (!existsSync(runs)) return [];
  return readdirSync(runs)
    .filter((name) => /^\d{8}T\d{6}Z-[0-9a-f]{8}$/.test(name))
    .sort()
    .map((name) => join(runs, name));
}

/** The run of that id (or folder name), or the one that `latest` points to. */
export function findRun(base: string, name: string | null): string | undefined {
  if (name !== null) return listRuns(base).find((run) => basename(run) === name || run.endsWith(`-${name}`));
  try {
    const run = resolve(base, readlinkSync(resolve(base, "latest")));
    return existsSync(run) ? run : undefined;
  } catch {
    // No pointer: nothing has run here.
    return undefined;
  }
}

export function writeState(run: string, state: RunState): void {
  replaceFile(runFolder.state(run), `${JSON.stringify(state, null, 2)}\n`);
}

/** undefined when the run has none (yet), or it is not readable as one. */
export function readState(run: string): RunState | undefined {
  try {
    const state = JSON.parse(readFileSync(runFolder.state(run), "utf8")) as RunState;
    return state.schema === 1 ? state : undefined;
  } catch {
    return undefined;
  }
}

/** Whether there may be something to sweep: its host died, or ended while the engine did not answer. */
export const isLeftBehind = (state: RunState): boolean =>
  // Runs of earlier versions have no such field.
  (!state.ended || (state.engine ?? null) !== null) && !isHostAlive(state);

export const isHostAlive = (state: RunState): boolean =>
  isSameProcess({ pid: state.hostPid, startTime: state.hostStartTime });

/** The URL of an external Redis with its password, for a later purge. */
const credentialsPath = (run: string): string => join(run, "credentials");

export function writeCredentials(run: string, redisUrl: string): void {
  writeFileSync(credentialsPath(run), `${redisUrl}\n`, { mode: 0o600 });
}

export function readCredentials(run: string): string | undefined {
  const path = credentialsPath(run);
  return existsSync(path) ? readFileSync(path, "utf8").trim() : undefined;
}

export const removeCredentials = (run: string): void => rmSync(credentialsPath(run), { force: true });

export function replaceFile(path: string, text: string): void {
  const temporary = `${path}.tmp`;
  writeFileSync(temporary, text, { mode: 0o600 });
  renameSync(temporary, path);
}
