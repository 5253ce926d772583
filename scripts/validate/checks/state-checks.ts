/**
 * Checks of the job's state in Redis: I1, I2, I6, I9, who did how much, and rejected values. Pure. Those that hold it
 * against itself and the applied log need no topic.
 */
import { CHECKS } from "../../../simulator/common/contract/files/check-catalogue.ts";
import type { Check } from "../../../simulator/common/contract/files/report.ts";
import type { JobState } from "../../../simulator/common/contract/state/redis-state.ts";
import { listUncovered, selectCovered } from "../coverage.ts";
import { type Facts, type FactsBeforeTopic, sumOver } from "../facts.ts";
import { checkState, compareEach, notApplicable } from "./check.ts";

export function checkJobStateAlone(facts: FactsBeforeTopic): Check[] {
  return [checkArithmetic(facts), checkTotal(facts), checkShares(facts), checkShareRows(facts)];
}

export function checkJobState(facts: Facts): Check[] {
  return [checkComplete(facts), checkOrder(facts), checkRejected(facts)];
}

function checkComplete(facts: Facts): Check {
  return checkState(facts, CHECKS.state, (state) => {
    const own = facts.config.ownTopic;
    const { earliest } = facts.topic.ranges;
    // Kafka deletes from the front, so what it holds now it held when the job began: counting began there, or before.
    const starts = state.partitions
      .filter(({ p, start }) => (own ? start !== 0 : start > (earliest[p] ?? 0)))
      .map(({ p, start }) =>
        own
          ? `partition ${p}: the start offset is ${start}, expected 0`
          : `partition ${p}: counting began at offset ${start}, though Kafka holds ${earliest[p]} and what follows`,
      );
    return {
      expected: "every field of every partition, as a whole number",
      actual: `phase ${state.phase}, epoch ${state.epoch}, ${state.partitions.length} partitions`,
      examined: state.partitions.length,
      problems: starts,
      compared: `${state.partitions.length} partitions read with one HGETALL, and their start offsets`,
    };
  });
}

function checkArithmetic(facts: FactsBeforeTopic): Check {
  return checkState(facts, CHECKS.arithmetic, ({ partitions }) => ({
    expected: String(sumOver(partitions, ({ offset, start }) => offset - start)),
    actual: String(sumOver(partitions, ({ count, rejected, skipped }) => count + rejected + skipped)),
    examined: partitions.length,
    problems: compareEach(
      "count + rejected + skipped",
      partitions.map((s) => ({ p: s.p, expected: s.offset - s.start, actual: s.count + s.rejected + s.skipped })),
    ),
    compared: `${partitions.length} partitions`,
  }));
}

function checkTotal(facts: FactsBeforeTopic): Check {
  return checkState(facts, CHECKS.total, ({ total, partitions }) => {
    const sum = sumOver(partitions, ({ count }) => count);
    return {
      expected: String(sum),
      actual: String(total),
      examined: partitions.length,
      problems:
        sum === total ? [] : [`the total is ${total}, but the counts of ${partitions.length} partitions sum to ${sum}`],
      compared: `the total and ${partitions.length} counts`,
    };
  });
}

/** On our own topic ids rise; on somebody else's they need not, but sink and re-read must see the same disorder. */
function checkOrder(facts: Facts): Check {
  return checkState(facts, CHECKS.order, ({ partitions, total }) => {
    const { ownTopic } = facts.config;
    const covered = selectCovered(facts, "applied");
    const reread = covered.map(({ p, below }) => ({
      p,
      expected: below.disorder,
      actual: partitions[p]?.disorder ?? 0,
    }));
    const zero = ownTopic ? partitions.map(({ p, disorder }) => ({ p, expected: 0, actual: disorder })) : [];
    const rereadZero = ownTopic ? covered.map(({ p, below }) => ({ p, expected: 0, actual: below.disorder })) : [];
    return {
      expected: ownTopic ? "0 out of order" : `${sumOver(covered, ({ below }) => below.disorder)} out of order`,
      actual: `${sumOver(partitions, ({ disorder }) => disorder)} out of order`,
      examined: total,
      problems: [
        ...compareEach("the number of ids that did not rise", zero),
        ...compareEach("the number of ids in the topic that do not rise", rereadZero),
        ...compareEach("the sink's number of ids that did not rise, beside the topic's,", reread),
      ],
      unknowns: listUncovered(facts, "applied"),
      compared: `${total} processed ids, as they reached the sink and as the topic holds them`,
    };
  });
}

function checkShares(facts: FactsBeforeTopic): Check {
  return checkState(facts, CHECKS.shares, ({ by, total }) => {
    const sum = sumOver(Object.values(by), (share) => share);
    return {
      expected: String(total),
      actual: String(sum),
      examined: Object.keys(by).length,
      problems:
        sum === total
          ? []
          : [`the shares of ${Object.keys(by).length} TaskManagers sum to ${sum}, the total is ${total}`],
      compared: `${Object.keys(by).length} shares`,
    };
  });
}

function checkShareRows(facts: FactsBeforeTopic): Check {
  return checkState(facts, CHECKS.shareRows, ({ by }) => {
    const rows = new Map<string, number>();
    for (const { tm, n } of facts.union.rows) rows.set(tm, (rows.get(tm) ?? 0) + n);
    const shares = countShares(facts, by);
    const names = [...new Set([...Object.keys(shares), ...rows.keys()])].sort();
    const problems = names
      .filter((tm) => (shares[tm] ?? 0) !== (rows.get(tm) ?? 0))
      .map((tm) => `${tm}: its share is ${shares[tm] ?? 0}, its rows sum to ${rows.get(tm) ?? 0}`);
    return {
      expected: names.map((tm) => shares[tm] ?? 0).join(" "),
      actual: names.map((tm) => rows.get(tm) ?? 0).join(" "),
      examined: names.length,
      problems,
      compared: `${names.length} TaskManagers and ${facts.union.rows.length} rows`,
    };
  });
}

/** What each TaskManager did in this run: a savepoint has shares of the run before. */
export function countShares({ restored }: Pick<Facts, "restored">, by: JobState["by"]): Record<string, number> {
  const names = [...new Set([...Object.keys(by), ...Object.keys(restored?.by ?? {})])];
  return Object.fromEntries(names.map((tm) => [tm, (by[tm] ?? 0) - (restored?.by[tm] ?? 0)]));
}

function checkRejected(facts: Facts): Check {
  if (facts.config.allowRejected) return notApplicable(CHECKS.rejected, "lifted by --allow-rejected");
  return checkState(facts, CHECKS.rejected, ({ partitions }) => {
    const covered = selectCovered(facts, "applied");
    const reread = covered.map(({ p, below }) => ({ p, expected: 0, actual: below.rejected }));
    const [values, tombstones] = [
      sumOver(covered, ({ below }) => below.rejected),
      sumOver(covered, ({ below }) => below.tombstones),
    ];
    return {
      expected: "0",
      actual: `${sumOver(partitions, ({ rejected }) => rejected)} by the sink, ${values} re-read`,
      examined: sumOver(partitions, ({ offset, start }) => offset - start),
      problems: [
        ...describeRejected(values, tombstones),
        ...compareEach(
          "the number of rejected values",
          partitions.map((s) => ({ p: s.p, expected: 0, actual: s.rejected })),
        ),
        ...compareEach("the number of values in the topic that are no message", reread),
      ],
      unknowns: listUncovered(facts, "applied"),
      compared: "every offset below the applied ones",
    };
  });
}

/** What they are, and what to do where they are meant to be there. */
function describeRejected(values: number, tombstones: number): string[] {
  if (values === 0) return [];
  const kinds = [
    ...(tombstones > 0 ? [`${tombstones} tombstones (null values)`] : []),
    ...(values > tombstones ? [`${values - tombstones} values that are no message`] : []),
  ];
  return [`the topic has ${kinds.join(" and ")}: give --allow-rejected where they may be there`];
}
