/** Files that readers see with the old content or the new one, never a part, and that two runs may write at a time. */
import { open, readFile, rename } from "node:fs/promises";
import { sleep } from "./deadline.ts";

/** A disk that is full for a moment takes no evidence of a run away. Less than a child has for its orderly stop. */
const ROOM_WITHIN_MS = 4_000;
const ROOM_INTERVAL_MS = 200;
const NO_ROOM: ReadonlySet<string | undefined> = new Set(["ENOSPC", "EDQUOT"]);

/** Reads a file; undefined when it is not there. Anything else that goes wrong is thrown. */
export async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

export const writeJson = (path: string, content: unknown, options: { readonly durable: boolean }): Promise<void> =>
  writeText(path, `${JSON.stringify(content)}\n`, options);

/** Temporary file and rename. `durable`: the bytes are on the disk before the name is. Where there is no room, it waits. */
export async function writeText(path: string, text: string, options: { readonly durable: boolean }): Promise<void> {
  const endsAtMs = performance.now() + ROOM_WITHIN_MS;
  for (;;) {
    try {
      await replaceText(path, text, options);
      return;
    } catch (error) {
      // What the disk said is the reason, not that we waited.
      const isFull = NO_ROOM.has((error as NodeJS.ErrnoException).code);
      if (!isFull || performance.now() >= endsAtMs) throw error;
    }
    await sleep(ROOM_INTERVAL_MS);
  }
}

async function replaceText(path: string, text: string, options: { readonly durable: boolean }): Promise<void> {
  // The text report of two runs in one folder has one name, and each must rename its own file.
  const temporary = `${path}.${process.pid}.tmp`;
  const file = await open(temporary, "w", 0o600);
  try {
    await file.writeFile(text);
    if (options.durable) await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}
