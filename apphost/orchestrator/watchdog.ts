/**
 * The host's side of the watchdog: starts it, tells it each child, and starts another one when it dies.
 * `watchdog/main.ts` is the process itself.
 */
import { spawn } from "node:child_process";
import type { Writable } from "node:stream";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { entryPoint } from "../entry-point.ts";
import type { WatchdogLine } from "../watchdog/main.ts";
import { isAlive, type ProcessIdentity, type RunMark } from "./process-identity.ts";

export interface Watchdog {
  readonly pid: number | null;
  /** To be told right after the spawn: the host may die the next moment. */
  recordChild(identity: ProcessIdentity): void;
  /** Where containers of the run are to be looked for; null: nowhere any more. */
  recordEngine(address: string | null): void;
  /** Ends it; it first removes whatever is left. */
  close(): Promise<void>;
}

const RESTARTS_MAX = 10;
const CLOSE_MS_MAX = 12_000;

export function startWatchdog(options: {
  readonly mark: RunMark;
  readonly onRestart: (restarts: number) => void;
}): Watchdog {
  const told: WatchdogLine[] = [];
  let restarts = 0;
  let isClosing = false;
  let current = start();

  function start(): { pid: number | null; input: Writable } {
    const { runId, runDir, secret } = options.mark;
    const args = [entryPoint("apphost/watchdog/main"), runId, runDir, secret, String(process.pid)];
    const child = spawn(process.execPath, args, {
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
    });
    child.stdin.on("error", () => undefined);
    const replace = () => {
      if (isClosing || restarts >= RESTARTS_MAX) return;
      restarts += 1;
      options.onRestart(restarts);
      current = start();
    };
    child.once("exit", replace);
    // The process could not be started at all; there is no exit event then.
    child.once("error", replace);
    // It lives as long as the host does, and must not keep the host alive.
    child.unref();
    for (const line of told) child.stdin.write(`${JSON.stringify(line)}\n`);
    return { pid: child.pid ?? null, input: child.stdin };
  }
  const tell = (line: WatchdogLine) => {
    told.push(line);
    current.input.write(`${JSON.stringify(line)}\n`);
  };
  return {
    get pid() {
      return current.pid;
    },
    recordChild: (identity) => tell({ child: identity }),
    recordEngine: (address) => tell({ engine: address }),
    async close() {
      isClosing = true;
      current.input.end();
      const { pid } = current;
      if (pid === null) return;
      await waitUntil(() => (isAlive(pid) ? undefined : true), {
        what: "the end of the watchdog",
        deadlineMs: CLOSE_MS_MAX,
      });
    },
  };
}
