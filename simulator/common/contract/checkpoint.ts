/** Files of `checkpoints/`. Written by the JobManager: temporary file, fsync, rename, fsync of the folder. */

/** `chk-<id>/_metadata`. Checkpoint 0 holds the start offsets and zero counts, before the first INIT. */
export interface CheckpointFile {
  readonly schema: 1;
  readonly id: number;
  readonly kind: "initial" | "checkpoint" | "final" | "savepoint";
  readonly jobId: string;
  readonly epoch: number;
  readonly completedAtUs: number;
  /** The whole hash, as one HGETALL gave it: a consistent cut over all partitions. */
  readonly state: Readonly<Record<string, string>>;
}

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
    readonly from: "redis" | "checkpoint";
    readonly reason: string;
    /** The cut: next offset by partition. */
    readonly offsets: readonly number[];
  }[];
}
