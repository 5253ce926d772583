/**
 * Reading log files of any size in little memory, forwards as they grow and backwards from their end.
 *
 * G1 At most one block and one unfinished line of a file are in memory. A line that is longer than LINE_BYTES_MAX comes in
 *    pieces.
 * G2 The last N lines are found from the end: what is before them is not read.
 */
import { existsSync, readdirSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { StringDecoder } from "node:string_decoder";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { type LogLine, readLogLine } from "./log-lines.ts";

const BLOCK_BYTES = 65_536;
const LINE_BYTES_MAX = 1_048_576;
const NEW_LINE = 10;
const LOG_END = ".log";

/** The resources of a run that have a log, by name. */
export const listLogs = (runDir: string): string[] =>
  existsSync(runFolder.logs(runDir))
    ? readdirSync(runFolder.logs(runDir), { withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name.endsWith(LOG_END))
        .map(({ name }) => name.slice(0, -LOG_END.length))
        .sort()
    : [];

/** Lines of one file, from an offset on, as far as they are written. */
export class LineReader {
  readonly #file: FileHandle;
  readonly #decoder = new StringDecoder("utf8");
  readonly #block = Buffer.allocUnsafe(BLOCK_BYTES);
  #offset: number;
  #lines: string[] = [];
  #next = 0;
  #open = "";

  constructor(file: FileHandle, offset: number) {
    this.#file = file;
    this.#offset = offset;
  }

  /** undefined when there is no further complete line yet; a later call may find one. */
  async read(): Promise<string | undefined> {
    while (this.#next >= this.#lines.length) {
      const { bytesRead } = await this.#file.read(this.#block, 0, BLOCK_BYTES, this.#offset);
      if (bytesRead === 0) return undefined;
      this.#offset += bytesRead;
      const lines = (this.#open + this.#decoder.write(this.#block.subarray(0, bytesRead))).split("\n");
      this.#open = lines.pop() ?? "";
      if (this.#open.length > LINE_BYTES_MAX) {
        lines.push(this.#open);
        this.#open = "";
      }
      this.#lines = lines;
      this.#next = 0;
    }
    this.#next += 1;
    return this.#lines[this.#next - 1];
  }

  /** What stands after the last end of line; nobody is going to finish it. */
  takeRest(): string | undefined {
    const rest = this.#open + this.#decoder.end();
    this.#open = "";
    return rest === "" ? undefined : rest;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** A reader from the start of the file. */
export const openLines = async (path: string): Promise<LineReader> => new LineReader(await open(path, "r"), 0);

/**
 * The last `count` lines that match, the newest first, and a reader for what is written after them. With `isComplete`
 * nobody writes any more, and what stands after the last end of line is a line, too; else it is left to the reader.
 */
export async function openLastLines(
  path: string,
  options: { readonly count: number; readonly matches: (line: string) => boolean; readonly isComplete: boolean },
): Promise<{ readonly lines: string[]; readonly reader: LineReader }> {
  const { count, matches, isComplete } = options;
  const file = await open(path, "r");
  const { size } = await file.stat();
  const lines: string[] = [];
  let openBytes: number | null = null;
  for await (const bytes of readBackwards(file, size)) {
    const isOpen = openBytes === null;
    openBytes ??= isComplete ? 0 : bytes.length;
    if (isOpen && (!isComplete || bytes.length === 0)) continue;
    if (lines.length >= count) break;
    const line = bytes.toString("utf8");
    if (matches(line)) lines.push(line);
  }
  return { lines, reader: new LineReader(file, size - (openBytes ?? 0)) };
}

/** The newest lines of several logs, merged: what can be shown before anybody knows how many lines there are. */
export async function readNewestLines(paths: ReadonlyMap<string, string>, count: number): Promise<LogLine[]> {
  const merged: LogLine[] = [];
  for (const [resource, path] of paths) {
    const { lines, reader } = await openLastLines(path, { count, matches: () => true, isComplete: true });
    await reader.close();
    let formerMs: number | null = null;
    for (const text of lines.reverse()) {
      const line = readLogLine(resource, text, formerMs);
      const timeMs: number | null = Math.max(formerMs ?? 0, line.timeMs ?? 0) || null;
      merged.push({ ...line, timeMs });
      formerMs = timeMs;
    }
  }
  return merged.sort((a, b) => (a.timeMs ?? 0) - (b.timeMs ?? 0)).slice(-count);
}

/** What stands between ends of lines, the last first; it is empty when the file ends with an end of line. */
async function* readBackwards(file: FileHandle, size: number): AsyncGenerator<Buffer> {
  let position = size;
  let head: Buffer = Buffer.alloc(0);
  while (position > 0) {
    const length = Math.min(BLOCK_BYTES, position);
    const block = Buffer.allocUnsafe(length);
    position -= length;
    await file.read(block, 0, length, position);
    head = Buffer.concat([block, head]);
    let lineEnd = head.length;
    for (let at = head.lastIndexOf(NEW_LINE); at >= 0; at = at === 0 ? -1 : head.lastIndexOf(NEW_LINE, at - 1)) {
      yield head.subarray(at + 1, lineEnd);
      lineEnd = at;
    }
    head = head.subarray(0, lineEnd);
    if (head.length > LINE_BYTES_MAX) {
      yield head;
      head = Buffer.alloc(0);
    }
  }
  yield head;
}
