/** Checks of the job's state in Redis against itself: I1, I2, I6, I9, and the published view. Pure. */
import type { Check } from "../../../simulator/common/contract/report.ts";
import { type Facts, sumOver } from "../facts.ts";
import { type CheckTitle, checkState, compareEach, notApplicable } from "./check.ts";

const TITLES = {
  state: { id: "store-state", title: "The job's state in Redis is complete" },
  arithmetic: { id: "I1-partition-arithmetic", title: "count + rejected + skipped = offset − start, per partition" },
  total: { id: "I2-total", title: "The total is the sum of the partitions' counts" },
  order: { id: "I6-order", title: "Ids rise within each partition" },
  by: { id: "I9-by-task-manager", title: "The TaskManagers' shares add up to the total" },
  byRows: { id: "by-task-manager-rows", title: "Each TaskManager's share equals its rows in the applied log" },
  published: { id: "published-keys", title: "Both published keys show the total" },
  rejected: { id: "rejected", title: "No message was rejected" },
} satisfies Record<string, CheckTitle>;

export function checkJobState(facts: Facts): Check[] {
  return [
    checkComplete(facts),
    checkArithmetic(facts),
    checkTotal(facts),
    checkOrder(facts),
    checkShares(facts),
    checkShareRows(facts),
    checkPublished(facts),
    checkRejected(facts),
  ];
}

function checkComplete(facts: Facts): Check {
  return checkState(facts, TITLES.state, (state) => ({
    expected: "every field of every partition, as a whole number",
    actual: `phase ${state.phase}, epoch ${state.epoch}, ${state.partitions.length} partitions`,
    examined: state.partitions.length,
    problems:
      facts.config.ownTopic && facts.task.mode === "drained"
        ? compareEach(
            "the start offset",
            state.partitions.map(({ p, start }) => ({ p, expected: 0, actual: start })),
          )
        : [],
    compared: `${state.partitions.length} partitions read with one HGETALL`,
  }));
}

function checkArithmetic(facts: Facts): Check {
  return checkState(facts, TITLES.arithmetic, ({ partitions }) => ({
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

function checkTotal(facts: Facts): Check {
  return checkState(facts, TITLES.total, ({ total, partitions }) => {
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

function checkOrder(facts: Facts): Check {
  if (!facts.config.ownTopic) {
    return notApplicable(TITLES.order, "somebody else produced the topic: its ids need not rise");
  }
  return checkState(facts, TITLES.order, ({ partitions, total }) => ({
    expected: "0 out of order",
    actual: `${sumOver(partitions, ({ disorder }) => disorder)} out of order`,
    examined: total,
    problems: compareEach(
      "the number of ids that did not rise",
      partitions.map((s) => ({ p: s.p, expected: 0, actual: s.disorder })),
    ),
    compared: `${total} processed ids, as they reached the sink`,
  }));
}

function checkShares(facts: Facts): Check {
  return checkState(facts, TITLES.by, ({ by, total }) => {
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

function checkShareRows(facts: Facts): Check {
  return checkState(facts, TITLES.byRows, ({ by }) => {
    const rows = new Map<string, number>();
    for (const { tm, n } of facts.union.rows) rows.set(tm, (rows.get(tm) ?? 0) + n);
    const names = [...new Set([...Object.keys(by), ...rows.keys()])].sort();
    const problems = names
      .filter((tm) => (by[tm] ?? 0) !== (rows.get(tm) ?? 0))
      .map((tm) => `${tm}: its share is ${by[tm] ?? 0}, its rows sum to ${rows.get(tm) ?? 0}`);
    return {
      expected: names.map((tm) => by[tm] ?? 0).join(" "),
      actual: names.map((tm) => rows.get(tm) ?? 0).join(" "),
      examined: names.length,
      problems,
      compared: `${names.length} TaskManagers and ${facts.union.rows.length} rows`,
    };
  });
}

function checkPublished(facts: Facts): Check {
  return checkState(facts, TITLES.published, ({ total, phase }) => {
    const { counterKey, sequenceKey } = facts.config;
    const { counter, sequence } = facts.published;
    const keys = [
      { key: counterKey, value: counter },
      { key: sequenceKey, value: sequence },
    ];
    // A running job publishes at each checkpoint, so between two of them the view may be behind, never ahead.
    const mayLag = facts.task.mode === "prefix" && phase === "running";
    const agrees = (value: string | null) =>
      mayLag ? value !== null && /^\d+$/.test(value) && Number(value) <= total : value === String(total);
    return {
      expected: mayLag ? `at most ${total}` : String(total),
      actual: `${counter ?? "missing"} and ${sequence ?? "missing"}`,
      examined: keys.length,
      problems: keys
        .filter(({ value }) => !agrees(value))
        .map(({ key, value }) => `${key} is ${value ?? "missing"}, the total is ${total}`),
      compared: `${counterKey} and ${sequenceKey} with the total`,
    };
  });
}

function checkRejected(facts: Facts): Check {
  if (facts.config.allowRejected) return notApplicable(TITLES.rejected, "lifted by --allow-rejected");
  return checkState(facts, TITLES.rejected, ({ partitions }) => ({
    expected: "0",
    actual: String(sumOver(partitions, ({ rejected }) => rejected)),
    examined: sumOver(partitions, ({ offset, start }) => offset - start),
    problems: compareEach(
      "the number of rejected values",
      partitions.map((s) => ({ p: s.p, expected: 0, actual: s.rejected })),
    ),
    compared: "every offset below the applied ones",
  }));
}
