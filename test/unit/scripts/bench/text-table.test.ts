import { expect, test } from "vitest";
import { type FigureForm, formatFigure, formatTable } from "../../../../scripts/bench/text-table.ts";

test("columns are as wide as their widest cell; figures stand right", () => {
  expect(
    formatTable(
      ["what", "n"],
      [
        ["a longer name", "7"],
        ["b", "1234"],
      ],
    ),
  ).toEqual(["what              n", "-------------  ----", "a longer name     7", "b              1234"]);
});

test.each<[number | null | undefined, FigureForm, string]>([
  [2_345_678, "rate", "2.35 M/s"],
  [345_678, "rate", "346 k/s"],
  [12.34, "ms", "12.3 ms"],
  [1_234.5, "ms", "1235 ms"],
  [0.0312, "us", "0.031"],
  [12.34, "ns", "12.3 ns"],
  [50 * 2 ** 20, "mebibytes", "50 MiB"],
  [1.234, "times", "1.23x"],
  [7.2, "count", "7"],
  [null, "rate", "-"],
  [undefined, "times", "-"],
])("%s as %s is %s", (value, form, text) => expect(formatFigure(value, form)).toBe(text));
