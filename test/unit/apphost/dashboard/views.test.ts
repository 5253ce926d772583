/** What each view shows of a run that was recorded, and what it leaves out where there is no room. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { joinSides, measureWidth, wrapText } from "../../../../apphost/dashboard/rows.ts";
import { createViewState } from "../../../../apphost/dashboard/state/view-state.ts";
import { applyEvent, EMPTY_SNAPSHOT, type Snapshot } from "../../../../apphost/snapshot/snapshot.ts";
import type { HostEvent } from "../../../../simulator/common/contract/events.ts";
import { CHECKS } from "../../../../simulator/common/contract/files/check-catalogue.ts";
import { drawScreen, press, type ScreenOptions } from "../../../support/dashboard-screen.ts";
import { SAMPLE_START_US, sampleEvents, sampleProgress, sampleResource } from "../../../support/sample-events.ts";
import { SCENES } from "../../../support/scenes.ts";

const reduceAll = (events: readonly HostEvent[]): Snapshot => events.reduce(applyEvent, EMPTY_SNAPSHOT);

function snapshotOf(name: string): Snapshot {
  const scene = SCENES.find((one) => one.name === name);
  if (scene === undefined) throw new Error(`there is no scene ${name}`);
  return reduceAll(scene.events);
}

function draw(snapshot: Snapshot, size: ScreenOptions, ...keys: readonly string[]): string {
  return drawScreen(snapshot, press(snapshot, keys, size).state, size).join("\n");
}

const sizes = {
  least: { columns: 60, rows: 15 },
  small: { columns: 80, rows: 24 },
  middle: { columns: 120, rows: 40 },
  large: { columns: 200, rows: 50 },
} as const satisfies Record<string, ScreenOptions>;

describe("the Overview", () => {
  it("says in 60x15 what has no room, and where it is found", () => {
    const screen = draw(snapshotOf("load"), sizes.least);
    expect(screen).toMatch(/^no room for: {2}2 resources \(2\) {2}TaskManagers \(4\) {2}charts \(4\)$/m);
    expect(screen).toMatch(/^> taskmanagers +20\/20 running/m);
    expect(screen).toMatch(/^processed 1,029,000 of 2,500,000 /m);
    expect(draw(snapshotOf("load"), sizes.small)).not.toContain("no room for");
  });

  it("names all views and the verdict in 60 columns", () => {
    const [first, second] = draw(snapshotOf("passed"), sizes.least).split("\n");
    expect(first).toMatch(/IDLE {2}PASSED$/);
    expect(second).toBe("[1 Overview] 2 Resources 3 Logs 4 Metrics 5 Checks 6 Events");
  });

  it("has a chart in 120x40, and in 200x50 the map as well", () => {
    const middle = draw(snapshotOf("load"), sizes.middle);
    expect(middle).toMatch(/^throughput /m);
    expect(middle).not.toMatch(/partitions 20 on 20/);
    const large = draw(snapshotOf("load"), sizes.large).split("\n");
    const flow = large.findIndex((line) => line.includes("FLOW"));
    expect(large[flow]?.startsWith("  RESOURCE*")).toBe(true);
    expect(large.join("\n")).toMatch(/ partitions 20 on 20/);
  });

  it("tells a TaskManager that starts from one that is gone, and both from one without a rate", () => {
    const starting = draw(snapshotOf("starting"), sizes.small);
    expect(starting).toMatch(/^> taskmanagers +9\/20 running .* [▁.]{20}$/m);
    expect(starting).not.toMatch(/^.*taskmanagers.*x/m);
    const sample = reduceAll(sampleEvents().filter(({ type }) => type !== "verdict"));
    const exited = { ...sampleResource("taskmanager-07", "taskmanager", "exited"), reason: "signal SIGKILL" };
    const gone = applyEvent(sample, { atUs: SAMPLE_START_US + 9_000_000, ...exited } as HostEvent);
    expect(draw(gone, sizes.small)).toMatch(/^>!taskmanagers +19\/20 running +▅{6}x▅{13}$/m);
  });

  it("shows the slowest of those that share a column where there are more than columns", () => {
    const taskManagers = 200;
    const sample = reduceAll(sampleEvents({ taskManagers }).filter(({ type }) => type !== "verdict"));
    const progress = sampleProgress(0.6, { taskManagers });
    const slow = {
      ...progress,
      partitions: progress.partitions.map((one) => (one.p === 100 ? { ...one, perSecond: 100 } : one)),
      taskManagers: progress.taskManagers.map((one) =>
        one.partitions?.[0] === 100 ? { ...one, perSecond: 100 } : one,
      ),
    };
    const strip = /^> taskmanagers.* ([▁-█]+)$/m.exec(
      draw(applyEvent(sample, { atUs: SAMPLE_START_US + 9_000_000, ...slow }), sizes.small),
    )?.[1];
    expect(strip).toMatch(/^▅+▁▅+$/);
  });

  it("gives one that comes back a row and a mark until it is back", () => {
    expect(draw(snapshotOf("recovering"), sizes.least)).toMatch(/^ ! taskmanager-07 +starting$/m);
    expect(draw(snapshotOf("passed"), sizes.small)).not.toMatch(/^.*! taskmanager-07/m);
  });

  it("shows all of a long verdict, and of the report's path the end", () => {
    const screen = draw(snapshotOf("failed"), sizes.least);
    const text = screen.replace(/\s+/g, " ");
    expect(text).toContain("0 lost, 0 duplicated, 49,988/s, checks 22 passed, 1 failed, 2 not applicable");
    expect(text).toContain("450,000 of 1,000,000 messages were processed");
    expect(screen).toMatch(/^ {2}report ~.*-b999c93d\/report\.json$/m);
  });
});

describe("the Checks view", () => {
  it("says before a verdict which checks are to come, and counts them", () => {
    const snapshot = snapshotOf("validation");
    const all = Object.values(CHECKS);
    const screen = draw(snapshot, { columns: 120, rows: 60 }, "5");
    expect(screen).toContain(`9 passed, ${all.length - 9} to come`);
    for (const { id, title } of all) expect(screen).toContain(`${id.padEnd(24)} ${title}`);
    expect(draw(snapshotOf("passed"), sizes.middle, "5")).not.toContain("to come");
  });

  it("says how many rows are below, and j goes there", () => {
    const snapshot = snapshotOf("validation");
    expect(draw(snapshot, sizes.small, "5")).toMatch(/, 6 below: j ─/);
    expect(draw(snapshot, sizes.small, "5", "j", "j")).toMatch(/, 4 below: j ─/);
    expect(draw(snapshot, sizes.small, "5", "G")).not.toContain("below: j");
  });

  it("is of ASCII alone where the terminal is", () => {
    expect(draw(snapshotOf("validation"), { ...sizes.middle, glyphs: "ascii" }, "5")).toMatch(/^[\x20-\x7e\n]*$/);
  });
});

it("keeps labels and their texts apart in a detail, and puts the log beside it where there is room", () => {
  const snapshot = snapshotOf("detail");
  const described = SCENES.find(({ name }) => name === "detail")?.run.described ?? [];
  const state = {
    ...createViewState("dark"),
    view: "resources" as const,
    detail: "jobmanager",
    descriptions: described,
  };
  const drawLog = (rows: number) => Array.from({ length: rows }, () => [{ text: "a line of the log" }]);
  const small = drawScreen(snapshot, state, { ...sizes.small, drawLog }).join("\n");
  expect(small).toMatch(/^waited for by {2}taskmanager-01, /m);
  const large = drawScreen(snapshot, state, { ...sizes.large, drawLog });
  expect(large[2]).toMatch(/^── jobmanager .* ── LOG /);
  expect(large[3]).toMatch(/^state .* a line of the log$/);
});

describe("rows", () => {
  it("wraps words without losing a character", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1, unit: "grapheme" })),
        fc.integer({ min: 8, max: 30 }),
        (words, columns) => {
          const text = words.join(" ");
          const lines = wrapText(text, columns);
          expect(lines.join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
          for (const line of lines) expect(measureWidth([{ text: line }])).toBeLessThanOrEqual(columns);
        },
      ),
    );
  });

  it("begins the right side in the same column, however long the left one is", () => {
    const rows = joinSides(
      [[], [{ text: "left" }], [{ text: "much too long" }]],
      [[{ text: "a" }], [{ text: "b" }]],
      6,
    );
    expect(rows.map((row) => row.map(({ text }) => text).join(""))).toEqual(["        a", "left    b", "much ~  "]);
  });
});
