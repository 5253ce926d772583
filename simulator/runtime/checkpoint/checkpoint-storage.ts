/**
 * Checkpoints on disk: `checkpoints/chk-<id>/_metadata`, and `recoveries.json` beside them.
 *
 * D1 A checkpoint exists completely or not at all (see durable-file.ts). A folder without `_metadata` is a crash
 *    before the rename, and counts as none.
 * D2 What cannot be read, or is not a complete state of this job, is skipped for the one before it.
 * D3 Checkpoint 0, the final checkpoint and the newest RETAINED_MAX are kept; the rest is removed, only
 *    after the newer one is durable. One that was begun and never completed takes no place among them.
 */
import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  type CheckpointFile,
  type RecoveriesFile,
  readCheckpoint,
  readRecoveries,
} from "../../common/contract/files/checkpoint.ts";
import { type JobState, parseJobState } from "../../common/contract/state/redis-state.ts";
import { describeError } from "../../common/foundation/errors.ts";
import { parseJson } from "../../common/foundation/json-fields.ts";
import { readJson } from "../../common/foundation/json-file.ts";
import type { Log } from "../../common/foundation/log.ts";
import { syncFolder, writeDurably } from "./durable-file.ts";

const RETAINED_MAX = 3;

export interface StoredCheckpoint {
  readonly file: CheckpointFile;
  readonly state: JobState;
}

export interface CheckpointStorageOptions {
  readonly folder: string;
  readonly recoveriesPath: string;
  readonly jobId: string;
  readonly partitions: number;
  readonly log: Log;
}

export class CheckpointStorage {
  readonly #options: CheckpointStorageOptions;

  constructor(options: CheckpointStorageOptions) {
    this.#options = options;
  }

  /** Where a checkpoint lies, as a URL: what Flink's REST calls its external path. */
  locate(id: number): string {
    return pathToFileURL(this.#folderOf(id)).href;
  }

  /** Makes a checkpoint durable; returns its size in bytes. When this returns, the checkpoint is completed. */
  async write(checkpoint: CheckpointFile): Promise<number> {
    const text = `${JSON.stringify(checkpoint)}\n`;
    await writeDurably(this.#pathOf(checkpoint.id), text);
    // The checkpoint's own folder is new too, and so is its name.
    await syncFolder(this.#options.folder);
    return Buffer.byteLength(text);
  }

  /** Ids of all checkpoints that were begun, newest first, readable or not. */
  async listIds(): Promise<number[]> {
    const ids: number[] = [];
    for (const name of await this.#listFolder()) {
      const match = /^chk-(\d{1,16})$/.exec(name);
      if (match !== null) ids.push(Number(match[1]));
    }
    return ids.sort((a, b) => b - a);
  }

  /** True when a checkpoint was ever completed here, readable now or not: then a missing state is a lost one. */
  async hasAny(): Promise<boolean> {
    for (const id of await this.listIds()) if (await this.#isCompleted(id)) return true;
    return false;
  }

  /** The newest checkpoint that can be read (D2), or undefined. */
  async readNewest(): Promise<StoredCheckpoint | undefined> {
    for (const id of await this.listIds()) {
      const stored = await this.#read(id);
      if (stored !== undefined) return stored;
    }
    return undefined;
  }

  /** Removes what D3 does not keep. Returns the removed ids. */
  async retain(): Promise<number[]> {
    const removed: number[] = [];
    let completed = 0;
    for (const id of await this.listIds()) {
      if (!(await this.#isCompleted(id))) {
        // One below a completed checkpoint never will be.
        if (completed > 0) await rm(this.#folderOf(id), { recursive: true, force: true });
        continue;
      }
      completed += 1;
      if (id === 0 || completed <= RETAINED_MAX) continue;
      if ((await this.#read(id))?.file.kind === "final") continue;
      await rm(this.#folderOf(id), { recursive: true, force: true });
      removed.push(id);
    }
    return removed;
  }

  /** Every RECOVER so far, oldest first. */
  async readRecoveries(): Promise<RecoveriesFile["recoveries"]> {
    return (await readJson(this.#options.recoveriesPath, readRecoveries))?.recoveries ?? [];
  }

  /** Adds the entry of a RECOVER that is about to happen, durably. */
  async appendRecovery(entry: RecoveriesFile["recoveries"][number]): Promise<void> {
    const file: RecoveriesFile = { schema: 1, recoveries: [...(await this.readRecoveries()), entry] };
    await writeDurably(this.#options.recoveriesPath, `${JSON.stringify(file)}\n`);
  }

  #folderOf(id: number): string {
    return join(this.#options.folder, `chk-${id}`);
  }

  #pathOf(id: number): string {
    return join(this.#folderOf(id), "_metadata");
  }

  async #isCompleted(id: number): Promise<boolean> {
    try {
      await stat(this.#pathOf(id));
      return true;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "ENOENT" || code === "ENOTDIR") return false;
      throw error;
    }
  }

  async #listFolder(): Promise<string[]> {
    try {
      return await readdir(this.#options.folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  }

  async #read(id: number): Promise<StoredCheckpoint | undefined> {
    const { jobId, partitions, log } = this.#options;
    try {
      return parseCheckpoint(await readFile(this.#pathOf(id), "utf8"), { id, jobId, partitions });
    } catch (error) {
      log.warn(`checkpoint ${id} is skipped: ${describeError(error)}`);
      return undefined;
    }
  }
}

/** Throws a sentence that says why the text is not this checkpoint. */
export function parseCheckpoint(
  text: string,
  expected: { id: number; jobId: string; partitions: number },
): StoredCheckpoint {
  const found = parseJson(text, readCheckpoint);
  if (found.kind === "malformed") throw new Error(found.reason);
  const file = found.value;
  if (file.id !== expected.id) throw new Error(`it says it is checkpoint ${file.id}, expected ${expected.id}`);
  if (file.jobId !== expected.jobId) throw new Error(`it belongs to job ${file.jobId}, expected ${expected.jobId}`);
  const parsed = parseJobState(file.state, expected.partitions);
  if (parsed.kind === "missing") throw new Error("it holds no state");
  if (parsed.kind === "incomplete") throw new Error(`its state lacks a valid ${parsed.field}`);
  return { file, state: parsed.state };
}
