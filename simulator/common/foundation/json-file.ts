/** Files that readers see with the old content or the new one, never a part, and that two runs may write at a time. */
import { open, readFile, rename } from "node:fs/promises";

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

/** Temporary file and rename. `durable`: the bytes are on the disk before the name is. */
export async function writeText(path: string, text: string, options: { readonly durable: boolean }): Promise<void> {
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
