/** The checkpoints that the JobManager left in the run's folder. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { RunConfig } from "../../simulator/common/contract/child/run-config.ts";
import { type CheckpointFile, readCheckpoint } from "../../simulator/common/contract/files/checkpoint.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { type JobState, parseJobState } from "../../simulator/common/contract/state/redis-state.ts";
import { readJson } from "../../simulator/common/foundation/json-file.ts";

/** The newest one that is complete; null when there is none, not even the initial one. */
export async function readNewestCheckpoint(runDir: string): Promise<CheckpointFile | null> {
  const folder = runFolder.checkpoints(runDir);
  for (const id of (await listCheckpoints(folder)).sort((a, b) => b - a)) {
    // A folder without its file: a crash before the rename, or the JobManager just removed it for newer ones.
    const file = await readJson(join(folder, `chk-${id}`, "_metadata"), readCheckpoint);
    if (file !== undefined) return file;
  }
  return null;
}

/**
 * What was counted before this run, where the job started from a savepoint: the state of checkpoint 0. Null: it began with
 * nothing. Of a run that ended before there was one nothing was counted either.
 */
export async function readRestoredState(
  runDir: string,
  { savepointPath, partitions }: RunConfig,
): Promise<JobState | null> {
  if (savepointPath === undefined) return null;
  const path = join(runFolder.checkpoints(runDir), "chk-0", "_metadata");
  const file = await readJson(path, readCheckpoint);
  const parsed = file === undefined ? undefined : parseJobState(file.state, partitions);
  return parsed?.kind === "complete" ? parsed.state : null;
}

async function listCheckpoints(folder: string): Promise<number[]> {
  try {
    return (await readdir(folder)).flatMap((name) => /^chk-(\d{1,16})$/.exec(name)?.[1] ?? []).map(Number);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
