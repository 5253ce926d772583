/**
 * The record of what was applied: the union of the applied logs and the `last:` fields. Pure.
 *
 * U1 A row of an earlier life is void when its `next` lies above a later recovery's cut: Redis forgot it.
 * U2 Rows are deduplicated by (p, prev, next, n, base): a new owner repeats the last row of its predecessor.
 * U3 While the job runs, a log may be ahead of the state that was read; rows above the applied offset do not count yet.
 *    A job that is drained or stopped has none, so there they stay in and break the tiling.
 */
import type { AcquireRow, ApplyRow } from "../../simulator/common/contract/files/applied-log.ts";
import type { RecoveriesFile } from "../../simulator/common/contract/files/checkpoint.ts";
import type { JobState } from "../../simulator/common/contract/state/redis-state.ts";

export interface AppliedLog {
  readonly files: number;
  readonly lines: number;
  readonly applies: readonly ApplyRow[];
  readonly acquires: readonly AcquireRow[];
  /** Terminated lines that have no valid form, at most the first 20 as `file:line`. */
  readonly broken: readonly string[];
  readonly brokenCount: number;
}

export interface AppliedUnion {
  /** Sorted by partition and prev. */
  readonly rows: readonly ApplyRow[];
  readonly voided: number;
  readonly ahead: number;
  /** Lives that are neither the first nor named by a recovery. */
  readonly strangeLives: readonly string[];
}

export function uniteAppliedRows(
  log: AppliedLog,
  state: JobState | null,
  recoveries: RecoveriesFile["recoveries"],
  options: { readonly dropRowsAhead: boolean },
): AppliedUnion {
  const order = new Map(recoveries.map((recovery, i) => [recovery.life, i]));
  const unnamed = new Set<string>();
  const kept: ApplyRow[] = [];
  let voided = 0;
  let ahead = 0;
  for (const row of [...log.applies, ...lastRows(state)]) {
    const life = order.get(row.life) ?? -1;
    if (life === -1) unnamed.add(row.life);
    if (isVoid(row, recoveries, life)) {
      voided += 1;
    } else if (options.dropRowsAhead && state !== null && row.next > (state.partitions[row.p]?.offset ?? 0)) {
      ahead += 1;
    } else {
      kept.push(row);
    }
  }
  if (state !== null && !order.has(state.life)) unnamed.add(state.life);
  // The first life is the one that no recovery names; there is one.
  const strangeLives = unnamed.size > 1 ? [...unnamed].sort() : [];
  return { rows: deduplicate(kept), voided, ahead, strangeLives };
}

function isVoid(row: ApplyRow, recoveries: RecoveriesFile["recoveries"], life: number): boolean {
  for (let later = life + 1; later < recoveries.length; later += 1) {
    if (row.next > (recoveries[later]?.offsets[row.p] ?? 0)) return true;
  }
  return false;
}

/** The newest batch of each partition as a row. It was applied after it was sent: that time is a lower bound. */
function lastRows(state: JobState | null): ApplyRow[] {
  if (state === null) return [];
  return state.partitions.flatMap(({ p, last }) => {
    if (last === null) return [];
    const { sentAtUs, ...batch } = last;
    return [{ kind: "apply" as const, life: state.life, p, ...batch, appliedAtUs: sentAtUs }];
  });
}

function deduplicate(rows: ApplyRow[]): ApplyRow[] {
  rows.sort(
    (a, b) =>
      a.p - b.p || a.prev - b.prev || a.next - b.next || a.n - b.n || a.base - b.base || b.appliedAtUs - a.appliedAtUs,
  );
  return rows.filter((row, i) => {
    const before = rows[i - 1];
    return before === undefined || !isSameBatch(before, row);
  });
}

function isSameBatch(a: ApplyRow, b: ApplyRow): boolean {
  return a.p === b.p && a.prev === b.prev && a.next === b.next && a.n === b.n && a.base === b.base;
}
