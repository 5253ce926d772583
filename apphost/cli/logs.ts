/**
 * `logs`: what the resources of a run wrote, also of a run that has ended. Read from the files of its folder.
 *
 * J1 Lines of several resources come in the order of their times, each file's own order kept, with the name in front.
 * J2 `--tail N` is the last N lines of each resource, of those that match `--search`.
 *    `--since` leaves out what is known to be older.
 * J3 `-f` goes on until the host has ended and all that it wrote is shown. Resources that begin later join in.
 */
import { setTimeout as delay } from "node:timers/promises";
import { styleText } from "node:util";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { createError } from "../../simulator/common/foundation/errors.ts";
import {
  askRunningHost,
  findRunningHosts,
  type HostChoice,
  readRunningHost,
  requireRun,
  requireRunningHost,
} from "../control/running-host.ts";
import { type LineReader, listLogs, openLastLines, openLines } from "../logs/log-files.ts";
import {
  colorOf,
  createSearch,
  formatLogLine,
  isSince,
  type LogLine,
  readLogLine,
  selectLogs,
} from "../logs/log-lines.ts";
import type { HostDescription } from "../model/description.ts";
import { findRun, runIdOf } from "../run/run-folder.ts";
import { noteLongWait, type Terminal } from "./terminal.ts";
import { checkNames } from "./wait.ts";

export interface LogsOptions extends HostChoice {
  /** Resources and groups; none = all. */
  readonly names: readonly string[];
  readonly follow: boolean;
  /** null: everything. */
  readonly tail: number | null;
  readonly search: string | null;
  /** Milliseconds since 1970; null: everything. */
  readonly sinceMs: number | null;
  readonly timestamps: boolean;
}

const LOOK_INTERVAL_MS = 100;

export async function runLogs(options: LogsOptions, terminal: Terminal): Promise<number> {
  const runDir = findLogsOf(options);
  await checkSelection(runDir, options, terminal);
  const sources = new Map<string, LogSource>();
  try {
    for (;;) {
      // Asked before the look: what the host wrote before it ended is then shown by this turn.
      const isLast = !options.follow || readRunningHost(runDir).length === 0;
      await addSources(runDir, options, sources);
      await showNewLines([...sources.values()], { options, terminal, isLast });
      if (isLast) return 0;
      await delay(LOOK_INTERVAL_MS, undefined, { signal: terminal.ended });
    }
  } finally {
    for (const source of sources.values()) await source.reader.close();
  }
}

/** The run that was named, else the one that runs, else the newest. */
function findLogsOf({ base, run }: HostChoice): string {
  if (run !== null) return requireRun(base, run);
  if (findRunningHosts(base).length > 0) return requireRunningHost({ base, run }).runDir;
  const newest = findRun(base, null);
  if (newest === undefined) throw createError("NO_RUNNING_HOST", { folder: base });
  return newest;
}

/** A name without a log is wrong, unless a running host has a resource of that name that may begin later. */
async function checkSelection(runDir: string, { names, follow }: LogsOptions, terminal: Terminal): Promise<void> {
  const logs = listLogs(runDir);
  const { unknown } = selectLogs(logs, names);
  if (unknown.length === 0) return;
  const [host] = readRunningHost(runDir);
  if (host !== undefined && follow) {
    const asking = { signal: terminal.ended, tell: noteLongWait(terminal) };
    const answer = await askRunningHost(host, { request: "describe", showSecrets: false }, asking);
    checkNames(host.state.runId, (answer as HostDescription).resources, unknown);
  } else {
    throw createError("RESOURCE_UNKNOWN", { name: unknown.join(", "), run: runIdOf(runDir), known: logs });
  }
}

/** A file, and the line of it that is to be shown next. */
interface LogSource {
  readonly resource: string;
  readonly reader: LineReader;
  readonly matches: (line: string) => boolean;
  /** Lines from the end of the file, the newest first, to be shown before the reader's. */
  readonly last: string[];
  formerMs: number | null;
  next: LogLine | undefined;
}

async function addSources(runDir: string, options: LogsOptions, sources: Map<string, LogSource>): Promise<void> {
  const isStart = sources.size === 0;
  for (const resource of selectLogs(listLogs(runDir), options.names).selected) {
    if (sources.has(resource)) continue;
    const path = runFolder.log(runDir, resource);
    const matches = createSearch(options.search);
    // One that begins later is shown from its beginning.
    const { lines, reader } =
      options.tail !== null && isStart
        ? await openLastLines(path, { count: options.tail, matches, isComplete: !options.follow })
        : { lines: [], reader: await openLines(path) };
    sources.set(resource, { resource, reader, matches, last: lines, formerMs: null, next: undefined });
  }
}

interface Showing {
  readonly options: LogsOptions;
  readonly terminal: Terminal;
  /** Whether an unfinished line is one. */
  readonly isLast: boolean;
}

/** J1: of the next line of each source, the oldest, until no source has one. */
async function showNewLines(sources: readonly LogSource[], { options, terminal, isLast }: Showing): Promise<void> {
  const isOne = options.names.length === 1 && sources.every(({ resource }) => resource === options.names[0]);
  const nameWidth = isOne ? 0 : Math.max(0, ...sources.map(({ resource }) => resource.length));
  const style = { nameWidth, timestamps: options.timestamps, paintName };
  for (const source of sources) await advance(source, options, isLast);
  for (;;) {
    let oldest: LogSource | undefined;
    for (const source of sources) if (isBefore(source.next, oldest?.next)) oldest = source;
    if (oldest?.next === undefined) return;
    await terminal.write(formatLogLine(oldest.next, style));
    terminal.ended.throwIfAborted();
    oldest.next = undefined;
    await advance(oldest, options, isLast);
  }
}

/** Colours only on a terminal, never with NO_COLOR, always with FORCE_COLOR: the function looks at all three. */
const paintName = (resource: string, text: string): string =>
  styleText(colorOf(resource), text, { stream: process.stdout });

const isBefore = (line: LogLine | undefined, other: LogLine | undefined): boolean =>
  line !== undefined && (other === undefined || (line.timeMs ?? 0) < (other.timeMs ?? 0));

async function advance(source: LogSource, { sinceMs }: LogsOptions, isLast: boolean): Promise<void> {
  const { last, matches, reader, resource } = source;
  while (source.next === undefined) {
    const text = last.pop() ?? (await reader.read()) ?? (isLast ? reader.takeRest() : undefined);
    if (text === undefined) return;
    const line = readLogLine(resource, text, source.formerMs);
    source.formerMs = line.timeMs;
    if (matches(text) && isSince(line, sinceMs)) source.next = line;
  }
}
