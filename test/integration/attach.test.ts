/** `attach` in a real terminal, on real hosts: several watch, each leaves as it likes, and nothing stays behind. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { distPath } from "../support/dist.ts";
import { describeReal } from "../support/real-parts.ts";
import { type Cli, runCli, startCli } from "../support/run-cli.ts";
import { contrastOnWhite, listForegrounds } from "../support/sgr-colors.ts";
import { openTerminal, type Terminal } from "../support/tmux.ts";

const HOST = ["up", "--infra", "embedded", "--task-managers", "2", "--messages", "2000"];
const ATTACH = `${process.execPath} ${distPath("apphost/main")} attach`;
const IDLE = /IDLE/;

describeReal(["tmux"], "attach in a terminal", () => {
  let first: Cli;
  let second: Cli;
  let runIds: readonly [string, string];
  const terminals: Terminal[] = [];

  beforeAll(async () => {
    first = startCli(HOST);
    await first.waitForEvent("phase", ({ phase }) => phase === "idle");
    const firstId = await first.runId();
    // Its folder is the newest from here on, so the run of `first` is known by its id alone.
    second = startCli([...HOST, "--isolated"], { cwd: first.cwd });
    await waitUntil(() => /idle/.test(second.output().stdout) || undefined, { what: "the second", deadlineMs: 60_000 });
    runIds = [firstId, await second.runId()];
  });
  afterEach(() => {
    for (const terminal of terminals.splice(0)) terminal.dispose();
  });
  afterAll(async () => {
    await second.dispose();
    await first.dispose();
  });

  interface Attaching {
    readonly env?: string;
    readonly args?: string;
  }
  const open = (columns = 100, rows = 30): Terminal => {
    const terminal = openTerminal({ columns, rows });
    terminals.push(terminal);
    terminal.type(`cd ${first.cwd}; B=$(stty -g)`);
    return terminal;
  };
  const attach = (terminal: Terminal, { env = "", args = `--run ${runIds[0]}` }: Attaching = {}) =>
    terminal.type(`clear; env ${env} ${ATTACH} ${args}; echo ended-$?`);
  const openAttached = async (attaching: Attaching = {}) => {
    const terminal = open();
    attach(terminal, attaching);
    await terminal.waitFor(IDLE);
    return terminal;
  };
  /** Its modes are as they were, and the shell reads, echoes and runs what is typed and pasted. */
  const expectTerminalBack = async (terminal: Terminal, exitCode: number) => {
    await terminal.waitFor(new RegExp(`^ended-${exitCode}$`, "m"));
    expect(terminal.modes()).toEqual({ isAlternate: false, isCursorShown: true, isCursorKeys: false });
    terminal.type('test "$B" = "$(stty -g)" && echo same-$((1+0))');
    await terminal.waitFor(/^same-1$/m);
    terminal.paste("echo pasted-$((2+0))");
    terminal.press("Enter");
    await terminal.waitFor(/^pasted-2$/m);
  };
  const openPager = async (terminal: Terminal, seen: RegExp) => {
    for (const key of ["2", "/", "taskmanager-01", "Enter", "O"]) terminal.press(key);
    await terminal.waitFor(seen);
  };
  const LOG = /registered with the JobManager/;
  const LIST = /RESOURCE\*? +STATE/;

  it("leaves by d and by Ctrl+C, and the run goes on", async () => {
    const terminal = await openAttached();
    terminal.press("d");
    await expectTerminalBack(terminal, 0);
    expect(terminal.screen().join("\n")).toContain(`run ${runIds[0]} goes on`);
    attach(terminal);
    await terminal.waitFor(IDLE);
    terminal.press("C-c");
    await terminal.waitFor(/^ended-0$/m);
    expect(first.process.exitCode).toBeNull();
  });

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 143],
  ] as const)("leaves at %s with its exit code, and gives the terminal back", async (signal, exitCode) => {
    const terminal = await openAttached();
    process.kill(terminal.jobs().at(-1) as number, signal);
    await expectTerminalBack(terminal, exitCode);
    expect(terminal.screen().join("\n")).toContain(`run ${runIds[0]} goes on`);
  });

  it("lets one of several hosts be chosen, or none", async () => {
    const terminal = open();
    attach(terminal, { args: "" });
    const list = await terminal.waitFor(/which one, 1 to 2\?/);
    const place = list.findIndex((line) => line.includes(runIds[0]));
    terminal.type(list[place]?.trim().charAt(0) ?? "");
    await terminal.waitFor(new RegExp(`^flink-apphost ${runIds[0]} `, "m"));
    terminal.press("d");
    await expectTerminalBack(terminal, 0);
    for (const [key, exitCode] of [
      ["C-c", 130],
      ["C-d", 2],
    ] as const) {
      attach(terminal, { args: "" });
      // With its answer it still stands on the screen from before.
      await terminal.waitFor(/which one, 1 to 2\?\s*$/);
      terminal.press(key);
      await expectTerminalBack(terminal, exitCode);
      expect(terminal.screen().join("\n")).not.toContain("Aborted");
    }
  });

  it("is refused without a terminal, on one without a cursor, and where no host runs", async () => {
    const piped = await runCli(["attach", "--run", runIds[0]], { cwd: first.cwd });
    expect(piped).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("attach needs a terminal") });
    const terminal = open();
    attach(terminal, { env: "TERM=dumb" });
    await terminal.waitFor(/attach needs a terminal that moves its cursor[\s\S]*^ended-2$/m);
    attach(terminal, { args: "--run-dir ./none" });
    await terminal.waitFor(/no running host found[\s\S]*^ended-7$/m);
  });

  it("has a whole frame after 200 resizes", async () => {
    const terminal = await openAttached();
    for (let i = 0; i < 200; i += 1) terminal.resize(20 + ((i * 37) % 140), 3 + ((i * 11) % 45));
    terminal.resize(90, 26);
    const screen = await terminal.waitFor(
      /^flink-apphost \w+ .* IDLE\b.*\n.*Overview[\s\S]*RESOURCE[\s\S]*\nq quit.*$/,
    );
    expect(screen).toHaveLength(26);
    expect(screen.filter((line) => line.startsWith("flink-apphost"))).toHaveLength(1);
    terminal.press("d");
    await expectTerminalBack(terminal, 0);
  });

  it("leaves none of its rows behind where the terminal has grown since it began", async () => {
    const terminal = open(40, 10);
    attach(terminal);
    await terminal.waitFor(/^flink-apphost \w+/m);
    terminal.resize(130, 40);
    await terminal.waitFor(/^flink-apphost \w+ .* IDLE\b.*\n.*Overview[\s\S]*RESOURCE[\s\S]*\nq quit.*$/);
    terminal.press("d");
    await expectTerminalBack(terminal, 0);
    expect(terminal.screen().filter((line) => /RESOURCE|Overview|jobmanager/.test(line))).toEqual([]);
  });

  it.each(["xterm-256color", "screen"])("can be read on white with --theme light, as TERM=%s", async (term) => {
    const colorsOf = async (theme: string) => {
      const terminal = await openAttached({ env: `TERM=${term}`, args: `--run ${runIds[0]} --theme ${theme}` });
      return listForegrounds(terminal.paintedScreen());
    };
    const [light, dark] = [await colorsOf("light"), await colorsOf("dark")];
    expect(light).not.toEqual([]);
    for (const code of light) expect(contrastOnWhite(code), code).toBeGreaterThan(4);
    // Cyan, green or yellow on a white screen.
    expect(dark.some((code) => contrastOnWhite(code) < 3)).toBe(true);
  });

  /** W2 is S2 of `control/snapshot-stream.ts`. */
  it("shows the newest state after it was stopped while the run went on, and holds nobody up", async () => {
    const stopped = open();
    // A shell without job control leaves the terminal to what was stopped.
    stopped.type(`exec sh -c '${ATTACH} --run ${runIds[0]}; :'`);
    await stopped.waitFor(IDLE);
    const other = await openAttached();
    const pid = stopped.jobs().at(-1) as number;
    process.kill(pid, "SIGSTOP");
    const round = await runCli(["produce", "--run", runIds[0], "--messages", "60000"], { cwd: first.cwd });
    expect(round.stdout).toMatch(/PASSED: 62,000 messages/);
    await other.waitFor(/PASSED: 62,000/);
    expect(stopped.screen().join("\n")).not.toMatch(/62,000/);
    process.kill(pid, "SIGCONT");
    await stopped.waitFor(/^flink-apphost \w+ .* IDLE[\s\S]*PASSED: 62,000/);
  });

  it("copies by OSC 52 what is selected", async () => {
    const terminal = await openAttached();
    for (const key of ["2", "/", "taskmanager-02", "Enter", "y", "n"]) terminal.press(key);
    await terminal.waitFor(/copied the name/);
    expect(terminal.clipboard()).toBe("taskmanager-02");
    for (const key of ["y", "c"]) terminal.press(key);
    await terminal.waitFor(/copied the command of this view/);
    expect(terminal.clipboard()).toMatch(new RegExp(`^flink-apphost .* --run ${runIds[0]}$`));
  });

  /** P1 of `dashboard/pager.ts`. */
  it("leaves the terminal to a pager: its Ctrl+C is the pager's, and Ctrl+Z stops both", async () => {
    const terminal = open();
    terminal.type("exec bash --norc --noprofile");
    attach(terminal, { env: "PAGER= LESS=" });
    await terminal.waitFor(IDLE);
    await openPager(terminal, LOG);
    terminal.press("C-c");
    terminal.press("C-z");
    await terminal.waitFor(/Stopped/);
    terminal.type("fg");
    await terminal.waitFor(LOG);
    terminal.press("q");
    // A test is as quick as no person (P2).
    const screen = await terminal.waitFor(/Enter goes back|RESOURCE\*? +STATE/);
    if (!LIST.test(screen.join("\n"))) terminal.press("Enter");
    await terminal.waitFor(LIST);
    terminal.press("d");
    await terminal.waitFor(/goes on/);
    expect(terminal.modes().isAlternate).toBe(false);
  });

  /** P2 of `dashboard/pager.ts`. */
  it("holds what a pager only printed until Enter", async () => {
    const terminal = await openAttached({ env: "PAGER='head -n 100'" });
    await openPager(terminal, /Enter goes back/);
    await terminal.waitFor(LOG);
    terminal.press("Enter");
    await terminal.waitFor(LIST);
    terminal.press("d");
    await expectTerminalBack(terminal, 0);
  });

  it.each([
    ["no-such-pager -x", /^flink-apphost[\s\S]*the pager is not installed: no-such-pager -x/],
    ["false", /^flink-apphost[\s\S]*the pager false ended with exit code 1/],
  ])("says why the pager %s showed nothing, and has the screen whole", async (pager, words) => {
    const terminal = await openAttached({ env: `PAGER='${pager}'` });
    await openPager(terminal, words);
    terminal.press("d");
    await expectTerminalBack(terminal, 0);
  });

  it("ends its pager, too, when it is asked to end", async () => {
    const pager = join(first.cwd, "slow-pager");
    writeFileSync(pager, "#!/bin/sh\necho reading-$((1+0))\nexec sleep 300\n", { mode: 0o755 });
    const terminal = await openAttached({ env: `PAGER=${pager}` });
    await openPager(terminal, /reading-1/);
    process.kill(terminal.jobs().at(-1) as number, "SIGTERM");
    await expectTerminalBack(terminal, 143);
  });

  it("goes with its terminal, and the run goes on", async () => {
    const terminal = await openAttached();
    const pid = terminal.jobs().at(-1) as number;
    terminals.splice(terminals.indexOf(terminal), 1);
    terminal.dispose();
    const isGone = () => {
      try {
        return process.kill(pid, 0) ? undefined : true;
      } catch {
        return true;
      }
    };
    await waitUntil(isGone, { what: "the end of attach", deadlineMs: 60_000 });
    expect(first.process.exitCode).toBeNull();
  });

  it("says that the host is gone when it was killed", async () => {
    const terminal = await openAttached({ args: `--run ${runIds[1]}` });
    second.process.kill("SIGKILL");
    await expectTerminalBack(terminal, 1);
    expect(terminal.screen().join("\n")).toMatch(new RegExp(`THE HOST IS GONE .pid ${second.pid}., in phase idle`));
  });

  it("asks at q, and ends with the summary and the exit code of the run", async () => {
    const terminal = await openAttached();
    const other = await openAttached();
    terminal.press("q");
    await terminal.waitFor(/end the run\?/);
    terminal.press("n");
    terminal.press("q");
    terminal.press("y");
    await expectTerminalBack(terminal, 0);
    await expectTerminalBack(other, 0);
    for (const { screen } of [terminal, other]) expect(screen().join("\n")).toMatch(/PASSED: 62,000 messages/);
  });
});
