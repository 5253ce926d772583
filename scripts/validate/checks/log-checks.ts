/** Checks of the applied log: I5 (ordered ids and offsets without hole or overlap) and I7 (fences). Pure. */
import type { AcquireRow, ApplyRow } from "../../../simulator/common/contract/applied-log.ts";
import type { Check } from "../../../simulator/common/contract/report.ts";
import { type Facts, sumOver } from "../facts.ts";
import { type CheckTitle, checkState, judge } from "./check.ts";

const TITLES = {
  form: { id: "applied-log", title: "The applied log can be read" },
  ids: { id: "I5-ordered-ids", title: "Ordered ids run from 1 to the total without hole or overlap" },
  offsets: { id: "I5-offset-ranges", title: "Applied offset ranges follow each other without hole or overlap" },
  fencing: { id: "I7-fencing", title: "Nothing was applied under an older fence" },
} satisfies Record<string, CheckTitle>;

export function checkAppliedLog(facts: Facts): Check[] {
  return [checkForm(facts), checkOrderedIds(facts), checkOffsetRanges(facts), checkFencing(facts)];
}

function checkForm(facts: Facts): Check {
  const { log, union } = facts;
  const problems: string[] = [];
  if (log.brokenCount > 0) problems.push(`${log.brokenCount} lines have no valid form: ${log.broken.join(", ")}`);
  if (union.strangeLives.length > 0) {
    problems.push(`lives ${union.strangeLives.join(", ")} are not named in recoveries.json, and only the first may be`);
  }
  return judge(facts, TITLES.form, {
    expected: "every line an apply or acquire row",
    actual: `${log.applies.length} apply and ${log.acquires.length} acquire rows in ${log.files} files`,
    examined: log.lines,
    problems,
    compared: `${log.lines} lines; ${union.voided} rows void after a recovery, ${union.ahead} ahead of the state read`,
  });
}

function checkOrderedIds(facts: Facts): Check {
  return checkState(facts, TITLES.ids, ({ total }) => {
    const ranges = sortByBase(facts.union.rows);
    return {
      expected: total === 0 ? "none" : `1 to ${total}`,
      actual: `${sumOver(ranges, ({ n }) => n)} ids in ${ranges.length} ranges`,
      examined: total === 0 ? 0 : ranges.length + 1,
      problems: findIdGaps(ranges, total),
      compared: `${ranges.length} ranges, sorted by their base`,
    };
  });
}

/** The rows that hold ordered ids, in the order of their ids. */
export function sortByBase(rows: readonly ApplyRow[]): ApplyRow[] {
  return rows.filter(({ n }) => n > 0).sort((a, b) => a.base - b.base || a.n - b.n);
}

function findIdGaps(ranges: readonly ApplyRow[], total: number): string[] {
  const problems: string[] = [];
  let next = 0;
  for (const { p, prev, base, n } of ranges) {
    if (base > next) problems.push(`ids ${next + 1} to ${base} are missing`);
    if (base < next) {
      const last = Math.min(next, base + n);
      problems.push(`ids ${base + 1} to ${last} were given twice, again to partition ${p} at offset ${prev}`);
    }
    next = Math.max(next, base + n);
  }
  if (next < total) problems.push(`ids ${next + 1} to ${total} are missing`);
  if (next > total) problems.push(`ids ${total + 1} to ${next} lie above the total ${total}`);
  return problems;
}

function checkOffsetRanges(facts: Facts): Check {
  return checkState(facts, TITLES.offsets, ({ partitions }) => {
    const byPartition = Map.groupBy(facts.union.rows, ({ p }) => p);
    const problems = partitions.flatMap(({ p, start, offset, count }) => {
      const rows = byPartition.get(p) ?? [];
      const sum = sumOver(rows, ({ n }) => n);
      const gaps = findOffsetGaps(p, rows, start, offset);
      return sum === count ? gaps : [...gaps, `partition ${p}: the rows hold ${sum} records, the count is ${count}`];
    });
    const strange = [...byPartition.keys()].filter((p) => p >= partitions.length);
    return {
      expected: `${sumOver(partitions, ({ start, offset }) => offset - start)} offsets`,
      actual: `${sumOver(facts.union.rows, ({ prev, next }) => next - prev)} offsets in ${facts.union.rows.length} rows`,
      examined: facts.union.rows.length,
      problems: [...problems, ...strange.map((p) => `there are rows of partition ${p}, which the job does not have`)],
      compared: `${facts.union.rows.length} rows of ${partitions.length} partitions`,
    };
  });
}

/** `rows` are sorted by prev. */
function findOffsetGaps(p: number, rows: readonly ApplyRow[], start: number, offset: number): string[] {
  const problems: string[] = [];
  let position = start;
  for (const { prev, next } of rows) {
    if (prev > position) problems.push(`partition ${p}: offsets ${position} to ${prev - 1} have no row`);
    if (prev < position) problems.push(`partition ${p}: offsets from ${prev} were applied twice`);
    position = Math.max(position, next);
  }
  if (position < offset) problems.push(`partition ${p}: offsets ${position} to ${offset - 1} have no row`);
  if (position > offset)
    problems.push(`partition ${p}: there are rows up to ${position}, the applied offset is ${offset}`);
  return problems;
}

function checkFencing(facts: Facts): Check {
  const { applies, acquires } = facts.log;
  const problems = findStaleApplies(applies, acquires);
  const stale = problems.length;
  if (applies.length > 0 && acquires.length === 0) problems.push("there are apply rows, and no acquire row at all");
  return judge(facts, TITLES.fencing, {
    expected: "0 rows",
    actual: `${stale} rows`,
    examined: applies.length === 0 ? 0 : acquires.length,
    problems,
    compared: `${applies.length} apply rows with ${acquires.length} acquire rows, within each life`,
  });
}

/**
 * I7: within a life no apply row has `prev` at or above an acquire row's offset and a smaller g. For each partition the
 * acquire rows are sorted by g, with the smallest offset of all later ones beside each.
 */
export function findStaleApplies(applies: readonly ApplyRow[], acquires: readonly AcquireRow[]): string[] {
  const key = (row: { readonly life: string; readonly p: number }) => `${row.life} ${row.p}`;
  const floors = new Map(
    [...Map.groupBy(acquires, key)].map(([name, rows]) => {
      const sorted = rows.sort((a, b) => a.g - b.g);
      const floor = sorted.map(({ offset }) => offset);
      for (let i = floor.length - 2; i >= 0; i -= 1) floor[i] = Math.min(floor[i] as number, floor[i + 1] as number);
      return [name, { generations: sorted.map(({ g }) => g), floor }] as const;
    }),
  );
  return applies.flatMap((row) => {
    const found = floors.get(key(row));
    if (found === undefined) return [];
    const newer = found.floor[firstAbove(found.generations, row.g)];
    if (newer === undefined || row.prev < newer) return [];
    return [
      `partition ${row.p}: ${row.tm} applied from offset ${row.prev} under fence ${row.g}, after a newer owner began at ${newer}`,
    ];
  });
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
