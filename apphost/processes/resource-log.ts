/**
 * The log file of one resource, open for as long as the run: over restarts, and for all that write into it.
 *
 * G1 A process has the file as its standard output and error. The host is not woken for what it prints, nothing piles up
 *    here, and a host that is busy, paused or killed holds up nobody. All append, so lines stand in the order in which
 *    they were written.
 * G2 What the host itself writes (its own words, the output of containers) is in the file when `write` returns. A failure
 *    goes to `attempt`, and nothing throws here.
 * G3 Once closed it is not touched any more, whoever comes late.
 */
import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { devNull } from "node:os";

const KEPT_LINES_MAX = 40;
const LINE_LENGTH_MAX = 2_000;
const TAIL_BYTES = KEPT_LINES_MAX * LINE_LENGTH_MAX;

export class ResourceLog {
  /** For the standard output and error of a process. */
  readonly fd: number;
  readonly #attempt: (work: () => void) => void;
  #isClosed = false;

  constructor(path: string, attempt: (work: () => void) => void) {
    let opened: number | null = null;
    attempt(() => {
      opened = openSync(path, "a+", 0o600);
    });
    // The run is ending then, and what it still starts needs a place to write to.
    this.fd = opened ?? openSync(devNull, "a+");
    this.#attempt = attempt;
  }

  write(bytes: string | Buffer): void {
    if (this.#isClosed) return;
    this.#attempt(() => void (typeof bytes === "string" ? writeSync(this.fd, bytes) : writeSync(this.fd, bytes)));
  }

  /** The end as it is now: what is appended from here on is the output of the life that begins. */
  get size(): number {
    return this.#isClosed ? 0 : fstatSync(this.fd).size;
  }

  /** The newest of the lines that were appended since it had that size, oldest first, without those that are empty. */
  newestLines(count: number, sinceSize: number): string[] {
    if (this.#isClosed) return [];
    const { size } = this;
    // Of a file that somebody has emptied meanwhile, all of it came since then.
    const from = Math.max(sinceSize > size ? 0 : sinceSize, size - TAIL_BYTES);
    const bytes = Buffer.alloc(size - from);
    const text = bytes.toString("utf8", 0, readSync(this.fd, bytes, 0, bytes.length, from));
    return keepNewest(text.split("\n"), count);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#attempt(() => closeSync(this.fd));
  }
}

/** Bounded, however many lines there are and however long they are. */
export const keepNewest = (lines: readonly string[], count: number): string[] =>
  lines
    .filter((line) => line.trim() !== "")
    .slice(-Math.min(count, KEPT_LINES_MAX))
    .map((line) => line.slice(0, LINE_LENGTH_MAX));
