import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { measureWidth } from "../../../../apphost/dashboard/rows.ts";
import { VIEWS } from "../../../../apphost/dashboard/state/view-state.ts";
import { drawFrame } from "../../../../apphost/dashboard/views/frame.ts";
import { planLayout } from "../../../../apphost/dashboard/views/layout.ts";
import { applyEvent, EMPTY_SNAPSHOT, type Snapshot } from "../../../../apphost/snapshot/snapshot.ts";
import type { HostEvent, HostEventBody } from "../../../../simulator/common/contract/events.ts";
import { drawScreen, press, type ScreenOptions } from "../../../support/dashboard-screen.ts";
import {
  SAMPLE_RUN_ID,
  SAMPLE_START_US,
  type SampleOptions,
  sampleEvents,
  sampleProgress,
  sampleResource,
} from "../../../support/sample-events.ts";

const reduceAll = (events: readonly HostEvent[]) => events.reduce(applyEvent, EMPTY_SNAPSHOT);
const endUs = SAMPLE_START_US + 72_000_000;

function draw(snapshot: Snapshot, columns: number, rows: number, keys: readonly string[] = []): string[] {
  const size: ScreenOptions = { columns, rows, nowUs: endUs };
  return drawScreen(snapshot, press(snapshot, keys, size).state, size);
}

const sample = (options: SampleOptions = {}) => reduceAll(sampleEvents(options));
const running = (options: SampleOptions = {}) => reduceAll(sampleEvents(options).filter((e) => e.type !== "verdict"));

const killed = { ...sampleResource("taskmanager-07", "taskmanager", "exited"), reason: "signal SIGKILL" };

describe("the dashboard in 80x24", () => {
  it("shows a running job with its key facts in one screen", () => {
    const lines = draw(running(), 80, 24);
    const screen = lines.join("\n");
    expect(lines).toHaveLength(24);
    expect(lines[0]).toContain(SAMPLE_RUN_ID);
    expect(lines[0]).toContain("01:12");
    expect(lines[0]).toContain("VALIDATING");
    expect(lines[1]).toMatch(/^\[1 Overview\] 2 Resources {2}3 Logs {2}4 Metrics {2}5 Checks {2}6 Events/);
    expect(lines[2]).toContain("kafka native 4.3.0 at 127.0.0.1:41234  redis embedded 0.1.0");
    expect(screen).toMatch(/taskmanagers\s+20\/20 running/);
    expect(screen).toMatch(/produced +10,000,000 of 10,000,000/);
    expect(screen).toMatch(/processed +10,000,000 of 10,000,000 .*1,234,567\/s/);
    expect(screen).toMatch(/lag 0 {2}p50 4.25 ms {2}p99 61.5 ms {2}chk 3 23.4 ms/);
    expect(screen).toMatch(/ 20 ▅ +500,000/);
    expect(lines.at(-1)).toMatch(/^q quit {2}\? help {2}: command/);
  });

  it("says in its last row what another Ctrl+C does, once it is asked to stop", () => {
    expect(draw(running(), 80, 24, ["ctrl+c"]).at(-1)).toContain("another Ctrl+C kills everything at once");
  });

  it("shows the verdict, its reasons and the report", () => {
    const screen = draw(sample({ passed: false }), 80, 24).join("\n");
    expect(screen).toContain("FAILED (exit 4): 9,999,999 messages processed, 1 lost, 0 duplicated");
    expect(screen).toContain("partition-counts: expected 500,000");
    expect(screen).toContain("report .flink-apphost/runs/");
    expect(draw(sample({ passed: false }), 80, 24)[1]).toMatch(/FAILED$/);
  });

  it("gives a TaskManager in trouble its own line with a mark, not colour alone", () => {
    const lines = draw(applyEvent(running(), { atUs: endUs, ...(killed as HostEventBody) }), 80, 24);
    expect(lines).toHaveLength(24);
    expect(lines.find((line) => line.includes("taskmanager-07"))).toMatch(
      /^ X taskmanager-07 +exited .*signal SIGKILL/,
    );
    expect(lines.join("\n")).toMatch(/^>!taskmanagers\s+19\/20 running +▅{6}x▅{13}$/m);
    expect(lines.join("\n")).toMatch(/ 07 x +500,000x/);
  });
});

describe("the dashboard in 200x50", () => {
  it("uses the room: a table of TaskManagers and more events", () => {
    const lines = draw(running(), 200, 50);
    const screen = lines.join("\n");
    expect(lines).toHaveLength(50);
    expect(screen).toMatch(/taskmanager-20 +running +▅ +500,000 █+ +61,728\/s +75 MiB +p 19 /);
    expect(screen).toMatch(/^> taskmanagers .* throughput .*produced 1\.1M\/s/m);
    expect(screen).toMatch(/ partitions 20 on 20 {2}lag 210K/);
    expect(lines.filter((line) => /^ +\d+\.\d+s /.test(line)).length).toBeGreaterThan(8);
  });
});

it("shows no rate of a TaskManager that does not run, before the next figures and after", () => {
  const screen = draw(applyEvent(running(), { atUs: endUs, ...killed } as HostEvent), 200, 50).join("\n");
  expect(screen).toMatch(/taskmanager-06 +running +▅ +500,000 █+ +61,728\/s/);
  expect(screen).toMatch(/taskmanager-07 +exited +x +500,000 █+ +- /);
});

it("tells of a topic that is only counted what is in it, and of no round", () => {
  const progress = { ...sampleProgress(1), round: 0, requested: 697, produced: 697, processed: 600, lag: 97 };
  const screen = draw(applyEvent(running(), { atUs: endUs, ...progress }), 80, 24).join("\n");
  expect(screen).toMatch(/FLOW ─ no round yet/);
  expect(screen).toMatch(/in topic +697 of 697/);
  expect(screen).toMatch(/processed +600 of 697/);
  expect(screen).toMatch(/lag 97 /);
});

describe("the dashboard in any terminal", () => {
  /** F1 of `frame.ts`. */
  it("draws exactly the rows there are, and none wider, whatever the run, the view and what is typed", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 250 }),
        fc.integer({ min: 1, max: 80 }),
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 1, max: 60 }),
        fc.constantFrom(...VIEWS.map((_, index) => String(index + 1))),
        fc.array(
          fc.constantFrom("j", "k", "enter", "esc", ":", "/", "?", "q", "+", "y", "x", "r", "o", "tab", "漢", "G"),
        ),
        fc.constantFrom("unicode" as const, "ascii" as const),
        (columns, rows, taskManagers, events, view, keys, glyphs) => {
          const snapshot = reduceAll(sampleEvents({ taskManagers }).slice(0, events));
          const { state } = press(snapshot, [view, ...keys], { rows });
          const frame = drawFrame({ snapshot, state, columns, rows, nowUs: endUs, glyphs, drawLog: () => [] });
          expect(frame).toHaveLength(rows);
          expect(Math.max(...frame.map(measureWidth))).toBeLessThanOrEqual(columns);
          if (glyphs === "ascii" && !keys.includes("漢")) {
            expect(
              frame
                .flat()
                .map(({ text }) => text)
                .join(""),
            ).toMatch(/^[\x20-\x7e]*$/);
          }
        },
      ),
      { numRuns: 150, ...(process.env["TEST_SEED"] === undefined ? {} : { seed: Number(process.env["TEST_SEED"]) }) },
    );
  });

  it("plans exactly the rows there are", () => {
    const natural = fc.nat({ max: 120 });
    fc.assert(
      fc.property(
        natural,
        natural,
        natural,
        fc.nat({ max: 1_000 }),
        fc.nat({ max: 5 }),
        fc.nat({ max: 4 }),
        (columns, rows, resourceLines, taskManagers, conclusionLines, flowLines) => {
          const input = { columns, rows, resourceLines, taskManagers, conclusionLines, flowLines, cellColumns: 16 };
          const { infrastructure, conclusion, leftOut, resources, flow, charts, events, ...plan } = planLayout(input);
          const sides = rows - infrastructure - conclusion - leftOut;
          const who = resources + plan.taskManagers.rows + events;
          expect(plan.rightColumns > 0 ? [who, flow + charts] : [who + flow + charts]).toEqual(
            plan.rightColumns > 0 ? [sides, sides] : [sides],
          );
          const gap = plan.rightColumns > 0 ? 2 : 0;
          expect(plan.leftColumns + gap + plan.rightColumns).toBe(columns);
        },
      ),
    );
  });

  it("has something to show before the first event", () => {
    const lines = draw(EMPTY_SNAPSHOT, 80, 24);
    expect(lines).toHaveLength(24);
    expect(lines[2]).toContain("infrastructure not known yet");
  });

  /** F2 of `frame.ts`. */
  it("says what a view failed with, and keeps its header, its footer and its keys", () => {
    const snapshot = running();
    const { state } = press(snapshot, ["3"]);
    const lines = drawScreen(snapshot, state, {
      drawLog() {
        throw new Error("the panel broke");
      },
    });
    expect(lines).toHaveLength(24);
    expect(lines.join("\n")).toMatch(/this view failed, and the run goes on: .*the panel broke/);
    expect(lines.at(-1)).toContain("q quit");
    expect(draw(snapshot, 80, 24, ["3", "1"]).join("\n")).toMatch(/RESOURCE/);
  });
});
