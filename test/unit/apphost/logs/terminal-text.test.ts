import fc from "fast-check";
import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import {
  cutRow,
  highlightRow,
  readTerminalText,
  stripSequences,
  textOf,
  widthOf,
  wrapRow,
} from "../../../../apphost/logs/terminal-text.ts";

const plain = (line: string) => textOf(readTerminalText(line, { colors: false }));
const colored = (line: string) => readTerminalText(line, { colors: true });
/** Of one that is no part of a pair, too: what is written to a terminal is UTF-8. */
const isSafe = (text: string) =>
  text.isWellFormed() &&
  [...text].every((letter) => !/[\p{Cc}\p{Bidi_Control}\u2028\u2029\u206a-\u206f]/u.test(letter));

describe("what a child writes", () => {
  it.each([
    ["colours", "\x1b[31mred\x1b[0m end", "red end"],
    ["moving the cursor and clearing", "a\x1b[2J\x1b[1;1Hb\x1b[?1049hc", "abc"],
    ["the window's title", "a\x1b]0;title\x07b", "ab"],
    ["the clipboard (OSC 52)", "a\x1b]52;c;cm0gLXJmIC8=\x1b\\b", "ab"],
    ["a link", "\x1b]8;;http://x/\x1b\\text\x1b]8;;\x1b\\", "text"],
    ["a device string", "a\x1bPq#0;2;0\x1b\\b", "ab"],
    ["a reset", "a\x1bcb", "ab"],
    ["a character set", "a\x1b(0b", "ab"],
    ["8 bit forms", "a\x9b31mb\x9d52;c;x\x9cc", "abc"],
    ["a string without an end", "a\x1b]52;c;x", "a^[]52;c;x"],
    ["a sequence without an end", "a\x1b[31", "a^[[31"],
    ["a sequence within another", "\x1b\x1b[31m[2J", "^[[2J"],
    ["a bell and NUL", "a\x07\0b", "a^G^@b"],
    ["a return within the line", "10%\r20%", "10%^M20%"],
    ["a return at its end", "done\r", "done"],
    ["turned text", "a\u202eb\u2066c", "a\ufffdb\ufffdc"],
    ["half a pair", "a\ud83d", "a\ufffd"],
    ["line separators", "a\u2028b", "a\ufffdb"],
    ["tabs", "a\tb\t12345678\tc", "a       b       12345678        c"],
    ["a tab behind a colour and a wide character", "\x1b[31m世\tb", "世      b"],
    ["emoji of several characters", "👩‍👩‍👧 ok", "👩‍👩‍👧 ok"],
  ])("is shown and not executed: %s", (_what, line, shown) => expect(plain(line)).toBe(shown));

  it("never brings a control to the terminal, whatever it is made of", () => {
    const piece = fc.oneof(
      fc.string({ unit: "binary", maxLength: 5 }),
      fc.constantFrom(
        "\x1b",
        "\x1b[",
        "\x1b]52;c;",
        "\x07",
        "\x1b\\",
        "\x9b",
        "\x9c",
        "31",
        ";",
        "m",
        "\r",
        "\t",
        "\u202e",
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), fc.boolean(), (pieces, colors) => {
        const row = readTerminalText(pieces.join(""), { colors });
        expect(isSafe(textOf(row))).toBe(true);
        for (const { color } of row)
          if (color !== undefined) expect(color).toMatch(/^[a-zA-Z]+$|^(ansi256|rgb)\([\d, ]+\)$/);
      }),
      { numRuns: 500 },
    );
  });

  it("is cut when one line has megabytes, and says so", () => {
    const shown = plain("x".repeat(3_000_000));
    expect(shown.length).toBeLessThan(17_000);
    expect(shown).toMatch(/x … and 2983616 more characters$/);
    expect(plain(`${"\x1b[".repeat(1_000_000)}`).length).toBeLessThan(50_000);
  });

  it("keeps its colours as styles, when they are wanted", () => {
    expect(
      colored("a\x1b[1;31mb\x1b[39mc\x1b[0md\x1b[38;5;208me\x1b[38;2;1;2;3mf\x1b[97;2mg\x1b[7mh\x1b[27;22mi"),
    ).toEqual([
      { text: "a" },
      { text: "b", bold: true, color: "red" },
      { text: "c", bold: true, color: undefined },
      { text: "d" },
      { text: "e", color: "ansi256(208)" },
      { text: "f", color: "rgb(1, 2, 3)" },
      { text: "g", color: "whiteBright", dim: true },
      { text: "h", color: "whiteBright", dim: true, inverse: true },
      { text: "i", color: "whiteBright", bold: false, dim: false, inverse: false },
    ]);
    expect(colored("\x1b[48;5;1ma\x1b[38;5;999mb\x1b[mc")).toEqual([{ text: "a" }, { text: "b" }, { text: "c" }]);
    expect(readTerminalText("\x1b[31mred", { colors: false })).toEqual([{ text: "red" }]);
  });

  it("is searched without its sequences", () => expect(stripSequences("fo\x1b[1mo\x1b[0m bar")).toBe("foo bar"));
});

describe("rows", () => {
  const texts = fc.array(fc.string({ unit: "grapheme", maxLength: 30 }), { maxLength: 4 });

  it("never exceed the columns, and lose nothing when they are wrapped", () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 8, max: 20 }), (list, columns) => {
        const row = list.flatMap((text) => readTerminalText(text, { colors: false }));
        const rows = wrapRow(row, columns, 1_000);
        expect(rows.length).toBeGreaterThan(0);
        for (const part of rows) expect(stringWidth(textOf(part))).toBeLessThanOrEqual(columns);
        expect(rows.map(textOf).join("")).toBe(textOf(row));
        expect(textOf(cutRow(row, columns))).toBe(textOf(rows[0] ?? []));
      }),
      { numRuns: 200 },
    );
  });

  it("are at most as many as wanted", () => expect(wrapRow([{ text: "x".repeat(100) }], 10, 3)).toHaveLength(3));

  it("do not tear a wide character", () => {
    expect(wrapRow([{ text: "a世界" }], 4, 9).map(textOf)).toEqual(["a世", "界"]);
    expect(wrapRow([{ text: "世", bold: true }], 1, 9)).toEqual([[]]);
  });

  it("have no columns on a terminal without any", () => expect(cutRow([{ text: "abc" }], 0)).toEqual([]));

  it("count a letter with a thousand marks as one column", () => {
    const [row] = wrapRow(readTerminalText(`a${"\u0301".repeat(1_000)}b`, { colors: false }), 10, 1);
    expect(textOf(row ?? [])).toBe("\ufffdb");
    expect(widthOf("e\u0301")).toBe(1);
  });

  it("are highlighted across their segments", () => {
    const row = [{ text: "abc", color: "red" }, { text: "def" }];
    expect(
      highlightRow(
        row,
        [
          { start: 1, end: 4 },
          { start: 5, end: 6 },
        ],
        { inverse: true },
      ),
    ).toEqual([
      { text: "a", color: "red" },
      { text: "bc", color: "red", inverse: true },
      { text: "d", inverse: true },
      { text: "e" },
      { text: "f", inverse: true },
    ]);
  });
});
