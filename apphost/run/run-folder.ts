/**
 * The folder of runs: `<base>/runs/<utc time>-<id>/` and `<base>/latest`. The host's own files in it are `state.json`,
 * `logs/`, `events.ndjson`, `metrics.ndjson`, `host-facts.json`, `credentials` and `kafka-security.json`.
 *
 * D1 Folders are 0700 and files 0600: they hold tokens, and payloads of somebody's messages.
 * D2 `state.json` is replaced by rename, so a reader in another terminal never sees half of it.
 * D3 The newest 20 runs are kept, and never is a run removed whose host still lives, nor the one that was just made: a
 *    clock that was set back makes it the oldest. Of an older one that left something on servers of others the record
 *    stays, with the credentials that a purge needs, until it was purged.
 * D4 Base, `runs` and each run are looked at before anything in them is read, and used only where they are ours (O1 of
 *    `own-files.ts`). What is not, and what is malformed, is passed over, and named by `findFolderProblems`.
 * D5 A host of another machine or container that works on the same folder is not to be seen from here (P5 of
 *    `process-identity.ts`), and counts as alive until its record says that it ended, or a person does
 *    (`down --forget`): its run is left as it is, and named.
 * D6 A copy of a project brings the records of its hosts along. They are the hosts of the other folder: whoever ends
 *    something here must not end it there. What a run left on servers of others is known to both.
 */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readlinkSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { createError, isAppError } from "../../simulator/common/foundation/errors.ts";
import { escapeForLine } from "../../simulator/common/foundation/foreign-syntax.ts";
import { parseJson } from "../../simulator/common/foundation/json-fields.ts";
import { type KafkaSecurity, PLAINTEXT } from "../../simulator/common/foundation/kafka-security.ts";
import {
  inspectFolder,
  isCopy,
  lookAt,
  makeFolders,
  readOwnFile,
  removeOwn,
  temporaryNameOf,
  writeNewFile,
} from "../files/own-files.ts";
import { isOfThisUser, isRunning, readProcessView } from "../processes/process-identity.ts";
import { findClaimProblems } from "./host-claim.ts";
import { parseRunState, type RunEvidence, type RunState } from "./run-state.ts";

export type { RunState } from "./run-state.ts";

export const RUNS_KEPT = 20;

const RUN_NAME = /^\d{8}T\d{6}Z-[0-9a-f]{8}$/;
/** 500 children and long paths take a tenth of this. */
const STATE_BYTES_MAX = 1_048_576;
const CREDENTIALS_BYTES_MAX = 16_384;
/** With certificates and a key. */
const KAFKA_SECURITY_BYTES_MAX = 16 * 1024 * 1024;

/** `20261122T174655Z-3f9c2a1b`: sorts by time, and the id is what names topics and groups. */
export function createRunId(now: Date): { readonly runId: string; readonly folder: string } {
  const runId = randomBytes(4).toString("hex");
  const time = now.toISOString().replace(/[-:]/g, "").replace(/\.\d+/, "");
  return { runId, folder: `${time}-${runId}` };
}

/** `…/runs/20261122T182424Z-0d437693` is the folder of run 0d437693. */
export const runIdOf = (runDir: string): string => basename(runDir).replace(/^.*-/, "");

/** Why a base that is there is not used; undefined when it is ours. Whatever folder it lies in is the user's business. */
export function findBaseRefusal(base: string): { readonly path: string; readonly reason: string } | undefined {
  for (const path of [resolve(base), resolve(base, "runs")]) {
    const found = inspectFolder(path);
    if (found.kind === "refused") return { path, reason: found.reason };
  }
  return undefined;
}

export function requireOwnBase(base: string): void {
  const refusal = findBaseRefusal(base);
  if (refusal !== undefined) throw createError("FOLDER_REFUSED", refusal);
}

/** Throws RUN_FOLDER_FAILED when nothing can be written there, and FOLDER_REFUSED when it is not ours. */
export function createRunFolder(base: string, folder: string): string {
  try {
    return makeRunFolder(resolve(base), folder);
  } catch (error) {
    throw isAppError(error) ? error : createError("RUN_FOLDER_FAILED", { path: resolve(base) }, error);
  }
}

function makeRunFolder(base: string, folder: string): string {
  const run = join(base, "runs", folder);
  requireOwnBase(base);
  makeFolders(dirname(run));
  for (const path of [run, runFolder.logs(run), runFolder.appliedFolder(run), runFolder.rejectedFolder(run)]) {
    mkdirSync(path, { mode: 0o700 });
  }
  mkdirSync(runFolder.checkpoints(run), { mode: 0o700 });
  // Whoever adds all files of a project must not commit tokens and passwords.
  writeNewFile(join(run, ".gitignore"), "*\n");
  pointToLatest(base, folder);
  return run;
}

/** Relative, so that the whole folder can be moved; by rename, so that there is always a pointer. */
function pointToLatest(base: string, folder: string): void {
  const latest = join(base, "latest");
  // Something of that name that is no pointer is not ours to replace; the newest run is found without it.
  if (lookAt(latest)?.isSymbolicLink() === false) return;
  const temporary = temporaryNameOf(latest);
  symlinkSync(join("runs", folder), temporary);
  renameSync(temporary, latest);
}

/** What stays of a run that is no longer kept and not purged: the record, what a purge needs, and what hides it from git. */
const RECORD_NAMES: readonly string[] = ["state.json", "credentials", "kafka-security.json", ".gitignore"];

/** D3. `kept` is the run that was just made. Returns what could not be removed: it is in nobody's way. */
export function removeOldRuns(base: string, kept: string): string[] {
  const problems: string[] = [];
  const runs = listRuns(base);
  for (const run of runs.slice(0, Math.max(0, runs.length - RUNS_KEPT))) {
    const state = readState(run);
    if (run === kept || (state !== undefined && (isHostAlive(state) || mayLiveElsewhere(state)))) continue;
    const isRecordKept = state !== undefined && hasEvidenceElsewhere(state);
    const paths = isRecordKept ? listBesidesRecord(run) : [run];
    problems.push(...paths.map(removeOwn).filter((problem) => problem !== null));
  }
  return problems;
}

const listBesidesRecord = (run: string): string[] =>
  readdirSync(run)
    .filter((name) => !RECORD_NAMES.includes(name))
    .map((name) => join(run, name));

/** A run that left something on servers that are not ours, as far as its record knows. */
export interface RunWithEvidence {
  readonly runDir: string;
  readonly state: StateWithEvidence;
}

type StateWithEvidence = RunState & { readonly evidence: RunEvidence };

export const hasEvidenceElsewhere = (state: RunState): state is StateWithEvidence =>
  state.evidence !== null && (state.evidence.kafka !== null || state.evidence.redis !== null);

/** Oldest first. */
export function listRunsWithEvidence(base: string): RunWithEvidence[] {
  const found: RunWithEvidence[] = [];
  for (const runDir of listRuns(base)) {
    const state = readState(runDir);
    if (state !== undefined && hasEvidenceElsewhere(state)) found.push({ runDir, state });
  }
  return found;
}

/** Full paths of the runs that are ours, oldest first (D4). */
export const listRuns = (base: string): string[] =>
  listRunFolders(base).filter((run) => inspectFolder(run).kind === "ours");

/** Whatever is called like a run, oldest first. Nothing where the base or its runs are not ours. */
function listRunFolders(base: string): string[] {
  const runs = resolve(base, "runs");
  if (inspectFolder(resolve(base)).kind !== "ours" || inspectFolder(runs).kind !== "ours") return [];
  return readdirSync(runs)
    .filter((name) => RUN_NAME.test(name))
    .sort()
    .map((name) => join(runs, name));
}

/** The run of that id (or folder name), or the newest: the one that `latest` points to, where that is one of ours. */
export function findRun(base: string, name: string | null): string | undefined {
  const runs = listRuns(base);
  if (name !== null) return runs.find((run) => basename(run) === name || run.endsWith(`-${name}`));
  const latest = readLatest(base);
  return runs.find((run) => run === latest) ?? runs.at(-1);
}

/** Undefined when it is not there, or is no link of ours. */
function readLatest(base: string): string | undefined {
  const latest = resolve(base, "latest");
  const isLink = lookAt(latest)?.isSymbolicLink() === true;
  return isLink ? resolve(base, readlinkSync(latest)) : undefined;
}

/** What in a base is passed over, each with its path and why: folders and records that are not ours, or are malformed. */
export function findFolderProblems(base: string): string[] {
  if (inspectFolder(resolve(base)).kind !== "ours") return [];
  const problems = findClaimProblems(base);
  const add = (path: string, reason: string) => problems.push(`${path} is not used: ${reason}`);
  for (const run of listRunFolders(base)) {
    const found = inspectFolder(run);
    const reading = found.kind === "ours" ? readRunState(run) : null;
    if (found.kind === "refused") add(run, found.reason);
    else if (reading?.kind === "refused") add(runFolder.state(run), reading.reason);
    else if (reading?.kind === "read" && mayLiveElsewhere(reading.state)) problems.push(describeElsewhere(run));
  }
  const latest = resolve(base, "latest");
  const target = readLatest(base);
  if (target === undefined && existsSync(latest)) add(latest, "it is no link to a run");
  else if (target !== undefined && existsSync(target) && dirname(target) !== resolve(base, "runs")) {
    add(latest, `it leads to ${escapeForLine(target)}, which is no run of this folder`);
  } else if (target !== undefined && !existsSync(target))
    add(latest, `it leads to ${escapeForLine(target)}, which is not there`);
  return problems;
}

const describeElsewhere = (run: string): string =>
  `${run} is left as it is: its host was started on another machine or in another container, and may live there; ` +
  `end it there, or, if that is gone: flink-apphost down --run ${runIdOf(run)} --forget`;

export function writeState(run: string, state: RunState): void {
  replaceFile(runFolder.state(run), `${JSON.stringify(state, null, 2)}\n`);
}

export type StateReading =
  | { readonly kind: "read"; readonly state: RunState }
  /** The run has none (yet). */
  | { readonly kind: "missing" }
  | { readonly kind: "refused"; readonly reason: string };

export function readRunState(run: string): StateReading {
  const file = readOwnFile(runFolder.state(run), STATE_BYTES_MAX);
  if (file.kind !== "read") return file;
  const parsed = parseRunState(file.text, runIdOf(run));
  if (parsed.kind === "malformed") return { kind: "refused", reason: parsed.reason };
  const state = isCopiedRun(run, parsed.value) ? withoutHost(parsed.value) : parsed.value;
  return { kind: "read", state };
}

/** D6. Its original is where the record says, with the same token, which nobody guesses. */
function isCopiedRun(run: string, { runDir, runId, token }: RunState): boolean {
  if (runDir === null || !isCopy(run, runDir)) return false;
  const original = readOwnFile(runFolder.state(runDir), STATE_BYTES_MAX);
  const parsed = original.kind === "read" ? parseRunState(original.text, runId) : undefined;
  return parsed?.kind === "valid" && parsed.value.token === token;
}

const withoutHost = (state: RunState): RunState => ({
  ...state,
  children: [],
  engine: null,
  flink: null,
  ended: true,
});

/** undefined when the run has none (yet), or it is not used: whoever wants to know why asks `readRunState`. */
export function readState(run: string): RunState | undefined {
  const reading = readRunState(run);
  return reading.kind === "read" ? reading.state : undefined;
}

/** Whether there may be something to sweep: its host died, or ended while an engine or a Flink did not answer. */
export const isLeftBehind = (state: RunState): boolean =>
  (!state.ended || state.engine !== null || state.flink !== null) && isOfThisView(state) && !isHostAlive(state);

export const isHostAlive = (state: RunState): boolean =>
  isOfThisView(state) &&
  isRunning({ pid: state.hostPid, startTime: state.hostStartTime }) &&
  isOfThisUser(state.hostPid);

/** D5. */
export const mayLiveElsewhere = (state: RunState): boolean => !state.ended && !isOfThisView(state);

const isOfThisView = ({ hostView }: RunState): boolean => hostView === null || hostView === readProcessView();

/** The URL of an external Redis with its password, for a later purge. */
export const credentialsPath = (run: string): string => join(run, "credentials");

export const writeCredentials = (run: string, redisUrl: string): void =>
  writeNewFile(credentialsPath(run), `${redisUrl}\n`);

/** undefined when there are none. Throws FILE_MALFORMED when they are not ours to use. */
export function readCredentials(run: string): string | undefined {
  const path = credentialsPath(run);
  const file = readOwnFile(path, CREDENTIALS_BYTES_MAX);
  if (file.kind === "refused") throw createError("FILE_MALFORMED", { path, reason: file.reason });
  return file.kind === "read" ? file.text.trim() : undefined;
}

/** How the run got into its Kafka. Throws FILE_MALFORMED when that is not ours to use. */
export function readKafkaSecurity(run: string): KafkaSecurity {
  const path = runFolder.kafkaSecurity(run);
  const file = readOwnFile(path, KAFKA_SECURITY_BYTES_MAX);
  if (file.kind === "refused") throw createError("FILE_MALFORMED", { path, reason: file.reason });
  if (file.kind === "missing") return PLAINTEXT;
  const parsed = parseJson(file.text, (fields) => fields.as<KafkaSecurity>());
  if (parsed.kind === "malformed") throw createError("FILE_MALFORMED", { path, reason: parsed.reason });
  return parsed.value;
}

export function removeCredentials(run: string): void {
  for (const path of [credentialsPath(run), runFolder.kafkaSecurity(run)]) rmSync(path, { force: true });
}

/** Of a run that ended. A later purge gets in by them, where there is something to purge. */
export function removeUnneededCredentials(run: string, state: RunState): void {
  if (!hasEvidenceElsewhere(state)) removeCredentials(run);
}

export function replaceFile(path: string, text: string): void {
  const temporary = temporaryNameOf(path);
  writeNewFile(temporary, text);
  renameSync(temporary, path);
}
