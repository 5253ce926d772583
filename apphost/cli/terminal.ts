/**
 * What a verb has of its terminal: lines out, and the wish to end.
 *
 * T1 When the reader of standard output is gone (`logs | head`), writing is no error and goes nowhere, and what only
 *    prints ends with 0. What went wrong by itself is told all the same.
 * T3 What cannot be written for another reason, a full disk above all, is an error: whoever reads the file would take a
 *    part of the answer for all of it. A verdict keeps its own exit code.
 * T2 A signal ends the verb at once, whatever it waits for. Its exit code is then that of the signal, as users of
 *    `logs -f` expect. What was asked of a host goes on without it.
 */
import { once } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { createError } from "../../simulator/common/foundation/errors.ts";
import { escapeForTerminal } from "../../simulator/common/foundation/foreign-syntax.ts";
import { describeLongWait, type TellLongWait } from "../../simulator/common/foundation/long-wait.ts";
import { EXIT } from "../exit-code.ts";

export interface Terminal {
  /** Settles when the reader can take more. */
  write(line: string): Promise<void>;
  /** For people, on standard error. */
  note(line: string): void;
  /** Aborted by Ctrl+C, SIGTERM, or when nobody reads any more: whoever only prints has nothing left to do. */
  readonly ended: AbortSignal;
}

/** No wait of a verb is silent, and what it prints stays data: its words go to standard error. */
export const noteLongWait =
  ({ note }: Pick<Terminal, "note">): TellLongWait =>
  (wait) =>
    note(describeLongWait(wait));

type Work = (terminal: Terminal) => Promise<number>;

/** Runs a verb that a signal cuts short (T2). */
export async function withTerminal(work: Work): Promise<number> {
  const ended = new AbortController();
  const interrupted = Promise.withResolvers<number>();
  const end = (exitCode: number) => () => {
    interrupted.resolve(exitCode);
    ended.abort(new Error("ended by a signal"));
  };
  const [onInterrupt, onTerminate] = [end(EXIT.interrupted), end(EXIT.terminated)];
  process.on("SIGINT", onInterrupt).on("SIGTERM", onTerminate);
  try {
    return await Promise.race([interrupted.promise, withOutput(work, ended)]);
  } finally {
    process.removeListener("SIGINT", onInterrupt).removeListener("SIGTERM", onTerminate);
  }
}

/** Runs a verb that minds signals itself. */
export async function withOutput(work: Work, ended = new AbortController()): Promise<number> {
  const { stdout, stderr } = process;
  let isReaderGone = false;
  let failure: Error | null = null;
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    isReaderGone = true;
    if (error.code !== "EPIPE") failure ??= error;
    ended.abort(new Error("nobody reads any more"));
  });
  const requireWritten = () => {
    if (failure !== null) throw createError("OUTPUT_FAILED", {}, failure);
  };
  try {
    const exitCode = await work({
      async write(line) {
        if (isReaderGone || stdout.write(`${line}\n`)) return;
        await once(stdout, "drain", { signal: ended.signal }).catch(() => undefined);
      },
      note: (line) => void stderr.write(`${escapeForTerminal(line)}\n`),
      ended: ended.signal,
    });
    // What became of the last line is known when all is written, and told a turn later.
    if (stdout.writableLength > 0) await once(stdout, "drain", { signal: ended.signal }).catch(() => undefined);
    await nextTurn();
    if (exitCode === EXIT.passed) requireWritten();
    return exitCode;
  } catch (error) {
    if (isReaderGone && isEndedBy(ended.signal, error)) requireWritten();
    if (isReaderGone && isEndedBy(ended.signal, error)) return EXIT.passed;
    throw error;
  }
}

/** Whether it is the end that the signal tells of, and no failure. Node wraps the reason of a signal in an error of its own. */
function isEndedBy(signal: AbortSignal, error: unknown): boolean {
  return error === signal.reason || (error instanceof Error && error.cause === signal.reason);
}
