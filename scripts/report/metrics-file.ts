/**
 * Reads `metrics.ndjson` of a run, of which each report of a host that stays up needs the whole: what an earlier report
 * has read is in `metrics-digest.json`, and only what was written since is read.
 *
 * F1 A digest is one of the first bytes of the file, up to an end of line. One of another load, or of more bytes than the
 *    file has, is not of this file: all is read then.
 * F2 A last line that the host has not finished is left out; the next report reads it.
 */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { isTaskManagerMetrics, type TaskManagerMetrics } from "../../simulator/common/contract/metrics.ts";
import { readJson, writeJson } from "../../simulator/common/foundation/json-file.ts";
import type { Log } from "../../simulator/common/foundation/log.ts";
import { type MetricsDigest, MetricsMerge } from "./metrics-merge.ts";

interface DigestFile extends MetricsDigest {
  readonly schema: 1;
  /** Of the file, that were read. */
  readonly bytes: number;
}

const NEW_LINE = 10;

export async function readMetrics(options: {
  readonly runDir: string;
  readonly loadStartedAtUs: number;
  readonly log: Log;
}): Promise<MetricsMerge> {
  const { runDir, loadStartedAtUs, log } = options;
  const path = runFolder.metrics(runDir);
  const size = await sizeOf(path);
  const digest = await readDigest(runFolder.metricsDigest(runDir), log);
  const isOfFile = digest?.schema === 1 && digest.loadStartedAtUs === loadStartedAtUs && digest.bytes <= size;
  const merge = new MetricsMerge(isOfFile ? digest : { loadStartedAtUs });
  const readBytes = isOfFile ? digest.bytes : 0;
  const bytes = readBytes + (await addLines(merge, { path, start: readBytes, end: size }, log));
  if (bytes > readBytes) {
    const file: DigestFile = { schema: 1, bytes, ...merge.toDigest() };
    await writeJson(runFolder.metricsDigest(runDir), file, { durable: false });
  }
  return merge;
}

/** It only saves time: one that cannot be read is told, and done without. */
async function readDigest(path: string, log: Log): Promise<DigestFile | undefined> {
  try {
    return await readJson<DigestFile>(path);
  } catch (error) {
    log.warn(`${path} cannot be read, so all metrics are read again`, error);
    return undefined;
  }
}

/** Without TaskManagers there are no metrics, and so no file. */
async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
}

/** Adds what stands from `start` to `end`, one message a line. Returns how many bytes that are, to the last end of line. */
async function addLines(
  merge: MetricsMerge,
  { path, start, end }: { readonly path: string; readonly start: number; readonly end: number },
  log: Log,
): Promise<number> {
  if (start === end) return 0;
  let bytes = 0;
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { start, end: end - 1, highWaterMark: 1 << 20 })) {
    const text = Buffer.concat([rest, chunk as Buffer]);
    const length = text.lastIndexOf(NEW_LINE) + 1;
    rest = text.subarray(length);
    bytes += length;
    if (length === 0) continue;
    for (const line of text.toString("utf8", 0, length - 1).split("\n")) {
      const read = parseLine(line);
      if (read.kind === "metrics") merge.add(read.metrics);
      else if (read.kind === "malformed") log.warn(`a line of ${path} is no metrics message and was left out`);
    }
  }
  return bytes;
}

type LineReading =
  | { readonly kind: "metrics"; readonly metrics: TaskManagerMetrics }
  /** A line of another kind, as `usage`. */
  | { readonly kind: "other" }
  | { readonly kind: "malformed" };

function parseLine(line: string): LineReading {
  try {
    const parsed = JSON.parse(line) as Partial<TaskManagerMetrics>;
    if (!isTaskManagerMetrics(parsed)) return { kind: "other" };
    const isWhole = typeof parsed.tm === "string" && Array.isArray(parsed.latency);
    return isWhole ? { kind: "metrics", metrics: parsed } : { kind: "malformed" };
  } catch {
    // Not JSON, or no object: the caller says so in its log.
    return { kind: "malformed" };
  }
}
