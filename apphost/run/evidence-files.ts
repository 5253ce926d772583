/**
 * What the host writes into the run's folder while the run goes on: events, metrics, state, logs.
 *
 * E1 The first write that fails (a full disk, a folder that was removed) is told once, and ends the run: evidence with a
 *    hole in it proves nothing.
 * E2 After it nothing throws here: the run still has to be taken down in order, on the same full disk.
 * E3 A process writes its log itself (`processes/resource-log.ts`). Where it cannot, that is its own failure, and the host
 *    meets the same disk with its next event or metrics.
 */
import { openSync, writeSync } from "node:fs";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { type AppError, createError } from "../../simulator/common/foundation/errors.ts";
import { ResourceLog } from "../processes/resource-log.ts";

export interface EvidenceFiles {
  /** Opens a file for lines; each is written when it is given. */
  openLines(path: string): (line: string) => void;
  /** Does one write of another kind. */
  attempt(path: string, write: () => void): void;
  logOf(resource: string): ResourceLog;
  closeLogs(): void;
}

export function createEvidenceFiles(runDir: string, onFailure: (error: AppError) => void): EvidenceFiles {
  const logs = new Map<string, ResourceLog>();
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
      const log = new ResourceLog(path, (work) => attempt(path, work));
      logs.set(resource, log);
      return log;
    },
    closeLogs() {
      for (const log of logs.values()) log.close();
    },
  };
}
