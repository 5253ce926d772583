/**
 * What is known of this JobManager's checkpoints, for REST: counts, the newest of each kind, and a bounded history.
 * Pure bookkeeping; the files of checkpoint-storage.ts are the truth.
 */
import type { CheckpointFile } from "../../common/contract/files/checkpoint.ts";

/** As in Flink's default `web.checkpoints.history`. */
const HISTORY_MAX = 10;
/** Completed checkpoints that the summary's quantiles are of: the newest ones. */
const SAMPLES_MAX = 1_000;

export interface CheckpointRecord {
  readonly id: number;
  readonly kind: CheckpointFile["kind"];
  readonly status: "IN_PROGRESS" | "COMPLETED" | "FAILED";
  readonly triggeredAtMs: number;
  readonly latestAckAtMs: number;
  readonly durationMs: number;
  readonly bytes: number;
  readonly participants: number;
  readonly acknowledged: number;
  readonly location: string | null;
  readonly discarded: boolean;
  readonly failedAtMs: number | null;
  readonly failure: string | null;
}

export class CheckpointHistory {
  readonly counts = { restored: 0, total: 0, completed: 0, failed: 0 };
  latestCompleted: CheckpointRecord | null = null;
  latestFailed: CheckpointRecord | null = null;
  restored: { readonly id: number; readonly atMs: number; readonly location: string } | null = null;
  #records: CheckpointRecord[] = [];
  #completedSamples: { readonly bytes: number; readonly durationMs: number }[] = [];

  /** Newest first. */
  get records(): readonly CheckpointRecord[] {
    return this.#records;
  }

  get completedSamples(): readonly { readonly bytes: number; readonly durationMs: number }[] {
    return this.#completedSamples;
  }

  get inProgress(): number {
    return this.#records.filter((record) => record.status === "IN_PROGRESS").length;
  }

  begin(record: CheckpointRecord): void {
    this.counts.total += 1;
    this.#records = [record, ...this.#records].slice(0, HISTORY_MAX);
  }

  end(record: CheckpointRecord): void {
    this.#replace(record);
    if (record.status === "COMPLETED") {
      this.counts.completed += 1;
      this.latestCompleted = record;
      const { bytes, durationMs } = record;
      this.#completedSamples = [...this.#completedSamples, { bytes, durationMs }].slice(-SAMPLES_MAX);
    } else {
      this.counts.failed += 1;
      this.latestFailed = record;
    }
  }

  discard(id: number): void {
    const record = this.#records.find((known) => known.id === id);
    if (record !== undefined) this.#replace({ ...record, discarded: true });
  }

  restore(id: number, atMs: number, location: string): void {
    this.counts.restored += 1;
    this.restored = { id, atMs, location };
  }

  #replace(record: CheckpointRecord): void {
    this.#records = this.#records.map((known) => (known.id === record.id ? record : known));
  }
}
