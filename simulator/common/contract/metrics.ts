/**
 * What a TaskManager says of itself: each second while its counts change, at each checkpoint, and once more when its job
 * ends.
 */
import type { EngineUsage } from "../foundation/engine-usage.ts";
import { createLatencyCounts, mergeSparseLatency, type SparseLatency, toSparseLatency } from "./latency-histogram.ts";

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
  /** How the time of this incarnation went: its thread ran (busy), waited while the sink held the source back, or idled. */
  readonly busyMs: number;
  readonly backPressuredMs?: number;
  readonly idleMs?: number;
  readonly heap?: HeapUsage;
  /** Beside its heap. */
  readonly engine?: EngineUsage;
  /** CPU time of what only observes and coordinates here: metrics and checkpoints. In cpuMs, too. */
  readonly observerCpuMs?: number;
  readonly eventLoopLagMsMax: number;
  readonly latency: SparseLatency;
  readonly latencyUsMax: number;
}

/** In `metrics.ndjson` these stand among lines of other kinds, each of which has a `type`: `usage` is one. */
export const isTaskManagerMetrics = (line: object): line is TaskManagerMetrics => !("type" in line);

/** Of the JavaScript engine. */
export interface HeapUsage {
  readonly usedBytes: number;
  readonly committedBytes: number;
  readonly maxBytes: number;
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
  /** What was last committed to Kafka for it by this incarnation; absent while nothing was. */
  readonly committedOffset?: number;
}

/**
 * What two incarnations of a TaskManager counted together; all else is the later one's. Whoever keeps the dead so needs
 * the same memory however many there were. Pure.
 */
export function addMetrics(earlier: TaskManagerMetrics, later: TaskManagerMetrics): TaskManagerMetrics {
  const latency = createLatencyCounts();
  for (const one of [earlier, later]) mergeSparseLatency(latency, one.latency, one.latencyUsMax);
  return {
    ...later,
    processed: earlier.processed + later.processed,
    rejected: earlier.rejected + later.rejected,
    skipped: earlier.skipped + later.skipped,
    bytes: earlier.bytes + later.bytes,
    applies: {
      ok: earlier.applies.ok + later.applies.ok,
      dup: earlier.applies.dup + later.applies.dup,
      seek: earlier.applies.seek + later.applies.seek,
      fenced: earlier.applies.fenced + later.applies.fenced,
      storeLost: earlier.applies.storeLost + later.applies.storeLost,
    },
    partitions: joinPositions(earlier.partitions, later.partitions),
    offsetCommitsFailed: (earlier.offsetCommitsFailed ?? 0) + (later.offsetCommitsFailed ?? 0),
    cpuMs: earlier.cpuMs + later.cpuMs,
    busyMs: earlier.busyMs + later.busyMs,
    backPressuredMs: (earlier.backPressuredMs ?? 0) + (later.backPressuredMs ?? 0),
    idleMs: (earlier.idleMs ?? 0) + (later.idleMs ?? 0),
    observerCpuMs: (earlier.observerCpuMs ?? 0) + (later.observerCpuMs ?? 0),
    eventLoopLagMsMax: Math.max(earlier.eventLoopLagMsMax, later.eventLoopLagMsMax),
    latency: toSparseLatency(latency),
    latencyUsMax: latency.maxUs,
  };
}

/** The furthest of each partition. */
function joinPositions(a: readonly PartitionPosition[], b: readonly PartitionPosition[]): PartitionPosition[] {
  const joined = new Map<number, PartitionPosition>();
  for (const { p, offset, endOffset } of [...a, ...b]) {
    const known = joined.get(p);
    joined.set(p, {
      p,
      offset: Math.max(known?.offset ?? 0, offset),
      endOffset: Math.max(known?.endOffset ?? -1, endOffset),
    });
  }
  return [...joined.values()];
}
