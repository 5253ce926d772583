/**
 * The source's side of a checkpoint, and the only place that steers the reader. No consumer group is on the data path,
 * as in Flink: partitions are assigned and sought; the group's committed offsets are for monitoring.
 *
 * F1 A partition is read from the offset that `restoreFromCheckpoint` was given (from ACQUIRE); nothing else decides.
 * F2 `snapshotState` keeps applied positions, not consumed ones, under the checkpoint's id.
 * F3 `commitCheckpointOffsets` commits exactly that snapshot and forgets it and all older ones. It never throws: a
 *    failure is counted and logged.
 * F4 At most SNAPSHOTS_MAX snapshots wait for their completion, one commit is in flight, and one is due: the newest.
 * F5 The newest snapshot gets committed: no checkpoint may follow it while nothing changes. So it waits for the commit in
 *    flight, and after a failure it is tried again, unless a newer one came or the partition went to somebody else.
 */
import type { Log } from "../../common/foundation/log.ts";

const SNAPSHOTS_MAX = 16;
/** The client has tried for a minute then, or was refused. */
const RETRY_MS = 10_000;

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
  /** From a failed commit to the next try. Default 10,000 (F5). */
  readonly retryMs?: number;
}

interface Commit {
  readonly checkpointId: number;
  readonly offsets: readonly SourcePosition[];
}

export class FlinkKafkaConsumerGroup {
  readonly #options: ConsumerGroupOptions;
  /** By checkpoint id, oldest first. */
  readonly #snapshots = new Map<number, readonly SourcePosition[]>();
  /** By partition that is read here: what Kafka has from us. */
  readonly #committed = new Map<number, number>();
  #isCommitting = false;
  #due: Commit | null = null;
  #retryTimer: NodeJS.Timeout | undefined;

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
    this.#committed.delete(p);
    if (this.#due !== null) this.#due = { ...this.#due, offsets: this.#due.offsets.filter((one) => one.p !== p) };
  }

  pause(p: number): void {
    this.#options.reader.pause(p);
  }

  resume(p: number): void {
    this.#options.reader.resume(p);
  }

  /** The offset of the newest commit of a partition; undefined while there is none. */
  committedOffset(p: number): number | undefined {
    return this.#committed.get(p);
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

  /** Settles when nothing is in flight any more. */
  async commitCheckpointOffsets(checkpointId: number): Promise<void> {
    const offsets = this.#snapshots.get(checkpointId);
    for (const id of this.#snapshots.keys()) if (id <= checkpointId) this.#snapshots.delete(id);
    if (offsets === undefined) return;
    this.#due = { checkpointId, offsets };
    await this.#commitDue();
  }

  /** What is not committed by now stays so. */
  close(): void {
    this.#due = null;
    clearTimeout(this.#retryTimer);
  }

  async #commitDue(): Promise<void> {
    if (this.#isCommitting) return;
    clearTimeout(this.#retryTimer);
    this.#isCommitting = true;
    let isCommitted = true;
    while (this.#due !== null && isCommitted) {
      const commit: Commit = this.#due;
      isCommitted = await this.#commit(commit);
      // A newer one may have come meanwhile, or all of it may have been dropped.
      if (isCommitted && this.#due?.checkpointId === commit.checkpointId) this.#due = null;
    }
    this.#isCommitting = false;
    if (this.#due === null) return;
    this.#retryTimer = setTimeout(() => void this.#commitDue(), this.#options.retryMs ?? RETRY_MS);
  }

  async #commit({ checkpointId, offsets }: Commit): Promise<boolean> {
    if (offsets.length === 0) return true;
    try {
      await this.#options.commitOffsets(offsets);
      for (const { p, offset } of offsets) this.#committed.set(p, offset);
      return true;
    } catch (error) {
      this.#options.onCommitFailed();
      this.#options.log.warn(`committing the offsets of checkpoint ${checkpointId} failed`, error);
      return false;
    }
  }
}
