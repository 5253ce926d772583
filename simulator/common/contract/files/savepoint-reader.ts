/** Reads the savepoint that a job is to start from. The host does before it starts anything, and the JobManager once. */
import { readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { createError } from "../../foundation/errors.ts";
import {
  parseFileLocation,
  parseSavepoint,
  SAVEPOINT_BYTES_MAX,
  SAVEPOINT_FILE,
  type StoredSavepoint,
} from "./savepoint.ts";

const ADVICE = 'give the folder that "flink savepoint" or "flink stop" named';

/** `location`: the savepoint's folder or the file in it, by path or file: URL. Throws SAVEPOINT_REFUSED. */
export function readSavepoint(location: string): StoredSavepoint {
  const path = parseFileLocation(location) ?? resolve(location);
  const refuse = (reason: string, cause?: unknown) =>
    createError("SAVEPOINT_REFUSED", { path, reason, advice: ADVICE }, cause);
  let text: string;
  try {
    const file = statSync(path).isDirectory() ? join(path, SAVEPOINT_FILE) : path;
    const stats = statSync(file);
    if (!stats.isFile()) throw refuse(`${SAVEPOINT_FILE} is no file`);
    if (stats.size > SAVEPOINT_BYTES_MAX) {
      throw refuse(`it has ${stats.size} bytes, and a savepoint has at most ${SAVEPOINT_BYTES_MAX}`);
    }
    text = readFileSync(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "SAVEPOINT_REFUSED") throw error;
    throw refuse(code === "ENOENT" ? "it is not there" : `it cannot be read (${code})`, error);
  }
  const parsed = parseSavepoint(text);
  if (parsed.kind === "malformed") throw refuse(`it is none that this program wrote: ${parsed.reason}`);
  return { ...parsed.value, path };
}

/** Throws SAVEPOINT_REFUSED unless the offsets of the savepoint are those of this topic. */
export function requireSource(
  { path, file: { source } }: StoredSavepoint,
  { topic, partitions }: { readonly topic: string; readonly partitions: number },
): void {
  if (source.topic !== topic) {
    const reason = `its offsets are those of topic ${source.topic}, and not of ${topic}`;
    throw createError("SAVEPOINT_REFUSED", { path, reason, advice: "omit --topic, or give another savepoint" });
  }
  if (source.partitions === partitions) return;
  const reason = `it holds ${source.partitions} partitions of topic ${topic}, which has ${partitions}`;
  throw createError("SAVEPOINT_REFUSED", { path, reason, advice: "give a savepoint of that topic as it is now" });
}
