/** A whole run in a real terminal: whatever ends it, the terminal is as it was, and nothing of the run is left. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { HostEvent } from "../../simulator/common/contract/events.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { distPath } from "../support/dist.ts";
import { describeReal } from "../support/real-parts.ts";
import { findRunDir, readEvents } from "../support/run-cli.ts";
import { expectNothingLeft } from "../support/stages.ts";
import { openTerminal, type Terminal } from "../support/tmux.ts";

describeReal(["tmux"], "a run in a terminal", () => {
  let terminal: Terminal;
  let cwd: string;
  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), "flink-apphost-terminal-"));
    terminal = openTerminal({ columns: 100, rows: 30 });
  });
  afterEach(async () => {
    terminal.dispose();
    await expectNothingLeft(cwd);
    rmSync(cwd, { recursive: true, force: true });
  });

  const start = (...args: string[]) => {
    const host = `${process.execPath} ${distPath("apphost/main")} up --infra embedded --task-managers 2`;
    terminal.type(`cd ${cwd}; clear; echo before-$((1+1)); ${host} ${args.join(" ")}; echo ended-$?`);
  };
  const untilIdle = () => terminal.waitFor(/IDLE/, 30_000);
  const runDir = () => findRunDir(cwd) as string;
  /** What the shell waits for: it shows the host, which is a process of a session of its own. */
  const dashboardPid = () => terminal.jobs().at(-1) as number;
  const hostPid = () => (JSON.parse(readFileSync(runFolder.state(runDir()), "utf8")) as { hostPid: number }).hostPid;
  const pidOf = (name: string): number => {
    const known = readEvents(runDir()).findLast((event) => event.type === "resource" && event.name === name);
    return (known as Extract<HostEvent, { type: "resource" }>).pid as number;
  };
  /** The alternate screen is gone, and what is typed is seen and run. */
  const expectTerminalBack = async (exitCode: number) => {
    const screen = await terminal.waitFor(new RegExp(`^ended-${exitCode}$`, "m"));
    expect(screen.join("\n")).toMatch(/^before-2$/m);
    terminal.type("echo back-$((40+2))");
    await terminal.waitFor(/^back-42$/m);
  };

  it("shows in its header who does not end, and gives the terminal back at the second Ctrl+C", async () => {
    start("--messages", "0");
    await untilIdle();
    process.kill(pidOf("taskmanager-02"), "SIGSTOP");
    terminal.press("C-c");
    await terminal.waitFor(/STOPPING +waiting for taskmanager-02 to end, [1-9] of at most 10 s/);
    // A `q` is no second Ctrl+C.
    terminal.press("q");
    await terminal.waitFor(/waiting for taskmanager-02 to end, [3-9] of at most 10 s/);
    terminal.press("C-c");
    await expectTerminalBack(130);
  });

  it.each([
    ["the host", () => hostPid()],
    ["the dashboard, which passes it on", () => dashboardPid()],
  ])("gives the terminal back when SIGTERM ends %s", async (_whom, pid) => {
    start("--messages", "0");
    await untilIdle();
    process.kill(pid(), "SIGTERM");
    await expectTerminalBack(0);
  });

  it.each([[["C-c"]], [["q", "y"]]])(
    "is interrupted by %j in the middle of a round, with the exit code of it",
    async (keys) => {
      start("--messages", "30000", "--rate", "3000");
      await terminal.waitFor(/PRODUCING/, 30_000);
      for (const key of keys) terminal.press(key);
      await expectTerminalBack(130);
    },
  );

  it("gives the terminal back when the host is killed, and says with what it ended", async () => {
    start("--messages", "0");
    await untilIdle();
    process.kill(hostPid(), "SIGKILL");
    await expectTerminalBack(137);
  });

  /** T5 of `dashboard/dashboard.tsx`. Its last frame cannot be drawn either, which is how Ink gives a terminal back. */
  it.each([
    ["in its first frame", 1],
    ["in the middle", 2_500],
  ])(
    "gives the terminal back when Ink fails %s, and ends with the verdict of the run, which went on",
    async (_, atMs) => {
      const broken = join(import.meta.dirname, "../support/preload/break-screen.mjs");
      terminal.type(`export NODE_OPTIONS='--import ${broken}' TEST_BREAK_SCREEN_AFTER_MS=${atMs}`);
      start("--once", "--messages", "12000", "--rate", "3000");
      const screen = await terminal.waitFor(
        /the dashboard failed .broken as asked.; the run goes on\nCtrl\+C stops it/,
      );
      expect(screen.join("\n")).toMatch(/^before-2$/m);
      expect(terminal.modes()).toEqual({ isAlternate: false, isCursorShown: true, isCursorKeys: false });
      await expectTerminalBack(0);
      expect(terminal.screen().join("\n")).toMatch(
        /PASSED: 12,000 messages processed, 0 lost, 0 duplicated[\s\S]*a fault of the dashboard, and none of the run/,
      );
    },
  );

  /** T4 of `dashboard/dashboard.tsx`. */
  it("leaves a pager to its reader when the run ends meanwhile, and tells the end after it", async () => {
    terminal.type("export PAGER='less -R' LESS=");
    start("--once", "--messages", "12000", "--rate", "3000");
    await terminal.waitFor(/PRODUCING/, 30_000);
    const folder = runDir();
    for (const key of ["2", "/", "taskmanager-01", "Enter", "O"]) terminal.press(key);
    await terminal.waitFor(/registered with the JobManager[\s\S]*\(END\)|taskmanager-01\.log/);
    const host = hostPid();
    const isGone = () => (existsSync(`/proc/${host}`) ? undefined : true);
    await waitUntil(isGone, { what: "the end of the host", deadlineMs: 60_000 });
    expect(readEvents(folder).findLast(({ type }) => type === "verdict")).toMatchObject({ exitCode: 0 });
    expect(terminal.screen().join("\n")).toMatch(/registered with the JobManager/);
    terminal.press("q");
    await expectTerminalBack(0);
    expect(terminal.modes()).toEqual({ isAlternate: false, isCursorShown: true, isCursorKeys: false });
    expect(terminal.screen().join("\n")).toMatch(/PASSED: 12,000 messages processed[\s\S]*next +flink-apphost report/);
  });

  /** R1 of `cli/terminal-run.ts`, Z1 of `control/owner.ts`. */
  it("ends the run in order when the dashboard is killed: nobody is left who could", async () => {
    start("--messages", "30000", "--rate", "3000");
    await terminal.waitFor(/PRODUCING/, 30_000);
    const folder = runDir();
    process.kill(dashboardPid(), "SIGKILL");
    await waitUntil(() => readEvents(folder).some((e) => e.type === "phase" && e.phase === "ended") || undefined, {
      what: "the end",
      deadlineMs: 30_000,
    });
    expect(readEvents(folder).find(({ type }) => type === "verdict")).toMatchObject({
      exitCode: 143,
      lost: 0,
      duplicated: 0,
    });
  });

  it("ends in order when the terminal is closed in the middle of a round", async () => {
    start("--messages", "30000", "--rate", "3000");
    await terminal.waitFor(/PRODUCING/, 30_000);
    const folder = runDir();
    terminal.dispose();
    const verdict = await waitUntil(() => readEvents(folder).find(({ type }) => type === "verdict"), {
      what: "the verdict",
      deadlineMs: 30_000,
    });
    expect(verdict).toMatchObject({ verdict: "interrupted", exitCode: 143, lost: 0, duplicated: 0 });
    await waitUntil(() => readEvents(folder).some((e) => e.type === "phase" && e.phase === "ended") || undefined, {
      what: "the end",
      deadlineMs: 30_000,
    });
    terminal = openTerminal({ columns: 100, rows: 30 });
  });

  it("goes on after Ctrl+Z and fg as if nothing had been", async () => {
    start("--ui", "plain", "--once", "--messages", "12000", "--rate", "3000");
    await terminal.waitFor(/processed +[1-9]/, 30_000);
    terminal.press("C-z");
    await terminal.waitFor(/Stopped|Suspended/);
    terminal.type("clear; fg; echo again-$?");
    await terminal.waitFor(/^again-0$/m, 30_000);
    expect(terminal.screen().join("\n")).toMatch(/PASSED: 12,000 messages processed, 0 lost, 0 duplicated/);
  });

  describe("as a job of a shell", () => {
    const OPTIONS = ["--messages", "0"];
    beforeEach(() => terminal.type("exec bash --norc --noprofile"));

    /** All at once: after SIGSTOP the frame of before is still there, with the words of the shell over some of its rows. */
    const WHOLE_FRAME =
      /^flink-apphost \w+ .* IDLE\b.*\n.*\nkafka embedded .* redis embedded[\s\S]*\n {2}RESOURCE\*? +STATE[\s\S]*\n── EVENTS[\s\S]*\nq quit.*$/;
    const expectWholeFrame = async () => {
      const screen = await terminal.waitFor(WHOLE_FRAME, 30_000);
      expect(screen).toHaveLength(30);
      expect(screen.join("\n")).not.toMatch(/Stopped|^fg$/m);
    };
    /** The shell has its own screen and its own modes: what is typed is echoed, edited and run. */
    const expectShell = async (mark: number) => {
      terminal.type(`echo typed-$((${mark}+0))`);
      const screen = (await terminal.waitFor(new RegExp(`^typed-${mark}$`, "m"))).join("\n");
      expect(screen).toContain("before-2");
      expect(screen).toContain(`echo typed-$((${mark}+0))`);
      expect(screen).not.toMatch(/RESOURCE\*? +STATE/);
    };
    const leave = async () => {
      terminal.press("q");
      terminal.press("y");
      await terminal.waitFor(/NO VERDICT|WITHOUT A VERDICT/, 30_000);
      terminal.type("echo back-$((40+2)); stty -a | tr ';' '\\n' | grep -o ' icanon'");
      await terminal.waitFor(/^back-42\n icanon$/m);
    };
    const stateOf = (pid: number) => /State:\s+(\w)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    const resumeBy = async (command: string) => {
      terminal.type(command);
      await expectWholeFrame();
    };

    it.each([
      ["Ctrl+Z", () => terminal.press("C-z")],
      ["SIGTSTP", () => process.kill(dashboardPid(), "SIGTSTP")],
    ])("gives the terminal back at %s, and has a whole frame after fg, each time", async (_name, stop) => {
      start(...OPTIONS);
      await untilIdle();
      for (const mark of [1, 2]) {
        stop();
        await terminal.waitFor(/Stopped/);
        await expectShell(mark);
        // The run goes on without the screen.
        expect(stateOf(dashboardPid())).toBe("T");
        expect(stateOf(hostPid())).not.toBe("T");
        await resumeBy("fg");
      }
      await leave();
    });

    it("runs on in the background without the terminal, after bg, and has a whole frame after fg", async () => {
      start(...OPTIONS);
      await untilIdle();
      terminal.press("C-z");
      await terminal.waitFor(/Stopped/);
      terminal.type("bg");
      await expectShell(1);
      await expectShell(2);
      expect(stateOf(dashboardPid())).not.toBe("T");
      await resumeBy("fg");
      await leave();
    });

    it("that was started in the background runs there, and has a whole frame after fg", async () => {
      const host = `${process.execPath} ${distPath("apphost/main")} up --infra embedded --task-managers 2 --messages 0`;
      terminal.type(`cd ${cwd}; clear; echo before-$((1+1)); ${host} &`);
      const isIdle = () => {
        const folder = findRunDir(cwd);
        const phases = folder === undefined ? [] : readEvents(folder).filter(({ type }) => type === "phase");
        return phases.some((event) => event.type === "phase" && event.phase === "idle") || undefined;
      };
      await waitUntil(isIdle, { what: "the idle host", deadlineMs: 30_000 });
      await expectShell(1);
      await resumeBy("fg");
      await leave();
    });

    it("has a whole frame after SIGSTOP, which no program hears of, and fg", async () => {
      start(...OPTIONS);
      await untilIdle();
      process.kill(dashboardPid(), "SIGSTOP");
      await terminal.waitFor(/Stopped/);
      await resumeBy("fg");
      await leave();
    });
  });
});
