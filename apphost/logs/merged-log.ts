/**
 * The lines of several logs as one sequence in the order of their times, with any place of it at hand, that grows.
 *
 *   look()     → are there new logs, has one of them changed?
 *   advance()  → some milliseconds of work; true when everything that look() found is in the sequence
 *
 * M1 Sorted by time, then by log, then by line. Each log's own order is kept, because times never fall within one (N4 of
 *    `log-index.ts`).
 * M2 What the sequence is depends on the times of the lines, and not on how the files grew: lines that come late find their
 *    place. Only a line that says no time of its own may have that of its coming (N5 of `log-index.ts`).
 * M3 When places change from one on, whoever has derived something from them is told first (`onCut`).
 * M4 One step reads at most one block or sorts in LINES_PER_STEP lines.
 */
import { createCounts, createSmallCounts, findFirst } from "./growing-array.ts";
import { LINE_BYTES_MAX, LogIndex, type OpenFile } from "./log-index.ts";

const LINES_PER_STEP = 20_000;

/** A line: the number of its log, and its own within it. */
export interface LinePlace {
  readonly log: number;
  readonly line: number;
}

/** How many lines each log had, by its name. */
export type LineCounts = Readonly<Record<string, number>>;

export class MergedLog {
  readonly #listPaths: () => ReadonlyMap<string, string>;
  readonly #openFile: OpenFile | undefined;
  readonly #logs: LogIndex[] = [];
  /** Of each log, how many lines are in the sequence. */
  readonly #merged: number[] = [];
  readonly #logOf = createSmallCounts();
  readonly #lineOf = createCounts();
  readonly #cutListeners = new Set<(position: number) => void>();
  readonly #block = Buffer.allocUnsafeSlow(LINE_BYTES_MAX);

  /** `listPaths`: the logs that belong to it, by name; there may be more of them at each look. */
  constructor(listPaths: () => ReadonlyMap<string, string>, openFile?: OpenFile) {
    this.#listPaths = listPaths;
    this.#openFile = openFile;
  }

  get logs(): readonly LogIndex[] {
    return this.#logs;
  }

  get length(): number {
    return this.#logOf.length;
  }

  get isComplete(): boolean {
    return this.#logs.every((log, index) => log.isComplete && this.#merged[index] === log.lines);
  }

  get counts(): LineCounts {
    return Object.fromEntries(this.#logs.map(({ resource, lines }) => [resource, lines]));
  }

  at(position: number): LinePlace {
    return { log: this.#logOf.get(position), line: this.#lineOf.get(position) };
  }

  /** Where it stands, or would stand. */
  positionOf(place: LinePlace): number {
    return findFirst(this.length, (position) => !this.#isBefore(this.at(position), place));
  }

  /** The place of the first line that was not there when the logs had that many. */
  positionAfter(counts: LineCounts): number {
    const places = this.#logs.flatMap((log, index) => {
      const line = counts[log.resource] ?? 0;
      return line < (this.#merged[index] ?? 0) ? [this.positionOf({ log: index, line })] : [];
    });
    return Math.min(this.length, ...places);
  }

  onCut(listener: (position: number) => void): () => void {
    this.#cutListeners.add(listener);
    return () => this.#cutListeners.delete(listener);
  }

  async look(): Promise<void> {
    for (const [resource, path] of this.#listPaths()) {
      if (this.#logs.some((log) => log.resource === resource)) continue;
      this.#logs.push(new LogIndex(resource, path, this.#openFile));
      this.#merged.push(0);
    }
    for (const log of this.#logs) await log.look();
    this.#prepare();
  }

  async advance(budgetMs: number): Promise<boolean> {
    const endMs = performance.now() + budgetMs;
    do {
      const log = this.#logs.find(({ isComplete }) => !isComplete);
      if (log !== undefined) await log.advance(this.#block);
      else if (!this.#mergeSome()) return true;
    } while (performance.now() < endMs);
    return false;
  }

  /** Takes out what changes or is followed by something new, before the indexes forget where it was. */
  #prepare(): void {
    for (const [index, log] of this.#logs.entries()) {
      if (log.isComplete) continue;
      const merged = this.#merged[index] ?? 0;
      const staying = log.lastingLines;
      if (staying < merged) this.#cut(this.positionOf({ log: index, line: staying }));
      log.prepare();
    }
  }

  #cut(position: number): void {
    if (position >= this.length) return;
    for (const listener of this.#cutListeners) listener(position);
    for (let at = this.length - 1; at >= position; at -= 1) {
      const log = this.#logOf.get(at);
      this.#merged[log] = (this.#merged[log] ?? 0) - 1;
    }
    this.#logOf.truncate(position);
    this.#lineOf.truncate(position);
  }

  /** False when there is nothing left to sort in. */
  #mergeSome(): boolean {
    const first = this.#findOldest();
    if (first === undefined) return false;
    // M2: everything that stands behind the oldest of the new lines is sorted in once more.
    this.#cut(this.positionOf(first));
    for (let count = 0; count < LINES_PER_STEP; count += 1) {
      const oldest = this.#findOldest();
      if (oldest === undefined) break;
      this.#logOf.push(oldest.log);
      this.#lineOf.push(oldest.line);
      this.#merged[oldest.log] = oldest.line + 1;
    }
    return true;
  }

  /** Of the next line of each log. */
  #findOldest(): LinePlace | undefined {
    let oldest = -1;
    let oldestMs = Number.POSITIVE_INFINITY;
    for (let index = 0; index < this.#logs.length; index += 1) {
      const log = this.#logs[index] as LogIndex;
      const line = this.#merged[index] as number;
      if (line >= log.lines) continue;
      const timeMs = log.sortTime(line);
      if (oldest >= 0 && timeMs >= oldestMs) continue;
      oldest = index;
      oldestMs = timeMs;
    }
    return oldest < 0 ? undefined : { log: oldest, line: this.#merged[oldest] as number };
  }

  #isBefore(place: LinePlace, other: LinePlace): boolean {
    if (place.log === other.log) return place.line < other.line;
    const timeMs = this.#timeOf(place);
    const otherMs = this.#timeOf(other);
    return timeMs < otherMs || (timeMs === otherMs && place.log < other.log);
  }

  #timeOf({ log, line }: LinePlace): number {
    return (this.#logs[log] as LogIndex).sortTime(line);
  }

  async close(): Promise<void> {
    for (const log of this.#logs) await log.close();
  }
}
