/**
 * I7: nothing was applied under an older fence. Pure. The rows are what the TaskManagers say, the hash what Redis knows.
 *
 * F1 Within a life no apply row has `prev` at or above an acquire row's offset and a smaller g.
 * F2 Within a life generations do not fall along a partition's offsets. This needs no acquire row: Redis may have granted
 *    a fence whose row was never written.
 * F3 No row, and no last batch, has a g above the fence of the hash; while the job runs, but for one that came after the
 *    state was read, which begins at the applied offset or above.
 * F4 A process appends its acquire row before it applies anything, so each g of an apply row has one.
 * F5 A fence of the hash has an acquire row, or is 0 (nobody acquired), or was set by FENCE_ALL (all are the same, the
 *    phase is stopped) or RECOVER. Else its owner ended between ACQUIRE and its row, which is said.
 */
import type { AcquireRow, ApplyRow } from "../../../simulator/common/contract/files/applied-log.ts";
import { CHECKS } from "../../../simulator/common/contract/files/check-catalogue.ts";
import type { Check } from "../../../simulator/common/contract/files/report.ts";
import type { JobState, PartitionState } from "../../../simulator/common/contract/state/redis-state.ts";
import type { FactsBeforeTopic } from "../facts.ts";
import { checkState } from "./check.ts";

export function checkFencing(facts: FactsBeforeTopic): Check[] {
  return [
    checkState(facts, CHECKS.fencing, (state) => {
      const { applies, acquires } = facts.log;
      const stale = [...findStaleApplies(applies, acquires), ...findFallingGenerations(applies)];
      const problems = [
        ...stale,
        ...findRowsAboveFence(applies, acquires, state),
        ...findUnacquired(applies, acquires),
        ...findFencesAfterStop(facts, state),
      ];
      const notes = state.partitions.flatMap((partition) => explainFence(facts, state, partition));
      return {
        expected: "0 rows",
        actual: `${stale.length} rows`,
        // A job whose savepoint had all of it applies nothing, and has its fences all the same.
        examined: applies.length === 0 && facts.restored === null ? 0 : acquires.length + state.partitions.length,
        problems,
        compared: `${applies.length} apply rows with ${acquires.length} acquire rows and ${state.partitions.length} fences`,
        notes,
      };
    }),
  ];
}

const keyOf = (row: { readonly life: string; readonly p: number }) => `${row.life} ${row.p}`;

/** F1. For each partition the acquire rows are sorted by g, with the smallest offset of all later ones beside each. */
export function findStaleApplies(applies: readonly ApplyRow[], acquires: readonly AcquireRow[]): string[] {
  const floors = new Map(
    [...Map.groupBy(acquires, keyOf)].map(([name, rows]) => {
      const sorted = rows.sort((a, b) => a.g - b.g);
      const floor = sorted.map(({ offset }) => offset);
      for (let i = floor.length - 2; i >= 0; i -= 1) floor[i] = Math.min(floor[i] as number, floor[i + 1] as number);
      return [name, { generations: sorted.map(({ g }) => g), floor }] as const;
    }),
  );
  return applies.flatMap((row) => {
    const found = floors.get(keyOf(row));
    if (found === undefined) return [];
    const newer = found.floor[firstAbove(found.generations, row.g)];
    if (newer === undefined || row.prev < newer) return [];
    return [
      `partition ${row.p}: ${row.tm} applied from offset ${row.prev} under fence ${row.g}, after a newer owner began at ${newer}`,
    ];
  });
}

/** F2. */
function findFallingGenerations(applies: readonly ApplyRow[]): string[] {
  return [...Map.groupBy(applies, keyOf).values()].flatMap((rows) => {
    const sorted = rows.sort((a, b) => a.prev - b.prev || a.g - b.g);
    return sorted.flatMap((row, i) => {
      const before = sorted[i - 1];
      if (before === undefined || before.g <= row.g || before.prev === row.prev) return [];
      return [
        `partition ${row.p}: ${row.tm} applied from offset ${row.prev} under fence ${row.g}, though ${before.tm} had applied from ${before.prev} under ${before.g}`,
      ];
    });
  });
}

/** F3. */
function findRowsAboveFence(
  applies: readonly ApplyRow[],
  acquires: readonly AcquireRow[],
  { partitions, phase }: JobState,
): string[] {
  const isAbove = (row: { readonly p: number; readonly g: number }, offset: number) => {
    const partition = partitions[row.p];
    if (partition === undefined || row.g <= partition.fence) return false;
    return phase === "stopped" || offset < partition.offset;
  };
  return [
    ...applies
      .filter((row) => isAbove(row, row.prev))
      .map(({ p, tm, g }) => `partition ${p}: ${tm} applied under fence ${g}, but Redis has ${partitions[p]?.fence}`),
    ...acquires
      .filter((row) => isAbove(row, row.offset))
      .map(({ p, g }) => `partition ${p}: fence ${g} was acquired, but Redis has ${partitions[p]?.fence}`),
    ...partitions
      .filter(({ last, fence }) => last !== null && last.g > fence)
      .map(({ p, last, fence }) => `partition ${p}: the last batch has fence ${last?.g}, but Redis has ${fence}`),
  ];
}

/** F4. Generations are issued once in the whole run, so a life is not asked for. */
function findUnacquired(applies: readonly ApplyRow[], acquires: readonly AcquireRow[]): string[] {
  const acquired = new Set(acquires.map(({ p, g }) => `${p} ${g}`));
  const missing = new Map<string, ApplyRow>();
  for (const row of applies) {
    const key = `${row.p} ${row.g}`;
    if (!acquired.has(key) && !missing.has(key)) missing.set(key, row);
  }
  return [...missing.values()].map(
    ({ p, g, tm }) => `partition ${p}: ${tm} applied under fence ${g}, of which there is no acquire row`,
  );
}

const isRecovered = (facts: FactsBeforeTopic, { life }: JobState): boolean =>
  facts.recoveries.some((recovery) => recovery.life === life);

/** FENCE_ALL sets one g everywhere: another one beside it was acquired after the stop. */
function findFencesAfterStop(facts: FactsBeforeTopic, state: JobState): string[] {
  const [first] = state.partitions;
  if (state.phase !== "stopped" || first === undefined || isRecovered(facts, state)) return [];
  return state.partitions
    .filter(({ fence }) => fence !== first.fence)
    .map(
      ({ p, fence }) =>
        `the job is stopped under one fence for all partitions, but partition ${p} has ${fence} and partition ${first.p} has ${first.fence}`,
    );
}

/** F5. */
function explainFence(facts: FactsBeforeTopic, state: JobState, { p, fence }: PartitionState): string[] {
  if (fence === 0 || state.phase === "stopped" || facts.log.acquires.some((row) => row.p === p && row.g === fence)) {
    return [];
  }
  const isNew = isRecovered(facts, state) && !facts.log.acquires.some((row) => row.p === p && row.life === state.life);
  if (isNew) return [];
  return [`partition ${p}: fence ${fence} has no acquire row: its owner ended between ACQUIRE and the row`];
}

/** Index of the first value above `limit` in a sorted list; its length when there is none. */
function firstAbove(sorted: readonly number[], limit: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}
