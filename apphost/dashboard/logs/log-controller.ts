/**
 * Keeps the view of logs going: takes what a person wants, has the files read, and draws the rows.
 *
 *   dispatch(intent)       → the state changes at once, and whoever subscribed is told
 *   render(rows, columns)  → from what is in memory, at once; whoever subscribed is told when there is something else to draw
 *   close()                → nothing runs any more, and no file is open
 *
 * C1 One loop does all reading, in steps of STEP_MS; between two of them screens are drawn and keys are read.
 * C2 With nothing to do it sleeps: for LOOK_INTERVAL_MS, or until the next intent when the view is paused.
 * C3 What needs to know all lines, or all matches, waits until they are known: at most WAITING_MAX intents, in their order.
 * C4 A file that cannot be read ends the reading, and the last row says why.
 */
import { setImmediate as yieldToOthers } from "node:timers/promises";
import { runFolder } from "../../../simulator/common/contract/files/run-folder.ts";
import type { LogLine } from "../../logs/log-lines.ts";
import type { Row } from "../../logs/terminal-text.ts";
import { LogReader } from "./log-reader.ts";
import { drawLogScreen, type LogScreen, STATUS_ROWS } from "./log-screen.ts";
import { type LogFacts, type LogIntent, type LogViewState, updateLogView } from "./log-view-state.ts";

export interface LogControllerOptions {
  readonly runDir: string;
  /** Of a view that was closed before, or a new one. */
  readonly state: LogViewState;
  readonly colors: boolean;
  /** Whether the terminal shows more than ASCII. */
  readonly unicode: boolean;
  readonly nowMs: () => number;
}

const STEP_MS = 20;
const LOOK_INTERVAL_MS = 400;
/** How often one is told how far a search is. */
const PROGRESS_INTERVAL_MS = 250;
const WAITING_MAX = 16;
/** Until the first screen is drawn. */
const ROWS_AT_FIRST = 50;

const MOVES: readonly LogIntent["type"][] = ["scroll", "page", "home", "end"];
const JUMPS: readonly LogIntent["type"][] = ["nearest", "next", "previous"];
const NEEDS_ALL_LINES: readonly LogIntent["type"][] = ["home", "mark", "clear"];

export class LogController {
  readonly #options: LogControllerOptions;
  readonly #listeners = new Set<() => void>();
  readonly #waiting: LogIntent[] = [];
  #state: LogViewState;
  #reader: LogReader;
  /** Whose logs are no longer wanted. */
  readonly #retired: LogReader[] = [];
  #drawn = { rows: ROWS_AT_FIRST, columns: 0, screen: { rows: [], top: 0, visibleLines: 0 } as LogScreen };
  #problem: string | null = null;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #told = { atMs: Number.NEGATIVE_INFINITY, what: "", window: {} as object, state: {} as object };
  #isClosed = false;
  /** Something happened since the loop last looked. */
  #isWoken = false;
  #wakeUp: () => void = () => undefined;
  readonly #loop: Promise<void>;

  constructor(options: LogControllerOptions) {
    this.#options = options;
    this.#state = options.state;
    this.#reader = new LogReader(options.runDir, options.state);
    this.#loop = this.#run();
  }

  get state(): LogViewState {
    return this.#state;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  dispatch(intent: LogIntent): void {
    if (this.#isClosed) return;
    if (this.#mustWait(intent)) {
      this.#await(intent);
    } else {
      // Who goes somewhere else meanwhile does not want to be taken away from there.
      if (MOVES.includes(intent.type)) this.#forgetJumps();
      this.#apply(intent);
    }
    // What is searched for is to be seen.
    if (intent.type === "search") this.#awaitMatch(intent.text);
    this.#wake();
    this.#tell();
  }

  /** Instead of what was wished for of the search before. */
  #awaitMatch(text: string): void {
    this.#forgetJumps();
    if (text !== "") this.#await({ type: "nearest" });
  }

  #await(intent: LogIntent): void {
    if (this.#waiting.length < WAITING_MAX) this.#waiting.push(intent);
  }

  #forgetJumps(): void {
    this.#waiting.splice(0, this.#waiting.length, ...this.#waiting.filter(({ type }) => !JUMPS.includes(type)));
  }

  /** C3 */
  #mustWait({ type }: LogIntent): boolean {
    const { isIndexed, isSearched } = this.#reader;
    if (JUMPS.includes(type)) return !isIndexed || !isSearched;
    if (NEEDS_ALL_LINES.includes(type)) return !isIndexed;
    return MOVES.includes(type) && !isIndexed && this.#waiting.length > 0;
  }

  #apply(intent: LogIntent): void {
    this.#state = updateLogView(this.#state, intent, this.#gatherFacts());
    if (intent.type === "source") {
      this.#retired.push(this.#reader);
      this.#reader = new LogReader(this.#options.runDir, this.#state);
      this.#waiting.length = 0;
      this.#lookedAtMs = Number.NEGATIVE_INFINITY;
    } else {
      this.#reader.apply(this.#state);
    }
  }

  #gatherFacts(): LogFacts {
    const reader = this.#reader;
    return {
      lines: reader.lineCount,
      rows: Math.max(1, this.#drawn.rows - STATUS_ROWS),
      top: this.#state.follow ? Math.max(0, reader.lineCount - this.#drawn.screen.visibleLines) : this.#state.top,
      visibleLines: this.#drawn.screen.visibleLines,
      nowMs: this.#options.nowMs(),
      counts: reader.counts,
      findMatch: (line, direction) => reader.findMatch(line, direction),
    };
  }

  /** Exactly as many rows as wanted. While the lines to be drawn are being read, it is the screen before. */
  render(rows: number, columns: number): readonly Row[] {
    const reader = this.#reader;
    const former = this.#drawn;
    if (rows !== former.rows) this.#wake();
    const isFitting = rows === former.rows && columns === former.columns;
    if (isFitting && this.#problem === null && !reader.canDraw(this.#state, rows - STATUS_ROWS))
      return former.screen.rows;
    const { colors, unicode } = this.#options;
    const { status } = reader;
    const screen = drawLogScreen({
      state: this.#state,
      window: reader.window,
      status: this.#problem === null ? status : { ...status, problems: [...status.problems, this.#problem] },
      marks: reader.placeMarks(this.#state.marks),
      nameWidth: reader.nameWidth,
      findAll: (text) => reader.findAll(text),
      rows,
      columns,
      colors,
      unicode,
    });
    this.#drawn = { rows, columns, screen };
    return screen.rows;
  }

  /** The line that a search has gone to, else the first on the screen: to be copied, or for its file to be opened. */
  get currentLine(): { readonly line: LogLine; readonly path: string } | null {
    const { from, lines } = this.#reader.window;
    const line = lines[(this.#state.search?.match ?? this.#drawn.screen.top) - from];
    return line === undefined ? null : { line, path: runFolder.log(this.#options.runDir, line.resource) };
  }

  async #run(): Promise<void> {
    try {
      while (!this.#isClosed) {
        const isUpToDate = await this.#step();
        if (isUpToDate) await this.#sleep();
        else await yieldToOthers();
      }
    } catch (error) {
      this.#problem = `the logs cannot be read: ${(error as Error).message}`;
      this.#tell();
    }
  }

  async #step(): Promise<boolean> {
    for (const retired of this.#retired.splice(0)) await retired.close();
    this.#isWoken = false;
    const reader = this.#reader;
    // A person waits for these lines, and nobody for new ones.
    if (reader.isIndexed && !reader.canDraw(this.#state, this.#drawn.rows)) {
      await reader.load(this.#state, this.#drawn.rows);
      this.#tellChanges(false);
    }
    await this.#look(reader);
    const isUpToDate = await reader.advance(STEP_MS);
    if (reader !== this.#reader || this.#isClosed) return false;
    this.#state = reader.keepInSight(this.#state, Math.max(1, this.#drawn.rows - STATUS_ROWS));
    if (reader.isSearched) for (const intent of this.#waiting.splice(0)) this.#apply(intent);
    await reader.load(this.#state, this.#drawn.rows);
    this.#tellChanges(isUpToDate);
    return isUpToDate;
  }

  async #look(reader: LogReader): Promise<void> {
    const isFirst = this.#lookedAtMs === Number.NEGATIVE_INFINITY;
    const isDue = performance.now() - this.#lookedAtMs >= LOOK_INTERVAL_MS;
    if (!isFirst && (!isDue || this.#state.paused || !reader.isIndexed)) return;
    this.#lookedAtMs = performance.now();
    if (isFirst) {
      await reader.readPreview();
      this.#tell();
    }
    await reader.look();
  }

  /** C2 */
  async #sleep(): Promise<void> {
    if (this.#isWoken || this.#isClosed) return;
    await new Promise<void>((resolve) => {
      const timer = this.#state.paused ? undefined : setTimeout(resolve, LOOK_INTERVAL_MS);
      this.#wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #wake(): void {
    this.#isWoken = true;
    this.#wakeUp();
  }

  #tellChanges(isUpToDate: boolean): void {
    const { window } = this.#reader;
    const what = JSON.stringify(this.#reader.status);
    const isOther = window !== this.#told.window || this.#state !== this.#told.state;
    if (!isOther && what === this.#told.what) return;
    if (!isOther && !isUpToDate && performance.now() - this.#told.atMs < PROGRESS_INTERVAL_MS) return;
    this.#told = { ...this.#told, atMs: performance.now(), what, window };
    this.#tell();
  }

  #tell(): void {
    this.#told.state = this.#state;
    for (const listener of this.#listeners) listener();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#wake();
    await this.#loop;
    for (const reader of [...this.#retired, this.#reader]) await reader.close();
    this.#listeners.clear();
  }
}
