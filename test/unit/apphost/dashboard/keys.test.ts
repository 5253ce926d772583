/** What a terminal sends, through Ink's own reading of it, to the names of keys. */
import { PassThrough } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { render } from "ink";
import { createElement } from "react";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readWholeKeys, splitUnfinished } from "../../../../apphost/dashboard/key-input.ts";
import { Screen } from "../../../../apphost/dashboard/screen.tsx";
import { sleep, waitUntil } from "../../../../simulator/common/foundation/deadline.ts";

/** As much of a terminal as Ink asks for. */
class Keyboard extends PassThrough {
  readonly isTTY = true;
  setRawMode = () => this;
  ref = () => this;
  unref = () => this;
}

class Display extends PassThrough {
  readonly isTTY = true;
  readonly columns = 80;
  readonly rows = 24;
}

let keyboard: Keyboard;
let close: () => void;
let heard: string[];
beforeEach(() => {
  keyboard = new Keyboard();
  heard = [];
  const screen = createElement(Screen, {
    onSize: () => undefined,
    spoken: [],
    onKey: (key) => void heard.push(key),
    onPaste: (text) => void heard.push(`pasted ${text}`),
  });
  const display = new Display().resume() as unknown as NodeJS.WriteStream;
  const stdin = readWholeKeys(keyboard) as unknown as NodeJS.ReadStream;
  const instance = render(screen, {
    stdin,
    stdout: display,
    stderr: display,
    exitOnCtrlC: false,
    interactive: true,
    patchConsole: false,
  });
  close = () => instance.unmount();
});
afterEach(() => close());

/** Ink waits 20 ms for the rest of a sequence. */
const SEQUENCE_MS = 40;

async function send(...chunks: readonly (string | Buffer)[]): Promise<readonly string[]> {
  await waitUntil(() => keyboard.listenerCount("readable") > 0 || undefined, {
    what: "the reading",
    deadlineMs: 5_000,
  });
  for (const chunk of chunks) {
    keyboard.write(chunk);
    await sleep(SEQUENCE_MS);
  }
  return heard;
}

describe("a chunk of input", () => {
  it.each([
    ["\u001b/", ["esc", "/"]],
    ["\u001b:", ["esc", ":"]],
    ["\u001b?", ["esc", "?"]],
    ["\u001b-", ["esc", "-"]],
    ["\u001b]", ["esc", "]"]],
    ["\u001bO", ["esc", "O"]],
    ["\u001bN", ["esc", "N"]],
    ["\u001b5", ["esc", "5"]],
    ["\u001bq", ["esc", "q"]],
    ["\u001b ", ["esc", "space"]],
    ["\u001b\r", ["esc", "enter"]],
    ["\u001b\t", ["esc", "tab"]],
    ["\u001b\u007f", ["esc", "backspace"]],
    ["\u001b\u0003", ["esc", "ctrl+c"]],
    ["\u001bé", ["esc", "é"]],
    ["\u001b😀", ["esc", "😀"]],
    ["\u001b", ["esc"]],
    ["\u001b\u001b", ["esc", "esc"]],
    ["\u001b\u001b/", ["esc", "esc", "/"]],
    ["\u001b\u001b[A", ["esc", "up"]],
    ["\u001b\u001bOA", ["esc", "up"]],
    // No sequence, since nothing finishes it.
    ["\u001b[", ["esc", "["]],
    ["j\u001b[", ["j", "esc", "["]],
    ["\u001b\u001b[", ["esc", "esc", "["]],
    ["\u001b[[", ["esc", "[", "["]],
    ["\u001b[1;3", ["esc", "[", "1", ";", "3"]],
    ["\u001bO5", ["esc", "O", "5"]],
    ["\u001b[A\u001b[B", ["up", "down"]],
    ["j\u001b[Ak", ["j", "up", "k"]],
    ["2/kafka\r", ["2", "/", "k", "a", "f", "k", "a", "enter"]],
    ["\u001b[1;3A", ["up"]],
    ["\u001b[1;5C", ["right"]],
    ["\u001b[Z", ["shift+tab"]],
    ["\u001bOM", ["enter"]],
    ["\u001b[3~", ["backspace"]],
    ["\u0003\u0003", ["ctrl+c", "ctrl+c"]],
    ["日本", ["日", "本"]],
    ["e\u0301", ["e", "\u0301"]],
  ] as const)("%j is %j", async (chunk, keys) => {
    expect(await send(chunk)).toEqual(keys);
  });

  it.each([
    "\u001b[15~",
    "\u001b[15;5~",
    "\u001b[1;5P",
    "\u001bOP",
    "\u001b[I",
    "\u001b[O",
    "\u001b[?1;2c",
    "\u001b[24;80R",
    "\u001b[<0;10;10M",
    "\u001b[99;99z",
    "\u001bOj",
    "\u001b[2~",
  ])("%j, which is no key here, is none", async (chunk) => {
    expect(await send(chunk)).toEqual([]);
  });
});

describe("several chunks of input", () => {
  it("put a character together that was cut", async () => {
    const [first, rest] = [Buffer.from("日").subarray(0, 1), Buffer.from("日").subarray(1)];
    expect(await send(first, rest)).toEqual(["日"]);
  });

  it.each([
    [["\u001b", "[A"], ["up"]],
    [["\u001b[", "A"], ["up"]],
    [["\u001b[1;", "5", "C"], ["right"]],
    [["\u001bO", "B"], ["down"]],
    [
      ["j\u001b[", "Ak"],
      ["j", "up", "k"],
    ],
  ] as const)("are one sequence when they come at once: %j is %j", async (chunks, keys) => {
    await send();
    for (const chunk of chunks) {
      keyboard.write(chunk);
      // Before any timer: the chunk is read, and no more.
      await setImmediate();
    }
    await sleep(SEQUENCE_MS);
    expect(heard).toEqual(keys);
  });

  it("hold back no more than any sequence has", () => {
    expect(splitUnfinished("k\u001b[1;5")).toEqual({ whole: "k", unfinished: "\u001b[1;5" });
    const endless = "1".repeat(100);
    expect(splitUnfinished(`k\u001b[${endless}`)).toEqual({ whole: `k\u001b[27u[${endless}`, unfinished: "" });
  });

  it("hold back nothing of a paste", async () => {
    expect(await send("\u001b[200~a\u001b[", "b\u001b", "\u001b[201~j")).toEqual(["pasted a\u001b[b\u001b", "j"]);
  });

  it("put a paste together, and take no key of it", async () => {
    expect(await send("\u001b[200~q\r", "y\u001b[A", "\u001b[201~j")).toEqual(["pasted q\ry\u001b[A", "j"]);
  });
});
