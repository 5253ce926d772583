/**
 * The checkpoints and savepoints of a job as Flink keeps them on disk: what the job goes on from after its JobManager died. A service of
 * Flink's for high availability by files alone does not exist: those that it has keep the way to the newest checkpoint in
 * ZooKeeper or in Kubernetes. Here the folder itself is asked.
 *
 * R1 A checkpoint with `_metadata` is complete: Flink writes that last, under another name, and renames it.
 * R2 The highest id is the newest: a job that goes on from a checkpoint counts on from its id.
 * R3 Flink removes an older one only when a newer one is complete. So there is always one, while a path that REST told
 *    some time ago may be gone.
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const METADATA = "_metadata";
const FOLDER = /^chk-(\d+)$/;
/** Of the job's id in the name of a savepoint's folder. */
const ID_LENGTH = 6;

/** `folder`: of the checkpoints of all jobs, absolute. The answer is a URI as Flink takes it; null: none is complete. */
export function findNewestCheckpoint(folder: string, jobId: string): string | null {
  const ofJob = join(folder, jobId);
  // Flink makes it when the job starts.
  if (!existsSync(ofJob)) return null;
  const ids = readdirSync(ofJob)
    .flatMap((name) => FOLDER.exec(name)?.[1] ?? [])
    .filter((id) => existsSync(join(ofJob, `chk-${id}`, METADATA)))
    .map(Number);
  return ids.length === 0 ? null : `file://${join(ofJob, `chk-${Math.max(...ids)}`)}`;
}

/**
 * The complete savepoints of a job as URIs, the newest last (R1). `folder`: of those of all jobs, absolute; undefined: it is
 * not on this machine.
 */
export function listSavepoints(folder: string | undefined, jobId: string): readonly string[] {
  // Flink makes it with the first one.
  if (folder === undefined || !existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.startsWith(`savepoint-${jobId.slice(0, ID_LENGTH)}`))
    .flatMap((name) => {
      const metadata = join(folder, name, METADATA);
      return existsSync(metadata) ? [{ name, writtenAtMs: statSync(metadata).mtimeMs }] : [];
    })
    .sort((a, b) => a.writtenAtMs - b.writtenAtMs)
    .map(({ name }) => `file://${join(folder, name)}`);
}
