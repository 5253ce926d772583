/**
 * The run's logs for REST. The host keeps one file per process, with what it wrote to its standard output as well.
 *
 * F1 Only a plain file that stands in the folder itself is served: a name is looked up among those that are there.
 * F2 Of a long file the newest LOG_BYTES_MAX are sent, from the begin of a line.
 */
import { constants } from "node:fs";
import { lstat, open, readdir } from "node:fs/promises";
import { join } from "node:path";

export const LOG_BYTES_MAX = 8_388_608;
const LISTED_FILES_MAX = 1_000;

export interface LogFile {
  readonly name: string;
  readonly size: number;
  readonly mtime: number;
}

export async function listLogFiles(folder: string, resource: string): Promise<LogFile[]> {
  const names = await listNames(folder, resource);
  return Promise.all(
    names.map(async (name) => {
      const { size, mtimeMs } = await lstat(join(folder, name));
      return { name, size, mtime: Math.round(mtimeMs) };
    }),
  );
}

/** Those of one process: its log, and older ones that are named after it. In the order of names. */
async function listNames(folder: string, resource: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const names = entries
    .filter((entry) => entry.isFile() && entry.name.startsWith(`${resource}.`))
    .map(({ name }) => name);
  return names.toSorted().slice(0, LISTED_FILES_MAX);
}

/** The newest of a log; undefined: there is no such file (F1). */
export async function readLogFile(folder: string, resource: string, name: string): Promise<string | undefined> {
  if (!(await listNames(folder, resource)).includes(name)) return undefined;
  const file = await open(join(folder, name), constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - LOG_BYTES_MAX);
    const buffer = Buffer.alloc(size - start);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
    const text = buffer.toString("utf8", 0, bytesRead);
    return start === 0 ? text : text.slice(text.indexOf("\n") + 1);
  } finally {
    await file.close();
  }
}
