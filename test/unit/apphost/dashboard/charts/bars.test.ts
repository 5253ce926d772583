/** What has no axis: bars, sparklines and the strip of checkpoints. */
import fc from "fast-check";
import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { drawBar, drawProgress, formatPercent, formatRemaining } from "../../../../../apphost/dashboard/charts/bar.ts";
import { drawCheckpointStrip } from "../../../../../apphost/dashboard/charts/checkpoint-strip.ts";
import { drawSparkline, heatGlyph } from "../../../../../apphost/dashboard/charts/sparkline.ts";
import { anyFigure, anySize, anyText, drawingOf, expectForm, textOf } from "../../../../support/chart-text.ts";

const anyGlyphs = fc.constantFrom("unicode" as const, "ascii" as const);
const EIGHTHS = " ▏▎▍▌▋▊▉█";

/** In eighths of a cell. */
const filledOf = (text: string): number =>
  [...text].reduce((sum, glyph) => sum + (glyph === "#" ? 8 : Math.max(0, EIGHTHS.indexOf(glyph))), 0);

describe("a bar", () => {
  it("is exactly as wide as asked for, and never shrinks as the share grows", () => {
    fc.assert(
      fc.property(anyFigure, anyFigure, fc.integer({ min: 0, max: 80 }), anyGlyphs, (a, b, columns, glyphs) => {
        const [less, more] = [Math.min(a, b), Math.max(a, b)].map((share) =>
          textOf(drawBar(share, { columns, glyphs })),
        );
        expect(stringWidth(less ?? "")).toBe(columns);
        expect(stringWidth(more ?? "")).toBe(columns);
        if (!Number.isNaN(a + b) && Number.isFinite(a + b)) {
          expect(filledOf(less ?? "")).toBeLessThanOrEqual(filledOf(more ?? ""));
        }
      }),
    );
  });

  it("is full only when all is done, and shows the first that is", () => {
    for (const glyphs of ["unicode", "ascii"] as const) {
      const bar = (share: number) => textOf(drawBar(share, { columns: 10, glyphs }));
      expect(bar(1)).toBe(glyphs === "unicode" ? "██████████" : "[########]");
      expect(bar(9_999_999 / 10_000_000)).toBe(glyphs === "unicode" ? "█████████▉" : "[#######-]");
      expect(bar(1 / 10_000_000)).toBe(glyphs === "unicode" ? "▏░░░░░░░░░" : "[#-------]");
      expect(bar(0)).toBe(glyphs === "unicode" ? "░░░░░░░░░░" : "[--------]");
    }
  });

  it("says percent and remaining time, and neither where it is not known", () => {
    expect(formatPercent({ done: 9_999_999, total: 10_000_000 })).toBe("99%");
    expect(formatPercent({ done: 11, total: 10 })).toBe("100%");
    expect(formatPercent({ done: 0, total: 0 })).toBe("100%");
    expect(formatPercent({ done: 3, total: null })).toBe("");
    expect(formatRemaining({ done: 0, total: 1_000, perSecond: 100 })).toBe("00:10 left");
    expect(formatRemaining({ done: 999, total: 1_000, perSecond: 100 })).toBe("00:01 left");
    expect(formatRemaining({ done: 0, total: 1e9, perSecond: 1 })).toBe("over 99 h left");
    expect(formatRemaining({ done: 1_000, total: 1_000, perSecond: 0 })).toBe("done");
    expect(formatRemaining({ done: 5, total: 1_000, perSecond: 0 })).toBe("stalled");
    expect(formatRemaining({ done: 0, total: 1_000, perSecond: 0 })).toBe("");
    expect(formatRemaining({ done: 5, total: null, perSecond: 100 })).toBe("");
    expect(formatRemaining({ done: 5, total: 1_000, perSecond: null })).toBe("");
  });
});

describe("bars of progress", () => {
  const bars = [
    { label: "produced", done: 6_100_000, total: 10_000_000, perSecond: 1_100_000, color: "accent" },
    { label: "processed", done: 9_999_999, total: 10_000_000, perSecond: 0, color: "good" },
    { label: "read again", done: 1_234_567, total: null, perSecond: null },
  ] as const;

  it("have their rows and columns, whatever they are given", () => {
    const anyBars = fc.array(
      fc.record({ label: anyText, done: anyFigure, total: fc.option(anyFigure), perSecond: fc.option(anyFigure) }),
      { maxLength: 6 },
    );
    fc.assert(fc.property(anyBars, anySize, (some, size) => expectForm(drawProgress(some, size), size)));
  });

  it("leave out the counts before the remaining time, and that before the bar", () => {
    const draw = (columns: number) => drawingOf(drawProgress(bars, { columns, rows: 3, glyphs: "unicode" }));
    expect(draw(90)).toMatchInlineSnapshot(`
      "produced    ████████████████████▋░░░░░░░░░░░░░    61%  6,100,000 of 10,000,000  00:04 left
      processed   █████████████████████████████████▉    99%  9,999,999 of 10,000,000  stalled
      read again                                      1.23M"
    `);
    expect(draw(60)).toMatchInlineSnapshot(`
      "produced    █████████▊░░░░░░    61%  6.1M of 10M  00:04 left
      processed   ███████████████▉    99%   10M of 10M  stalled
      read again                    1.23M"
    `);
    expect(draw(40)).toMatchInlineSnapshot(`
      "produced    ████▎░░    61%  00:04 left
      processed   ██████▉    99%  stalled
      read again           1.23M"
    `);
    expect(draw(26)).toMatchInlineSnapshot(`
      "produced    █▊░    61%
      processed   ██▉    99%
      read again       1.23M"
    `);
  });

  it("say how many have no row", () => {
    expect(drawingOf(drawProgress(bars, { columns: 40, rows: 2, glyphs: "ascii" }))).toContain("2 more bars");
  });
});

describe("a sparkline", () => {
  it("has its rows and columns, whatever it is given", () => {
    fc.assert(
      fc.property(fc.array(fc.option(anyFigure), { maxLength: 300 }), anySize, (values, size) => {
        expectForm(drawSparkline({ values, color: "good" }, size), size);
        expectForm(drawSparkline({ values, max: 100 }, size), size);
      }),
    );
  });

  it("shows the newest at the right, zero as the lowest glyph and what is not known as a blank", () => {
    const values = [9, 0, 1, 2, null, 4, 8];
    const draw = (columns: number, glyphs: "unicode" | "ascii", max?: number) =>
      textOf(drawSparkline({ values, ...(max === undefined ? {} : { max }) }, { columns, rows: 1, glyphs })[0] ?? []);
    expect(draw(6, "unicode")).toBe("▁▂▃ ▅█");
    expect(draw(6, "ascii")).toBe(".:: -#");
    expect(draw(10, "unicode", 16)).toBe("   ▅▁▁▂ ▃▅");
  });

  it("is a column of full cells beneath a part of one where it has several rows", () => {
    expect(drawingOf(drawSparkline({ values: [0, 50, 75, 100] }, { columns: 4, rows: 2, glyphs: "unicode" }))).toBe(
      " ▁▄█\n▁███",
    );
  });

  it("shows the median in the middle, and what is close to it the same", () => {
    const glyphs = [0, 0.5, 0.9, 1, 1.1, 2, 50];
    expect(glyphs.map((ofMedian) => heatGlyph(ofMedian, "unicode")).join("")).toBe("▁▃▅▅▅██");
    expect(glyphs.map((ofMedian) => heatGlyph(ofMedian, "ascii")).join("")).toBe(".:---##");
  });
});

describe("the strip of checkpoints", () => {
  const checkpoints = Array.from({ length: 12 }, (_, index) => ({
    id: 1_000_000 + index,
    atUs: index * 5_000_000,
    durationMs: 20 + ((index * 7) % 12) * 10,
    total: index * 100_000,
    status: index === 4 ? ("failed" as const) : ("completed" as const),
  }));

  it("has its rows and columns, whatever it is given", () => {
    const anyCheckpoint = fc.record({
      id: fc.nat(),
      atUs: fc.integer(),
      durationMs: fc.double({ min: 0, max: 1e9, noNaN: true }),
      total: fc.nat(),
      status: fc.constantFrom("completed" as const, "failed" as const),
    });
    fc.assert(
      fc.property(fc.array(anyCheckpoint, { maxLength: 80 }), fc.integer(), anySize, (some, nowUs, size) =>
        expectForm(drawCheckpointStrip(some, nowUs, size), size),
      ),
    );
  });

  it("says the newest in words and shows a failed one as a mark", () => {
    const draw = (glyphs: "unicode" | "ascii", rows: number) =>
      drawingOf(drawCheckpointStrip(checkpoints, 60_000_000, { columns: 80, rows, glyphs }));
    expect(draw("unicode", 3)).toMatchInlineSnapshot(`
      "checkpoints  11 completed 5.0 s ago  took 70 ms  total 1.1M
      ▂▆▃▇✗█▅▃▆▄▇▅
      01:00 ago  highest 130 ms"
    `);
    expect(draw("ascii", 2)).toMatchInlineSnapshot(`
      "checkpoints  11 completed 5.0 s ago  took 70 ms  total 1.1M
      :=:=x#-:=-#-"
    `);
  });

  it("says that the newest failed, and how old the last completed one is", () => {
    const failed = { id: 7, atUs: 58_000_000, durationMs: 10_000, total: 0, status: "failed" as const };
    const [summary] = drawCheckpointStrip([...checkpoints, failed], 60_000_000, {
      columns: 90,
      rows: 1,
      glyphs: "ascii",
    });
    expect(textOf(summary ?? [])).toContain("7 failed 2.0 s ago  11 completed 5.0 s ago");
    const [none] = drawCheckpointStrip([], 0, { columns: 40, rows: 1, glyphs: "ascii" });
    expect(textOf(none ?? [])).toBe("checkpoints  nothing yet");
  });
});
