/**
 * Files that must survive a crash of the process and of the machine: written beside their place, fsynced, renamed, and
 * the folder fsynced. A reader sees the old content or the new, never a part.
 */
import { mkdir, open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { createError } from "../../common/foundation/errors.ts";

/** Throws RUN_FOLDER_FAILED, with the cause, when there is no room, or the folder cannot be written. */
export async function writeDurably(path: string, text: string): Promise<void> {
  try {
    await replaceDurably(path, text);
  } catch (error) {
    throw createError("RUN_FOLDER_FAILED", { path }, error);
  }
}

/** The same, with what the system said. */
export async function replaceDurably(path: string, text: string): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = `${path}.tmp`;
  const file = await open(temporary, "w", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncFolder(folder);
}

/** Creates an empty file that nobody created before, and makes its name durable. False when it was there. */
export async function createExclusively(path: string): Promise<boolean> {
  try {
    const file = await open(path, "wx", 0o600);
    await file.sync();
    await file.close();
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
  await syncFolder(dirname(path));
  return true;
}

/** Makes names in a folder durable: a rename is safe only when the folder that holds it is. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const hasCode = (error: unknown, code: string): boolean => (error as NodeJS.ErrnoException | null)?.code === code;
