/** Numbers in names: invariants of `painter.ts`. */
import { describe, expect, it } from "vitest";
import { Painter } from "../../../../apphost/dashboard/painter.ts";
import type { Row } from "../../../../apphost/dashboard/rows.ts";
import { createTheme } from "../../../../apphost/dashboard/theme.ts";

const theme = createTheme("dark", 3);
const row = (text: string): Row => [{ text }];

function openPainter() {
  const writes: string[] = [];
  const painter = new Painter((text) => writes.push(text));
  return { writes, paint: (rows: readonly Row[], columns = 20) => painter.paint(rows, columns, theme), painter };
}

/** What stands at which row, by what was written. */
const placed = (write: string): readonly string[] =>
  write.split("\u001b[").flatMap((part) => /^(\d+);1H(.*)$/s.exec(part)?.slice(1).join(" ") ?? []);

describe("the painter", () => {
  it("writes only rows that changed, each at its place and all in one write (P1)", () => {
    const { writes, paint } = openPainter();
    paint([row("one"), row("two"), row("three")]);
    paint([row("one"), row("2"), row("three")]);
    paint([row("one"), row("2"), row("three")]);
    expect(writes.map(placed)).toEqual([["1 one", "2 two", "3 three"], ["2 2"]]);
    for (const write of writes)
      expect([write.slice(0, 8), write.slice(-8)]).toEqual(["\u001b[?2026h", "\u001b[?2026l"]);
  });

  it("writes every row after its screen was forgotten", () => {
    const { writes, paint, painter } = openPainter();
    paint([row("one"), row("two")]);
    painter.forget();
    paint([row("one"), row("two")]);
    expect(placed(writes[1] as string)).toEqual(["1 one", "2 two"]);
  });

  it("empties the screen before it is left, and draws all of it when it comes back (P5)", () => {
    const { writes, paint, painter } = openPainter();
    paint([row("one")]);
    painter.clear();
    paint([row("one")]);
    expect(writes[1]).toBe("\u001b[2J\u001b[H");
    expect(placed(writes[2] as string)).toEqual(["1 one"]);
  });

  it.each([
    ["a line feed", "a\nb", "ab"],
    ["an escape", "a\u001b[2Jb", "a[2Jb"],
    ["a control of 8 bits", "a\u009b2Jb", "a2Jb"],
    ["a bell", "a\u0007b", "ab"],
  ])("leaves out what would move the cursor: %s (P2)", (_, text, shown) => {
    const { writes, paint } = openPainter();
    paint([row(text)]);
    expect(writes[0]).toContain(`\u001b[1;1H\u001b[2K${shown}\u001b[H`);
  });

  it("does not let the terminal wrap, and leaves it wrapping (P2)", () => {
    const { writes, paint } = openPainter();
    paint([row("a")]);
    const write = writes[0] as string;
    expect(write.indexOf("\u001b[?7l")).toBeLessThan(write.indexOf("a"));
    expect(write.indexOf("\u001b[?7h")).toBeGreaterThan(write.indexOf("a"));
  });

  it("clears what was longer there, and never the last character of a full row", () => {
    const { writes, paint } = openPainter();
    paint([row("abc"), row("abcde")], 5);
    expect(writes[0]).toContain("\u001b[1;1Habc\u001b[K");
    expect(writes[0]).toContain("\u001b[2;1Habcde\u001b[H");
  });

  it("clears a row before it writes what only the terminal can measure (P3)", () => {
    const { writes, paint } = openPainter();
    paint([row("go 👩‍👩‍👧 go")]);
    expect(writes[0]).toContain("\u001b[1;1H\u001b[2Kgo 👩‍👩‍👧 go");
  });

  it("cuts a row that is wider than the screen", () => {
    const { writes, paint } = openPainter();
    paint([[{ text: "abc" }, { text: "defgh" }]], 6);
    expect(placed(writes[0] as string)).toEqual(["1 abcde~"]);
  });

  it("rests in the first column of the first row (P4)", () => {
    const { writes, paint } = openPainter();
    paint([row("a")]);
    expect(writes[0]?.endsWith("\u001b[H\u001b[?7h\u001b[?2026l")).toBe(true);
  });
});
