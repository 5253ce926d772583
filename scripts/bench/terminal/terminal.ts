/**
 * A real terminal of a given size: a tmux of its own, in which one command runs. tmux is a child of the bench and is under
 * its guard; when it ends, the command loses its terminal.
 *
 * T1 What the command writes is copied to a file, so that frames can be counted without asking the terminal for them.
 * T2 Its screen is read only while something is waited for: a capture takes CPU, and must not stand in the figures.
 */
import { type ChildProcess, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { waitUntil } from "../../../simulator/common/foundation/deadline.ts";
import { findProgram } from "../../../simulator/common/foundation/program.ts";
import { cleanEnvironment, startCommand, stopChild } from "../child-command.ts";
import { MissingPart } from "../parts.ts";

const START_MS_MAX = 15_000;
const ANSWER_MS_MAX = 15_000;
const LOOK_INTERVAL_MS = 200;

export interface TerminalSpec {
  readonly columns: number;
  readonly rows: number;
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export class Terminal {
  /** Of the command in it. */
  readonly pid: number;
  readonly #server: ChildProcess;
  readonly #folder: string;

  private constructor(server: ChildProcess, folder: string, pid: number) {
    this.#server = server;
    this.#folder = folder;
    this.pid = pid;
  }

  /** Throws MissingPart where there is no tmux. */
  static async open(spec: TerminalSpec): Promise<Terminal> {
    const tmux = findProgram("tmux");
    if (tmux === undefined) throw new MissingPart("there is no tmux on PATH");
    const folder = mkdtempSync(join(spec.cwd, "terminal-"));
    const env = { ...cleanEnvironment(spec.env), LC_ALL: "C.UTF-8", TERM: "xterm-256color", TMUX: "", CI: "" };
    const server = startCommand({
      name: "tmux",
      command: tmux,
      args: ["-D", "-u", "-S", SOCKET, "-f", "/dev/null"],
      cwd: folder,
      env,
    });
    try {
      const isOpen = () => (existsSync(join(folder, SOCKET)) ? true : undefined);
      await waitUntil(isOpen, { what: "the start of tmux", deadlineMs: START_MS_MAX });
      const size = ["-x", String(spec.columns), "-y", String(spec.rows)];
      const given = Object.entries(env).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
      // It begins when its output is being copied.
      const gate = join(folder, "gate");
      const command = ["sh", "-c", `while [ ! -e "$0" ]; do sleep 0.05; done; exec "$@"`, gate, ...spec.command];
      ask(folder, ["new-session", "-d", ...size, "-c", spec.cwd, ...given, ...command]);
      ask(folder, ["set-option", "-g", "status", "off"]);
      ask(folder, ["resize-window", ...size]);
      ask(folder, ["pipe-pane", "-O", `exec cat >> '${outputIn(folder)}'`]);
      const pid = Number(ask(folder, ["display-message", "-p", "#{pane_pid}"]).trim());
      writeFileSync(gate, "");
      return new Terminal(server, folder, pid);
    } catch (error) {
      await stopChild(server, "tmux");
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** How many bytes the command has written so far. */
  get writtenBytes(): number {
    return statSync(outputIn(this.#folder), { throwIfNoEntry: false })?.size ?? 0;
  }

  press(...keys: readonly string[]): void {
    ask(this.#folder, ["send-keys", ...keys]);
  }

  async waitForScreen(form: RegExp, deadlineMs: number, signal: AbortSignal): Promise<void> {
    let screen = "";
    const look = () => {
      screen = ask(this.#folder, ["capture-pane", "-p"]);
      return form.test(screen) ? true : undefined;
    };
    const what = `a screen with ${form}`;
    await waitUntil(look, { what, deadlineMs, intervalMs: LOOK_INTERVAL_MS, signal }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw new Error(`${String(error)}; the screen is\n${screen}`);
    });
  }

  /** The command ends with it, by SIGHUP. */
  async close(): Promise<void> {
    await stopChild(this.#server, "tmux");
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Relative to tmux's own folder: the whole path may be longer than the path of a socket can be. */
const SOCKET = "socket";
const outputIn = (folder: string): string => join(folder, "output");

function ask(folder: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync("tmux", ["-S", SOCKET, ...args], {
    cwd: folder,
    encoding: "utf8",
    env: cleanEnvironment({ LC_ALL: "C.UTF-8" }),
    timeout: ANSWER_MS_MAX,
  });
  if (status !== 0) throw new Error(`tmux ${args[0]} failed: ${stderr}`);
  return stdout;
}
