/** Files that readers see with the old content or the new one, never a part, and that two runs may write at a time. */
import { randomBytes } from "node:crypto";
import { open, readFile, rename, rm } from "node:fs/promises";
import { sleep } from "./deadline.ts";
import { createError } from "./errors.ts";
import { type Fields, parseJson } from "./json-fields.ts";

/** A disk that is full for a moment takes no evidence of a run away. Less than a child has for its orderly stop. */
const ROOM_WITHIN_MS = 4_000;
const ROOM_INTERVAL_MS = 200;
const NO_ROOM: ReadonlySet<string | undefined> = new Set(["ENOSPC", "EDQUOT"]);

/**
 * Reads a file; undefined when it is not there. What `read` refuses, and what is no JSON object, is thrown as
 * FILE_MALFORMED with the path. Anything else that goes wrong is thrown as it is.
 */
export async function readJson<T>(
  path: string,
  read: (fields: Fields) => T = (fields) => fields.as<T>(),
): Promise<T | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const parsed = parseJson(text, read);
  if (parsed.kind === "malformed") throw createError("FILE_MALFORMED", { path, reason: parsed.reason });
  return parsed.value;
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
  // Nobody can guess the name: neither another run, which writes the same report's text in the same folder, nor somebody
  // who would like us to write through a link of that name.
  const temporary = `${path}.${randomBytes(4).toString("hex")}.tmp`;
  const file = await open(temporary, "wx", 0o600);
  try {
    try {
      await file.writeFile(text);
      if (options.durable) await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    // Half a file takes room away from the next attempt, and nobody would ever read it.
    await rm(temporary, { force: true });
    throw error;
  }
}
