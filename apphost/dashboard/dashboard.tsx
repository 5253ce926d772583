/**
 * The dashboard: what a host tells and what a person does, on a terminal. It runs in the process of the terminal and never
 * in the host's, so whatever happens here, the run goes on.
 *
 *   preparing → connected (snapshot, then events) → closed
 *
 * T1 A key is answered at once. What the run tells is drawn once a second, and twice while a log is followed: the dashboard
 *    shares the machine with what it measures. While the host is idle and nothing changes, only the clock does, and that
 *    is drawn every five seconds.
 * T2 The terminal is restored on every way out: Ink does it on `close`, and by its exit hook on a signal and on
 *    process.exit. Where Ink itself fails at it, `restoreTerminal` does it.
 * T3 The terminal is the dashboard's only while it is the shell's foreground job (`terminal-job.ts`).
 * T4 The alternate screen takes its content away, so the summary is printed after it is gone. A pager that has the
 *    terminal then is left to the person who reads in it, and the summary comes after it.
 * T5 What fails here is no end of the run: a view says so in its place (F2 of `views/frame.ts`), and so does the whole
 *    screen, as with a host of another version; a key that fails does nothing. When Ink itself fails, or anything else of
 *    this process, the terminal is given back, and the run is told of without a dashboard.
 * T6 After a storm of sizes the frame is whole.
 */
import { ReadStream } from "node:tty";
import { type Instance, render } from "ink";
import { describeError } from "../../simulator/common/foundation/errors.ts";
import type { WatchItem } from "../control/protocol.ts";
import type { HostDescription } from "../model/description.ts";
import type { ThemeName } from "../options.ts";
import { applyEvent, EMPTY_SNAPSHOT, type Snapshot } from "../snapshot/snapshot.ts";
import { describeAnswer } from "./answers.ts";
import type { Glyphs } from "./charts/segment.ts";
import type { HostLink } from "./host-link.ts";
import { readWholeKeys } from "./key-input.ts";
import { OpenLog, wantedLog } from "./open-log.ts";
import { choosePager, type Pager, startPager } from "./pager.ts";
import { Painter } from "./painter.ts";
import { type Row, textRow, wrapText } from "./rows.ts";
import { Screen, type Size } from "./screen.tsx";
import type { Reduced } from "./state/outcomes.ts";
import { reduce } from "./state/reduce.ts";
import { createViewState, type Effect, type Input, type ViewState } from "./state/view-state.ts";
import { formatSummary } from "./summary.ts";
import { createTerminalJob, restoreTerminal, type TerminalJob } from "./terminal-job.ts";
import { createTheme, findColorLevel, findGlyphs, hasColors } from "./theme.ts";
import { isSpoken } from "./ui-mode.ts";
import { bodyRows, drawFrame } from "./views/frame.ts";

const FRAME_INTERVAL_MS = 500;
const CLOCK_INTERVAL_MS = 5_000;
/** The hand that pulls at a window rests longer than that between two sizes only when it is done. */
const RESIZED_MS = 250;
/** Of frames for keys. */
const FRAMES_PER_SECOND_MAX = 20;
/** What a terminal takes by OSC 52 at once; xterm's limit is of this size. */
const COPY_BYTES_MAX = 74_994;

const FAILURE_LINES_MAX = 6;

/** How a person ends it. `leave`: the run goes on. */
export type Ending = "stop" | "kill" | "leave";

export interface DashboardOptions {
  readonly stdin: NodeJS.ReadStream & { readonly fd: number };
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly theme: ThemeName;
  /** Whether the run ends with this terminal. */
  readonly isOwner: boolean;
  /** May be called more than once. */
  readonly onEnd: (ending: Ending) => void;
}

interface Shown {
  readonly instance: Instance;
  /** Of its own, since only closing it ends the reading for certain: a background job that reads is stopped. */
  readonly stdin: ReadStream;
  /** It draws nothing any more, and what it set in the terminal stays. */
  readonly isAbandoned: boolean;
}

export class Dashboard {
  readonly #options: DashboardOptions;
  readonly #glyphs: Glyphs;
  /** For a screen reader, which is told text and not where it stands. */
  readonly #isSpoken: boolean;
  readonly #painter: Painter;
  readonly #timer: NodeJS.Timeout;
  readonly #job: TerminalJob;
  #snapshot: Snapshot = EMPTY_SNAPSHOT;
  #state: ViewState;
  #link: HostLink | null = null;
  /** Run time at `performance.now()` = 0; null before the host has said its own. */
  #clockUs: number | null = null;
  #size: Size = { columns: 80, rows: 24 };
  /** Null while another job has the terminal. */
  #shown: Shown | null = null;
  #drawn: Snapshot = EMPTY_SNAPSHOT;
  #drawnAtMs = Number.NEGATIVE_INFINITY;
  #isDue = false;
  readonly #logs: OpenLog;
  #pager: Pager | null = null;
  #lent: Promise<void> = Promise.resolve();
  #isClosed = false;
  #isFailed = false;
  #resized: NodeJS.Timeout | undefined;
  /** T5. The first of them: those that follow are mostly the same. */
  #failure: unknown = null;

  constructor(options: DashboardOptions) {
    this.#options = options;
    // A terminal that was closed takes nothing any more, which is no reason to fall.
    options.stdout.on("error", () => undefined);
    options.stdout.on("resize", this.#takeSize);
    process.on("uncaughtException", this.#fail);
    this.#glyphs = findGlyphs(options.env);
    this.#isSpoken = isSpoken(options.env);
    this.#painter = new Painter((text) => options.stdout.write(text));
    this.#state = createViewState(options.theme);
    this.#logs = new OpenLog({
      colors: hasColors(options.env),
      unicode: this.#glyphs === "unicode",
      onChange: () => this.#drawLog(),
    });
    this.#timer = setInterval(() => this.#drawChanges(), FRAME_INTERVAL_MS);
    this.#job = createTerminalJob({
      show: () => this.#show(),
      hide: () => this.#hide(),
      abandon: () => this.#abandon(),
    });
    // Last of all: what fails in the first frame finds everything that ends it.
    this.#job.start();
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** What is waited for before there is a host that could tell it. */
  prepare(text: string): void {
    if (this.#link === null) this.#snapshot = { ...this.#snapshot, phaseDetail: text };
  }

  connect(link: HostLink): void {
    this.#link = link;
  }

  take(item: WatchItem): void {
    if (item.kind === "snapshot") {
      this.#snapshot = item.snapshot;
      this.#clockUs = item.nowUs - performance.now() * 1_000;
      this.#draw();
    } else {
      this.#snapshot = applyEvent(this.#snapshot, item.event);
      // A short run may end before the next frame is due.
      if (item.event.type === "verdict") this.#draw();
    }
  }

  /**
   * Whether a signal of this process is meant for a program that has the terminal. It gets those of the keyboard itself,
   * and ends with the dashboard at any other.
   */
  lends(signal: NodeJS.Signals): boolean {
    if (this.#pager === null) return false;
    if (signal !== "SIGINT") this.#pager.end();
    return signal === "SIGINT";
  }

  /** Gives the terminal back, and writes what stays there. */
  async close(summary: (snapshot: Snapshot) => readonly string[] = formatSummary): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    clearTimeout(this.#resized);
    this.#options.stdout.off("resize", this.#takeSize);
    this.#job.end();
    await this.#logs.close();
    const shown = this.#shown;
    if (this.#hide()) await shown?.instance.waitUntilExit().catch(() => undefined);
    await this.#lent.catch(() => undefined);
    // What Ink does at the end of the process fails as well then, and was told.
    if (!this.#isFailed) process.off("uncaughtException", this.#fail);
    this.#write([...summary(this.#snapshot), ...describeFailure(this.#failure)]);
  }

  #write(lines: readonly string[]): void {
    this.#options.stdout.write(lines.map((line) => `${line}\n`).join(""));
  }

  #show(): void {
    this.#shown?.instance.unmount();
    const { stdin: given, stdout, stderr } = this.#options;
    const stdin = readWholeKeys(new ReadStream(given.fd));
    // A terminal that is closed cannot be read any more. What ends the run then is its SIGHUP, in order.
    stdin.on("error", () => undefined);
    // The alternate screen begins where the cursor stands, and a prompt before it would shift the first row for good.
    stdout.write("\r");
    this.#painter.forget();
    try {
      const instance = render(this.#element([]), {
        stdout,
        stderr,
        stdin,
        alternateScreen: true,
        exitOnCtrlC: false,
        isScreenReaderEnabled: this.#isSpoken,
        // The mode was decided before: CI variables must not turn a wanted dashboard into silence.
        interactive: true,
        maxFps: FRAMES_PER_SECOND_MAX,
      });
      this.#shown = { instance, stdin, isAbandoned: false };
      instance.waitUntilExit().catch(this.#fail);
    } catch (error) {
      restoreTerminal(stdout, stdin);
      stdin.destroy();
      this.#fail(error);
    }
    this.#draw();
  }

  /** T5. */
  readonly #fail = (error: unknown): void => {
    this.#failure ??= error;
    if (this.#isClosed || this.#isFailed) return;
    this.#isFailed = true;
    clearInterval(this.#timer);
    this.#job.end();
    this.#hide();
    const run = this.#link === null ? "" : ` --run ${this.#link.runId}`;
    this.#write([
      `the dashboard failed (${describeError(error)}); the run goes on`,
      this.#options.isOwner ? "Ctrl+C stops it" : "Ctrl+C leaves it",
      `flink-apphost describe --follow${run} shows it without a dashboard`,
    ]);
  };

  /** T2. False when Ink failed at it: its instance does not end any more. */
  #hide(): boolean {
    const shown = this.#shown;
    this.#shown = null;
    try {
      if (shown !== null && !shown.isAbandoned && !this.#isSpoken) this.#painter.clear();
      shown?.instance.unmount();
      return true;
    } catch (error) {
      restoreTerminal(this.#options.stdout, shown?.stdin);
      this.#fail(error);
      return false;
    } finally {
      shown?.stdin.destroy();
    }
  }

  /**
   * T6. The painter writes only the rows that changed, and what the terminal did with the others while frames of several sizes
   * were on their way is known to nobody: once the size rests, all is drawn anew.
   */
  #takeSize = (): void => {
    clearTimeout(this.#resized);
    this.#resized = setTimeout(() => {
      if (this.#shown === null || this.#shown.isAbandoned) return;
      this.#hide();
      this.#show();
    }, RESIZED_MS).unref();
  };

  #abandon(): void {
    if (this.#shown === null) return;
    this.#shown.stdin.destroy();
    this.#shown = { ...this.#shown, isAbandoned: true };
  }

  /** What is read for the first time is shown at once, and what comes after it with the next frame. */
  #drawLog(): void {
    if (performance.now() - this.#drawnAtMs >= FRAME_INTERVAL_MS) this.#draw();
  }

  /** T1. */
  #drawChanges(): void {
    const isFollowing = this.#state.view === "logs";
    this.#isDue = !this.#isDue;
    if (!(isFollowing || this.#isDue)) return;
    const isResting = this.#snapshot === this.#drawn && this.#snapshot.phase === "idle" && !isFollowing;
    if (!isResting || performance.now() - this.#drawnAtMs >= CLOCK_INTERVAL_MS) this.#draw();
  }

  #draw(): void {
    if (this.#shown === null || this.#shown.isAbandoned) return;
    this.#drawn = this.#snapshot;
    this.#drawnAtMs = performance.now();
    const rows = this.#drawRows(this.#size);
    const theme = createTheme(this.#state.theme, findColorLevel(this.#options.env));
    try {
      if (this.#isSpoken) this.#shown.instance.rerender(this.#element(rows));
      else this.#painter.paint(rows, this.#size.columns, theme);
    } catch (error) {
      this.#fail(error);
    }
  }

  #element(spoken: readonly Row[]) {
    return <Screen onSize={this.#fit} onKey={this.#onKey} onPaste={this.#onPaste} spoken={spoken} />;
  }

  #onKey = (key: string): void => this.#take({ type: "key", key });
  #onPaste = (text: string): void => this.#take({ type: "paste", text });

  #fit = (size: Size): void => {
    this.#size = size;
    this.#painter.forget();
    this.#draw();
  };

  #drawRows(size: Size): readonly Row[] {
    try {
      return drawFrame({
        snapshot: this.#snapshot,
        state: this.#state,
        ...size,
        nowUs: this.#nowUs(),
        glyphs: this.#glyphs,
        drawLog: (rows, columns) => this.#logs.draw(rows, columns),
      });
    } catch (error) {
      this.#failure ??= error;
      const words = `the screen cannot be drawn, and the run goes on: ${describeError(error)}`;
      const rows = wrapText(words, size.columns).map((line) => textRow(line, { color: "bad" }));
      return [...rows, textRow("all keys go on working; q asks how to end")].slice(0, size.rows);
    }
  }

  #nowUs = (): number =>
    this.#clockUs === null ? this.#snapshot.lastEventAtUs : this.#clockUs + performance.now() * 1_000;

  #take(input: Input): void {
    if (this.#isClosed) return;
    const { state, effects } = this.#reduce(input);
    this.#state = state;
    if (this.#link !== null) this.#logs.show(this.#link.runDir, wantedLog(state));
    for (const effect of effects) this.#run(effect);
    this.#draw();
  }

  /** T5. */
  #reduce(input: Input): Reduced {
    try {
      return reduce(this.#state, input, {
        snapshot: this.#snapshot,
        rows: bodyRows(this.#size.rows),
        log: this.#logs.facts,
        logLine: this.#logs.currentLine,
        runId: this.#link?.runId ?? null,
        isOwner: this.#options.isOwner,
      });
    } catch (error) {
      this.#failure ??= error;
      return { state: { ...this.#state, message: { level: "error", text: describeError(error) } }, effects: [] };
    }
  }

  #run(effect: Effect): void {
    switch (effect.kind) {
      case "ask":
        void this.#ask(effect);
        return;
      case "describe":
        void this.#describe();
        return;
      case "copy":
        this.#copy(effect.what, effect.text);
        return;
      case "page":
        void this.#page(effect.resource);
        return;
      case "log":
        this.#logs.dispatch(effect.intent);
        return;
      case "stop":
      case "kill":
      case "leave":
        this.#options.onEnd(effect.kind);
        return;
      case "suspend":
        this.#job.suspend();
        return;
    }
  }

  async #ask({ id, request, command }: Effect & { readonly kind: "ask" }): Promise<void> {
    const onAccepted = (detail: string) => this.#take({ type: "accepted", id, words: `${command}: ${detail}` });
    try {
      if (this.#link === null) throw new Error("the host is still starting");
      const answer = await this.#link.ask(request, onAccepted);
      this.#take({ type: "answered", id, message: describeAnswer(request, answer) });
    } catch (error) {
      this.#take({ type: "answered", id, message: { level: "error", text: `${command}: ${describeError(error)}` } });
    }
  }

  async #describe(): Promise<void> {
    try {
      const answer = await this.#link?.ask({ request: "describe", showSecrets: false }, () => undefined);
      if (answer !== undefined) this.#take({ type: "described", resources: (answer as HostDescription).resources });
    } catch (error) {
      this.tell("error", `the environment is not known: ${describeError(error)}`);
    }
  }

  tell(level: "info" | "warn" | "error", text: string): void {
    this.#take({ type: "told", message: { level, text } });
  }

  /** By the terminal itself, so that it works over ssh, too. */
  #copy(what: string, text: string): void {
    const bytes = Buffer.from(text, "utf8");
    if (bytes.length > COPY_BYTES_MAX) {
      this.tell("warn", `the ${what} is too long to copy: ${bytes.length} bytes, at most ${COPY_BYTES_MAX}`);
      return;
    }
    this.#options.stdout.write(`\u001b]52;c;${bytes.toString("base64")}\u0007`);
    this.tell("info", `copied the ${what}, if this terminal takes OSC 52: ${text.split("\n", 1)[0]}`);
  }

  async #page(resource: string): Promise<void> {
    if (this.#link === null) return;
    const path = this.#link.logPath(resource);
    try {
      this.#lent = this.#job.lend(async () => {
        this.#pager = startPager(choosePager(this.#options.env), path);
        await this.#pager.ended;
      });
      await this.#lent;
    } catch (error) {
      this.tell("error", describeError(error));
    } finally {
      this.#pager = null;
    }
  }
}

/** With the place in the code, for a report of the fault. */
function describeFailure(failure: unknown): readonly string[] {
  if (failure === null) return [];
  const stack = failure instanceof Error ? (failure.stack ?? failure.message) : String(failure);
  return ["a fault of the dashboard, and none of the run:", ...stack.split("\n").slice(0, FAILURE_LINES_MAX)];
}
