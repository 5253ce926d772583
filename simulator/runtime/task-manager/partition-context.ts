/** What the partitions of a TaskManager share: its store, its files, its source, and whom they report to. */
import type { AppliedLogRow } from "../../common/contract/files/applied-log.ts";
import type { TaskManagerToJobManager } from "../../common/contract/job/rpc.ts";
import type {
  AcquireAnswer,
  AcquireArguments,
  ApplyAnswer,
  ApplyArguments,
} from "../../common/contract/state/redis-scripts.ts";
import type { RunClock } from "../../common/foundation/clock.ts";
import type { FlinkKafkaConsumerGroup } from "../source/flink-kafka-consumer-group.ts";
import type { RecordColumns } from "../source/record-columns.ts";
import type { TaskCounters } from "./task-counters.ts";

/** Raw record-set bytes of one partition; valid only during the call. `FetchedRecords` of the reader has this form. */
export interface FetchedSet {
  readonly p: number;
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
  readonly fetchOffset: number;
  readonly lastStableOffset: number;
}

export interface PartitionContext {
  readonly tm: string;
  readonly store: {
    acquire(a: AcquireArguments): Promise<AcquireAnswer>;
    apply(a: ApplyArguments): Promise<ApplyAnswer>;
  };
  readonly appliedLog: { append(...rows: readonly AppliedLogRow[]): void };
  readonly source: FlinkKafkaConsumerGroup;
  readonly counters: TaskCounters;
  readonly clock: RunClock;
  /** Decodes a record set from `fromOffset` on, and hands over what reaches the sink, batch by batch. */
  decode(fetched: FetchedSet, fromOffset: number, emit: (records: RecordColumns, next: number) => void): void;
  report(message: TaskManagerToJobManager): void;
  /** The data of this life are gone from Redis: no partition may go on with it. */
  onStoreLost(life: string): void;
  /** The job cannot go on here. */
  onFailed(error: unknown): void;
}
