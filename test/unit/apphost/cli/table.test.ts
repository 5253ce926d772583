/** Tables: columns that line up, whatever a cell holds. */
import { expect, it } from "vitest";
import { formatTable } from "../../../../apphost/cli/table.ts";

it("lines columns up under their headers, without spaces at the end", () => {
  const rows = [
    ["taskmanager-01", "running", ""],
    ["kafka", "failedToStart", "exit code 1"],
  ];
  expect(formatTable(["NAME", "STATE", "REASON"], rows)).toEqual([
    "NAME            STATE          REASON",
    "taskmanager-01  running",
    "kafka           failedToStart  exit code 1",
  ]);
});

it("keeps one row per line: no line ends, no colour codes", () => {
  expect(formatTable(["A", "B"], [["two\nlines", "\u001b[31mred\u001b[0m"]])).toEqual([
    "A          B",
    "two lines  red",
  ]);
});
