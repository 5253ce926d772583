import { describe, expect, it } from "vitest";
import {
  type LogFacts,
  type LogIntent,
  type LogViewState,
  moveLogView,
  startLogView,
  updateLogView,
} from "../../../../../apphost/dashboard/logs/log-view-state.ts";

/** A hundred lines on a screen of ten, with matches in some of them. */
const MATCHES = [3, 40, 97];
const facts = (changes: Partial<LogFacts> = {}): LogFacts => ({
  lines: 100,
  rows: 10,
  top: 90,
  visibleLines: 10,
  nowMs: 5_000,
  counts: { kafka: 60, redis: 40 },
  findMatch: (line, direction) =>
    direction === "forward"
      ? (MATCHES.find((match) => match >= line) ?? MATCHES[0] ?? null)
      : (MATCHES.findLast((match) => match <= line) ?? MATCHES.at(-1) ?? null),
  ...changes,
});

function stateAfter(intents: readonly LogIntent[], changes: Partial<LogFacts> = {}): LogViewState {
  let state = startLogView([]);
  for (const intent of intents) {
    const top = state.follow ? 90 : state.top;
    state = updateLogView(state, intent, facts({ top, ...changes }));
  }
  return state;
}

describe("moving", () => {
  it.each<[string, LogIntent[], boolean, number]>([
    ["up from the newest lines", [{ type: "scroll", lines: -1 }], false, 89],
    ["not beyond the first", [{ type: "scroll", lines: -1_000 }], false, 0],
    ["not beyond the last", [{ type: "home" }, { type: "scroll", lines: 1_000 }], false, 90],
    ["by pages that share a line", [{ type: "page", pages: -2 }], false, 72],
    ["to the first", [{ type: "home" }], false, 0],
    ["to the end, and on with it", [{ type: "home" }, { type: "end" }], true, 0],
    ["no more with what comes", [{ type: "toggle", what: "follow" }], false, 90],
    ["with what comes again", [{ type: "home" }, { type: "toggle", what: "follow" }], true, 0],
  ])("goes %s", (_where, intents, follow, top) => expect(stateAfter(intents)).toMatchObject({ follow, top }));

  it("reaches the last line when lines are wrapped", () => {
    const intents: LogIntent[] = [
      { type: "toggle", what: "wrap" },
      { type: "scroll", lines: 1_000 },
    ];
    expect(stateAfter(intents)).toMatchObject({ wrap: true, top: 99 });
  });

  it("stays at the first line when there are less than a screen, or none", () => {
    expect(stateAfter([{ type: "scroll", lines: 5 }], { lines: 3, top: 0 })).toMatchObject({ top: 0 });
    expect(stateAfter([{ type: "page", pages: 1 }], { lines: 0, top: 0, visibleLines: 0 })).toMatchObject({ top: 0 });
  });
});

describe("searching", () => {
  const search: LogIntent = { type: "search", text: "error" };
  it("goes to the newest match for one who follows, and to the next one for who does not", () => {
    expect(stateAfter([search, { type: "nearest" }])).toMatchObject({
      search: { text: "error", match: 97 },
      follow: false,
    });
    expect(stateAfter([{ type: "home" }, search, { type: "nearest" }])).toMatchObject({ search: { match: 3 }, top: 0 });
  });

  it("goes on in both directions, and around, with lines before and after the match", () => {
    const next: LogIntent = { type: "next" };
    expect(stateAfter([{ type: "home" }, search, next, next])).toMatchObject({ search: { match: 40 }, top: 35 });
    expect(stateAfter([{ type: "home" }, search, next, next, next, next])).toMatchObject({
      search: { match: 3 },
      top: 0,
    });
    expect(stateAfter([{ type: "home" }, search, next, { type: "previous" }])).toMatchObject({ search: { match: 97 } });
  });

  it("stays where it is when there is no match, or no search", () => {
    const none = { findMatch: () => null };
    expect(stateAfter([search, { type: "nearest" }], none)).toMatchObject({ follow: true, search: { match: null } });
    expect(stateAfter([{ type: "next" }])).toEqual(startLogView([]));
    expect(stateAfter([search, { type: "search", text: "" }])).toEqual(startLogView([]));
  });
});

describe("choosing", () => {
  it("toggles what is toggled, and ends a filter with an empty one", () => {
    expect(stateAfter([{ type: "toggle", what: "timestamps" }])).toMatchObject({ timestamps: true });
    expect(
      stateAfter([
        { type: "filter", text: "x" },
        { type: "toggle", what: "inverse" },
      ]),
    ).toMatchObject({
      filter: "x",
      inverse: true,
    });
    expect(
      stateAfter([
        { type: "filter", text: "x" },
        { type: "filter", text: "" },
      ]).filter,
    ).toBeNull();
    expect(stateAfter([{ type: "pause" }]).paused).toBe(true);
    expect(stateAfter([{ type: "pause" }, { type: "pause" }]).paused).toBe(false);
  });

  it("clears away what is there, and restores it", () => {
    expect(stateAfter([{ type: "clear" }])).toMatchObject({ clearedAt: { kafka: 60, redis: 40 }, follow: true });
    expect(stateAfter([{ type: "clear" }, { type: "restore" }]).clearedAt).toBeNull();
  });

  it("keeps the newest hundred marks", () => {
    const { marks } = stateAfter(Array.from({ length: 120 }, () => ({ type: "mark" as const })));
    expect(marks).toHaveLength(100);
    expect(marks[0]).toEqual({ atMs: 5_000, counts: { kafka: 60, redis: 40 } });
  });

  it("begins anew for other logs, but looks the same", () => {
    const state = stateAfter([
      { type: "toggle", what: "wrap" },
      { type: "filter", text: "x" },
      { type: "source", names: ["redis"] },
    ]);
    expect(state).toEqual({ ...startLogView(["redis"]), wrap: true });
  });

  it("is the same state when nothing has moved", () => {
    const state = startLogView([]);
    expect(moveLogView(state, 0, null)).toBe(state);
    expect(moveLogView(state, 7, null)).toEqual({ ...state, top: 7 });
  });
});
