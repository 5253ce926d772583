import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ChartPoint, drawLineChart, type LineChart } from "../../../../../apphost/dashboard/charts/line-chart.ts";
import { createTimeAxis, placeOf } from "../../../../../apphost/dashboard/charts/time-axis.ts";
import { createValueAxis, levelOf } from "../../../../../apphost/dashboard/charts/value-axis.ts";
import { formatCompact, formatDuration } from "../../../../../apphost/snapshot/format.ts";
import type { Mark } from "../../../../../apphost/snapshot/histories.ts";
import { anyFigure, anySize, anyText, drawingOf, expectForm, textOf } from "../../../../support/chart-text.ts";

const SECOND_US = 1_000_000;
const formatValue = (value: number) => `${formatCompact(value)}/s`;
const toPoints = (values: readonly (number | null)[]): ChartPoint[] =>
  values.map((value, second) => ({ atUs: second * SECOND_US, value }));

function chartOf(
  first: readonly ChartPoint[],
  second: readonly ChartPoint[],
  more: Partial<LineChart> = {},
): LineChart {
  return {
    title: "throughput",
    series: [
      { label: "produced", color: "accent", points: first },
      { label: "processed", color: "good", points: second },
    ],
    formatValue,
    startedAtUs: 0,
    ...more,
  };
}

const KINDS: readonly Mark["kind"][] = [
  "checkpoint",
  "checkpointFailed",
  "restart",
  "fault",
  "recovered",
  "rebalance",
  "round",
];
const anyMoment = fc.oneof(fc.integer({ min: -10, max: 10_000 * SECOND_US }), fc.constant(Number.NaN));
const anyPoints = fc.array(fc.record({ atUs: anyMoment, value: fc.option(anyFigure) }), { maxLength: 300 });
const anyChart = fc.record({
  title: anyText,
  first: anyPoints,
  second: anyPoints,
  label: anyText,
  marks: fc.array(fc.record({ atUs: anyMoment, kind: fc.constantFrom(...KINDS), label: anyText }), { maxLength: 40 }),
  recoveries: fc.array(
    fc.record({ target: anyText, atUs: anyMoment, recoveredAfterMs: fc.option(fc.integer({ min: 0, max: 100_000 })) }),
    { maxLength: 5 },
  ),
});

describe("a line chart", () => {
  it("has its rows and columns, whatever it is given", () => {
    fc.assert(
      fc.property(anyChart, anySize, ({ title, first, second, label, marks, recoveries }, size) => {
        const chart = chartOf(first, second, { title, marks, recoveries });
        const [produced] = chart.series;
        expectForm(
          drawLineChart({ ...chart, series: [{ ...produced, label }, chart.series[1] ?? produced] }, size),
          size,
        );
        expectForm(drawLineChart({ ...chart, series: [produced] }, size), size);
      }),
    );
  });

  it("has nothing but ASCII where the terminal has no more", () => {
    const chart = chartOf(toPoints([0, 5, null, 9]), toPoints([1, 2, 3, 4]), {
      marks: KINDS.map((kind, second) => ({ atUs: (second * SECOND_US) / 2, kind, label: "" })),
      recoveries: [{ target: "taskmanager-07", atUs: SECOND_US, recoveredAfterMs: 1_500 }],
    });
    const drawing = drawingOf(drawLineChart(chart, { columns: 100, rows: 12, glyphs: "ascii" }));
    expect(drawing).toMatch(/^[\n -~]+$/);
  });

  it("shows two lines, their axes, and a fault with its recovery", () => {
    const produced = Array.from({ length: 60 }, (_, second) => (second < 3 ? 0 : 1_000_000));
    const processed = Array.from({ length: 60 }, (_, second) =>
      second < 5 ? 0 : second > 29 && second < 37 ? 400_000 : 900_000,
    );
    const chart = chartOf(toPoints(produced), toPoints(processed), {
      marks: [
        { atUs: 10 * SECOND_US, kind: "checkpoint", label: "checkpoint 1" },
        { atUs: 20 * SECOND_US, kind: "checkpoint", label: "checkpoint 2" },
        { atUs: 30 * SECOND_US, kind: "fault", label: "taskmanager-07" },
        { atUs: 33 * SECOND_US, kind: "recovered", label: "taskmanager-07" },
      ],
      recoveries: [{ target: "taskmanager-07", atUs: 30 * SECOND_US, recoveredAfterMs: 3_000 }],
    });
    expect(drawingOf(drawLineChart(chart, { columns: 70, rows: 9, glyphs: "unicode" }))).toMatchInlineSnapshot(`
      "throughput  ⠒⠒ produced 1M/s  ⠂⠂ processed 900K/s  max 1M/s
        1M/s┤   ⡏⠉⡍⠍⠍⠍⠍⠍⠍⠍⠍⠍⠍⠍⠍⠍⠍⠍⠍⠍⠍⠍⠍⠍⠍⠍⠍⡍⠉⠉⠉⠉⠉⠉⠉⠉⡍⠍⠍⠍⠍⠍⠍⠍⠍⠍⠍⠍⠍⠍⠍⠍⠍⠍⠍⠍⠍⠍⠍⠍
            │  ⢰⠁ ⡇                         ⡇      ⡆⠁
      500K/s┤  ⢸ ⡀⠇                         ⠃⡄⡀⡀⡀⡀⡀⡇
            │  ⡸ ⡇
         0/s┤⣀⣀⡇⡀⡇
             00:00             00:19                00:39              00:59
                        ╵         ╵          ✗━━●
      ✗ fault  ● recovered  ╵ checkpoint  ━ taskmanager-07 back after 3.0 s"
    `);
    expect(drawingOf(drawLineChart(chart, { columns: 70, rows: 9, glyphs: "ascii" }))).toMatchInlineSnapshot(`
      "throughput  ## produced 1M/s  -- processed 900K/s  max 1M/s
        1M/s|   ############################################################
            |   # -                         -       -
      500K/s|   # -                          -------
            |  # -
         0/s|###--
             00:00             00:19                00:39              00:59
                        '         '          x==o
      x fault  o recovered  ' checkpoint  = taskmanager-07 back after 3.0 s"
    `);
  });

  it("says so where there is nothing yet", () => {
    const drawing = drawingOf(
      drawLineChart(chartOf([], toPoints([null, null])), { columns: 50, rows: 3, glyphs: "unicode" }),
    );
    expect(drawing).toMatchInlineSnapshot(`
      "throughput  ⠒⠒ produced -  ⠂⠂ processed -
                         nothing yet
      "
    `);
    expect(drawingOf(drawLineChart(chartOf([], []), { columns: 50, rows: 1, glyphs: "ascii" }))).toContain(
      "nothing yet",
    );
  });

  it("draws a line of zeros on the ground, and a single point", () => {
    const zeros = drawingOf(drawLineChart(chartOf(toPoints([0, 0, 0]), []), { columns: 30, rows: 4, glyphs: "ascii" }));
    expect(zeros).toMatchInlineSnapshot(`
      "throughput  ## produced 0/s
      1/s|
      0/s|##########################
          00:00                00:02"
    `);
    const single = drawingOf(drawLineChart(chartOf(toPoints([7]), []), { columns: 30, rows: 4, glyphs: "ascii" }));
    expect(single).toMatchInlineSnapshot(`
      "throughput  ## produced 7/s
      8/s|#
      0/s|
          00:00"
    `);
  });

  it("keeps an extreme of one point among many in a column (L1)", () => {
    const values = Array.from({ length: 600 }, (_, second) => (second === 300 ? 1_000 : 100));
    for (const series of [chartOf(toPoints(values), []), chartOf([], toPoints(values))]) {
      for (const glyphs of ["unicode", "ascii"] as const) {
        const rows = drawLineChart(series, { columns: 40, rows: 8, glyphs });
        const top = textOf(rows[1] ?? [])
          .replace(/^.*[|┤]/, "")
          .trimEnd();
        expect(top).toMatch(/^ +[^ ]$/);
      }
    }
  });

  it("leaves a gap where a value is not known, and where no point came (L2)", () => {
    const withNulls = toPoints([5, 5, 5, null, null, null, null, null, null, 5, 5, 5]);
    for (const points of [withNulls, withNulls.filter(({ value }) => value !== null)]) {
      const rows = drawLineChart(chartOf(points, []), { columns: 60, rows: 3, glyphs: "ascii" });
      expect(drawingOf(rows.slice(1))).toMatch(/# {20,}#/);
    }
    const briefly = drawLineChart(chartOf(toPoints([5, 5, null, 5, 5]), []), { columns: 60, rows: 3, glyphs: "ascii" });
    expect(drawingOf(briefly.slice(1))).toMatch(/# {20,}#/);
    const dense = toPoints(Array.from({ length: 12 }, () => 5));
    expect(drawingOf(drawLineChart(chartOf(dense, []), { columns: 60, rows: 3, glyphs: "ascii" }))).not.toMatch(/# +#/);
  });

  it("tells no figure of a minute ago as the newest", () => {
    const chart = chartOf(
      toPoints([9, ...Array.from({ length: 60 }, () => null)]),
      toPoints(Array.from({ length: 61 }, () => 3)),
    );
    expect(textOf(drawLineChart(chart, { columns: 80, rows: 5, glyphs: "ascii" })[0] ?? [])).toContain(
      "produced -  -- processed 3/s",
    );
  });

  it("draws a fault that is not over up to now, and one from before the window not at all", () => {
    const points = toPoints(Array.from({ length: 11 }, () => 1));
    const recoveries = [
      { target: "kafka", atUs: -9 * SECOND_US, recoveredAfterMs: 1_000 },
      { target: "redis", atUs: 5 * SECOND_US, recoveredAfterMs: null },
    ];
    const rows = drawLineChart(chartOf(points, [], { recoveries }), { columns: 60, rows: 9, glyphs: "ascii" });
    const drawing = drawingOf(rows);
    expect(drawing).toMatch(/^ +=+$/m);
    expect(drawing).toContain("= redis not back since 00:05");
    expect(drawing).not.toContain("kafka");
  });

  it("keeps the fault of several marks in one column", () => {
    const points = toPoints(Array.from({ length: 600 }, () => 1));
    const marks = KINDS.map((kind) => ({ atUs: 300 * SECOND_US, kind, label: "" }));
    const rows = drawLineChart(chartOf(points, [], { marks }), { columns: 40, rows: 7, glyphs: "ascii" });
    expect(drawingOf(rows)).toMatch(/^ +x$/m);
  });
});

describe("the axis of values", () => {
  it("is monotone, from zero to a round number that none exceeds", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e15, noNaN: true }), fc.integer({ min: 2, max: 40 }), (max, rows) => {
        const axis = createValueAxis(max, rows, String);
        expect(axis.top).toBeGreaterThanOrEqual(max > 1e-6 ? max : 0);
        expect(axis.labels).toHaveLength(rows);
        const labels = axis.labels.filter((label) => label !== "").map(Number);
        expect(labels[0]).toBe(axis.top);
        expect(labels.at(-1)).toBe(0);
        for (const [index, label] of labels.entries()) expect(label).toBeLessThan(labels[index - 1] ?? Infinity);
      }),
    );
  });

  it("labels a row with a value that is drawn in this row", () => {
    for (const rows of [2, 3, 5, 8, 13, 21]) {
      const { top, labels } = createValueAxis(100, rows, String);
      for (const [row, label] of labels.entries()) {
        if (label !== "") expect(Math.abs(rows - 1 - row - levelOf(Number(label), top, rows))).toBeLessThanOrEqual(1);
      }
    }
  });

  it("writes each label with three digits at most", () => {
    for (const max of [1, 1.1, 1.5, 1.9, 2.3, 2.9, 3.5, 4.4, 5.5, 7, 9]) {
      for (const label of createValueAxis(max * 1_000, 12, formatDuration).labels)
        expect(label).toMatch(/^$|^[\d.]+ m?s$/);
      const { top, labels } = createValueAxis(max * 1e6, 12, formatCompact);
      const quarters = [4, 3, 2, 1, 0].map((quarter) => (top * quarter) / 4 / 1e6);
      const shown = labels
        .filter((label) => label !== "")
        .map((label) => Number.parseFloat(label) / (label.endsWith("K") ? 1_000 : 1));
      expect(shown).toEqual(quarters);
    }
  });
});

describe("the axis of time", () => {
  it("places later moments never further left", () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), fc.integer({ min: 1, max: 400 }), (moments, places) => {
        const axis = createTimeAxis(moments);
        if (axis === null) throw new Error("there are moments");
        const placed = moments.toSorted((a, b) => a - b).map((atUs) => placeOf(axis, atUs, places));
        expect(placed).toEqual(placed.toSorted((a, b) => a - b));
        expect(placed[0]).toBe(0);
        expect(placed.at(-1)).toBe(axis.fromUs === axis.toUs ? 0 : places - 1);
      }),
    );
  });
});
