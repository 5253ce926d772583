import fc from "fast-check";
import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { drawLogScreen, type LogScreenInput } from "../../../../../apphost/dashboard/logs/log-screen.ts";
import { type LogViewState, startLogView } from "../../../../../apphost/dashboard/logs/log-view-state.ts";
import { readPattern } from "../../../../../apphost/logs/line-pattern.ts";
import { type Row, textOf } from "../../../../../apphost/logs/terminal-text.ts";

const AT_MS = Date.parse("2026-11-22T10:00:00.000Z");
const lineOf = (text: string, index = 0, resource = "kafka") => ({ resource, text, timeMs: AT_MS + index });
const lines = (count: number) => Array.from({ length: count }, (_, index) => lineOf(`line ${index}`, index));

function inputOf(texts: ReturnType<typeof lines>, state: Partial<LogViewState>, more: Partial<LogScreenInput> = {}) {
  const input: LogScreenInput = {
    state: { ...startLogView([]), ...state },
    window: { from: 0, lines: texts, of: texts.length },
    status: { files: 1, indexedFiles: 1, matches: null, filterProgress: null, problems: [] },
    marks: [],
    nameWidth: 0,
    findAll: () => [],
    rows: 5,
    columns: 40,
    colors: true,
    unicode: true,
    ...more,
  };
  return input;
}

const draw = (...given: Parameters<typeof inputOf>) => drawLogScreen(inputOf(...given));
const textsOf = (rows: readonly Row[]) => rows.map(textOf);

function findAllOf(text: string): LogScreenInput["findAll"] {
  const reading = readPattern(text);
  if (reading.kind === "wrong") throw new Error(reading.reason);
  return reading.pattern.findAll;
}

describe("the screen", () => {
  it("shows the newest lines to one who follows", () =>
    expect(textsOf(draw(lines(9), {}).rows)).toEqual([
      "line 5",
      "line 6",
      "line 7",
      "line 8",
      "all logs  follow  lines 6-9 of 9",
    ]));

  it("shows what was gone to to one who does not", () => {
    const { rows, top, visibleLines } = draw(lines(9), { follow: false, top: 2 });
    expect(textsOf(rows)).toEqual(["line 2", "line 3", "line 4", "line 5", "all logs  scrolled  lines 3-6 of 9"]);
    expect({ top, visibleLines }).toEqual({ top: 2, visibleLines: 4 });
  });

  it("fills up with empty rows", () =>
    expect(textsOf(draw(lines(1), {}).rows)).toEqual(["line 0", "", "", "", "all logs  follow  lines 1-1 of 1"]));

  it("wraps lines beneath their own begin", () => {
    const state = { wrap: true, timestamps: true, follow: false };
    const { rows, visibleLines } = draw([lineOf("abcdefghijklmnop"), lineOf("next", 1)], state, {
      columns: 24,
      nameWidth: 5,
      rows: 4,
    });
    expect(textsOf(rows)).toEqual([
      "kafka | 10:00:00.000Z ab",
      `${" ".repeat(22)}cd`,
      `${" ".repeat(22)}ef`,
      "all logs  scrolled",
    ]);
    expect(visibleLines).toBe(1);
  });

  it("shows the end of the last line to one who follows wrapped lines", () =>
    expect(
      textsOf(draw([lineOf("abcdefghijklmnop")], { wrap: true }, { columns: 4, rows: 3 }).rows.slice(0, 2)),
    ).toEqual(["ijkl", "mnop"]));

  it("says where a line is cut off, also in ASCII", () => {
    expect(textsOf(draw([lineOf("x".repeat(50))], {}, { columns: 10 }).rows)[0]).toBe(`${"x".repeat(9)}…`);
    expect(textsOf(draw([lineOf("x".repeat(50))], {}, { columns: 10, unicode: false }).rows)[0]).toBe("xxxxxxxxx>");
  });

  it("gives names their colours, unless there are none", () => {
    const several = { nameWidth: 6 };
    expect(draw(lines(1), {}, several).rows[0]?.[0]).toEqual({ text: "kafka  | ", color: expect.any(String) });
    expect(draw(lines(1), {}, { ...several, colors: false }).rows[0]?.[0]?.color).toBeUndefined();
    expect(draw([lineOf("\x1b[31mred")], {}, { colors: false }).rows[0]).toEqual([{ text: "red" }]);
  });

  it("puts marks between lines and behind the last one, with their times", () => {
    const marks = [
      { line: 1, atMs: AT_MS },
      { line: 2, atMs: AT_MS + 1 },
    ];
    expect(textsOf(draw(lines(2), {}, { marks, columns: 30 }).rows)).toEqual([
      "line 0",
      "── mark 10:00:00.000Z ────────",
      "line 1",
      "── mark 10:00:00.001Z ────────",
      "all logs  follow",
    ]);
    expect(textsOf(draw(lines(2), {}, { marks, columns: 30, unicode: false }).rows)[1]).toBe(
      "-- mark 10:00:00.000Z --------",
    );
  });

  it("is never more than its rows and columns, whatever stands in the lines", () => {
    const texts = fc.array(fc.oneof(fc.string({ unit: "binary", maxLength: 60 }), fc.string({ unit: "grapheme" })), {
      maxLength: 12,
    });
    const choice = fc.record({ wrap: fc.boolean(), follow: fc.boolean(), timestamps: fc.boolean(), top: fc.nat(12) });
    const size = fc.record({ rows: fc.integer({ min: 0, max: 12 }), columns: fc.integer({ min: 8, max: 60 }) });
    fc.assert(
      fc.property(texts, choice, size, fc.boolean(), (list, state, { rows, columns }, isOne) => {
        const search = { text: "a", match: 0 };
        const more = {
          rows,
          columns,
          nameWidth: isOne ? 0 : 5,
          findAll: findAllOf("a"),
          marks: [{ line: 3, atMs: 0 }],
        };
        const given = list.map((text, index) => lineOf(text, index));
        const screen = draw(given, { ...state, search }, more);
        expect(screen.rows).toHaveLength(rows);
        for (const row of screen.rows) expect(stringWidth(textOf(row))).toBeLessThanOrEqual(columns);
      }),
      { numRuns: 100 },
    );
  });
});

describe("a search", () => {
  const search = { text: "error", match: 1 };
  it("highlights its matches, the one that was gone to most", () => {
    const { rows } = draw([lineOf("an error"), lineOf("Error", 1)], { search }, { findAll: findAllOf("error") });
    expect(rows.slice(0, 2)).toEqual([
      [{ text: "an " }, { text: "error", inverse: true, bold: false }],
      [{ text: "Error", inverse: true, bold: true }],
    ]);
  });

  it("moves a match into sight that is cut off", () => {
    const text = `${"x".repeat(100)}an error${"y".repeat(100)}`;
    const { rows } = draw([lineOf(text)], { search }, { findAll: findAllOf("error"), columns: 20 });
    expect(textOf(rows[0] ?? [])).toBe("…erroryyyyyyyyyyyyy…");
  });
});

describe("the last row", () => {
  type Status = LogScreenInput["status"];
  const statusOf = (state: Partial<LogViewState>, status: Partial<Status>, of: number | null, columns = 200) => {
    const input = inputOf(lines(3), state, { columns, window: { from: 0, lines: lines(of === 0 ? 0 : 3), of } });
    return textOf(drawLogScreen({ ...input, status: { ...input.status, ...status } }).rows.at(-1) ?? []);
  };

  it.each<[string, Partial<LogViewState>, Partial<LogScreenInput["status"]>, string]>([
    ["names", { names: ["kafka", "redis"] }, {}, "kafka, redis  follow  lines 1-3 of 3"],
    ["pausing", { paused: true }, {}, "all logs  paused  lines 1-3 of 3"],
    ["files", {}, { files: 27, indexedFiles: 3 }, "all logs  follow  newest lines  3 of 27 files indexed"],
    [
      "a match",
      { search: { text: "lag", match: 1 } },
      { matches: { count: 1_700, number: 3, progress: { kind: "read", part: 1 } } },
      "all logs  follow  lines 1-3 of 3  /lag: match 3 of 1,700",
    ],
    [
      "a search at work",
      { search: { text: "lag", match: null } },
      { matches: { count: 5, number: null, progress: { kind: "read", part: 0.437 } } },
      "all logs  follow  lines 1-3 of 3  /lag: 5 matches, 43% read",
    ],
    [
      "a filter",
      { filter: "INFO", inverse: true, clearedAt: {} },
      { filterProgress: { kind: "tooSlow" } },
      "all logs  follow  lines 1-3 of 3  without INFO, stopped: this expression takes too long  cleared",
    ],
    ["problems", {}, { problems: ["no\x1b[2J file"] }, "all logs  follow  no lines  no file"],
  ])("tells of %s", (what, state, status, expected) => {
    const of = what === "files" ? null : what === "problems" ? 0 : 3;
    expect(statusOf(state, status, of)).toBe(expected);
  });

  it.each([
    [60, "taskmanager-07", "all logs  follow  /taskmanager-07: match 1,234 of 56,789"],
    [48, "taskmanager-07", "all logs  /taskmanager-07: match 1,234 of 56,789"],
    [44, "taskmanager-07", "all logs  /taskmanage: match 1,234 of 56,789"],
    [60, "x".repeat(300), `all logs  /${"x".repeat(26)}: match 1,234 of 56,789`],
  ])("has room for the number of matches in %i columns", (columns, text, expected) => {
    const matches = { count: 56_789, number: 1_234, progress: { kind: "read", part: 1 } } as const;
    const row = statusOf({ search: { text, match: 1 } }, { matches }, 3, columns);
    expect(stringWidth(row)).toBeLessThanOrEqual(columns);
    expect(row).toBe(expected);
  });
});
