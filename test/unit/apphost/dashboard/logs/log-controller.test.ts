/** The view of logs over real files that grow, driven by intents as keys give them. */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LogController } from "../../../../../apphost/dashboard/logs/log-controller.ts";
import {
  type LogIntent,
  type LogViewState,
  startLogView,
} from "../../../../../apphost/dashboard/logs/log-view-state.ts";
import { textOf } from "../../../../../apphost/logs/terminal-text.ts";
import { runFolder } from "../../../../../simulator/common/contract/files/run-folder.ts";
import { waitUntil } from "../../../../../simulator/common/foundation/deadline.ts";

const AT_MS = Date.parse("2090-01-01T00:00:00.000Z");
const ROWS = 6;
const COLUMNS = 100;

let runDir = "";
const controllers: LogController[] = [];
beforeEach(() => {
  runDir = mkdtempSync(join(tmpdir(), "flink-apphost-log-view-"));
  mkdirSync(runFolder.logs(runDir));
});
afterEach(async () => {
  for (const controller of controllers.splice(0)) await controller.close();
  rmSync(runDir, { recursive: true, force: true });
});

const timed = (index: number, text: string) => `${new Date(AT_MS + index).toISOString()} ${text}\n`;
const append = (resource: string, text: string) => appendFileSync(runFolder.log(runDir, resource), text);
const numbered = (count: number) => Array.from({ length: count }, (_, index) => timed(index, `line ${index}`)).join("");

function openView(state: Partial<LogViewState> = {}): LogController {
  const controller = new LogController({
    runDir,
    state: { ...startLogView([]), ...state },
    colors: false,
    unicode: true,
    nowMs: () => AT_MS,
  });
  controllers.push(controller);
  return controller;
}

const screenOf = (controller: LogController) => controller.render(ROWS, COLUMNS).map(textOf);

/** Waits for a screen that has these texts, each in a row of its own, in this order. */
async function expectScreen(controller: LogController, texts: readonly string[]): Promise<void> {
  const wanted = texts.join("\n");
  const look = () => (screenOf(controller).join("\n").includes(wanted) ? true : undefined);
  await waitUntil(look, { what: "the screen", deadlineMs: 5_000 }).catch(() => undefined);
  expect(screenOf(controller).join("\n")).toContain(wanted);
}

const press = (controller: LogController, ...intents: LogIntent[]) => {
  for (const intent of intents) controller.dispatch(intent);
};

describe("a view of logs", () => {
  it("follows what is written, merged, and resources that begin later join in", async () => {
    append("redis", timed(1, "one"));
    const view = openView();
    await expectScreen(view, ["one", "", "", "", "", "all logs  follow  lines 1-1 of 1"]);
    append("redis", timed(4, "four"));
    append("kafka", timed(2, "two"));
    await expectScreen(view, [
      "redis | one",
      "kafka | two",
      "redis | four",
      "",
      "",
      "all logs  follow  lines 1-3 of 3",
    ]);
  });

  it("shows the newest lines before anything is indexed", async () => {
    append("kafka", numbered(2_000));
    const view = openView();
    const screens: string[] = [];
    view.subscribe(() => screens.push(screenOf(view).join("\n")));
    await expectScreen(view, ["line 1999", "all logs  follow  lines 1,996-2,000 of 2,000"]);
    expect(screens[0]).toContain("line 1998\nline 1999\nall logs  follow  newest lines");
  });

  it("goes back over the whole file and returns to the end", async () => {
    append("kafka", numbered(20_000));
    const view = openView();
    press(view, { type: "home" });
    await expectScreen(view, ["line 0", "line 1", "line 2", "line 3", "line 4", "all logs  scrolled"]);
    press(view, { type: "page", pages: 1 }, { type: "scroll", lines: 2 });
    await expectScreen(view, ["line 6", "line 7"]);
    press(view, { type: "end" });
    await expectScreen(view, ["line 19999", "all logs  follow"]);
  });

  it("keeps the lines in sight when others come in before them", async () => {
    append("kafka", Array.from({ length: 20 }, (_, index) => timed(index * 10, `line ${index}`)).join(""));
    const view = openView();
    press(view, { type: "home" });
    await expectScreen(view, ["line 0"]);
    press(view, { type: "scroll", lines: 10 });
    await expectScreen(view, ["line 10", "line 11"]);
    append("redis", timed(5, "late") + timed(6, "later"));
    await expectScreen(view, ["kafka | line 10", "kafka | line 11"]);
    expect(screenOf(view).at(-1)).toContain("lines 13-17 of 22");
  });

  it("searches whole files, goes from match to match, and tells which one it is", async () => {
    append("kafka", numbered(5_000));
    append("redis", timed(100, "an error") + timed(4_000, "Error again"));
    const view = openView();
    press(view, { type: "search", text: "error" });
    await expectScreen(view, ["redis | Error again"]);
    expect(screenOf(view).at(-1)).toContain("/error: match 2 of 2");
    expect(view.currentLine).toMatchObject({ line: { text: "Error again" }, path: runFolder.log(runDir, "redis") });
    press(view, { type: "previous" });
    await expectScreen(view, ["redis | an error"]);
    expect(screenOf(view).at(-1)).toContain("/error: match 1 of 2");
    press(view, { type: "next" }, { type: "next" });
    await expectScreen(view, ["redis | an error"]);
  });

  it("filters, inversely too, and keeps the nearest line in sight", async () => {
    append("kafka", numbered(1_000));
    const view = openView();
    press(view, { type: "search", text: "line 500" });
    await expectScreen(view, ["line 499", "line 500", "line 501"]);
    press(view, { type: "filter", text: "/00$/" });
    await expectScreen(view, ["line 500", "line 600", "line 700", "line 800", "line 900", "all logs  scrolled"]);
    press(view, { type: "search", text: "" });
    press(view, { type: "toggle", what: "inverse" }, { type: "end" });
    await expectScreen(view, ["line 999", "all logs  follow  lines 987-991 of 991"]);
    append("kafka", timed(2_000, "line 00") + timed(2_001, "line 1x"));
    await expectScreen(view, ["line 999", "line 1x", "all logs  follow  lines 988-992 of 992"]);
  });

  it("says what is wrong with an expression, and shows all lines", async () => {
    append("kafka", numbered(3));
    const view = openView({ filter: "/(/" });
    await expectScreen(view, [
      "line 2",
      "",
      "",
      "all logs  follow  lines 1-3 of 3  only /(/  Invalid regular expression",
    ]);
  });

  it("clears, marks, and shows again what was cleared", async () => {
    append("kafka", numbered(3));
    const view = openView();
    press(view, { type: "clear" }, { type: "mark" });
    await expectScreen(view, ["── mark 00:00:00.000Z "]);
    expect(screenOf(view).at(-1)).toContain("no lines  cleared");
    append("kafka", timed(3, "line 3"));
    await expectScreen(view, ["line 3", "", "", ""]);
    press(view, { type: "restore" });
    await expectScreen(view, ["line 2", "── mark 00:00:00.000Z "]);
  });

  it("stays as it is while it is paused, reads nothing, and catches up then", async () => {
    append("kafka", numbered(3));
    const view = openView();
    await expectScreen(view, ["line 2"]);
    press(view, { type: "pause" });
    await expectScreen(view, ["all logs  paused  lines 1-3 of 3"]);
    append("kafka", timed(3, "line 3"));
    let told = 0;
    view.subscribe(() => {
      told += 1;
    });
    // Two looks of a view that is not paused fit into it.
    await new Promise((resolve) => setTimeout(resolve, 900));
    expect(told).toBe(0);
    expect(screenOf(view)).not.toContain("line 3");
    press(view, { type: "pause" });
    await expectScreen(view, ["line 3"]);
  });

  it("shows a file from its new beginning when it is written anew", async () => {
    append("kafka", numbered(100));
    const view = openView();
    press(view, { type: "home" }, { type: "scroll", lines: 50 });
    await expectScreen(view, ["line 50"]);
    writeFileSync(runFolder.log(runDir, "kafka"), timed(0, "new"));
    await expectScreen(view, ["new", "", "", "", "", "all logs  scrolled  lines 1-1 of 1"]);
  });

  it("changes to other logs, by the name of a group too", async () => {
    append("taskmanager-01", timed(1, "of the first"));
    append("taskmanager-02", timed(2, "of the second"));
    append("kafka", timed(3, "of kafka"));
    const view = openView();
    await expectScreen(view, ["kafka          | of kafka"]);
    press(view, { type: "source", names: ["taskmanager"] });
    await expectScreen(view, ["taskmanager-01 | of the first", "taskmanager-02 | of the second", "", "", ""]);
  });

  it("shows the screen before while other lines are read, and never an empty one", async () => {
    append("kafka", numbered(20_000));
    const view = openView();
    await expectScreen(view, ["line 19999", "all logs  follow  lines 19,996-20,000"]);
    press(view, { type: "home" });
    expect(screenOf(view)).toContain("line 19999");
    await expectScreen(view, [
      "line 0",
      "line 1",
      "line 2",
      "line 3",
      "line 4",
      "all logs  scrolled  lines 1-5 of 20,000",
    ]);
    press(view, { type: "scroll", lines: 10_000 });
    expect(screenOf(view)).toContain("line 0");
    await expectScreen(view, ["line 10000"]);
  });

  it("does not take away one who goes somewhere else while a search is at work", async () => {
    append("kafka", numbered(20_000));
    const view = openView();
    await expectScreen(view, ["line 19999", "all logs  follow  lines 19,996-20,000"]);
    press(view, { type: "search", text: "line 777" }, { type: "home" });
    await expectScreen(view, [
      "line 0",
      "line 1",
      "line 2",
      "line 3",
      "line 4",
      "all logs  scrolled  lines 1-5 of 20,000",
    ]);
    await expectScreen(view, ["lines 1-5 of 20,000  /line 777: 11 matches"]);
    press(view, { type: "next" });
    await expectScreen(view, ["line 777"]);
  });

  it("says why when a file cannot be read", async () => {
    append("kafka", numbered(3));
    const view = openView({ names: ["kafka"] });
    await expectScreen(view, ["line 2"]);
    rmSync(runFolder.log(runDir, "kafka"));
    mkdirSync(runFolder.log(runDir, "kafka"));
    await expectScreen(view, ["the logs cannot be read: EISDIR"]);
  });

  it("shows what children write and does not execute it", async () => {
    append("kafka", `${timed(0, "a\x1b]52;c;x\x07b\x1b[2J")}\x00\u202eend\r\n`);
    await expectScreen(openView(), ["ab", "^@\ufffdend", "", "", "", "all logs"]);
  });

  it("ends its loop and closes its files, also in the middle of its work", async () => {
    append("kafka", numbered(50_000));
    const view = openView();
    press(view, { type: "search", text: "line 7" });
    await view.close();
    let told = 0;
    view.subscribe(() => {
      told += 1;
    });
    press(view, { type: "home" });
    append("kafka", numbered(1));
    await new Promise((resolve) => setTimeout(resolve, 900));
    expect(told).toBe(0);
    expect(process.getActiveResourcesInfo().filter((name) => name === "FSReqPromise")).toEqual([]);
  });
});
