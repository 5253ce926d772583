/** The dashboard in a real terminal: recorded events played through the built code, and the screen read back. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, it } from "vitest";
import { ROOT } from "../support/dist.ts";
import { describeReal } from "../support/real-parts.ts";
import { sampleEvents } from "../support/sample-events.ts";
import { openTerminal, type Terminal } from "../support/tmux.ts";

const folder = mkdtempSync(join(tmpdir(), "flink-apphost-dashboard-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const eventsFile = join(folder, "events.ndjson");
writeFileSync(
  eventsFile,
  sampleEvents()
    .map((event) => `${JSON.stringify(event)}\n`)
    .join(""),
);
const play = (ui: string, env = "", file = eventsFile) =>
  `${env} ${process.execPath} --no-warnings ${join(ROOT, "test/support/play-events.ts")} ${file} ${ui}`;

describeReal(["tmux"], "the dashboard in a terminal", () => {
  let terminal: Terminal;
  beforeEach(() => {
    terminal = openTerminal({ columns: 80, rows: 24 });
  });
  afterEach(() => terminal.dispose());

  it("fills 80x24 with the key facts, and not a row more", async () => {
    terminal.type(play("tui"));
    const screen = await terminal.waitFor(/PASSED: 10,000,000 messages processed, 0 lost, 0 duplicated/);
    expect(screen).toHaveLength(24);
    expect(screen[0]).toContain("20261122-180000-ab12cd");
    expect(screen[2]).toContain("kafka native 4.3.0");
    expect(screen.join("\n")).toMatch(/taskmanagers +20\/20 running/);
    expect(screen.at(-1)).toContain("q quit");
  });

  it("begins in the first column, wherever the cursor stood before", async () => {
    terminal.type(`printf 'ab'; ${play("tui")}`);
    const screen = await terminal.waitFor(/PASSED/);
    expect(screen[0]).toMatch(/^flink-apphost 20261122-180000-ab12cd /);
  });

  it("takes the new size when the terminal is resized, and uses the room", async () => {
    terminal.type(play("tui"));
    await terminal.waitFor(/PASSED/);
    terminal.resize(200, 50);
    const screen = await terminal.waitFor(/taskmanager-20 +running +▅ +500,000/);
    expect(screen).toHaveLength(50);
    expect(screen.at(-1)).toContain("q quit");
    terminal.resize(80, 24);
    const small = await terminal.waitFor(/ 20 ▅ +500,000/);
    expect(small[0]).toContain("flink-apphost");
  });

  it.each([["q", "y"], ["C-c"]])(
    "leaves at %s, gives the terminal back and prints the summary there",
    async (...keys) => {
      terminal.type(`${play("tui")}; echo ended-$?`);
      await terminal.waitFor(/PASSED/);
      for (const key of keys) terminal.press(key);
      const screen = await terminal.waitFor(/^ended-0$/m);
      // What was typed before is on the screen again: the alternate screen is gone.
      expect(screen.join("")).toContain("play-events.ts");
      expect(screen.join("\n")).toMatch(/PASSED: 10,000,000 messages processed, 0 lost/);
      expect(screen.join("\n")).toContain("report  .flink-apphost/runs/20261122-180000-ab12cd/report.json");
      expect(screen.join("\n")).toContain("NODE_ENV for children: not set");
      terminal.type("echo back-$((40+2))");
      await terminal.waitFor(/^back-42$/m);
    },
  );

  it("tells a screen reader the rows as text, and follows its keys", async () => {
    terminal.type(`INK_SCREEN_READER=true ${play("tui")}; echo ended-$?`);
    await terminal.waitFor(/\[1 Overview\][\s\S]*PASSED/);
    terminal.press("2");
    await terminal.waitFor(/\[2 Resources\][\s\S]*jobmanager/);
    terminal.press("q");
    terminal.press("y");
    await terminal.waitFor(/^ended-0$/m);
  });

  /** T5 of `dashboard.tsx`. A host of another version may tell what this one cannot draw. */
  it("goes on with its keys when the screen cannot be drawn, gives the terminal back and tells of its own fault", async () => {
    const broken = join(folder, "broken.ndjson");
    const snapshot = { phase: null, resources: [], recent: [], verdict: null, infra: null, runDir: "", runId: "" };
    writeFileSync(broken, `${JSON.stringify({ kind: "snapshot", nowUs: 0, snapshot })}\n`);
    terminal.type(`${play("tui", "", broken)}; echo ended-$?`);
    await terminal.waitFor(/the screen cannot be drawn, and the run goes on: .*[\s\S]*q asks how to end/);
    terminal.press("q");
    terminal.press("y");
    const screen = (await terminal.waitFor(/^ended-0$/m)).join("\n");
    expect(screen).toMatch(/a fault of the dashboard, and none of the run:\nTypeError/);
    expect(terminal.modes()).toEqual({ isAlternate: false, isCursorShown: true, isCursorKeys: false });
    terminal.type("echo back-$((40+2))");
    await terminal.waitFor(/^back-42$/m);
  });

  /** T5. */
  it("gives the terminal back when anything of the process fails, and goes on without a screen", async () => {
    terminal.type(play("tui", "CRASH_AFTER_MS=2000"));
    const screen = await terminal.waitFor(/the dashboard failed .crashed as asked.; the run goes on\nCtrl\+C stops it/);
    expect(screen.join("")).toContain("play-events.ts");
    expect(terminal.modes()).toEqual({ isAlternate: false, isCursorShown: true, isCursorKeys: false });
    terminal.press("C-c");
    // A line that is typed before the shell reads again would be answered behind its prompt.
    await terminal.waitFor(/^[#$] ?$/m);
    terminal.type("echo back-$((40+2))");
    await terminal.waitFor(/^back-42$/m);
  });

  it("prints lines instead when asked to, in colourless columns", async () => {
    terminal.resize(160, 50);
    terminal.type(`${play("plain")} & sleep 2; kill -TERM $!; wait $!`);
    const screen = await terminal.waitFor(/NODE_ENV/);
    expect(screen.join("\n")).toMatch(/ 2\.9s {2}kafka +running, healthy, 127\.0\.0\.1:41234/);
    expect(screen.join("\n")).toMatch(/processed 10,000,000/);
  });
});
