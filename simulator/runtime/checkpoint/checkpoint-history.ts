/**
 * What is known of this JobManager's checkpoints, for REST: counts, the newest of each kind, and a bounded history.
 * Pure bookkeeping; the files of checkpoint-storage.ts are the truth.
 */
import type { CheckpointFile } from "../../common/contract/files/checkpoint.ts";

/** As in Flink's default `web.checkpoints.history`. */
const LISTED_MAX = 10;
/** A checkpoint is asked for by who saw it in a list, long after it left there: one a second is found for ten minutes. */
const KEPT_MAX = 600;
/** Completed checkpoints that the summary's quantiles are of: the newest ones. */
const SAMPLES_MAX = 1_000;

export interface CheckpointRecord {
  readonly id: number;
  readonly kind: CheckpointFile["kind"] | "savepoint";
  readonly status: "IN_PROGRESS" | "COMPLETED" | "FAILED";
  readonly triggeredAtMs: number;
  readonly latestAckAtMs: number;
  readonly durationMs: number;
  readonly bytes: number;
  readonly participants: number;
  readonly acknowledged: number;
  /** Who acknowledged, and when. */
  readonly acknowledgements: readonly { readonly tm: string; readonly atMs: number }[];
  readonly location: string | null;
  readonly discarded: boolean;
  readonly failedAtMs: number | null;
  readonly failure: string | null;
}

export interface RestoredCheckpoint {
  readonly id: number;
  readonly atMs: number;
  readonly location: string;
  readonly isSavepoint: boolean;
}

export class CheckpointHistory {
  readonly counts = { restored: 0, total: 0, completed: 0, failed: 0 };
  latestCompleted: CheckpointRecord | null = null;
  latestSavepoint: CheckpointRecord | null = null;
  latestFailed: CheckpointRecord | null = null;
  restored: RestoredCheckpoint | null = null;
  /** By id, oldest first. */
  readonly #kept = new Map<number, CheckpointRecord>();
  #completedSamples: { readonly bytes: number; readonly durationMs: number }[] = [];

  /** The newest, newest first. */
  get records(): readonly CheckpointRecord[] {
    return [...this.#kept.values()].slice(-LISTED_MAX).toReversed();
  }

  find(id: number): CheckpointRecord | undefined {
    const latest = [this.latestCompleted, this.latestSavepoint, this.latestFailed].find((record) => record?.id === id);
    return this.#kept.get(id) ?? latest ?? undefined;
  }

  get completedSamples(): readonly { readonly bytes: number; readonly durationMs: number }[] {
    return this.#completedSamples;
  }

  get inProgress(): number {
    return this.records.filter((record) => record.status === "IN_PROGRESS").length;
  }

  begin(record: CheckpointRecord): void {
    this.counts.total += 1;
    this.#kept.set(record.id, record);
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined && this.#kept.size > KEPT_MAX) this.#kept.delete(oldest);
  }

  end(record: CheckpointRecord): void {
    this.#replace(record);
    if (record.status === "COMPLETED") {
      this.counts.completed += 1;
      if (record.kind === "savepoint") this.latestSavepoint = record;
      else this.latestCompleted = record;
      const { bytes, durationMs } = record;
      this.#completedSamples = [...this.#completedSamples, { bytes, durationMs }].slice(-SAMPLES_MAX);
    } else {
      this.counts.failed += 1;
      this.latestFailed = record;
    }
  }

  discard(id: number): void {
    const record = this.#kept.get(id);
    if (record !== undefined) this.#replace({ ...record, discarded: true });
  }

  restore(restored: RestoredCheckpoint): void {
    this.counts.restored += 1;
    this.restored = restored;
  }

  #replace(record: CheckpointRecord): void {
    if (this.#kept.has(record.id)) this.#kept.set(record.id, record);
  }
}
