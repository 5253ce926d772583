/** Every check tells what it compares, each of them can fail, and the table in the docs says the same. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runChecks } from "../../../../scripts/validate/evaluate.ts";
import { CHECKS, type CheckDefinition } from "../../../../simulator/common/contract/files/check-catalogue.ts";
import { USER_JOB_CHECKS } from "../../../../simulator/common/contract/files/user-job-checks.ts";
import { makeRun, toFacts } from "./synthetic-run.ts";

const README = new URL("../../../../scripts/validate/README.md", import.meta.url);
const definitions: readonly CheckDefinition[] = Object.values(CHECKS);
/** Of `scripts/report`: they need facts of the host. */
const OF_THE_REPORT = ["max-time", "load-balance"];

/** Rows of the table whose first column is an id in code quotes. */
function readTable(): string[][] {
  return readFileSync(README, "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) =>
      line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    );
}

describe("the catalogue of checks", () => {
  it("has the checks that are made, in their order, with their sources", () => {
    const made = runChecks(toFacts(makeRun([100])));
    expect([...made.map(({ id }) => id), ...OF_THE_REPORT].sort()).toEqual(definitions.map(({ id }) => id).sort());
    for (const { id, sources, independent, why } of made) {
      const defined = definitions.find((definition) => definition.id === id);
      expect({ id, sources, independent, why }).toEqual({
        id,
        sources: defined?.sources,
        independent: defined?.independent,
        why: defined?.why,
      });
    }
  });

  it("names two different sources of each, and why they are independent or not", () => {
    for (const { sources, why } of definitions) {
      expect(new Set(sources).size).toBeGreaterThanOrEqual(2);
      expect(why).not.toBe("");
    }
    expect(new Set(definitions.map(({ id }) => id)).size).toBe(definitions.length);
  });

  it("is the table of the docs", () => {
    const expected = [...definitions, ...Object.values(USER_JOB_CHECKS)].map(
      ({ id, title, sources, independent, why }) => [
        `\`${id}\``,
        title,
        sources.join(" / "),
        `${independent ? "yes" : "**no**"}: ${why}`,
      ],
    );
    expect(readTable()).toEqual(expected);
  });
});
