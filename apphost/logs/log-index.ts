/**
 * Where the lines of one growing log file begin, and when they were written: 16 bytes a line, whatever the line is long.
 *
 *   look()      has the file grown, was it truncated or replaced?  → isComplete is false when there is something to do
 *   prepare()   forgets what is no longer so                       → the lines that it leaves do not change any more
 *   advance()   reads one block and adds its lines
 *
 * I1 A line ends at an end of line, or after LINE_BYTES_MAX: a longer one comes in pieces. So a block always has a line.
 * I2 What stands after the last end of line is a line, too, the open one. It is read again when the file has grown.
 * I3 Bytes before the open line are read once.
 * I4 Times never fall within a file: a line has the time of its own, or that of a line above if that is later or if it has
 *    none. A stack trace stays behind the line it belongs to, and files can be merged by their times.
 * I5 A line without a time that came in later than SAME_TIME_MS after the line above has the time at which it came in:
 *    otherwise a program that prints no times would stay where it began.
 * I6 A file that is shorter than what was read of it, that ends otherwise there, or that another one has replaced, is read
 *    from its beginning. A file that is gone has no lines.
 */
import { type FileHandle, open, stat } from "node:fs/promises";
import { createOffsets } from "./growing-array.ts";
import { readLogLine } from "./log-lines.ts";

export const LINE_BYTES_MAX = 1_048_576;
const NEW_LINE = 10;
/** Any of the times that stand before a line is shorter. */
const TIME_BYTES_MAX = 64;
const TAIL_BYTES = 64;
const SAME_TIME_MS = 5_000;
/** Between lines with a known time, this one comes first. */
const NO_TIME = Number.NEGATIVE_INFINITY;

export type OpenFile = (path: string) => Promise<FileHandle>;
export const openForReading: OpenFile = (path) => open(path, "r");

export class LogIndex {
  readonly resource: string;
  readonly path: string;
  readonly #openFile: OpenFile;
  readonly #starts = createOffsets();
  readonly #times = createOffsets();
  #file: FileHandle | null = null;
  #inode = 0;
  /** What was found by the last look. */
  #found: { readonly size: number; readonly changedMs: number } = { size: 0, changedMs: 0 };
  #isReplaced = false;
  /** Of the last line. */
  #end = 0;
  #hasOpenLine = false;
  /** The last bytes that were read, which end at #tailEnd. */
  #tail: Buffer = Buffer.alloc(0);
  #tailEnd = 0;
  /** I5: when the lines that are read now came in; null while reading what was there before. */
  #arrivedMs: number | null = null;
  #isLookedAt = false;
  #revision = 0;
  #generation = 0;

  constructor(resource: string, path: string, openFile: OpenFile = openForReading) {
    this.resource = resource;
    this.path = path;
    this.#openFile = openFile;
  }

  get lines(): number {
    return this.#starts.length;
  }

  /** Lines that do not change as the file grows. */
  get settledLines(): number {
    return this.#starts.length - (this.#hasOpenLine ? 1 : 0);
  }

  /** Another one after each change of its lines. */
  get revision(): number {
    return this.#revision;
  }

  /** Another one after each new beginning: what was known of its lines is then no longer so. */
  get generation(): number {
    return this.#generation;
  }

  get isComplete(): boolean {
    return !this.#isReplaced && this.#end >= this.#found.size;
  }

  /** To sort by. */
  sortTime(line: number): number {
    return this.#times.get(line);
  }

  async look(): Promise<void> {
    const isNew = !this.#isLookedAt || !this.isComplete;
    this.#isLookedAt = true;
    const found = await findFile(this.path);
    const isKnown = this.#file !== null && found !== null && found.inode === this.#inode;
    if (!isKnown) {
      await this.close();
      this.#isReplaced = this.#end > 0;
      if (found !== null) {
        this.#file = await this.#openFile(this.path);
        this.#inode = (await this.#file.stat()).ino;
      }
    } else if (found.size !== this.#found.size || found.changedMs !== this.#found.changedMs) {
      this.#isReplaced ||= found.size < this.#tailEnd || !(await this.#hasSameTail());
    }
    this.#found = found ?? { size: 0, changedMs: 0 };
    this.#arrivedMs = isNew || this.#isReplaced ? null : this.#found.changedMs;
  }

  /** How many lines prepare() will leave. */
  get lastingLines(): number {
    if (this.isComplete) return this.lines;
    return this.#isReplaced ? 0 : this.settledLines;
  }

  /** Forgets the lines that are read anew. */
  prepare(): void {
    if (this.isComplete) return;
    this.#revision += 1;
    const lines = this.lastingLines;
    if (lines < this.lines) this.#end = this.#starts.get(lines);
    if (this.#isReplaced) {
      this.#tail = Buffer.alloc(0);
      this.#tailEnd = 0;
      this.#isReplaced = false;
      this.#generation += 1;
    }
    if (lines === this.lines) return;
    this.#starts.truncate(lines);
    this.#times.truncate(lines);
    this.#hasOpenLine = false;
  }

  /** After prepare(). `block` has LINE_BYTES_MAX. */
  async advance(block: Buffer): Promise<void> {
    if (this.isComplete || this.#file === null) return;
    const wanted = Math.min(LINE_BYTES_MAX, this.#found.size - this.#end);
    const { bytesRead } = await this.#file.read(block, 0, wanted, this.#end);
    // Truncated since the look: the next one finds out.
    if (bytesRead < wanted) this.#found = { size: this.#end + bytesRead, changedMs: -1 };
    if (bytesRead === 0) return;
    const bytes = block.subarray(0, bytesRead);
    const blockStart = this.#end;
    let start = 0;
    for (let at = bytes.indexOf(NEW_LINE); at >= 0; at = bytes.indexOf(NEW_LINE, start)) {
      this.#add(bytes, start, at, blockStart);
      start = at + 1;
    }
    const isPiece = start === 0 && bytesRead === LINE_BYTES_MAX;
    this.#hasOpenLine = !isPiece && start < bytesRead && blockStart + bytesRead >= this.#found.size;
    if (isPiece || this.#hasOpenLine) {
      this.#add(bytes, start, bytesRead, blockStart);
      start = bytesRead;
    }
    this.#end = blockStart + start;
    this.#tail = Buffer.from(bytes.subarray(Math.max(0, start - TAIL_BYTES), start));
    this.#tailEnd = this.#end;
  }

  #add(bytes: Buffer, from: number, to: number, blockStart: number): void {
    const formerMs = this.lines === 0 ? NO_TIME : this.#times.get(this.lines - 1);
    const head = bytes.toString("latin1", from, Math.min(to, from + TIME_BYTES_MAX));
    const ownMs = readLogLine(this.resource, head, null).timeMs;
    const isOfFormer = this.#arrivedMs === null || this.#arrivedMs - formerMs <= SAME_TIME_MS;
    this.#starts.push(blockStart + from);
    this.#times.push(Math.max(formerMs, ownMs ?? (isOfFormer ? formerMs : (this.#arrivedMs as number))));
  }

  async #hasSameTail(): Promise<boolean> {
    const { length } = this.#tail;
    if (length === 0 || this.#file === null) return true;
    const now = Buffer.alloc(length);
    const { bytesRead } = await this.#file.read(now, 0, length, this.#tailEnd - length);
    return bytesRead === length && now.equals(this.#tail);
  }

  /** Lines from `from` to before `to`, of each at most `bytesMax`; fewer when the file has become shorter. */
  async readLines(from: number, to: number, bytesMax: number): Promise<string[]> {
    const lines: string[] = [];
    for (let next = from; next < to; ) {
      let last = next + 1;
      while (last < to && this.#startOf(last + 1) - this.#startOf(next) <= LINE_BYTES_MAX) last += 1;
      const isLongOne = last === next + 1;
      const texts = await this.#readTogether(next, last, isLongOne ? bytesMax : LINE_BYTES_MAX);
      for (const text of texts) lines.push(text.length > bytesMax ? text.slice(0, bytesMax) : text);
      if (texts.length < last - next) break;
      next = last;
    }
    return lines;
  }

  /** How many lines from `from` on stand within `bytesMax`; at least one. */
  countWithin(from: number, bytesMax: number, linesMax: number): number {
    const end = Math.min(this.lines, from + linesMax);
    let to = from + 1;
    while (to < end && this.#startOf(to + 1) - this.#starts.get(from) <= bytesMax) to += 1;
    return to - from;
  }

  async #readTogether(from: number, to: number, bytesMax: number): Promise<string[]> {
    const start = this.#startOf(from);
    const length = Math.min(this.#startOf(to) - start, bytesMax);
    const bytes = Buffer.allocUnsafe(length);
    const { bytesRead } = (await this.#file?.read(bytes, 0, length, start)) ?? { bytesRead: 0 };
    const texts: string[] = [];
    for (let line = from; line < to; line += 1) {
      const lineStart = this.#startOf(line) - start;
      const lineEnd = Math.min(this.#startOf(line + 1) - start, bytesRead);
      if (lineStart > bytesRead || (lineStart === bytesRead && bytesRead < length)) break;
      texts.push(bytes.toString("utf8", lineStart, bytes[lineEnd - 1] === NEW_LINE ? lineEnd - 1 : lineEnd));
    }
    return texts;
  }

  #startOf(line: number): number {
    return line < this.lines ? this.#starts.get(line) : this.#end;
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.close();
  }
}

async function findFile(path: string) {
  try {
    const { size, mtimeMs, ino } = await stat(path);
    return { size, changedMs: mtimeMs, inode: ino };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
