/**
 * What is typed, made ready for Ink's parser of keys. Of a sequence that is never finished Ink gives what came after its
 * Escape, so of Escape and `[` in one chunk only the `[` would be left, and it would do what it does.
 *
 *   passing ⇄ holding      a chunk ended within a sequence, and the next may bring the rest
 *
 * K1 A sequence in pieces is given as a whole, when each of them comes within SEQUENCE_MS_MAX of the one before.
 * K2 What is not finished by then is no sequence: it is Escape, in the form that nothing can be the rest of, and the keys
 *    after it. So is what is longer than any sequence.
 * K3 Of a paste nothing is held: Ink waits for its end.
 */
import type { Readable } from "node:stream";

/** As long as Ink itself waits after an Escape, which never reaches it alone. */
const SEQUENCE_MS_MAX = 20;
const SEQUENCE_LENGTH_MAX = 64;

/** Escape as kitty's protocol has it. */
const WHOLE_ESCAPE = "\u001b[27u";
const PASTE_START = "\u001b[200~";
const PASTE_END = "\u001b[201~";
/** `ESC [` or `ESC O` with its parameters, or nothing behind Escape yet. Two are Alt and another key in old terminals. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is Escape that begins a sequence.
const UNFINISHED = /\u001b+(?:\[\[?[ -?]*|O[\d;]*)?$/;

interface SplitText {
  readonly whole: string;
  readonly unfinished: string;
}

/** K1, K2. Pure, as all below but `readWholeKeys`. */
export function splitUnfinished(text: string): SplitText {
  const unfinished = UNFINISHED.exec(text)?.[0] ?? "";
  const whole = text.slice(0, text.length - unfinished.length);
  if (unfinished.length <= SEQUENCE_LENGTH_MAX) return { whole, unfinished };
  return { whole: whole + finishEscapes(unfinished), unfinished: "" };
}

/** K2. */
const finishEscapes = (unfinished: string): string => unfinished.replaceAll("\u001b", WHOLE_ESCAPE);

/** K3. */
function isPastingAfter(text: string, wasPasting: boolean): boolean {
  const start = text.lastIndexOf(PASTE_START);
  const end = text.lastIndexOf(PASTE_END);
  return start === end ? wasPasting : start > end;
}

/** `stdin` gives text, as Ink sets it, and is read by Ink alone: with `read`, whenever it is readable. */
export function readWholeKeys<Input extends Readable>(stdin: Input): Input {
  const read = stdin.read.bind(stdin);
  let held = "";
  let isPasting = false;
  let timer: NodeJS.Timeout | undefined;
  /** Back into the stream, which says then that it can be read. */
  const giveUp = () => {
    const typed = finishEscapes(held);
    held = "";
    if (!stdin.destroyed && !stdin.readableEnded) stdin.unshift(typed, "utf8");
  };
  stdin.read = (size?: number): string | null => {
    const chunk: unknown = read(size);
    if (chunk === null) return null;
    clearTimeout(timer);
    const text = held + String(chunk);
    isPasting = isPastingAfter(text, isPasting);
    const { whole, unfinished } = isPasting ? { whole: text, unfinished: "" } : splitUnfinished(text);
    held = unfinished;
    if (held !== "") timer = setTimeout(giveUp, SEQUENCE_MS_MAX);
    return whole === "" ? null : whole;
  };
  stdin.once("close", () => clearTimeout(timer));
  return stdin;
}
