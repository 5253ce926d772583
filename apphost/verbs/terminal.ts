/**
 * What a verb has of its terminal: lines out, and the wish to end.
 *
 * T1 When the reader of standard output is gone (`logs | head`), writing is no error and goes nowhere.
 * T2 A signal ends the verb at its next wait; its exit code is then that of the signal, as users of `logs -f` expect.
 */
import { once } from "node:events";
import { EXIT } from "../exit-code.ts";

export interface Terminal {
  /** Settles when the reader can take more. */
  write(line: string): Promise<void>;
  /** For people, on standard error. */
  note(line: string): void;
  /** Aborted by Ctrl+C, SIGTERM, or when nobody reads any more. */
  readonly ended: AbortSignal;
  /** What `ended` means for the exit code. */
  exitCode(): number;
}

/** Runs a verb that may be cut short by a signal. Any other failure is thrown on. */
export async function withTerminal(work: (terminal: Terminal) => Promise<number>): Promise<number> {
  const { stdout, stderr } = process;
  const controller = new AbortController();
  let exitCode: number = EXIT.passed;
  let isReaderGone = false;
  const end = (code: number) => {
    exitCode = code;
    controller.abort(new Error("ended from outside"));
  };
  const leave = () => {
    isReaderGone = true;
    end(EXIT.passed);
  };
  const onInterrupt = () => end(EXIT.interrupted);
  const onTerminate = () => end(EXIT.terminated);
  stdout.on("error", leave);
  process.on("SIGINT", onInterrupt).on("SIGTERM", onTerminate);
  try {
    return await work({
      async write(line) {
        if (isReaderGone || stdout.write(`${line}\n`)) return;
        await once(stdout, "drain", { signal: controller.signal }).catch(() => undefined);
      },
      note: (line) => void stderr.write(`${line}\n`),
      ended: controller.signal,
      exitCode: () => exitCode,
    });
  } catch (error) {
    if (controller.signal.aborted) return exitCode;
    throw error;
  } finally {
    process.removeListener("SIGINT", onInterrupt).removeListener("SIGTERM", onTerminate);
  }
}
