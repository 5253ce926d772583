/**
 * The host's side of the watchdog: starts it, tells it each child, and starts another one when it dies.
 * `watchdog/main.ts` is the process itself.
 *
 * G1 One that hangs would notice the host's death as little as anything else, so it is killed, and another one started.
 * G2 It sweeps at the end, too; where it hangs then, another one does that in its place. A host that ends at once cannot
 *    know, and does not wait: there it is always another one.
 * G3 It carries the run, as every child does, so that whoever sweeps behind the host may kill one that hangs; it does not
 *    carry the run's mark, or the one that takes its place would take it for a child that nobody recorded.
 */
import { spawn } from "node:child_process";
import type { Writable } from "node:stream";
import { ENV } from "../../simulator/common/contract/child/environment.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { createError } from "../../simulator/common/foundation/errors.ts";
import { entryPoint } from "../processes/entry-point.ts";
import { dropEnded, isAlive, type ProcessIdentity, type RunMark } from "../processes/process-identity.ts";
import type { PulseWatch } from "../processes/pulse.ts";
import type { WatchdogLine } from "./main.ts";

export interface Watchdog {
  readonly pid: number | null;
  /** To be told right after the spawn: the host may die the next moment. */
  recordChild(identity: ProcessIdentity): void;
  /** Where containers of the run are to be looked for; null: nowhere any more. */
  recordEngine(address: string | null): void;
  /** Where the run's job is to be cancelled; null: nowhere any more. */
  recordFlink(restUrl: string | null): void;
  /** Ends it; it first removes whatever is left. */
  close(): Promise<void>;
  /** For a host that exits the next moment: what is left is removed after it. */
  leave(): void;
}

interface WatchdogProcess {
  readonly pid: number | null;
  readonly input: Writable;
  kill(): void;
}

const RESTARTS_MAX = 10;
/** Its sweep may take 10 s. */
const CLOSE_MS_MAX = 12_000;

export function startWatchdog(options: {
  readonly mark: RunMark;
  readonly pulses: Pick<PulseWatch, "watch">;
  /** `how`: of the end of the one before. */
  readonly onRestart: (how: string) => void;
}): Watchdog {
  let told: readonly WatchdogLine[] = [];
  let restarts = 0;
  let isClosing = false;
  let current = start();

  function start(): WatchdogProcess {
    const { runId, runDir, secret } = options.mark;
    const args = [entryPoint("apphost/watchdog/main"), runId, runDir, secret, String(process.pid)];
    const child = spawn(process.execPath, args, {
      env: { ...process.env, [ENV.run]: runId },
      detached: true,
      stdio: ["pipe", "ignore", "ignore", "ipc"],
    });
    const pid = child.pid ?? null;
    const input = child.stdin as Writable;
    input.on("error", () => undefined);
    let heardAtMs = performance.now();
    let how = "ended";
    child.on("message", () => {
      heardAtMs = performance.now();
    });
    const ping = () => void (child.connected && child.send({ type: "ping" }, () => undefined));
    const endPulseWatch = options.pulses.watch({ pid, pulse: { heardAtMs: () => heardAtMs, ping } }, (silentMs) => {
      how = `hung: it gave no answer for ${silentMs} ms, and was killed`;
      child.kill("SIGKILL");
    });
    const replace = () => {
      endPulseWatch();
      if (isClosing || restarts >= RESTARTS_MAX) return;
      restarts += 1;
      current = start();
      options.onRestart(how);
    };
    child.once("exit", replace);
    // The process could not be started at all; there is no exit event then.
    child.once("error", replace);
    // It lives as long as the host does, and must not keep the host alive.
    child.unref();
    child.channel?.unref();
    for (const line of told) input.write(`${JSON.stringify(line)}\n`);
    return { pid, input, kill: () => void child.kill("SIGKILL") };
  }
  /** G2. The new one first: there is no moment without any. */
  const startSuccessor = () => {
    isClosing = true;
    const { kill } = current;
    current = start();
    kill();
  };
  const tell = (line: WatchdogLine) => {
    told = dropEnded([...told, line], (one) => ("child" in one ? one.child : null));
    current.input.write(`${JSON.stringify(line)}\n`);
  };
  return {
    get pid() {
      return current.pid;
    },
    recordChild: (identity) => tell({ child: identity }),
    recordEngine: (address) => tell({ engine: address }),
    recordFlink: (restUrl) => tell({ flink: restUrl }),
    async close() {
      isClosing = true;
      if (await endInOrder(current)) return;
      startSuccessor();
      if (await endInOrder(current)) return;
      throw createError("DEADLINE_EXCEEDED", { what: "the end of the watchdog", deadlineMs: CLOSE_MS_MAX, last: "" });
    },
    leave() {
      startSuccessor();
      current.input.end();
    },
  };
}

/** False: it is still there after its time. */
async function endInOrder({ pid, input }: WatchdogProcess): Promise<boolean> {
  input.end();
  if (pid === null) return true;
  const look = () => (isAlive(pid) ? undefined : true);
  return waitUntil(look, { what: "the end of the watchdog", deadlineMs: CLOSE_MS_MAX }).catch(() => false);
}
