/**
 * Where `produce --kafka` keeps the ledger of what was acknowledged: `produced/<time>-<id>` beside the runs. It is no run:
 * no host, no record, and nothing to sweep, since its one process ends with the one who started it.
 */
import { mkdirSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { readLedger } from "../../simulator/common/contract/files/ledger.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { createError, isAppError } from "../../simulator/common/foundation/errors.ts";
import { parseJson } from "../../simulator/common/foundation/json-fields.ts";
import { inspectFolder, makeFolders, readOwnFile, removeOwn, writeNewFile } from "../files/own-files.ts";
import { createRunId, requireOwnBase } from "./run-folder.ts";

const PRODUCED = "produced";
/** As many as there are runs kept. */
const KEPT = 20;
const NAME = /^\d{8}T\d{6}Z-[0-9a-f]{8}$/;
const LEDGER_BYTES_MAX = 64 * 1024 * 1024;

export interface ProducedFolder {
  readonly id: string;
  readonly path: string;
}

/** Throws FOLDER_REFUSED when the base is not ours, and RUN_FOLDER_FAILED when nothing can be written there. */
export function createProducedFolder(base: string): ProducedFolder {
  const { runId, folder } = createRunId(new Date());
  const all = join(resolve(base), PRODUCED);
  const path = join(all, folder);
  try {
    requireOwnBase(base);
    makeFolders(all);
    const found = inspectFolder(all);
    if (found.kind === "refused") throw createError("FOLDER_REFUSED", { path: all, reason: found.reason });
    mkdirSync(path, { mode: 0o700 });
    mkdirSync(runFolder.logs(path), { mode: 0o700 });
    writeNewFile(join(path, ".gitignore"), "*\n");
  } catch (error) {
    throw isAppError(error) ? error : createError("RUN_FOLDER_FAILED", { path: resolve(base) }, error);
  }
  return { id: runId, path };
}

/** The oldest beyond those that are kept, and never one that may still be written. Returns what could not be removed. */
export function removeOldProduced(base: string): string[] {
  const all = join(resolve(base), PRODUCED);
  const names = readdirSync(all)
    .filter((name) => NAME.test(name))
    .sort();
  const old = names.slice(0, Math.max(0, names.length - KEPT)).map((name) => join(all, name));
  return old
    .filter(hasEnded)
    .map(removeOwn)
    .filter((problem) => problem !== null);
}

/** A ledger that says "running" may be that of a process which is. */
function hasEnded(path: string): boolean {
  const file = readOwnFile(runFolder.ledger(path, 1), LEDGER_BYTES_MAX);
  if (file.kind !== "read") return false;
  const parsed = parseJson(file.text, readLedger);
  return parsed.kind === "valid" && parsed.value.outcome !== "running";
}
