/**
 * What the host writes into the run's folder while the run goes on: events, metrics, state, logs.
 *
 * E1 The first write that fails (a full disk, a folder that was removed) is told once, and ends the run: evidence with a
 *    hole in it proves nothing.
 * E2 After it nothing throws here: the run still has to be taken down in order, on the same full disk.
 */
import { once } from "node:events";
import { createWriteStream, openSync, type WriteStream, writeSync } from "node:fs";
import type { Writable } from "node:stream";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { withDeadline } from "../../simulator/common/foundation/deadline.ts";
import { type AppError, createError } from "../../simulator/common/foundation/errors.ts";

/** On a disk that still writes. */
const CLOSE_MS_MAX = 10_000;

export interface EvidenceFiles {
  /** Opens a file for lines; each is written when it is given. */
  openLines(path: string): (line: string) => void;
  /** Does one write of another kind. */
  attempt(path: string, write: () => void): void;
  logOf(resource: string): Writable;
  closeLogs(): Promise<void>;
}

export function createEvidenceFiles(runDir: string, onFailure: (error: AppError) => void): EvidenceFiles {
  const logs = new Map<string, WriteStream>();
  let isTold = false;
  const tell = (path: string, error: unknown) => {
    if (isTold) return;
    isTold = true;
    onFailure(createError("RUN_FOLDER_FAILED", { path }, error));
  };
  const attempt = (path: string, write: () => void) => {
    try {
      write();
    } catch (error) {
      tell(path, error);
    }
  };
  return {
    attempt,
    openLines(path) {
      const file = openSync(path, "a", 0o600);
      return (line) => attempt(path, () => void writeSync(file, line));
    },
    logOf(resource) {
      const known = logs.get(resource);
      if (known !== undefined) return known;
      const path = runFolder.log(runDir, resource);
      const log = createWriteStream(path, { flags: "a", mode: 0o600 });
      log.on("error", (error) => tell(path, error));
      logs.set(resource, log);
      return log;
    },
    async closeLogs() {
      // One that failed has closed itself.
      const open = [...logs.values()].filter((log) => !log.closed);
      const closed = open.map((log) => once(log.end(), "close"));
      try {
        await withDeadline(Promise.all(closed), { what: "the end of all logs", deadlineMs: CLOSE_MS_MAX });
      } catch (error) {
        tell(runDir, error);
      }
    },
  };
}
