/**
 * What of the logs is in memory for the screen: the lines around it, the choice of lines, and the places one keeps in sight.
 *
 * R1 Before the logs are indexed, their newest lines stand for all of them (the preview), unless a filter is on.
 * R2 In memory are the lines of WINDOW_SCREENS screens. A line that is there already is not read again.
 * R3 The first line on the screen and the match that was gone to are pinned: they keep their line when others come in
 *    before them, and the nearest one when a filter takes them away.
 */
import { runFolder } from "../../../simulator/common/contract/files/run-folder.ts";
import { type LinePattern, readPattern } from "../../logs/line-pattern.ts";
import { listLogs, readNewestLines } from "../../logs/log-files.ts";
import { type LogLine, selectLogs } from "../../logs/log-lines.ts";
import { type LineCounts, type LinePlace, MergedLog } from "../../logs/merged-log.ts";
import { ShownLines } from "../../logs/shown-lines.ts";
import type { LogWindow } from "./log-screen.ts";
import type { LogStatus } from "./log-status.ts";
import { type LogMark, type LogViewState, moveLogView } from "./log-view-state.ts";

const PREVIEW_LINES = 500;
const WINDOW_SCREENS = 3;
/** More of a line is never drawn. */
const LINE_BYTES_MAX = 65_536;

interface Pin {
  readonly place: LinePlace;
  readonly generation: number;
}

export class LogReader {
  readonly #listPaths: () => ReadonlyMap<string, string>;
  readonly #shown: ShownLines;
  #state: LogViewState;
  #preview: readonly LogLine[] | null = [];
  #names: readonly string[] = [];
  #lineCount = 0;
  #isUpToDate = false;
  #window: LogWindow = { from: 0, lines: [], of: null };
  /** Counts the changes of what is shown at which place, and which of them the window has seen. */
  #revision = 0;
  #windowRevision = 0;
  #kept: ReadonlyMap<string, LogLine> = new Map();
  #pins: { readonly top: Pin | null; readonly match: Pin | null } = { top: null, match: null };
  #searchPattern: LinePattern | null = null;
  #problems: { readonly search: string | null; readonly filter: string | null } = { search: null, filter: null };

  constructor(runDir: string, state: LogViewState) {
    this.#listPaths = () =>
      new Map(selectLogs(listLogs(runDir), state.names).selected.map((name) => [name, runFolder.log(runDir, name)]));
    this.#shown = new ShownLines(new MergedLog(this.#listPaths));
    this.#state = state;
    this.#chooseLines(state);
    this.#chooseSearch(state);
  }

  get isIndexed(): boolean {
    return this.#preview === null;
  }

  /** Whether all matches are known. */
  get isSearched(): boolean {
    return this.#isUpToDate;
  }

  get lineCount(): number {
    return this.#lineCount;
  }

  get window(): LogWindow {
    return this.#window;
  }

  /** Whether the window has the lines that a screen of that state shows. */
  canDraw({ follow, top }: LogViewState, rows: number): boolean {
    const { from, lines, of } = this.#window;
    if (this.#windowRevision !== this.#revision) return false;
    const all = of ?? lines.length;
    const end = from + lines.length;
    return follow ? end === all : from <= top && Math.min(top + rows, all) <= end;
  }

  get counts(): LineCounts {
    return this.#shown.log.counts;
  }

  /** Of the names of the logs, when there are several. */
  get nameWidth(): number {
    return this.#names.length < 2 ? 0 : Math.max(...this.#names.map((name) => name.length));
  }

  get status(): LogStatus {
    const { logs } = this.#shown.log;
    const match = this.#state.search?.match ?? null;
    const progress = this.#shown.searchProgress;
    const { search, filter } = this.#problems;
    return {
      files: logs.length,
      indexedFiles: logs.filter(({ isComplete }) => isComplete).length,
      matches:
        progress === null
          ? null
          : {
              count: this.#shown.matchCount,
              number: match === null || !this.#shown.isStable ? null : this.#shown.matchNumber(match),
              progress,
            },
      filterProgress: this.#shown.filterProgress,
      problems: [search, filter].filter((problem) => problem !== null),
    };
  }

  findMatch(line: number, direction: "forward" | "backward"): number | null {
    return this.#shown.findMatch(line, direction);
  }

  findAll(text: string): ReturnType<LinePattern["findAll"]> {
    return this.#searchPattern?.findAll(text) ?? [];
  }

  placeMarks(marks: readonly LogMark[]): { readonly line: number; readonly atMs: number }[] {
    if (!this.isIndexed || !this.#shown.isStable) return [];
    return marks.map(({ atMs, counts }) => ({ atMs, line: this.#shown.indexAfter(counts) }));
  }

  /** What a person wants now. */
  apply(state: LogViewState): void {
    const former = this.#state;
    this.#state = state;
    const isOther =
      former.filter !== state.filter || former.inverse !== state.inverse || former.clearedAt !== state.clearedAt;
    if (former.search?.text !== state.search?.text) this.#chooseSearch(state);
    // R3: the pins tell which lines to keep in sight among the others.
    if (isOther) this.#chooseLines(state);
    else this.#pin();
  }

  #chooseLines({ filter, inverse, clearedAt }: LogViewState): void {
    const reading = filter === null ? null : readPattern(filter);
    this.#problems = { ...this.#problems, filter: reading?.kind === "wrong" ? reading.reason : null };
    const pattern = reading?.kind === "pattern" ? reading.pattern : null;
    this.#shown.setFilter({ pattern, isInverse: inverse, clearedAt });
    this.#revision += 1;
    this.#isUpToDate = false;
  }

  #chooseSearch({ search }: LogViewState): void {
    const reading = search === null ? null : readPattern(search.text);
    this.#problems = { ...this.#problems, search: reading?.kind === "wrong" ? reading.reason : null };
    this.#searchPattern = reading?.kind === "pattern" ? reading.pattern : null;
    this.#isUpToDate = false;
    this.#shown.setSearch(this.#searchPattern);
  }

  #pin(): void {
    if (!this.isIndexed || !this.#shown.isStable) return;
    this.#pins = { top: this.#pinAt(this.#state.top), match: this.#pinAt(this.#state.search?.match ?? null) };
  }

  #pinAt(line: number | null): Pin | null {
    if (line === null || line >= this.#shown.length) return null;
    const place = this.#shown.placeAt(line);
    return { place, generation: this.#shown.log.logs[place.log]?.generation ?? 0 };
  }

  async look(): Promise<void> {
    await this.#shown.look();
    this.#names = this.#shown.log.logs.map(({ resource }) => resource);
  }

  async readPreview(): Promise<void> {
    const { filter, clearedAt } = this.#state;
    if (filter !== null || clearedAt !== null) return;
    const paths = this.#listPaths();
    this.#names = [...paths.keys()];
    this.#preview = await readNewestLines(paths, PREVIEW_LINES);
    this.#lineCount = this.#preview.length;
    this.#window = { from: 0, lines: this.#preview, of: null };
    this.#windowRevision = this.#revision;
  }

  /** Some milliseconds of work; true when everything that was looked at is read. */
  async advance(budgetMs: number): Promise<boolean> {
    const isUpToDate = await this.#shown.advance(budgetMs);
    if (!this.#shown.isStable) return false;
    this.#lineCount = this.#shown.length;
    this.#isUpToDate = isUpToDate;
    return isUpToDate;
  }

  /** The state with its lines at the places where they are now (R3). */
  keepInSight(state: LogViewState, rows: number): LogViewState {
    const moved = this.#move(state, rows);
    if (moved !== state) this.#revision += 1;
    this.#state = moved;
    return moved;
  }

  #move(state: LogViewState, rows: number): LogViewState {
    if (!this.#shown.isStable) return state;
    const { length } = this.#shown;
    const last = Math.max(0, state.wrap ? length - 1 : length - rows);
    if (this.#preview !== null) {
      const fromEnd = this.#preview.length - state.top;
      this.#preview = null;
      return moveLogView(state, Math.max(0, Math.min(last, length - fromEnd)), null);
    }
    const top = this.#find(this.#pins.top) ?? state.top;
    return moveLogView(state, Math.min(top, last), this.#find(this.#pins.match));
  }

  #find(pin: Pin | null): number | null {
    if (pin === null) return null;
    const log = this.#shown.log.logs[pin.place.log];
    return log?.generation === pin.generation && pin.place.line < log.lines ? this.#shown.indexOf(pin.place) : null;
  }

  /** Reads what the screen is going to draw (R2). The window stays the same one when nothing in it has changed. */
  async load(state: LogViewState, rows: number): Promise<void> {
    if (!this.isIndexed || !this.#shown.isStable) return;
    const { length } = this.#shown;
    const top = state.follow ? Math.max(0, length - rows) : state.top;
    const revision = this.#revision;
    const from = Math.max(0, Math.min(top, length) - rows);
    const to = Math.min(length, from + WINDOW_SCREENS * rows);
    const places = Array.from({ length: to - from }, (_, index) => this.#shown.placeAt(from + index));
    const kept = new Map<string, LogLine>();
    for (const place of places) {
      const key = this.#keyOf(place);
      kept.set(key, this.#kept.get(key) ?? (await this.#shown.readLine(place, LINE_BYTES_MAX)));
    }
    this.#kept = kept;
    this.#windowRevision = revision;
    const lines = [...kept.values()];
    const isSame =
      from === this.#window.from &&
      length === this.#window.of &&
      lines.length === this.#window.lines.length &&
      lines.every((line, index) => line === this.#window.lines[index]);
    if (!isSame) this.#window = { from, lines, of: length };
  }

  /** Another one when the line is another: in a log that began anew, and where a line was not finished. */
  #keyOf({ log, line }: LinePlace): string {
    const index = this.#shown.log.logs[log];
    if (index === undefined) return "";
    const isOpen = line >= index.settledLines;
    return `${log}:${line}:${index.generation}${isOpen ? `:${index.revision}` : ""}`;
  }

  async close(): Promise<void> {
    await this.#shown.close();
  }
}
