/**
 * Where savepoints are written: `<directory>/savepoint-<job>-<random>/_metadata`, in Flink's form of the name. They belong
 * to whoever asked for them: nothing here removes one that is complete.
 *
 * F1 A savepoint exists completely or not at all, as a checkpoint does; what is left of one that failed is removed.
 * F2 A directory is proven by writing to it: what its mode says is not what a full or read-only disk says.
 */
import { randomBytes } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { SAVEPOINT_FILE, type SavepointFile } from "../../common/contract/files/savepoint.ts";
import { createError } from "../../common/foundation/errors.ts";
import { createExclusively, replaceDurably, syncFolder } from "./durable-file.ts";

/** Makes the directory where it is missing. Throws SAVEPOINT_FAILED with the system's reason (F2). */
export async function proveDirectory(directory: string): Promise<void> {
  try {
    await makeDirectory(directory);
    const probe = join(directory, `.savepoint-probe-${randomBytes(6).toString("hex")}`);
    await createExclusively(probe);
    await rm(probe);
  } catch (error) {
    throw createError("SAVEPOINT_FAILED", { directory }, error);
  }
}

/**
 * With its parents. Not by Node's `recursive`, which tries for ever where a file system takes no directory and says that
 * its parent is missing, as /proc does.
 */
async function makeDirectory(path: string): Promise<void> {
  if ((await tryDirectory(path)) === "there") return;
  await makeDirectory(dirname(path));
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    // Another savepoint may have made it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/** "there": also when it is a file, which whoever writes into it is told. */
async function tryDirectory(path: string): Promise<"there" | "parentMissing"> {
  try {
    await mkdir(path, { mode: 0o700 });
    return "there";
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return "there";
    if (code === "ENOENT" && dirname(path) !== path) return "parentMissing";
    throw error;
  }
}

/** Durable when it returns. Throws SAVEPOINT_FAILED (F1). */
export async function writeSavepoint(
  directory: string,
  file: SavepointFile,
): Promise<{ readonly location: string; readonly bytes: number }> {
  const folder = join(directory, `savepoint-${file.jobId.slice(0, 6)}-${randomBytes(6).toString("hex")}`);
  const text = `${JSON.stringify(file)}\n`;
  try {
    await replaceDurably(join(folder, SAVEPOINT_FILE), text);
    await syncFolder(directory);
  } catch (error) {
    // A disk that takes no file may not give one back either, and why it took none is what helps.
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    throw createError("SAVEPOINT_FAILED", { directory }, error);
  }
  return { location: pathToFileURL(folder).href, bytes: Buffer.byteLength(text) };
}
