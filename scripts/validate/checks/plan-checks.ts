/** The ids of the re-read topic against those that the host asked for: each once, and each in its partition. Pure. */
import { CHECKS } from "../../../simulator/common/contract/files/check-catalogue.ts";
import type { Check } from "../../../simulator/common/contract/files/report.ts";
import { SUM_MODULUS } from "../../../simulator/common/contract/message.ts";
import { listUncovered, selectCovered } from "../coverage.ts";
import { countRecords, type Facts, listNeededLedgers, readLedgers, sumOver } from "../facts.ts";
import { countPlanned, type PlannedShare } from "../round-plan.ts";
import type { PartitionTally } from "../topic-tally.ts";
import { compareEach, judge, notApplicable } from "./check.ts";
import { NO_PRODUCER } from "./topic-checks.ts";

export function checkPlanned(facts: Facts): Check[] {
  return [checkIds(facts), checkPlan(facts)];
}

function checkIds(facts: Facts): Check {
  const { bitmap, tallies, added } = facts.topic;
  if (bitmap === null) return notApplicable(CHECKS.ids, "somebody else produced the topic: its ids may be any");
  const { lost, problems, unknowns } = findLostIds(facts);
  return judge(facts, CHECKS.ids, {
    expected: "0 lost, 0 duplicated",
    actual: `${lost ?? "unknown"} lost, ${bitmap.duplicated} duplicated, ${bitmap.beyond} that nobody asked for`,
    examined: sumOver([...tallies, ...added], ({ below, above }) => below.messages + above.messages),
    problems,
    unknowns,
    compared: "every id of the topic, in a bitmap, with the ids asked for",
  });
}

/**
 * Which ids must be there and are not: those that were asked for, once the job is drained; of a run that was cut short,
 * those that a ledger has. `lost` is null where a part of the topic, or a ledger, could not be read.
 */
export function findLostIds(facts: Facts): {
  readonly lost: number | null;
  readonly problems: readonly string[];
  readonly unknowns: readonly string[];
} {
  const { bitmap } = facts.topic;
  if (bitmap === null) return { lost: 0, problems: [], unknowns: [] };
  const problems: string[] = [];
  const unknowns = listUncovered(facts, "all");
  const expected = listExpectedIndexes(facts);
  if (expected === null) unknowns.push("which ids were acknowledged is not known without every ledger");
  const covered = new Set(selectCovered(facts, "all").map(({ p }) => p));
  let lost = 0;
  for (const { p, from, to } of expected ?? []) {
    if (!covered.has(p)) continue;
    const missing = bitmap.countMissing(p, from, to, facts.config);
    lost += missing.count;
    if (missing.count > 0)
      problems.push(`partition ${p}: ${missing.count} ids are missing, the first is ${missing.first}`);
  }
  if (bitmap.duplicated > 0) problems.push(`${bitmap.duplicated} records repeat an id`);
  if (bitmap.beyond > 0)
    problems.push(`${bitmap.beyond} records have an id above ${bitmap.idMax}, the last one asked for`);
  return { lost: unknowns.length > 0 ? null : lost, problems, unknowns };
}

interface IndexRange {
  readonly p: number;
  readonly from: number;
  readonly to: number;
}

function listExpectedIndexes(facts: Facts): IndexRange[] | null {
  if (facts.task.mode === "drained") {
    return facts.plan.map(({ planned }, p) => ({ p, from: 0, to: planned }));
  }
  const ledgers = readLedgers(facts);
  if (ledgers.length < listNeededLedgers(facts).length && sumOver(facts.topic.tallies, countRecords) > 0) return null;
  return ledgers.flatMap(({ partitions }) =>
    partitions.map(({ p, firstIndex, acknowledged }) => ({ p, from: firstIndex, to: firstIndex + acknowledged })),
  );
}

/** A round that was cut short sent the first of its messages, in order: as many as are there must be those. */
function checkPlan(facts: Facts): Check {
  const { config, task } = facts;
  if (!config.ownTopic) return notApplicable(CHECKS.plan, NO_PRODUCER);
  const covered = selectCovered(facts, "all");
  return judge(facts, CHECKS.plan, {
    expected: `${task.mode === "prefix" ? "at most " : ""}${countPlanned(task.rounds)} messages`,
    actual: `${sumOver(covered, countRecords)} records`,
    examined: sumOver(covered, countRecords),
    problems: covered.flatMap((tally) => compareWithPlan(facts, tally, facts.plan[tally.p])),
    unknowns: listUncovered(facts, "all"),
    compared: `count, idSum and idMix of ${covered.length} partitions with ${task.rounds.length} rounds`,
  });
}

function compareWithPlan(facts: Facts, tally: PartitionTally, share: PlannedShare | undefined): string[] {
  if (share === undefined) return [`partition ${tally.p} is not in the plan`];
  const { p, below, above } = tally;
  const records = countRecords(tally);
  const compare = (what: string, expected: number, actual: number) => compareEach(what, [{ p, expected, actual }]);
  // Only fewer than planned can be right, and only in a run that was cut short.
  const planned = facts.task.mode === "prefix" ? Math.min(share.planned, records) : share.planned;
  return [
    ...compare("the number of records", planned, records),
    ...compare("idSum beside the plan's", share.idSum, (below.idSum + above.idSum) % SUM_MODULUS),
    ...compare("idMix beside the plan's", share.idMix, (below.idMix + above.idMix) % SUM_MODULUS),
  ];
}
