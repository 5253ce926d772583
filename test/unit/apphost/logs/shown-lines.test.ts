/** Merge, filter and search of growing logs, compared with whole files that are sorted and searched at once. */
import { truncateSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LinePattern, readPattern } from "../../../../apphost/logs/line-pattern.ts";
import { MergedLog } from "../../../../apphost/logs/merged-log.ts";
import { PARTIAL_MS, type ScanProgress, ShownLines } from "../../../../apphost/logs/shown-lines.ts";
import { LogFolder, timed } from "./log-folder.ts";

let folder = new LogFolder();
let shown = new ShownLines(new MergedLog(folder.listPaths));
const begin = () => {
  folder = new LogFolder();
  shown = new ShownLines(new MergedLog(folder.listPaths));
};
const end = async () => {
  await shown.close();
  folder.remove();
};
beforeEach(begin);
afterEach(end);

const STEPS_MAX = 10_000;

async function readUpToNow(): Promise<void> {
  await shown.look();
  await finish();
}

async function finish(): Promise<void> {
  for (let step = 0; step < STEPS_MAX; step += 1) if (await shown.advance(0)) return;
  throw new Error(`not up to date after ${STEPS_MAX} steps`);
}

async function listShown(): Promise<string[]> {
  const lines: string[] = [];
  for (let index = 0; index < shown.length; index += 1) {
    const place = shown.placeAt(index);
    const log = shown.log.logs[place.log];
    const [text] = (await log?.readLines(place.line, place.line + 1, 1_000)) ?? [];
    lines.push(`${log?.resource}: ${text}`);
  }
  return lines;
}

function patternOf(text: string): LinePattern {
  const reading = readPattern(text);
  if (reading.kind === "wrong") throw new Error(reading.reason);
  return reading.pattern;
}

const filterBy = (text: string | null, isInverse = false) =>
  shown.setFilter({ pattern: text === null ? null : patternOf(text), isInverse, clearedAt: null });

/** A search for `error` finds these, as the lines stand in the test's model: `name: text`. */
const hasError = (line: string) =>
  line
    .replace(/^[^:]*: /, "")
    .toLowerCase()
    .includes("error");

const name = fc.constantFrom("kafka", "taskmanager-01", "taskmanager-02", "redis");
const text = fc.oneof(
  fc
    .record({ at: fc.integer({ min: 0, max: 40 }), what: fc.constantFrom("ok", "Error: it broke", "größer", "") })
    .map(({ at, what }) => timed(at, what)),
  fc.constantFrom("    at a stack trace", "an error without a time", ""),
);
const appending = fc.record({
  kind: fc.constant("append" as const),
  name,
  lines: fc.array(text, { minLength: 1, maxLength: 6 }),
  /** How much of the last line is not there yet. */
  missing: fc.integer({ min: 0, max: 30 }),
});
const beginning = fc.record({ kind: fc.constantFrom("replace" as const, "truncate" as const), name });
const actions = fc.array(fc.oneof({ weight: 5, arbitrary: appending }, { weight: 1, arbitrary: beginning }), {
  minLength: 1,
  maxLength: 8,
});
type Action = typeof actions extends fc.Arbitrary<(infer A)[]> ? A : never;

const FIRST_LINE = `${timed(0, "host  started, pid 1")}\n`;

/** What was cut off from the last line of a log comes with its next text. */
function act(action: Action, begun: Map<string, string>): void {
  const rest = begun.get(action.name);
  if (rest === undefined) folder.append(action.name, FIRST_LINE);
  switch (action.kind) {
    case "append": {
      const all = (rest ?? "") + action.lines.map((line) => `${line}\n`).join("");
      const cut = Math.max(0, all.length - action.missing);
      folder.append(action.name, all.slice(0, cut));
      begun.set(action.name, all.slice(cut));
      break;
    }
    case "replace":
      folder.replace(action.name, FIRST_LINE);
      begun.set(action.name, "");
      break;
    case "truncate":
      // N5 of `log-index.ts`: without a time above it, a line has the time at which it came in, which the model cannot know.
      truncateSync(folder.pathOf(action.name), 0);
      begun.delete(action.name);
      break;
  }
}

async function forGrowingLogs(check: () => Promise<void>): Promise<void> {
  await fc.assert(
    fc
      .asyncProperty(actions, async (list) => {
        const begun = new Map<string, string>();
        for (const action of list) {
          act(action, begun);
          await readUpToNow();
          await check();
        }
      })
      .beforeEach(begin)
      .afterEach(end),
    { numRuns: 60 },
  );
}

describe("logs that grow, are truncated and are replaced", () => {
  it("are merged by time, however they grew", () =>
    forGrowingLogs(async () => expect(await listShown()).toEqual(folder.expectMerged())));

  it("are filtered", () =>
    forGrowingLogs(async () => {
      if (shown.filterProgress === null) filterBy("error");
      await finish();
      expect(await listShown()).toEqual(folder.expectMerged().filter(hasError));
    }));

  it("are filtered inversely", () =>
    forGrowingLogs(async () => {
      if (shown.filterProgress === null) filterBy("error", true);
      await finish();
      expect(await listShown()).toEqual(folder.expectMerged().filter((line) => !hasError(line)));
    }));

  it("are searched, within what a filter shows, from any line in both directions", () =>
    forGrowingLogs(async () => {
      if (shown.filterProgress === null) {
        shown.setSearch(patternOf("error"));
        filterBy("o", true);
        filterBy("/größer|a stack|rr/");
      }
      await finish();
      const expected = folder.expectMerged().filter((line) => /größer|a stack|rr/.test(line.replace(/^[^:]*: /, "")));
      expect(await listShown()).toEqual(expected);
      const matches = expected.flatMap((line, index) => (hasError(line) ? [index] : []));
      expect(shown.matchCount).toBe(matches.length);
      for (let index = -1; index <= expected.length; index += 1) {
        const forward = matches.find((match) => match >= index) ?? matches[0] ?? null;
        const backward = matches.findLast((match) => match <= index) ?? matches.at(-1) ?? null;
        expect(shown.findMatch(index, "forward")).toBe(forward);
        expect(shown.findMatch(index, "backward")).toBe(backward);
        const number = matches.indexOf(index);
        if (index >= 0) expect(shown.matchNumber(index)).toBe(number < 0 ? null : number + 1);
      }
    }));

  it("find each line again", () =>
    forGrowingLogs(async () => {
      for (let index = 0; index < shown.length; index += 1) expect(shown.indexOf(shown.placeAt(index))).toBe(index);
    }));
});

describe("lines that are cleared away", () => {
  it("stay away, and what comes later is shown, also when its time is earlier", async () => {
    folder.append("a", `${timed(10, "a1")}\n${timed(20, "a2")}\n`);
    folder.append("b", `${timed(15, "b1")}\n`);
    await readUpToNow();
    const counts = shown.log.counts;
    shown.setFilter({ pattern: null, isInverse: false, clearedAt: counts });
    await finish();
    expect(shown.length).toBe(0);
    folder.append("b", `${timed(16, "b2")}\n`);
    folder.append("c", `${timed(1, "c1")}\n`);
    await readUpToNow();
    expect(await listShown()).toEqual([`c: ${timed(1, "c1")}`, `b: ${timed(16, "b2")}`]);
    expect(shown.indexAfter(counts)).toBe(0);
  });
});

describe("a log that begins anew after it was cleared away", () => {
  it("is shown from its new beginning", async () => {
    folder.append("a", `${timed(1, "old")}\n${timed(2, "old")}\n`);
    await readUpToNow();
    shown.setFilter({ pattern: null, isInverse: false, clearedAt: shown.log.counts });
    await finish();
    folder.replace("a", `${timed(3, "new")}\n`);
    await readUpToNow();
    expect(await listShown()).toEqual([`a: ${timed(3, "new")}`]);
  });
});

const partOf = (progress: ScanProgress | null) => (progress?.kind === "read" ? progress.part : Number.NaN);

describe("a filter at work", () => {
  it("tells how far it is, and shows what it has tried already", async () => {
    const lines = Array.from({ length: 27_000 }, (_, index) => timed(index, index % 3 === 0 ? "three" : "other"));
    folder.append("a", `${lines.join("\n")}\n`);
    await readUpToNow();
    filterBy("three");
    expect(shown.filterProgress).toEqual({ kind: "read", part: 0 });
    expect(await shown.advance(0)).toBe(false);
    expect(partOf(shown.filterProgress)).toBeGreaterThan(0);
    expect(partOf(shown.filterProgress)).toBeLessThan(1);
    expect(shown.length).toBe(0);
    await delay(PARTIAL_MS);
    expect(await shown.advance(0)).toBe(false);
    expect(shown.length).toBeGreaterThan(0);
    expect(shown.length).toBeLessThan(9_000);
    await finish();
    expect(shown.filterProgress).toEqual({ kind: "read", part: 1 });
    expect(shown.length).toBe(9_000);
  });

  it("is given up for another one in the middle", async () => {
    folder.append("a", Array.from({ length: 9_000 }, (_, index) => `${timed(index, `line ${index}`)}\n`).join(""));
    await readUpToNow();
    filterBy("line 1");
    await shown.advance(0);
    filterBy("line 8999");
    await finish();
    expect(await listShown()).toEqual([`a: ${timed(8_999, "line 8999")}`]);
  });

  it("ends with a reason when its expression takes too long", async () => {
    folder.append("a", `${timed(0, "a".repeat(60))}!\n`);
    await readUpToNow();
    filterBy("/(a+)+$/");
    await finish();
    expect(shown.filterProgress).toEqual({ kind: "tooSlow" });
  });
});

/** S4: a search that is typed while the one before it reads a file. */
it("finds what is searched for last, whenever it replaces the search before", async () => {
  const BUDGET_MS = 50;
  const TURNS_MAX = 20;
  folder.append("one", `${timed(1, "the first")}\n${timed(2, "the second")}\n`);
  await readUpToNow();
  for (let turns = 0; turns < TURNS_MAX; turns += 1) {
    shown.setSearch(patternOf("the"));
    const step = shown.advance(BUDGET_MS);
    for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    shown.setSearch(patternOf("second"));
    await step;
    await finish();
    expect(shown.matchCount).toBe(1);
  }
});
