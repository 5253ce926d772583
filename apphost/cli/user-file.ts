/**
 * Reads a file of the user's code for what it declares.
 *
 * F1 Its code runs in a thread of its own (`apphost-reader/`), which ends when it has declared: nothing that it does, an
 *    exit with code 0 above all, can pass for a run. The environment is shared, since a file may set variables for its
 *    programs.
 * F2 What it prints goes to standard error: with --ui json standard output carries events and nothing else.
 */
import { once } from "node:events";
import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { SHARE_ENV, Worker } from "node:worker_threads";
import { withDeadline } from "../../simulator/common/foundation/deadline.ts";
import { describeError, isAppError } from "../../simulator/common/foundation/errors.ts";
import { tellLongWait } from "../../simulator/common/foundation/long-wait.ts";
import { entryPoint } from "../processes/entry-point.ts";
import { noteLongWait } from "./terminal.ts";

export interface Refusal {
  readonly kind: "refused";
  readonly reason: string;
}

export interface UserFile {
  readonly file: string;
  /** What is waited for. */
  readonly what: string;
  readonly deadlineMs: number;
}

/** `entry`: the program of the thread, which posts what it read. */
export async function readUserFile<T>(entry: string, { file, what, deadlineMs }: UserFile): Promise<T | Refusal> {
  const path = resolve(file);
  if (!existsSync(path)) return { kind: "refused", reason: `there is no such file (${path})` };
  if (!statSync(path).isFile()) return { kind: "refused", reason: "it is not a file" };
  const note = (line: string) => void process.stderr.write(`${line}\n`);
  return tellLongWait(readInThread<T>(entry, path, deadlineMs), { what, deadlineMs }, noteLongWait({ note }));
}

async function readInThread<T>(entry: string, path: string, deadlineMs: number): Promise<T | Refusal> {
  const reader = new Worker(entryPoint(entry), {
    workerData: path,
    env: SHARE_ENV,
    stdout: true,
  });
  reader.stdout.pipe(process.stderr, { end: false });
  try {
    return await withDeadline(Promise.race([receiveReading<T>(reader), noteEarlyEnd(reader)]), {
      what: "the reading of it",
      deadlineMs,
    });
  } catch (error) {
    return { kind: "refused", reason: explainFailure(error, deadlineMs) };
  } finally {
    await reader.terminate();
  }
}

/** Rejects with what nobody in the thread caught. */
async function receiveReading<T>(reader: Worker): Promise<T> {
  const [reading] = await once(reader, "message");
  return reading as T;
}

async function noteEarlyEnd(reader: Worker): Promise<Refusal> {
  const [exitCode] = await once(reader, "exit");
  const advice = "it must not call process.exit, and what it awaits must come";
  return { kind: "refused", reason: `it ended before it had declared anything (exit code ${exitCode}): ${advice}` };
}

function explainFailure(error: unknown, deadlineMs: number): string {
  if (isAppError(error) && error.code === "DEADLINE_EXCEEDED") {
    return `it had declared nothing after ${deadlineMs} ms: it loops, or waits for what does not come`;
  }
  return `it threw while it was loaded: ${describeError(error)}`;
}
