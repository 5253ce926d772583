/**
 * One child process, from spawn to the end of its group.
 *
 * P1 Each child leads its own session and process group: a terminal's Ctrl+C reaches only the host, and a signal to the
 *    group reaches whatever the child started.
 * P2 pid and start time go to the watchdog before anything else is done with the child.
 * P3 `exited` settles after the child's last message was delivered (bounded by 2 s). Its last line stands in its log then.
 * P4 `stop` ends when the group is gone: SIGTERM, then SIGKILL after the budget. SIGKILL also ends a paused child.
 * P5 What a child writes is for this user alone, whatever the umask of the terminal, unless the child is the user's own.
 * P6 A child that was paused here goes on when it is stopped: it has the same time to end in order as any other.
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { execa } from "execa";
import type { ChildMessage, HostMessage } from "../../simulator/common/contract/child/child-messages.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { isGroupAlive, type ProcessIdentity, readStartTime, signalGroup } from "./process-identity.ts";
import type { Pulse } from "./pulse.ts";
import type { ResourceLog } from "./resource-log.ts";

export interface ChildCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Where it runs; not given: where the host does. */
  readonly folder?: string;
  /** Text on standard input: for secrets, which must not stand in argv. */
  readonly input: string | null;
  /** Whether it is one of ours and speaks over a channel. */
  readonly hasChannel: boolean;
  /** A program of the user's, whose files are the user's business (P5). */
  readonly isOfUser?: boolean;
}

export type ChildExit =
  /** `detail`: what is known beyond the code, in words. */
  | { readonly kind: "exit"; readonly code: number; readonly detail?: string }
  | { readonly kind: "signal"; readonly signal: string }
  | { readonly kind: "notStarted"; readonly reason: string }
  /** A container whose end nobody can tell: its engine is silent, or knows it no more. */
  | { readonly kind: "lost"; readonly reason: string };

/** Something that runs and can be stopped: a process here; a container has the same face. */
export interface RunningServer {
  /** null also for a container whose processes this machine does not see. */
  readonly pid: number | null;
  /** False for a server of others: its end is nobody's fault. */
  readonly isOurs: boolean;
  readonly exited: Promise<ChildExit>;
  /** Of one of our own programs. Others cannot be asked: whoever needs them has deadlines. */
  readonly pulse?: Pulse;
  newestLines(count: number): string;
  /** Whether it is paused or not (P6). */
  stop(budgetMs: number): Promise<void>;
  kill(): void;
  /** It does nothing until `resume`, whatever it is sent. */
  pause(): Promise<void>;
  resume(): Promise<void>;
}

export interface RunningChild extends RunningServer {
  /** To one with a channel. A child that is gone is reported by its exit, not here. */
  send(message: HostMessage): void;
}

export interface ChildHooks {
  readonly log: ResourceLog;
  readonly onSpawn: (identity: ProcessIdentity) => void;
  /** The main process of a container, where this machine sees it: to be measured, and not to be killed by its pid. */
  readonly onVisible?: (pid: number) => void;
  readonly onMessage: (message: ChildMessage) => void;
}

const LAST_WORDS_MS_MAX = 2_000;
/** From SIGKILL to the end of the group: a process in a call of the kernel ends when that does. */
export const KILL_MS_MAX = 10_000;

export function startChildProcess(command: ChildCommand, hooks: ChildHooks): RunningChild {
  const { log } = hooks;
  const sizeBefore = log.size;
  const run = spawnChild(command, log);
  const child = run.nodeChildProcess;
  // It may have printed something already, so the host's own line stands among its lines.
  const announced = child.pid === undefined ? "" : announce(child.pid, hooks);
  if (command.input !== null) {
    // A child that ends before it read its input is reported by its exit.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(command.input);
  }
  const send = (message: HostMessage) => {
    if (child.connected) child.send(message, () => undefined);
  };
  let heardAtMs = performance.now();
  child.on("message", (given) => {
    heardAtMs = performance.now();
    const message = given as ChildMessage;
    if (message.type !== "pong") hooks.onMessage(message);
  });
  const exited = observeExit(child, async () => (await run).originalMessage);
  const { pid } = child;
  let isPaused = false;
  return {
    pid: pid ?? null,
    isOurs: pid !== undefined,
    exited,
    ...(command.hasChannel ? { pulse: { heardAtMs: () => heardAtMs, ping: () => send({ type: "ping" }) } } : {}),
    newestLines: (count) =>
      log
        .newestLines(count + 1, sizeBefore)
        .filter((line) => line !== announced)
        .slice(-count)
        .join("\n"),
    send,
    stop: async (budgetMs) => {
      if (pid !== undefined) await stopGroup(pid, { budgetMs, isPaused });
    },
    kill: () => {
      if (pid !== undefined) signalGroup(pid, "SIGKILL");
    },
    pause: async () => {
      if (pid !== undefined) isPaused = signalGroup(pid, "SIGSTOP");
    },
    resume: async () => {
      if (pid !== undefined) signalGroup(pid, "SIGCONT");
      isPaused = false;
    },
  };
}

const FOR_US_ALONE = 0o077;

/** P5: a child inherits the mask of the moment in which it is made. */
function spawnChild(command: ChildCommand, log: ResourceLog) {
  const ofTerminal = command.isOfUser === true ? null : process.umask(FOR_US_ALONE);
  // Any file descriptor will do; execa's types name only the lowest.
  const output = log.fd as 3;
  try {
    return execa(command.command, command.args, {
      env: command.env,
      ...(command.folder === undefined ? {} : { cwd: command.folder }),
      extendEnv: false,
      detached: true,
      cleanup: false,
      reject: false,
      buffer: false,
      stdin: command.input === null ? "ignore" : "pipe",
      stdout: output,
      stderr: output,
      ...(command.hasChannel ? { ipc: true, serialization: "json" } : {}),
    });
  } finally {
    if (ofTerminal !== null) process.umask(ofTerminal);
  }
}

function announce(pid: number, hooks: ChildHooks): string {
  const line = `${new Date().toISOString()} host  started, pid ${pid}`;
  hooks.log.write(`${line}\n`);
  // A child that is gone already has nothing to be killed for.
  const startTime = readStartTime(pid);
  if (startTime !== undefined) hooks.onSpawn({ pid, startTime });
  return line;
}

async function observeExit(child: ChildProcess, whyNot: () => Promise<string | undefined>): Promise<ChildExit> {
  if (child.pid === undefined) {
    return { kind: "notStarted", reason: (await whyNot()) ?? "the program could not be started" };
  }
  const closed = once(child, "close");
  const ended = new Promise<ChildExit>((resolve) => {
    child.once("exit", (code, signal) => {
      resolve(code === null ? { kind: "signal", signal: String(signal) } : { kind: "exit", code });
    });
  });
  const exit = await ended;
  await Promise.race([closed, delay(LAST_WORDS_MS_MAX, undefined, { ref: false })]);
  return exit;
}

async function stopGroup(
  group: number,
  { budgetMs, isPaused }: { readonly budgetMs: number; readonly isPaused: boolean },
): Promise<void> {
  if (!signalGroup(group, "SIGTERM")) return;
  // The first signal that it sees then is the one above.
  if (isPaused) signalGroup(group, "SIGCONT");
  const look = () => (isGroupAlive(group) ? undefined : true);
  const what = `the end of process group ${group}`;
  const isGone = await waitUntil(look, { what, deadlineMs: budgetMs }).catch(() => false);
  if (isGone) return;
  signalGroup(group, "SIGKILL");
  await waitUntil(look, { what, deadlineMs: KILL_MS_MAX });
}

export function describeExit(exit: ChildExit): string {
  switch (exit.kind) {
    case "exit":
      return `exit code ${exit.code}${exit.detail === undefined ? "" : ` (${exit.detail})`}`;
    case "signal":
      return `signal ${exit.signal}`;
    case "notStarted":
    case "lost":
      return exit.reason;
  }
}
