/**
 * The runs that a comparison is of: named by run id, by the folder of a run, by a file (a report, a baseline), or by
 * several of these with commas between.
 *
 * M1 What a user names by its path is read whoever may write it: it decides nothing but figures. What is found by a run's
 *    id is read only where it is ours.
 * M2 The seconds of a run are in its folder. Of a report elsewhere only its own figures are known.
 */
import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { createInterface } from "node:readline";
import { parseRuns } from "../../scripts/report/compare/baseline.ts";
import type { Side } from "../../scripts/report/compare/compare-runs.ts";
import { measureRun, type RunMeasure } from "../../scripts/report/compare/run-measure.ts";
import { RunSeconds } from "../../scripts/report/compare/run-seconds.ts";
import type { HostEvent } from "../../simulator/common/contract/events.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import type { TaskManagerMetrics } from "../../simulator/common/contract/metrics.ts";
import { createError } from "../../simulator/common/foundation/errors.ts";
import { findRun, listRuns, runIdOf } from "../run/run-folder.ts";
import { requireRunReport } from "./run-report.ts";

/** A baseline of 20 runs with 256 TaskManagers each takes a tenth of this. */
const FILE_BYTES_MAX = 64 * 1_048_576;

export async function readSide(base: string, option: string, text: string): Promise<Side> {
  // A path may have a comma of its own.
  const names = existsSync(text) ? [text] : text.split(",").filter((name) => name !== "");
  if (names.length === 0) throw createError("USAGE_OPTION_INVALID", { option, value: text, expected: "a run or more" });
  // A run that is named twice, by its id and in a baseline, is one.
  const runs = new Map<string, RunMeasure>();
  for (const name of names) for (const run of await readRuns(base, option, name)) runs.set(run.runId, run);
  return { name: text, runs: [...runs.values()] };
}

async function readRuns(base: string, option: string, name: string): Promise<readonly RunMeasure[]> {
  const runDir = findRun(base, name);
  if (runDir !== undefined) return [await measureRunFolder(runDir)];
  const stats = statSync(name, { throwIfNoEntry: false });
  if (stats?.isDirectory() === true) return readRunsFile(runFolder.report(resolve(name)));
  if (stats !== undefined) return readRunsFile(resolve(name));
  const known = listRuns(base).map(runIdOf);
  const expected = `a run id${known.length === 0 ? "" : ` (${known.join(", ")})`}, the folder of a run, or a file with a report or a baseline`;
  throw createError("USAGE_OPTION_INVALID", { option, value: name, expected });
}

/** M1 and M2. */
export async function readRunsFile(path: string): Promise<readonly RunMeasure[]> {
  const refuse = (reason: string) => createError("FILE_MALFORMED", { path, reason });
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw refuse("it does not exist");
  if (!stats.isFile()) throw refuse("it is not a file");
  if (stats.size > FILE_BYTES_MAX) {
    throw refuse(`it has ${stats.size} bytes, and at most ${FILE_BYTES_MAX} are expected`);
  }
  const folder = dirname(path);
  const isInRunFolder = path === runFolder.report(folder);
  const parsed = parseRuns(readFileSync(path, "utf8"), isInRunFolder ? await readSeconds(folder) : null);
  if (parsed.kind === "malformed") throw refuse(parsed.reason);
  return parsed.value;
}

/** Of a run that was found by its id, or as the newest. */
export async function measureRunFolder(runDir: string): Promise<RunMeasure> {
  const { report } = requireRunReport(runDir);
  return measureRun(report, await readSeconds(runDir));
}

async function readSeconds(runDir: string): Promise<RunSeconds> {
  const seconds = new RunSeconds();
  await eachLine(runFolder.metrics(runDir), (line) => {
    // What processes used stands between what TaskManagers say.
    if (isMetrics(line)) seconds.addMetrics(line);
    else if (isEvent(line)) seconds.addEvent(line);
  });
  await eachLine(runFolder.events(runDir), (line) => {
    if (isEvent(line)) seconds.addEvent(line);
  });
  return seconds;
}

/**
 * A file that is not there has no lines: a run without TaskManagers has no metrics, and of a copied report there may be
 * nothing else.
 */
async function eachLine(path: string, take: (line: unknown) => void): Promise<void> {
  if (!existsSync(path)) return;
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    take(parseLine(line));
  }
}

/** Undefined for a last line that the host has not finished. */
function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function isMetrics(line: unknown): line is TaskManagerMetrics {
  const { tm, latency, partitions } = (line ?? {}) as Partial<TaskManagerMetrics>;
  return typeof tm === "string" && Array.isArray(latency) && Array.isArray(partitions);
}

const isEvent = (line: unknown): line is HostEvent => typeof ((line ?? {}) as Partial<HostEvent>).type === "string";
