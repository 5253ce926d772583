/** Files of `checkpoints/`. Written by the JobManager: temporary file, fsync, rename, fsync of the folder. */
import { formatCount } from "../../foundation/figures.ts";
import type { Fields } from "../../foundation/json-fields.ts";
import { EPOCH_STRIDE } from "../state/redis-state.ts";

/** `chk-<id>/_metadata`. Checkpoint 0 holds the start offsets and zero counts, before the first INIT. */
export interface CheckpointFile {
  readonly schema: 1;
  readonly id: number;
  readonly kind: "initial" | "checkpoint" | "final";
  readonly jobId: string;
  readonly epoch: number;
  readonly completedAtUs: number;
  /** The whole hash, as one HGETALL gave it: a consistent cut over all partitions. */
  readonly state: Readonly<Record<string, string>>;
}

/**
 * A checkpoint as a person counts: `7`, and `3 of JobManager 2` after the first restart of the JobManager. The id itself,
 * epoch × 1,000,000 + k, is for those who sort and compare.
 */
export function formatCheckpointId(id: number): string {
  const epoch = Math.floor(id / EPOCH_STRIDE);
  const own = formatCount(id % EPOCH_STRIDE);
  return epoch <= 1 ? own : `${own} of JobManager ${formatCount(epoch)}`;
}

/** Where the state of a new life came from. A job that starts from a savepoint has its first life from there. */
export type RecoverySource = "redis" | "checkpoint" | "savepoint";

/**
 * `recoveries.json`: one entry a RECOVER, oldest first, fsynced before the HSET. Rows of every earlier life with `next`
 * above `offsets[p]` are void. The newest entry's life is the current one, or is still
 * to come: a JobManager that finds an older life goes on with the recovery.
 */
export interface RecoveriesFile {
  readonly schema: 1;
  readonly recoveries: readonly {
    readonly life: string;
    readonly atUs: number;
    readonly from: RecoverySource;
    readonly reason: string;
    /** The cut: next offset by partition. */
    readonly offsets: readonly number[];
  }[];
}

export function readRecoveries(fields: Fields): RecoveriesFile {
  fields.whole("schema", 1, 1);
  fields.list("recoveries", (entry) => {
    entry.text("life");
    entry.whole("atUs");
    entry.text("from", /^(redis|checkpoint|savepoint)$/);
    entry.text("reason");
    entry.wholes("offsets");
  });
  return fields.as<RecoveriesFile>();
}

/** The form around the state; whether that is complete is another question. */
export function readCheckpoint(fields: Fields): CheckpointFile {
  fields.whole("schema", 1, 1);
  fields.whole("id");
  fields.text("kind", /^(initial|checkpoint|final)$/);
  fields.text("jobId");
  fields.whole("epoch");
  fields.whole("completedAtUs");
  fields.texts("state");
  return fields.as<CheckpointFile>();
}
