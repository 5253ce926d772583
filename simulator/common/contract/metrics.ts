/** What a TaskManager says of itself: each second, at each checkpoint, and once more when its job ends. */
import type { SparseLatency } from "./latency-histogram.ts";

export interface TaskManagerMetrics {
  readonly tm: string;
  readonly incarnation: string;
  readonly pid: number;
  readonly atUs: number;
  /** All counts are cumulative over this incarnation. */
  readonly processed: number;
  readonly rejected: number;
  readonly skipped: number;
  readonly bytes: number;
  readonly applies: ApplyCounts;
  readonly partitions: readonly PartitionPosition[];
  /** The newest checkpoint this TaskManager took part in; 0 = none. */
  readonly checkpointId: number;
  /** Commits of offsets to Kafka that failed; they are for monitoring only. */
  readonly offsetCommitsFailed?: number;
  /** True in the last message of an incarnation whose job ended. */
  readonly final: boolean;
  readonly cpuMs: number;
  readonly rssBytes: number;
  readonly busyMs: number;
  /** CPU time of what only observes and coordinates here: metrics and checkpoints. In cpuMs, too. */
  readonly observerCpuMs?: number;
  readonly eventLoopLagMsMax: number;
  readonly latency: SparseLatency;
  readonly latencyUsMax: number;
}

export interface ApplyCounts {
  readonly ok: number;
  readonly dup: number;
  readonly seek: number;
  readonly fenced: number;
  readonly storeLost: number;
}

export interface PartitionPosition {
  readonly p: number;
  /** Next offset to apply. */
  readonly offset: number;
  /** The last stable offset Kafka reported with the newest fetch; −1 = not yet known. */
  readonly endOffset: number;
}
