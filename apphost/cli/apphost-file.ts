/**
 * Loads a user's file (`--apphost`), and says of one that cannot be loaded what is wrong with it, and where.
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
import { createError, describeError, isAppError } from "../../simulator/common/foundation/errors.ts";
import { tellLongWait } from "../../simulator/common/foundation/long-wait.ts";
import type { AppHostReading } from "../apphost-reader/main.ts";
import type { DeclaredApplication } from "../model/builder.ts";
import { entryPoint } from "../processes/entry-point.ts";
import { noteLongWait } from "./terminal.ts";

/** A file that asks something of a slow network first has this long; a declaration itself takes no time. */
const READ_MS_MAX = 20_000;

/** The application that the file declares, not yet checked. */
export async function loadAppHostFile(file: string, deadlineMs = READ_MS_MAX): Promise<DeclaredApplication> {
  const path = resolve(file);
  const refuse = (reason: string) => createError("APPHOST_NOT_LOADED", { file, reason });
  if (!existsSync(path)) throw refuse(`there is no such file (${path})`);
  if (!statSync(path).isFile()) throw refuse("it is not a file");
  const words = { what: `${file} to declare its application`, deadlineMs };
  const note = (line: string) => void process.stderr.write(`${line}\n`);
  const reading = await tellLongWait(readInThread(path, deadlineMs), words, noteLongWait({ note }));
  if (reading.kind === "refused") throw refuse(reading.reason);
  return reading.application;
}

async function readInThread(path: string, deadlineMs: number): Promise<AppHostReading> {
  const reader = new Worker(entryPoint("apphost/apphost-reader/main"), {
    workerData: path,
    env: SHARE_ENV,
    stdout: true,
  });
  reader.stdout.pipe(process.stderr, { end: false });
  try {
    return await withDeadline(Promise.race([receiveReading(reader), noteEarlyEnd(reader)]), {
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
async function receiveReading(reader: Worker): Promise<AppHostReading> {
  const [reading] = await once(reader, "message");
  return reading as AppHostReading;
}

async function noteEarlyEnd(reader: Worker): Promise<AppHostReading> {
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
