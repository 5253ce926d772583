/** The table fits its width, and says in words what it says in colour. */
import { expect, it } from "vitest";
import type { Check } from "../../../../apphost/doctor/check.ts";
import { formatExamination, wrapText } from "../../../../apphost/doctor/table.ts";

const check = (over: Partial<Check>): Check => ({
  id: "x",
  title: "Engine",
  result: "ok",
  found: "here",
  reason: "",
  fix: "",
  neededFor: "every run",
  ...over,
});

const LONG = "no container engine answers at any of the places where one of them usually listens on such a machine";
const examination = {
  schema: 1 as const,
  exitCode: 3,
  checks: [
    check({}),
    check({ title: "Control socket", result: "warning", found: LONG, reason: LONG }),
    check({ title: "KAFKA_HOME", result: "failed", found: LONG, reason: LONG, fix: LONG }),
  ],
  auto: { kafka: { mode: "embedded" as const, reason: LONG }, redis: { mode: "native" as const, reason: "installed" } },
};

it.each([60, 80, 120])("no line of %i columns is longer, and columns stand below each other", (columns) => {
  const lines = formatExamination(examination, { columns, paint: (_, word) => word });
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
  expect(lines[0]).toBe("ok       Engine          here");
  expect(lines.filter((line) => line.startsWith("failed   KAFKA_HOME      no container"))).toHaveLength(1);
  expect(lines.filter((line) => line.startsWith(`${" ".repeat(25)}fix: no container`))).toHaveLength(1);
  expect(lines).toContain("1 ok, 1 warning, 1 failed");
  expect(lines.join(" ")).toMatch(/auto would choose embedded for Kafka \(.*\) and native for Redis \(installed\)$/);
});

it("paints only the word of a result, and keeps the columns", () => {
  const paint = (result: string, word: string) => `\u001b[${result.length}m${word}\u001b[0m`;
  const lines = formatExamination(examination, { columns: 80, paint });
  expect(lines[0]).toBe("\u001b[2mok\u001b[0m       Engine          here");
  expect(lines.filter((line) => line.includes("\u001b["))).toHaveLength(3);
});

it("breaks at spaces, and leaves a longer word whole", () => {
  expect(wrapText("aa bb cc", 5)).toEqual(["aa bb", "cc"]);
  expect(wrapText("aa /a/very/long/path bb", 6)).toEqual(["aa", "/a/very/long/path", "bb"]);
  expect(wrapText("", 5)).toEqual([""]);
});
