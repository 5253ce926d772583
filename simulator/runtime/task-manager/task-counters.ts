/** What a TaskManager counts over its life; its metrics are a copy of it. One object per process, updated in place. */
import { createLatencyCounts } from "../../common/contract/latency-histogram.ts";
import type { SinkCounters } from "../sink/partition-sink.ts";
import { TaskTimes } from "./task-times.ts";

export interface TaskCounters extends SinkCounters {
  /** Bytes of record batches decoded. */
  bytes: number;
  readonly times: TaskTimes;
  /** CPU time of metrics and checkpoints. */
  observerCpuMs: number;
  offsetCommitsFailed: number;
}

export const createTaskCounters = (): TaskCounters => ({
  processed: 0,
  rejected: 0,
  skipped: 0,
  bytes: 0,
  times: new TaskTimes(),
  observerCpuMs: 0,
  offsetCommitsFailed: 0,
  applies: { ok: 0, dup: 0, seek: 0, fenced: 0, storeLost: 0 },
  latency: createLatencyCounts(),
});
