/**
 * What one APPLY adds so that a partition in Redis stands where Flink's committed counts stand. Pure.
 *
 * A1 Counts are absolute, so however many rows came since, one APPLY brings the partition to the newest one.
 * A2 Redis never holds less than the job claims and never hides more: where counts and offsets do not fit together, what
 *    Flink counted is applied as it is, and the sum that does not fit is the validator's finding.
 */
import type { PartitionCounts } from "../../common/contract/job/counts.ts";
import { SUM_MODULUS } from "../../common/contract/message.ts";
import type { ApplyArguments } from "../../common/contract/state/redis-scripts.ts";
import type { PartitionState } from "../../common/contract/state/redis-state.ts";

/** Where a partition stands in Redis. */
export type AppliedCounts = Pick<PartitionState, "start" | "offset" | "count" | "rejected" | "skipped" | "idSum">;

export type CountsChange =
  /** It stands there already. */
  | { readonly kind: "none" }
  | { readonly kind: "apply"; readonly change: CountsIncrement }
  /** Of fewer records than an earlier row that ended below it. */
  | { readonly kind: "wentBack" };

type CountsIncrement = Pick<
  ApplyArguments,
  "prev" | "next" | "n" | "rejected" | "skipped" | "idSum" | "idMix" | "lastId" | "disorder"
>;

export function planApply(applied: AppliedCounts, counts: PartitionCounts): CountsChange {
  const next = counts.highestOffset + 1;
  const rejected = counts.records - counts.messages;
  const n = counts.messages - applied.count;
  if (next <= applied.offset) return { kind: "none" };
  if (n < 0 || rejected < applied.rejected) return { kind: "wentBack" };
  const skipped = Math.max(applied.skipped, next - applied.start - counts.records);
  return {
    kind: "apply",
    change: {
      prev: applied.offset,
      next,
      n,
      rejected: rejected - applied.rejected,
      skipped: skipped - applied.skipped,
      idSum: (counts.idSum - applied.idSum + SUM_MODULUS) % SUM_MODULUS,
      // SQL has no operations on bits, so there is no such sum.
      idMix: 0,
      lastId: counts.highestId,
      disorder: 0,
    },
  };
}

export function addChange(applied: AppliedCounts, change: CountsIncrement): AppliedCounts {
  return {
    start: applied.start,
    offset: change.next,
    count: applied.count + change.n,
    rejected: applied.rejected + change.rejected,
    skipped: applied.skipped + change.skipped,
    idSum: (applied.idSum + change.idSum) % SUM_MODULUS,
  };
}
