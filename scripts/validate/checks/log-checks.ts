/** Checks of the applied log: its form, and I5 (ordered ids and offsets without hole or overlap). Pure. */
import type { ApplyRow } from "../../../simulator/common/contract/files/applied-log.ts";
import { CHECKS } from "../../../simulator/common/contract/files/check-catalogue.ts";
import type { Check } from "../../../simulator/common/contract/files/report.ts";
import type { PartitionState } from "../../../simulator/common/contract/state/redis-state.ts";
import { type FactsBeforeTopic, sumOver } from "../facts.ts";
import { checkState, judge } from "./check.ts";

export function checkAppliedLog(facts: FactsBeforeTopic): Check[] {
  return [checkForm(facts), checkOrderedIds(facts), checkOffsetRanges(facts)];
}

function checkForm(facts: FactsBeforeTopic): Check {
  const { log, union, task } = facts;
  const problems: string[] = [];
  const broken = `${log.brokenCount} lines have no valid form: ${log.broken.join(", ")}`;
  // A full disk cuts a line, and the job fails for it. Whether rows are missing is I5's question, which has their ranges.
  const isExcused = task.mode === "prefix";
  if (log.brokenCount > 0 && !isExcused) problems.push(broken);
  if (union.strangeLives.length > 0) {
    problems.push(`lives ${union.strangeLives.join(", ")} are not named in recoveries.json, and only the first may be`);
  }
  return judge(facts, CHECKS.log, {
    expected: "every line an apply or acquire row",
    actual: `${log.applies.length} apply and ${log.acquires.length} acquire rows in ${log.files} files`,
    examined: log.lines,
    problems,
    compared: `${log.lines} lines; ${union.voided} rows void after a recovery, ${union.ahead} ahead of the state read`,
    notes: log.brokenCount > 0 && isExcused ? [broken] : [],
  });
}

function checkOrderedIds(facts: FactsBeforeTopic): Check {
  return checkState(facts, CHECKS.orderedIds, ({ total }) => {
    const ranges = sortByBase(facts.union.rows);
    const before = facts.restored?.total ?? 0;
    return {
      expected: total === before ? "none" : `${before + 1} to ${total}`,
      actual: `${sumOver(ranges, ({ n }) => n)} ids in ${ranges.length} ranges`,
      examined: total === 0 ? 0 : ranges.length + 1,
      problems: findIdGaps(ranges, before, total),
      compared: `${ranges.length} ranges, sorted by their base`,
    };
  });
}

/** The rows that hold ordered ids, in the order of their ids. */
export function sortByBase(rows: readonly ApplyRow[]): ApplyRow[] {
  return rows.filter(({ n }) => n > 0).sort((a, b) => a.base - b.base || a.n - b.n);
}

/** `before`: ids up to this one were given before the run. */
function findIdGaps(ranges: readonly ApplyRow[], before: number, total: number): string[] {
  const problems: string[] = [];
  let next = before;
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

function checkOffsetRanges(facts: FactsBeforeTopic): Check {
  return checkState(facts, CHECKS.offsetRanges, ({ partitions }) => {
    const byPartition = Map.groupBy(facts.union.rows, ({ p }) => p);
    const own = partitions.map((partition) => countOwn(facts, partition));
    const problems = own.flatMap(({ p, start, offset, count }) => {
      const rows = byPartition.get(p) ?? [];
      const sum = sumOver(rows, ({ n }) => n);
      const gaps = findOffsetGaps(p, rows, start, offset);
      return sum === count ? gaps : [...gaps, `partition ${p}: the rows hold ${sum} records, the count is ${count}`];
    });
    const strange = [...byPartition.keys()].filter((p) => p >= partitions.length);
    return {
      expected: `${sumOver(own, ({ start, offset }) => offset - start)} offsets`,
      actual: `${sumOver(facts.union.rows, ({ prev, next }) => next - prev)} offsets in ${facts.union.rows.length} rows`,
      // That nothing was applied is a finding, too, where all of it may have been before.
      examined: facts.union.rows.length + (facts.restored === null ? 0 : partitions.length),
      problems: [...problems, ...strange.map((p) => `there are rows of partition ${p}, which the job does not have`)],
      compared: `${facts.union.rows.length} rows of ${partitions.length} partitions`,
    };
  });
}

/** What is this run's own: a savepoint stands at an offset, and has counted up to there. */
function countOwn({ restored }: FactsBeforeTopic, { p, start, offset, count }: PartitionState) {
  const before = restored?.partitions[p];
  return { p, start: before?.offset ?? start, offset, count: count - (before?.count ?? 0) };
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
