/** Checks against the re-read topic: I3, I4, ids, foreign records. Pure. */
import type { JobState } from "../../../simulator/common/contract/redis-state.ts";
import type { Check } from "../../../simulator/common/contract/report.ts";
import { countApplied, countRecords, type Facts, readLedgers, sumOver } from "../facts.ts";
import type { PartitionTally } from "../topic-tally.ts";
import { type CheckTitle, checkState, compareEach, judge, notApplicable } from "./check.ts";

const TITLES = {
  drained: { id: "I3-drained", title: "Every partition was applied up to its end offset" },
  acknowledged: { id: "I3-acknowledged", title: "Processed = records in Kafka = acknowledged messages" },
  effect: { id: "I4-redis-vs-topic", title: "Counts and checksums in Redis equal those of the re-read topic" },
  ids: { id: "topic-ids", title: "Each produced id is in the topic exactly once" },
} satisfies Record<string, CheckTitle>;

export function checkTopic(facts: Facts): Check[] {
  return [checkDrained(facts), checkAcknowledged(facts), checkEffect(facts), checkIds(facts)];
}

function checkDrained(facts: Facts): Check {
  if (facts.task.mode === "prefix")
    return notApplicable(TITLES.drained, "the run was ended before the job was drained");
  return checkState(facts, TITLES.drained, ({ partitions }) => {
    const own = facts.config.ownTopic;
    const atStart = own ? null : facts.task.endOffsets;
    const ends = partitions.map(({ p }) => atStart?.[p] ?? facts.topic.tallies[p]?.end ?? 0);
    // Others may go on writing to their own topic, so there "drained" means at least the end offsets at the start.
    const behind = own
      ? compareEach(
          "the applied offset",
          partitions.map((s) => ({ p: s.p, expected: ends[s.p] ?? 0, actual: s.offset })),
        )
      : partitions
          .filter((s) => s.offset < (ends[s.p] ?? 0))
          .map((s) => `partition ${s.p}: the applied offset is ${s.offset}, expected at least ${ends[s.p]}`);
    const skipped = own
      ? compareEach(
          "skipped",
          partitions.map((s) => ({ p: s.p, expected: 0, actual: s.skipped })),
        )
      : [];
    return {
      expected: String(sumOver(ends, (end) => end)),
      actual: String(sumOver(partitions, ({ offset }) => offset)),
      examined: partitions.length,
      problems: [...behind, ...skipped],
      compared: `${partitions.length} applied offsets with the end offsets`,
    };
  });
}

function checkAcknowledged(facts: Facts): Check {
  const title = TITLES.acknowledged;
  if (!facts.config.ownTopic) return notApplicable(title, "somebody else produced the topic: there is no ledger");
  if (facts.task.mode === "prefix") return notApplicable(title, "the run was ended before the job was drained");
  return checkState(facts, title, ({ partitions }) => {
    const processed = sumOver(partitions, ({ count, rejected }) => count + rejected);
    const inKafka = sumOver(facts.topic.tallies, countRecords);
    const ledgers = readLedgers(facts);
    const acknowledged = sumOver(ledgers, (ledger) => ledger.acknowledged);
    const missing = facts.ledgers.length - ledgers.length;
    const problems: string[] = [];
    if (missing > 0 || ledgers.length === 0) problems.push(`${Math.max(1, missing)} ledgers are missing or broken`);
    if (inKafka !== acknowledged) problems.push(`${inKafka} records are in Kafka, ${acknowledged} were acknowledged`);
    if (processed !== inKafka) problems.push(`${processed} records were applied, ${inKafka} are in Kafka`);
    return {
      expected: `${acknowledged} acknowledged`,
      actual: `${inKafka} in Kafka, ${processed} applied`,
      examined: inKafka,
      problems,
      compared: `${inKafka} re-read records with ${ledgers.length} ledgers and the job's counts`,
    };
  });
}

function checkEffect(facts: Facts): Check {
  return checkState(facts, TITLES.effect, (state) => {
    const { tallies } = facts.topic;
    return {
      expected: `${sumOver(tallies, ({ below }) => below.messages)} messages`,
      actual: `${sumOver(state.partitions, ({ count }) => count)} processed`,
      examined: sumOver(tallies, countApplied),
      problems: [...findRangeProblems(facts, state), ...tallies.flatMap((tally) => compareWithTopic(state, tally))],
      compared: `count, rejected, skipped, idSum and idMix of ${tallies.length} partitions below the applied offsets`,
    };
  });
}

/** The state must lie within what Kafka holds, or there is nothing to compare it with. */
function findRangeProblems(facts: Facts, state: JobState): string[] {
  return state.partitions.flatMap(({ p, start, offset }) => {
    const earliest = facts.topic.earliest[p] ?? 0;
    const end = facts.topic.tallies[p]?.end ?? 0;
    if (earliest > start) return [`partition ${p}: Kafka no longer holds offsets ${start} to ${earliest - 1}`];
    return offset > end ? [`partition ${p}: the applied offset ${offset} lies above Kafka's end offset ${end}`] : [];
  });
}

function compareWithTopic(state: JobState, { p, below }: PartitionTally): string[] {
  const redis = state.partitions[p];
  if (redis === undefined) return [`partition ${p} is not in Redis`];
  const compare = (what: string, expected: number, actual: number) => compareEach(what, [{ p, expected, actual }]);
  return [
    ...compare("the count", below.messages, redis.count),
    ...compare("rejected", below.rejected, redis.rejected),
    ...compare("skipped", below.skipped, redis.skipped),
    ...compare("idSum", below.idSum, redis.idSum),
    ...compare("idMix", below.idMix, redis.idMix),
  ];
}

function checkIds(facts: Facts): Check {
  const { bitmap, tallies } = facts.topic;
  if (bitmap === null) return notApplicable(TITLES.ids, "somebody else produced the topic: its ids may be any");
  const problem = bitmapProblem(facts);
  return judge(facts, TITLES.ids, {
    expected: "0 lost, 0 duplicated",
    actual: `${problem.lost} lost, ${bitmap.duplicated} duplicated, ${bitmap.beyond} that nobody asked for`,
    examined: sumOver(tallies, ({ below, above }) => below.messages + above.messages),
    problems: problem.problems,
    compared: "every id of the topic, in a bitmap",
  });
}

/** What of the acknowledged messages is not in the topic, and what else is wrong with its ids. */
export function bitmapProblem(facts: Facts): { readonly lost: number; readonly problems: string[] } {
  const { bitmap } = facts.topic;
  if (bitmap === null) return { lost: 0, problems: [] };
  const problems: string[] = [];
  let lost = 0;
  for (const { partitions } of readLedgers(facts)) {
    for (const { p, firstIndex, acknowledged } of partitions) {
      const missing = bitmap.countMissing(p, firstIndex, firstIndex + acknowledged, facts.config);
      lost += missing.count;
      if (missing.count > 0)
        problems.push(`partition ${p}: ${missing.count} acknowledged ids are missing, the first is ${missing.first}`);
    }
  }
  if (bitmap.duplicated > 0) problems.push(`${bitmap.duplicated} records repeat an id`);
  if (bitmap.beyond > 0)
    problems.push(`${bitmap.beyond} records have an id above ${bitmap.idMax}, the last one asked for`);
  return { lost, problems };
}
