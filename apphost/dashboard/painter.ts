/**
 * Rows on the alternate screen of a terminal, with as little CPU as can be: the dashboard shares the machine with what it
 * measures, and Ink lays out, splits and joins each cell of each frame, which was nine tenths of a frame's cost.
 *
 *   blank (what is on the screen is not known) ⇄ painted (the rows that stand there)
 *
 * P1 Only rows that changed are written, each at its own place and in one write, so a terminal that knows synchronized
 *    updates never shows half a frame.
 * P2 Text cannot move the cursor: its control characters are left out, and the terminal does not wrap while it is written.
 * P3 A row whose width only the terminal knows, as of emoji, is cleared before it is written.
 * P4 The cursor rests in the first column of the first row: a line feed of anyone else does not scroll the screen.
 * P5 Nothing stands on the alternate screen when it is left: where its size is not that with which it began, a terminal
 *    (tmux 3.3) wraps its rows into those from before.
 */
import chalk, { type ChalkInstance, type ForegroundColorName } from "chalk";
import { ONE_COLUMN_EACH, type Segment } from "./charts/segment.ts";
import { cutWidth, measureWidth, type Row } from "./rows.ts";
import type { Theme } from "./theme.ts";

const BEGIN = "\u001b[?2026h\u001b[?7l";
const END = "\u001b[H\u001b[?7h\u001b[?2026l";
const CLEAR_SCREEN = "\u001b[2J\u001b[H";
const CLEAR_ROW = "\u001b[2K";
const CLEAR_REST = "\u001b[K";
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal.
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/g;

/** A log may have millions of colours. */
const MARKS_MAX = 4_096;

/** What stands before and after a text of one style. */
interface Marks {
  readonly open: string;
  readonly close: string;
}

export class Painter {
  readonly #write: (text: string) => void;
  readonly #marks = new Map<string, Marks>();
  #painted: readonly string[] = [];

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** Nobody knows what stands there, as after a change of size. */
  forget(): void {
    this.#painted = [];
  }

  /** P5. */
  clear(): void {
    this.forget();
    this.#write(CLEAR_SCREEN);
  }

  /** P1. One string for each row of the screen. */
  paint(rows: readonly Row[], columns: number, theme: Theme): void {
    const lines = rows.map((row) => this.#paintRow(row, columns, theme));
    const changed = lines.flatMap((line, index) =>
      line === this.#painted[index] ? [] : [`\u001b[${index + 1};1H${line}`],
    );
    this.#painted = lines;
    if (changed.length > 0) this.#write(`${BEGIN}${changed.join("")}${END}`);
  }

  #paintRow(row: Row, columns: number, theme: Theme): string {
    const cut = measureWidth(row) > columns ? cutWidth(row, columns) : row;
    const isSure = cut.every(({ text }) => ONE_COLUMN_EACH.test(text));
    const text = cut.map((segment) => this.#paintSegment(segment, theme)).join("");
    if (!isSure) return `${CLEAR_ROW}${text}`;
    // In the last column, clearing the rest would take the last character away.
    return measureWidth(cut) < columns ? `${text}${CLEAR_REST}` : text;
  }

  #paintSegment(segment: Segment, theme: Theme): string {
    const { open, close } = this.#marksOf(segment, theme(segment.color));
    return `${open}${segment.text.replace(CONTROLS, "")}${close}`;
  }

  #marksOf({ bold = false, dim = false, inverse = false }: Segment, color: string | undefined): Marks {
    const key = `${color ?? ""} ${bold} ${dim} ${inverse}`;
    const known = this.#marks.get(key);
    if (known !== undefined) return known;
    let style: ChalkInstance = chalk;
    if (inverse) style = style.inverse;
    if (bold) style = style.bold;
    if (dim) style = style.dim;
    const [open = "", close = ""] = paintColor(style, color)(TEXT).split(TEXT);
    const marks = { open, close };
    if (this.#marks.size >= MARKS_MAX) this.#marks.clear();
    this.#marks.set(key, marks);
    return marks;
  }
}

/** Stands for the text between the marks of a style. */
const TEXT = "text";

/** By the names of `logs/sgr-style.ts` and `theme.ts`. */
function paintColor(style: ChalkInstance, color: string | undefined): ChalkInstance {
  if (color === undefined) return style;
  if (color.startsWith("#")) return style.hex(color);
  const [first = 0, second = 0, third = 0] = (color.match(/\d+/g) ?? []).map(Number);
  if (color.startsWith("ansi256")) return style.ansi256(first);
  if (color.startsWith("rgb")) return style.rgb(first, second, third);
  return style[color as ForegroundColorName];
}
