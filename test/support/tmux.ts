/** A real terminal for tests: a tmux server of the test's own, on a socket in its own folder. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";

export interface Terminal {
  /** The screen as it is now, one string per row, without trailing spaces. */
  screen(): readonly string[];
  /** As `screen`, with the codes of its colours. */
  paintedScreen(): string;
  /**
   * Waits until the screen as one text matches, and stays as it is for one more look, or matches at three looks of a screen
   * that never rests: tmux may be read in the middle of a frame, whose other rows are still those of the screen before.
   */
  waitFor(form: RegExp, deadlineMs?: number): Promise<readonly string[]>;
  /** Sends keys by tmux's names: `q`, `C-c`. */
  press(key: string): void;
  resize(columns: number, rows: number): void;
  /** Text as if typed, with whatever keys have no name. */
  write(text: string): void;
  /** Text as if it were pasted, in brackets where the program asked for them. */
  paste(text: string): void;
  /** What a program copied last by OSC 52. */
  clipboard(): string;
  /** What a program has set in it, and should take back when it ends. */
  modes(): { readonly isAlternate: boolean; readonly isCursorShown: boolean; readonly isCursorKeys: boolean };
  /** Processes that its shell started, the newest last. */
  jobs(): readonly number[];
  /** Runs a shell command in it, as if typed. */
  type(command: string): void;
  dispose(): void;
}

export function openTerminal(size: { columns: number; rows: number }): Terminal {
  const folder = mkdtempSync(join(tmpdir(), "flink-apphost-tmux-"));
  const socket = join(folder, "socket");
  // The test runner's own NODE_ENV is no user's.
  const { NODE_ENV: _, CI: __, ...environment } = process.env;
  const tmux = (...args: string[]): string => {
    const { status, stdout, stderr } = spawnSync("tmux", ["-S", socket, "-f", "/dev/null", ...args], {
      encoding: "utf8",
      env: { ...environment, LC_ALL: "C.UTF-8", TMUX: "" },
    });
    if (status !== 0) throw new Error(`tmux ${args.join(" ")} failed: ${stderr}`);
    return stdout;
  };
  tmux("-u", "new-session", "-d", "-x", String(size.columns), "-y", String(size.rows), "sh");
  tmux("set-option", "-g", "status", "off");
  tmux("set-option", "-g", "set-clipboard", "on");
  tmux("resize-window", "-x", String(size.columns), "-y", String(size.rows));
  const screen = () => tmux("capture-pane", "-p").replace(/\n$/, "").split("\n");
  return {
    screen,
    paintedScreen: () => tmux("capture-pane", "-p", "-e"),
    waitFor(form, deadlineMs = 60_000) {
      let matching: string[] = [];
      const look = () => {
        const lines = screen();
        const text = lines.join("\n");
        if (!form.test(text)) {
          matching = [];
          throw new Error(`the screen is\n${text}`);
        }
        matching.push(text);
        return matching.at(-2) === text || matching.length === 3 ? lines : undefined;
      };
      return waitUntil(look, { what: `a screen that matches ${form}`, deadlineMs, intervalMs: 60 });
    },
    press: (key) => void tmux("send-keys", key),
    resize: (columns, rows) => void tmux("resize-window", "-x", String(columns), "-y", String(rows)),
    write: (text) => void tmux("send-keys", "-l", text),
    paste(text) {
      tmux("set-buffer", "-b", "typed", text);
      tmux("paste-buffer", "-p", "-d", "-b", "typed");
    },
    clipboard: () => tmux("show-buffer"),
    modes() {
      const flags = tmux("display-message", "-p", "#{alternate_on} #{cursor_flag} #{keypad_cursor_flag}");
      const [isAlternate, isCursorShown, isCursorKeys] = flags.split(" ").map((flag) => Number(flag) === 1);
      return {
        isAlternate: isAlternate === true,
        isCursorShown: isCursorShown === true,
        isCursorKeys: isCursorKeys === true,
      };
    },
    jobs() {
      const pid = tmux("display-message", "-p", "#{pane_pid}").trim();
      return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number);
    },
    type: (command) => void tmux("send-keys", command, "Enter"),
    dispose() {
      tmux("kill-server");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
