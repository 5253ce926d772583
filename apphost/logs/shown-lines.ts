/**
 * The lines of several logs that a person wants to see, as one sequence by the index of a line: merged, filtered, without
 * those that were cleared away; and which of them a search finds. It grows with the files.
 *
 *   look()     → has a file changed?
 *   advance()  → some milliseconds of work; true when everything is up to date
 *
 * S1 Filter and search go over whole files, not over what is on a screen.
 * S2 While a filter or a search is at work for long, what it has found until then is there, anew each PARTIAL_MS. What a
 *    file grew by does not take long, and is added to what is there.
 * S3 `isStable`: places are known and can be read. It is false for as long as lines are being sorted in.
 * S4 Filter and search may be set at any time, also while `advance()` waits for a file.
 */
import type { LinePattern } from "./line-pattern.ts";
import { LineScan } from "./line-scan.ts";
import type { LogIndex } from "./log-index.ts";
import { type LogLine, readLogLine } from "./log-lines.ts";
import type { LineCounts, LinePlace, MergedLog } from "./merged-log.ts";
import { Selection } from "./selection.ts";

export const PARTIAL_MS = 300;

export interface LineFilter {
  readonly pattern: LinePattern | null;
  /** Lines without the pattern instead. */
  readonly isInverse: boolean;
  /** How many lines of each log are not shown; null: none. */
  readonly clearedAt: LineCounts | null;
}

/** How far something is that reads whole files: from 0 to 1, or given up because its expression takes too long. */
export type ScanProgress = { readonly kind: "read"; readonly part: number } | { readonly kind: "tooSlow" };

export class ShownLines {
  readonly #log: MergedLog;
  #filter: LineFilter = { pattern: null, isInverse: false, clearedAt: null };
  /** Which beginning of each log it was that was cleared away. */
  #clearedLogs: ReadonlyMap<string, number> = new Map();
  #filterScan: LineScan | null = null;
  #searchScan: LineScan | null = null;
  /** null: all lines are shown. */
  #shown: Selection | null = null;
  #matches: Selection | null = null;
  #isOfPart = false;
  /** Or when the scan began that is at work; not a number while none is. */
  #derivedAtMs = Number.NaN;

  constructor(log: MergedLog) {
    this.#log = log;
  }

  get log(): MergedLog {
    return this.#log;
  }

  get length(): number {
    return this.#shown?.length ?? this.#log.length;
  }

  get isStable(): boolean {
    return this.#log.isComplete;
  }

  get filterProgress(): ScanProgress | null {
    return progressOf(this.#filterScan);
  }

  get searchProgress(): ScanProgress | null {
    return progressOf(this.#searchScan);
  }

  get matchCount(): number {
    return this.#matches?.length ?? 0;
  }

  setFilter(filter: LineFilter): void {
    if (filter.pattern?.text !== this.#filter.pattern?.text) this.#filterScan = this.#createScan(filter.pattern);
    if (filter.clearedAt !== this.#filter.clearedAt) {
      this.#clearedLogs = new Map(this.#log.logs.map(({ resource, generation }) => [resource, generation]));
    }
    this.#filter = filter;
    this.#shown?.close();
    const isAll = filter.pattern === null && filter.clearedAt === null;
    this.#shown = isAll ? null : new Selection(this.#log, (log, line) => this.#isShown(log, line));
    this.#matches?.cut(0);
  }

  setSearch(pattern: LinePattern | null): void {
    this.#searchScan = this.#createScan(pattern);
    this.#matches?.close();
    const scan = this.#searchScan;
    this.#matches =
      scan === null ? null : new Selection(this.#log, (log, line) => scan.has(log, line) && this.#isShown(log, line));
  }

  #createScan(pattern: LinePattern | null): LineScan | null {
    return pattern === null ? null : new LineScan(() => this.#log.logs, pattern);
  }

  #isShown(log: number, line: number): boolean {
    const { isInverse, clearedAt } = this.#filter;
    if (clearedAt !== null && this.#isCleared(log, line, clearedAt)) return false;
    const scan = this.#filterScan;
    return scan === null || (scan.isTried(log, line) && scan.has(log, line) !== isInverse);
  }

  #isCleared(log: number, line: number, clearedAt: LineCounts): boolean {
    const { resource, generation } = this.#log.logs[log] as LogIndex;
    return line < (clearedAt[resource] ?? 0) && generation === (this.#clearedLogs.get(resource) ?? 0);
  }

  async look(): Promise<void> {
    await this.#log.look();
  }

  async advance(budgetMs: number): Promise<boolean> {
    if (!(await this.#log.advance(budgetMs))) return false;
    const [filterScan, searchScan] = [this.#filterScan, this.#searchScan];
    const isScanned =
      (await (filterScan?.advance(budgetMs) ?? true)) && (await (searchScan?.advance(budgetMs) ?? true));
    // S4: the one that was asked for meanwhile has tried no line, and would find nothing in any of them.
    if (filterScan !== this.#filterScan || searchScan !== this.#searchScan) return false;
    if (!isScanned) {
      this.#derivePart();
      return false;
    }
    this.#derivedAtMs = Number.NaN;
    // What was derived from a part is not yet so; what was derived from all is cut where the log grew.
    if (this.#isOfPart) this.#cutDerived();
    this.#isOfPart = false;
    return (this.#shown?.advance(budgetMs) ?? true) && (this.#matches?.advance(budgetMs) ?? true);
  }

  /** S2 */
  #derivePart(): void {
    const nowMs = performance.now();
    if (Number.isNaN(this.#derivedAtMs)) this.#derivedAtMs = nowMs;
    if (nowMs - this.#derivedAtMs < PARTIAL_MS) return;
    this.#isOfPart = true;
    this.#cutDerived();
    this.#shown?.advance(Number.POSITIVE_INFINITY);
    this.#matches?.advance(Number.POSITIVE_INFINITY);
    this.#derivedAtMs = performance.now();
  }

  #cutDerived(): void {
    this.#shown?.cut(0);
    this.#matches?.cut(0);
  }

  placeAt(index: number): LinePlace {
    return this.#log.at(this.#shown === null ? index : this.#shown.at(index));
  }

  /** Where it is shown, or the first shown line behind it. */
  indexOf(place: LinePlace): number {
    return this.#indexAt(this.#log.positionOf(place));
  }

  /** Where the first line is shown that came after the logs had that many. */
  indexAfter(counts: LineCounts): number {
    return this.#indexAt(this.#log.positionAfter(counts));
  }

  #indexAt(position: number): number {
    return this.#shown === null ? position : this.#shown.indexOf(position);
  }

  /** The next line with a match from `index` on, itself included; behind the last one comes the first. */
  findMatch(index: number, direction: "forward" | "backward"): number | null {
    const matches = this.#matches;
    if (matches === null || matches.length === 0) return null;
    const next = matches.indexOf(index < 0 ? -1 : this.#positionAt(index));
    const isThere = index >= 0 && next < matches.length && matches.at(next) === this.#positionAt(index);
    const wanted = direction === "forward" || isThere ? next : next - 1;
    return this.#indexAt(matches.at((wanted + matches.length) % matches.length));
  }

  #positionAt(index: number): number {
    if (index >= this.length) return this.#log.length;
    return this.#shown === null ? index : this.#shown.at(index);
  }

  /** The how manyth of the matches it is, from 1 on; null when the line is none. */
  matchNumber(index: number): number | null {
    if (this.#matches === null || index >= this.length) return null;
    const position = this.#positionAt(index);
    const at = this.#matches.indexOf(position);
    return at < this.#matches.length && this.#matches.at(at) === position ? at + 1 : null;
  }

  async readLine({ log, line }: LinePlace, bytesMax: number): Promise<LogLine> {
    const index = this.#log.logs[log];
    if (index === undefined) throw new RangeError(`there is no log ${log}`);
    const [text = ""] = await index.readLines(line, line + 1, bytesMax);
    const timeMs = index.sortTime(line);
    return readLogLine(index.resource, text, Number.isFinite(timeMs) ? timeMs : null);
  }

  async close(): Promise<void> {
    this.#shown?.close();
    this.#matches?.close();
    await this.#log.close();
  }
}

function progressOf(scan: LineScan | null): ScanProgress | null {
  if (scan === null) return null;
  return scan.isTooSlow ? { kind: "tooSlow" } : { kind: "read", part: scan.progress };
}
