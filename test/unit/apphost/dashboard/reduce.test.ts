import { describe, expect, it } from "vitest";
import { BINDINGS, nameKeys } from "../../../../apphost/dashboard/state/bindings.ts";
import { COMMANDS, readCommand } from "../../../../apphost/dashboard/state/commands.ts";
import { createViewState } from "../../../../apphost/dashboard/state/view-state.ts";
import { applyEvent, EMPTY_SNAPSHOT, type Snapshot } from "../../../../apphost/snapshot/snapshot.ts";
import { type HostEvent, PAUSED_BY_USER, STOPPED_BY_USER } from "../../../../simulator/common/contract/events.ts";
import { drawScreen, press } from "../../../support/dashboard-screen.ts";
import { SAMPLE_START_US, sampleEvents, sampleResource } from "../../../support/sample-events.ts";

const snapshot: Snapshot = sampleEvents()
  .filter((event) => event.type !== "verdict")
  .reduce(applyEvent, EMPTY_SNAPSHOT);

const withResource = (name: string, change: object): Snapshot =>
  applyEvent(snapshot, {
    atUs: SAMPLE_START_US + 72_000_000,
    ...sampleResource(name, "taskmanager", "exited"),
    ...change,
  } as HostEvent);

/** From Overview to taskmanager-07: Resources, the filter, and down to it. */
const TO_07 = ["2", "/", "taskmanager-07", "enter"];

const asked = (keys: readonly string[], of: Snapshot = snapshot) =>
  press(of, keys).effects.flatMap((effect) => (effect.kind === "ask" ? [effect] : []));

describe("moving", () => {
  it("shows each view by its number, and goes round by Tab", () => {
    expect(["1", "2", "3", "4", "5", "6"].map((key) => press(snapshot, [key]).state.view)).toEqual([
      "overview",
      "resources",
      "logs",
      "metrics",
      "checks",
      "events",
    ]);
    expect(press(snapshot, ["tab", "tab"]).state.view).toBe("logs");
    expect(press(snapshot, ["shift+tab"]).state.view).toBe("events");
  });

  it("opens the group, a TaskManager in it, and comes back the way it went", () => {
    const open = press(snapshot, ["2", "g", "j", "j", "j", "enter", "j"]);
    expect(open.state).toMatchObject({ isGroupOpen: true, selected: "taskmanager-01", detail: null });
    const detail = press(snapshot, ["enter"], {}, open.state);
    expect(detail.state.detail).toBe("taskmanager-01");
    expect(detail.effects).toEqual([{ kind: "describe" }]);
    expect(drawScreen(snapshot, detail.state).join("\n")).toMatch(
      /── taskmanager-01 ─ taskmanager[\s\S]*partitions +0, lag/,
    );
    expect(press(snapshot, ["esc"], {}, detail.state).state).toMatchObject({ view: "resources", detail: null });
    expect(press(snapshot, ["esc", "esc"], {}, detail.state).state.view).toBe("overview");
  });

  /** U1 of `view-state.ts`. */
  it("keeps what is selected, whatever comes and goes around it", () => {
    const { state } = press(snapshot, TO_07);
    const { state: unfiltered } = press(
      snapshot,
      ["esc"],
      {},
      { ...state, selected: "taskmanager-07", isGroupOpen: true },
    );
    const fewer = { ...snapshot, resources: snapshot.resources.filter(({ name }) => name !== "taskmanager-02") };
    const lines = drawScreen(fewer, unfiltered, { rows: 50 });
    expect(lines.find((line) => line.startsWith(">"))).toContain("taskmanager-07");
  });

  it("shows only what has the text, in whatever case, and all again after Esc", () => {
    const { state } = press(snapshot, ["2", "/", "MANAGER-1", "enter"]);
    const names = (lines: readonly string[]) => lines.filter((line) => / running/.test(line)).length;
    expect(names(drawScreen(snapshot, state, { rows: 50 }))).toBe(10);
    expect(drawScreen(snapshot, state).at(-1)).toMatch(/^\/MANAGER-1/);
    expect(press(snapshot, ["esc"], {}, state).state.filters.resources).toBe("");
  });

  it("orders by lag, the largest first", () => {
    const { state } = press(snapshot, ["2", "o", "o", "o", "o"]);
    const lines = drawScreen(snapshot, state, { columns: 130, rows: 50 });
    expect(lines[2]).toMatch(/LAG\*/);
    expect(lines[3]).toMatch(/taskmanager-20/);
  });
});

/** U3 of `view-state.ts`. */
describe("what ends a process", () => {
  it.each([
    ["x", "kill"],
    ["r", "restart"],
    ["s", "stop"],
  ] as const)("%s names it and asks nothing of the host before a yes", (key, verb) => {
    const first = press(snapshot, [...TO_07, key]);
    expect(first.effects).toEqual([]);
    expect(drawScreen(snapshot, first.state).at(-1)).toBe(`${verb} taskmanager-07? y yes  n no`);
    expect(asked([...TO_07, key, "y"])).toMatchObject([
      { request: { request: verb, resource: "taskmanager-07" }, command: `${verb} taskmanager-07` },
    ]);
    for (const no of ["n", "esc"])
      expect(press(snapshot, [...TO_07, key, no])).toMatchObject({ effects: [], state: { overlay: null } });
    // Any other key is not a yes.
    expect(press(snapshot, [...TO_07, key, "j", "q"]).state.overlay?.kind).toBe("confirm");
  });

  it("what only holds one up, or starts it, is done at once, and turns round", () => {
    expect(asked([...TO_07, "p"])).toMatchObject([{ request: { request: "pause" } }]);
    const paused = withResource("taskmanager-07", { state: "running", reason: PAUSED_BY_USER });
    expect(asked([...TO_07, "p"], paused)).toMatchObject([{ request: { request: "resume" } }]);
    const stopped = withResource("taskmanager-07", { state: "exited", reason: STOPPED_BY_USER });
    expect(asked([...TO_07, "s"], stopped)).toMatchObject([{ request: { request: "start" } }]);
  });

  it("quits only after a choice: in order, at once, or not at all", () => {
    expect(press(snapshot, ["q"]).effects).toEqual([]);
    expect(press(snapshot, ["q", "y"]).effects).toEqual([{ kind: "stop" }]);
    expect(press(snapshot, ["q", "K"]).effects).toEqual([{ kind: "kill" }]);
    expect(press(snapshot, ["q", "d"]).effects).toEqual([{ kind: "leave" }]);
    expect(press(snapshot, ["q", "q"]).effects).toEqual([]);
    expect(press(snapshot, ["d"]).effects).toEqual([{ kind: "leave" }]);
  });

  it("Ctrl+C stops, and the second one kills; of one who only looks in, it leaves", () => {
    expect(press(snapshot, ["ctrl+c"]).effects).toEqual([{ kind: "stop" }]);
    expect(press(snapshot, ["ctrl+c", "ctrl+c"]).effects).toEqual([{ kind: "stop" }, { kind: "kill" }]);
    // Wherever one is.
    expect(press(snapshot, [":", "sc", "ctrl+c"]).effects).toEqual([{ kind: "stop" }]);
    expect(press(snapshot, ["ctrl+c"], { isOwner: false }).effects).toEqual([{ kind: "leave" }]);
    expect(press(snapshot, ["ctrl+z"]).effects).toEqual([{ kind: "suspend" }]);
  });
});

describe("scaling", () => {
  it("counts up and down from what there is, takes a number, and asks once", () => {
    expect(asked(["+", "enter"])).toMatchObject([{ command: "scale taskmanager 21" }]);
    expect(asked(["-", "-", "-", "enter"])).toMatchObject([{ command: "scale taskmanager 17" }]);
    expect(asked(["-", "backspace", "backspace", "5", "enter"])).toMatchObject([
      { request: { request: "scale", group: "taskmanager", replicas: 5 } },
    ]);
    expect(asked(["+", "esc"])).toEqual([]);
  });
});

describe("the command palette", () => {
  it("takes the words of the command line", () => {
    expect(asked([":", "restart taskmanager-03", "enter", "y"])).toMatchObject([{ command: "restart taskmanager-03" }]);
    expect(asked([":", "produce --messages 500,000 --rate 1000", "enter"])).toMatchObject([
      { request: { request: "produce", messages: 500_000, rate: 1_000 } },
    ]);
    expect(asked(["P", "250", "enter"])).toMatchObject([{ request: { messages: 250, rate: 0 } }]);
    expect(asked([":", "checkpoint", "enter"])).toMatchObject([{ request: { request: "checkpoint" } }]);
    expect(press(snapshot, [":", "logs kafka", "enter"]).state).toMatchObject({ view: "logs", logNames: ["kafka"] });
    expect(press(snapshot, [":", "describe redis", "enter"]).state).toMatchObject({
      view: "resources",
      detail: "redis",
    });
  });

  it("completes commands and names by Tab, and by the arrows", () => {
    const { state } = press(snapshot, [":", "rest", "tab", "ager-07", "tab"]);
    expect(state.overlay).toMatchObject({ text: "restart taskmanager-07 " });
    expect(asked([":", "chec", "down", "enter"])).toMatchObject([{ request: { request: "checkpoint" } }]);
  });

  it.each([
    ["restart", "it is: restart RESOURCE"],
    ["restart taskmanager-7", "did you mean taskmanager-07"],
    ["scal taskmanager 3", "did you mean scale"],
    ["scale kafka 3", "it is: scale taskmanager N"],
    ["produce --messages none", '--messages is "none": expected a whole number'],
    ["logs nothing-like-it", "there is no resource nothing-like-it"],
  ])("says of %s what is wrong, and stays open", (text, words) => {
    const { state, effects } = press(snapshot, [":", text, "enter"]);
    expect(effects).toEqual([]);
    expect(state.overlay?.kind).toBe("palette");
    expect(drawScreen(snapshot, state, { columns: 120 }).join("\n")).toContain(words);
  });

  it("knows each command that its list has", () => {
    const example: Readonly<Record<string, string>> = {
      scale: "scale taskmanager 3",
      produce: "produce 3",
      sort: "sort cpu",
    };
    for (const { name, usage } of COMMANDS) {
      const text = example[name] ?? usage.replace(/\[.*\]/, "").replace("RESOURCE", "kafka");
      expect([text, readCommand(text, snapshot).kind]).not.toEqual([text, "wrong"]);
    }
  });
});

it.each([
  ["scale taskmanager 500", 'N is "500": expected a whole number from 1 to 256'],
  ["scale kafka 3", "it is: scale taskmanager N"],
  ["produce --messages 5x", '--messages is "5x": expected a whole number from 1 to 1000000000000'],
  ["produce 5 --rate=-1", '--rate is "-1": expected a whole number from 0 to 100000000'],
  ["produce", "it is: produce --messages N [--rate N]"],
])("says of %j what is wrong with it, as the command line does", (text, reason) => {
  expect(readCommand(text, snapshot)).toEqual({ kind: "wrong", reason });
});

describe("keys", () => {
  it("each has one meaning in each place", () => {
    for (const place of ["overview", "resources", "detail", "logs", "metrics", "checks", "events"] as const) {
      const keys = BINDINGS.filter(({ places }) => places === null || places.includes(place)).flatMap((b) => b.keys);
      expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
    }
  });

  it("that come at once are keys one by one, and not a text", () => {
    const none = {
      upArrow: false,
      downArrow: false,
      leftArrow: false,
      rightArrow: false,
      pageUp: false,
      pageDown: false,
    };
    const rest = { home: false, end: false, return: false, escape: false, tab: false, backspace: false, delete: false };
    const key = { ...none, ...rest, shift: false, ctrl: false, meta: false };
    expect(nameKeys("j\r \t", key)).toEqual(["j", "enter", "space", "tab"]);
    expect(nameKeys("\u001a", key)).toEqual(["ctrl+z"]);
    expect(nameKeys("", { ...key, tab: true, shift: true })).toEqual(["shift+tab"]);
    // Escape and a letter that came at once, which look like Alt and that letter.
    expect(nameKeys("q", { ...key, meta: true })).toEqual(["esc", "q"]);
    expect(nameKeys("", { ...key, escape: true, meta: true })).toEqual(["esc", "esc"]);
  });

  it("the help has all of them", () => {
    const lines = drawScreen(snapshot, press(snapshot, ["?"]).state, { columns: 120, rows: 120 }).join("\n");
    for (const { help } of BINDINGS) expect(lines).toContain(help);
    expect(press(snapshot, ["?", "x"])).toMatchObject({ effects: [], state: { overlay: null } });
  });

  it("copying offers what there is, and takes one key", () => {
    const keys = [...TO_07.slice(0, 2), "kafka", "enter", "y"];
    const { state } = press(snapshot, keys);
    expect(drawScreen(snapshot, state).at(-1)).toMatch(/^copy: n name {2}a address .* c command of this view/);
    expect(press(snapshot, [...keys, "a"]).effects).toEqual([
      { kind: "copy", what: "address", text: "127.0.0.1:41234" },
    ]);
    expect(press(snapshot, [...TO_07, "x", "y", "y", "C"]).effects.at(-1)).toMatchObject({
      text: "flink-apphost kill taskmanager-07 --run ab12cd",
    });
  });
});

it("tells what was asked until it is answered", () => {
  const { state } = press(snapshot, [":", "checkpoint", "enter"]);
  expect(drawScreen(snapshot, state).at(-2)).toBe("... checkpoint");
  expect(createViewState("dark").asking).toEqual([]);
});
