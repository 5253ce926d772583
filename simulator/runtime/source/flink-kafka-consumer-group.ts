/**
 * The source's side of a checkpoint, and the only place that steers the reader. No consumer group is on the data path,
 * as in Flink: partitions are assigned and sought; the group's committed offsets are for monitoring.
 *
 * F1 A partition is read from the offset that `restoreFromCheckpoint` was given (from ACQUIRE); nothing else decides.
 * F2 `snapshotState` keeps applied positions, not consumed ones, under the checkpoint's id.
 * F3 `commitCheckpointOffsets` commits exactly that snapshot and forgets it and all older ones; once for a checkpoint. It
 *    never throws: a failure is counted and logged, and the next checkpoint commits newer offsets anyway.
 * F4 At most SNAPSHOTS_MAX snapshots wait for their completion, and one commit is in flight.
 */
import type { Log } from "../../common/foundation/log.ts";

const SNAPSHOTS_MAX = 16;

export interface SourcePosition {
  readonly p: number;
  /** Next offset. */
  readonly offset: number;
}

/** What the source needs of the reader: `PartitionReader` has it. */
export interface SourceReader {
  assign(p: number, offset: number): void;
  release(p: number): void;
  pause(p: number): void;
  resume(p: number): void;
}

export interface ConsumerGroupOptions {
  readonly reader: SourceReader;
  /** Commits to Kafka under the job's group. */
  readonly commitOffsets: (offsets: readonly SourcePosition[]) => Promise<void>;
  readonly onCommitFailed: () => void;
  readonly log: Log;
}

export class FlinkKafkaConsumerGroup {
  readonly #options: ConsumerGroupOptions;
  /** By checkpoint id, oldest first. */
  readonly #snapshots = new Map<number, readonly SourcePosition[]>();
  #committing = false;

  constructor(options: ConsumerGroupOptions) {
    this.#options = options;
  }

  /** Starts to read each partition at its position, or moves it there (F1). */
  restoreFromCheckpoint(state: readonly SourcePosition[]): void {
    for (const { p, offset } of state) this.#options.reader.assign(p, offset);
  }

  /** Stops reading a partition. */
  release(p: number): void {
    this.#options.reader.release(p);
  }

  pause(p: number): void {
    this.#options.reader.pause(p);
  }

  resume(p: number): void {
    this.#options.reader.resume(p);
  }

  /** Keeps the applied positions for the checkpoint, and returns them for its acknowledgement. */
  snapshotState(checkpointId: number, applied: readonly SourcePosition[]): readonly SourcePosition[] {
    this.#snapshots.set(checkpointId, applied);
    for (const id of this.#snapshots.keys()) {
      if (this.#snapshots.size <= SNAPSHOTS_MAX) break;
      this.#snapshots.delete(id);
    }
    return applied;
  }

  async commitCheckpointOffsets(checkpointId: number): Promise<void> {
    const snapshot = this.#snapshots.get(checkpointId);
    for (const id of this.#snapshots.keys()) if (id <= checkpointId) this.#snapshots.delete(id);
    // A commit that takes longer than a checkpoint interval is not queued behind: the next one carries newer offsets.
    if (snapshot === undefined || snapshot.length === 0 || this.#committing) return;
    this.#committing = true;
    try {
      await this.#options.commitOffsets(snapshot);
    } catch (error) {
      this.#options.onCommitFailed();
      this.#options.log.warn(`committing the offsets of checkpoint ${checkpointId} failed`, error);
    } finally {
      this.#committing = false;
    }
  }
}
