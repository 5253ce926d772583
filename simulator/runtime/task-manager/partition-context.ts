/** What the partitions of a TaskManager share: its store, its files, its source, and whom they report to. */
import type { FetchedRecords } from "../../clients/kafka/assigned-partition.ts";
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
import type { RecordOutput } from "../source/record-set-decoder.ts";
import type { TaskCounters } from "./task-counters.ts";

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
  /** One for all partitions of a TaskManager: they take turns. */
  readonly decoder: { decode(fetched: FetchedRecords, output: RecordOutput): void };
  report(message: TaskManagerToJobManager): void;
  /** The data of this life are gone from Redis: no partition may go on with it. */
  onStoreLost(life: string): void;
  /** The job cannot go on here. */
  onFailed(error: unknown): void;
}
