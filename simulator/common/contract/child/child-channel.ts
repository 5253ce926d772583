/**
 * The child's end of the channel to the host, and the frame of every child's main: start, report, end.
 *
 * C1 A child whose host is gone exits: the channel closes when the host dies, however it dies.
 * C2 A child that fails says why on the channel and in its log before it exits, with code 1. One that was asked to stop
 *    in the middle of its work has not failed: it ends like a process that SIGTERM ended, and whoever did not ask for
 *    that starts it again.
 * C3 A child whose event loop turns answers each ping, also while it waits or stops; one that does not is hung.
 * C4 A child that was started early, with ENV.begin = "channel", has loaded its code when main waits for what it depends
 *    on: main is called once the host has sent the rest of the environment, and never if the stop comes first.
 */
import { categoryOf, createError, describeError, isAppError } from "../../foundation/errors.ts";
import { createLog, type Log } from "../../foundation/log.ts";
import type { ChildMessage, HostMessage } from "./child-messages.ts";
import { ENV } from "./environment.ts";

/** How long an orderly stop may take before the child ends anyway, in ms. */
const STOP_BUDGET_MS = 10_000;
/** What a shell shows for a process that SIGTERM ended. */
const EXIT_STOPPED = 143;

export interface ChildProcess {
  readonly log: Log;
  send(message: ChildMessage): void;
  /**
   * Aborted on SIGTERM, with ASKED_TO_STOP as its reason: stop orderly, then return from main, or throw the reason when
   * the work is not done.
   */
  readonly stopping: AbortSignal;
}

/**
 * Runs a child's main. It ends the process: 0 when main returns, 1 when it throws or the host is gone, 143 when it was
 * stopped before it was done. A process with open sockets would otherwise live on, so the exit is explicit.
 */
export async function runChild(main: (child: ChildProcess) => Promise<void>): Promise<never> {
  const log = createLog();
  const stopping = new AbortController();
  const child: ChildProcess = { log, stopping: stopping.signal, send: (message) => sendToHost(message) };
  process.once("disconnect", () => process.exit(1));
  process.on("message", answerPing);
  process.once("SIGTERM", () => {
    stopping.abort(createError("ASKED_TO_STOP", { signal: "SIGTERM" }));
    setTimeout(() => {
      log.error(`the orderly stop took longer than ${STOP_BUDGET_MS} ms`);
      process.exit(1);
    }, STOP_BUDGET_MS).unref();
  });
  // The host decides about Ctrl+C; a terminal's SIGINT to the whole group must not end a child by itself.
  process.on("SIGINT", () => undefined);
  try {
    if (process.env[ENV.begin] !== "channel" || (await receiveEnvironment(stopping.signal))) await main(child);
  } catch (error) {
    if (isAppError(error) && error.code === "ASKED_TO_STOP") {
      log.info(error.message);
      return endProcess(EXIT_STOPPED);
    }
    log.error("ended", error);
    sendToHost({
      type: "failed",
      code: isAppError(error) ? error.code : "ASSERTION_FAILED",
      category: categoryOf(error),
      message: describeError(error),
    });
    if (!isAppError(error) && error instanceof Error && error.stack !== undefined) log.error(error.stack);
    return endProcess(1);
  }
  return endProcess(0);
}

/** C3. */
function answerPing(message: unknown): void {
  if ((message as HostMessage).type === "ping") sendToHost({ type: "pong" });
}

/** C4. Adds the variables of "begin" to the environment. False: asked to stop before. */
function receiveEnvironment(stopping: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (begun: boolean) => {
      process.removeListener("message", receive);
      stopping.removeEventListener("abort", stop);
      resolve(begun);
    };
    const receive = (message: unknown) => {
      const given = message as HostMessage;
      if (given.type !== "begin") return;
      Object.assign(process.env, given.variables);
      end(true);
    };
    const stop = () => end(false);
    process.on("message", receive);
    stopping.addEventListener("abort", stop);
    if (stopping.aborted) stop();
  });
}

function sendToHost(message: ChildMessage): void {
  // Without a channel (started by hand, or the host is gone) there is nobody to tell; C1 ends the process.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

/** Exits once the messages handed to the channel are written. */
function endProcess(code: number): Promise<never> {
  return new Promise<never>(() => {
    if (!process.connected) process.exit(code);
    process.removeAllListeners("disconnect");
    process.once("disconnect", () => process.exit(code));
    // Disconnecting flushes what is queued on the channel first.
    process.disconnect?.();
  });
}
