/** A whole run in a real terminal: whatever ends it, the terminal is as it was, and nothing of the run is left. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
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
    const screen = await terminal.waitFor(/STOPPING +waiting for taskmanager-02 to end, [1-9] of at most 10 s/);
    expect(screen.at(-1)).toContain("another Ctrl+C kills everything at once");
    // A second `q` is no second Ctrl+C.
    terminal.press("q");
    await terminal.waitFor(/waiting for taskmanager-02 to end, [3-9] of at most 10 s/);
    terminal.press("C-c");
    await expectTerminalBack(130);
  });

  it("gives the terminal back when a signal ends it", async () => {
    start("--messages", "0");
    await untilIdle();
    process.kill(hostPid(), "SIGTERM");
    await expectTerminalBack(0);
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
});
