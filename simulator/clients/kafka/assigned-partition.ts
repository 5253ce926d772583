/**
 * A partition that a reader reads, what was fetched of it, and how long nothing but failures came for it. Pure: the clock is the caller's.
 *
 * A1 Each reason has its own time: how long Kafka was away says nothing about whether the topic exists, and a broker that
 *    has just started may not have loaded it yet. So "missing" counts from its first answer in a row.
 */
import { type AppError, createError } from "../../common/foundation/errors.ts";
import { isConnectionFailure } from "./retry.ts";
import type { PartitionLeader } from "./topic-leaders.ts";
import type { AbortedTransaction } from "./wire/aborted-transactions.ts";

/** Whole record batches of one partition, as they came. */
export interface FetchedRecords {
  readonly p: number;
  /** Bytes start to end hold whole record batches. Valid during the call only. */
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
  /** What was asked for: records below it, in the first batch, are to be skipped. */
  readonly fetchOffset: number;
  /** The offset after the last batch. */
  readonly nextOffset: number;
  readonly lastStableOffset: number;
  readonly highWatermark: number;
  /** Those that reach into these records: what they wrote is not to be read. */
  readonly abortedTransactions: readonly AbortedTransaction[];
}

export interface AssignedPartition {
  readonly p: number;
  /** The next offset to ask for. */
  offset: number;
  paused: boolean;
  /** True while Kafka is asked whether the offset is one that it holds: meanwhile it is not fetched. */
  inQuestion: boolean;
  /** Undefined: to be found by a metadata refresh. */
  leader: PartitionLeader | undefined;
  /** Undefined while all is well. */
  failing: Failing | undefined;
  /** An answer that came while paused (R2 of `consumer.ts`). It is not asked for more until this is handed out. */
  held: FetchedRecords | undefined;
}

interface Failing {
  readonly sinceMs: number;
  readonly last: Failure;
}

type Failure =
  | { readonly kind: "failed"; readonly error: AppError }
  /** No such topic, or it has no such partition. */
  | { readonly kind: "missing"; readonly sinceMs: number };

export interface Patience {
  readonly unreachableAfterMs: number;
  readonly missingAfterMs: number;
}

export type FailureVerdict =
  | { readonly kind: "mayPass" }
  | { readonly kind: "partitionLost"; readonly error: AppError }
  /** Kafka itself is away: that concerns all partitions. */
  | { readonly kind: "unreachable"; readonly cause: AppError; readonly waitedMs: number };

export function createAssignedPartition(
  p: number,
  offset: number,
  leader: PartitionLeader | undefined,
): AssignedPartition {
  return { p, offset, paused: false, inQuestion: false, leader, failing: undefined, held: undefined };
}

/** Its leader is to be found again. */
export function noteFailure(partition: AssignedPartition, error: AppError, nowMs: number): void {
  partition.leader = undefined;
  partition.failing = { sinceMs: partition.failing?.sinceMs ?? nowMs, last: { kind: "failed", error } };
}

export function noteMissing(partition: AssignedPartition, nowMs: number): void {
  partition.leader = undefined;
  const { failing } = partition;
  const missingSinceMs = failing?.last.kind === "missing" ? failing.last.sinceMs : nowMs;
  partition.failing = { sinceMs: failing?.sinceMs ?? nowMs, last: { kind: "missing", sinceMs: missingSinceMs } };
}

/** Whether what failed last has lasted too long. */
export function judgeFailure(failing: Failing, topic: string, patience: Patience, nowMs: number): FailureVerdict {
  const { sinceMs, last } = failing;
  if (last.kind === "missing") {
    const waitedMs = Math.round(nowMs - last.sinceMs);
    if (waitedMs < Math.min(patience.missingAfterMs, patience.unreachableAfterMs)) return { kind: "mayPass" };
    return { kind: "partitionLost", error: createError("KAFKA_TOPIC_MISSING", { topic, waitedMs }) };
  }
  const waitedMs = Math.round(nowMs - sinceMs);
  if (waitedMs < patience.unreachableAfterMs) return { kind: "mayPass" };
  if (isConnectionFailure(last.error)) return { kind: "unreachable", cause: last.error, waitedMs };
  return { kind: "partitionLost", error: last.error };
}
