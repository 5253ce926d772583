/**
 * The user's pager with a log file, on a terminal that was lent to it.
 *
 * P1 What the keyboard sends is the pager's: `less` ends a search at Ctrl+C, and the run must not end with it. As
 *    `system(3)` does, whoever started the pager takes no SIGINT and no SIGQUIT meanwhile.
 * P2 What only prints, as `cat` or `less -F`, has ended before anybody could read it, and its text would go with the
 *    dashboard's next frame. Enter is waited for then.
 * P3 A signal from elsewhere ends the pager, too, and one that does not heed it is killed.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";

/** Sooner than a person has read a page and pressed a key. */
const PRINTED_MS_MAX = 1_000;
const HEED_MS_MAX = 2_000;
/** Of a shell, for a program that it did not find. */
const NOT_FOUND = 127;
const HOW_TO_GO_BACK = "Enter goes back to the dashboard";

export interface Pager {
  /** Rejects when it showed nothing, with the reason. */
  readonly ended: Promise<void>;
  end(): void;
}

/** An empty variable is one that is not set. */
export const choosePager = (env: Readonly<Record<string, string | undefined>>): string =>
  (env["PAGER"] ?? "").trim() || "less -R";

export function startPager(pager: string, path: string): Pager {
  let child: ChildProcess | null = null;
  let isEnding = false;
  const run = async (script: string): Promise<number | NodeJS.Signals> => {
    child = spawn("sh", ["-c", script, "sh", path], { stdio: "inherit" });
    const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    return code ?? signal ?? 0;
  };
  const show = async () => {
    if (!existsSync(path)) throw new Error(`there is no log to open yet: ${path}`);
    const beganAtMs = performance.now();
    // The words of $PAGER are the shell's to read; the path is an argument, and nothing in it is.
    const how = await run(`exec ${pager} "$1"`);
    if (how === NOT_FOUND) throw new Error(`the pager is not installed: ${pager}; PAGER names another`);
    if (how !== 0 && !isEnding) throw new Error(`the pager ${pager} ended with ${describeEnd(how)}`);
    const isPrinted = performance.now() - beganAtMs < PRINTED_MS_MAX;
    if (isPrinted && !isEnding) await run(`printf '\\n(${HOW_TO_GO_BACK}) '; read -r _`);
  };
  const hold = () => undefined;
  process.on("SIGQUIT", hold);
  const ended = show().finally(() => process.off("SIGQUIT", hold));
  return {
    ended,
    end() {
      if (isEnding) return;
      isEnding = true;
      child?.kill("SIGTERM");
      const timer = setTimeout(() => child?.kill("SIGKILL"), HEED_MS_MAX);
      void ended.catch(() => undefined).finally(() => clearTimeout(timer));
    },
  };
}

const describeEnd = (how: number | NodeJS.Signals): string =>
  typeof how === "number" ? `exit code ${how}` : `signal ${how}`;
