/** Checks against the re-read topic: its partitions, I3, and I4 of what Redis has. Pure. */
import { CHECKS } from "../../../simulator/common/contract/files/check-catalogue.ts";
import type { Check } from "../../../simulator/common/contract/files/report.ts";
import type { JobState } from "../../../simulator/common/contract/state/redis-state.ts";
import { countNotCounted, explainShortEnd, listUncovered, selectCovered } from "../coverage.ts";
import { countApplied, countRecords, type Facts, hasIdMix, readLedgers, sumOver } from "../facts.ts";
import type { PartitionTally } from "../topic-tally.ts";
import { checkState, compareEach, judge, notApplicable } from "./check.ts";

export function checkTopic(facts: Facts): Check[] {
  return [checkPartitions(facts), checkDrained(facts), checkAcknowledged(facts), checkEffect(facts)];
}

export const NO_PRODUCER = "somebody else produced the topic: there is no ledger";

function checkPartitions(facts: Facts): Check {
  const { ranges, added } = facts.topic;
  const { partitions, ownTopic } = facts.config;
  const names = Array.from({ length: Math.max(0, ranges.partitions - partitions) }, (_, i) => partitions + i);
  const filled = added.filter(({ end }) => end > 0);
  return judge(facts, CHECKS.partitions, {
    expected: `${partitions} partitions`,
    actual: `${ranges.partitions} partitions`,
    examined: ranges.partitions,
    problems: [
      ...(ranges.partitions < partitions
        ? [`the topic has ${ranges.partitions} partitions, ${partitions} are the run's`]
        : []),
      ...filled.map((tally) => describeAdded(tally)),
    ],
    compared: `${ranges.partitions} partitions that the brokers tell of with the run's ${partitions}`,
    notes: names.length === 0 ? [] : [describeNew(facts, names, ownTopic)],
  });
}

function describeAdded(tally: PartitionTally): string {
  const { p, start, end } = tally;
  return `partition ${p} was added to the topic: offsets ${start} to ${end - 1} hold ${countRecords(tally)} records that nobody of this run reads`;
}

function describeNew(facts: Facts, names: readonly number[], ownTopic: boolean): string {
  const { earliest, ends } = facts.topic.ranges;
  if (ownTopic) return `partitions ${names.join(", ")} were added to the topic, and hold no record`;
  const each = names.map((p) => `${p} (offsets ${earliest[p] ?? 0} to ${(ends[p] ?? 0) - 1})`);
  return `partitions that came later are not counted: ${each.join(", ")}`;
}

function checkDrained(facts: Facts): Check {
  if (facts.task.mode === "prefix")
    return notApplicable(CHECKS.drained, "the run was ended before the job was drained");
  return checkState(facts, CHECKS.drained, ({ partitions }) => {
    const own = facts.config.ownTopic;
    const { ends } = facts.topic.ranges;
    // Others may go on writing to their own topic: what was asked for is the end that it had when the job began.
    const asked = partitions.map(({ p }) => (own ? undefined : facts.task.endOffsets?.[p]) ?? ends[p] ?? 0);
    const pairs = partitions
      .filter(({ p }) => explainShortEnd(facts, p) === null)
      .map(({ p, offset }) => ({ p, expected: asked[p] ?? 0, actual: offset }))
      .filter(({ expected, actual }) => own || actual < expected);
    const skipped = own ? partitions.map(({ p, skipped }) => ({ p, expected: 0, actual: skipped })) : [];
    const notCounted = countNotCounted(facts);
    return {
      expected: own ? String(sumOver(asked, (end) => end)) : `at least ${sumOver(asked, (end) => end)}`,
      actual: String(sumOver(partitions, ({ offset }) => offset)),
      examined: partitions.length,
      problems: [...compareEach("the applied offset", pairs), ...compareEach("skipped", skipped)],
      unknowns: partitions.flatMap(({ p }) => explainShortEnd(facts, p) ?? []),
      compared: own
        ? `${partitions.length} applied offsets with the end offsets of now`
        : `${partitions.length} applied offsets with the end offsets at the start; all below the applied ones is compared exactly`,
      notes: notCounted === 0 ? [] : [describeAbove(facts, notCounted)],
    };
  });
}

/** What lies above the end that was asked for is named: it may have come later, or the end may have been told wrongly. */
function describeAbove(facts: Facts, notCounted: number): string {
  const { tallies, ranges } = facts.topic;
  const above = tallies.filter(({ p, position }) => (ranges.ends[p] ?? 0) > position);
  const each = above
    .slice(0, 5)
    .map(({ p, position }) => `${position} to ${(ranges.ends[p] ?? 0) - 1} of partition ${p}`);
  const more = above.length > 5 ? ` and of ${above.length - 5} more` : "";
  const where = each.length === 0 ? "in partitions that came later" : `offsets ${each.join(", ")}${more}`;
  return `${notCounted} offsets of topic ${facts.config.topic} were not counted, above the end asked for: ${where}`;
}

function checkAcknowledged(facts: Facts): Check {
  const definition = CHECKS.acknowledged;
  if (!facts.config.ownTopic) return notApplicable(definition, NO_PRODUCER);
  if (facts.task.mode === "prefix") return notApplicable(definition, "the run was ended before the job was drained");
  return checkState(facts, definition, ({ partitions }) => {
    const covered = selectCovered(facts, "all");
    const isCovered = new Set(covered.map(({ p }) => p));
    const processed = sumOver(
      partitions.filter(({ p }) => isCovered.has(p)),
      ({ count, rejected }) => count + rejected,
    );
    const inKafka = sumOver([...covered, ...facts.topic.added], countRecords);
    const ledgers = readLedgers(facts);
    const parts = ledgers.flatMap((ledger) => ledger.partitions.filter(({ p }) => isCovered.has(p)));
    const acknowledged = sumOver(parts, (part) => part.acknowledged);
    const resumed = sumOver(parts, (part) => part.resumed);
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
      unknowns: listUncovered(facts, "all"),
      compared: `${inKafka} re-read records with ${ledgers.length} ledgers and the job's counts`,
      notes: resumed === 0 ? [] : [describeResumed(resumed)],
    };
  });
}

/** What a ledger knows only from the topic. */
export const describeResumed = (resumed: number): string =>
  `${resumed} of the acknowledged records were found in the topic by a restarted producer, so there the ledger is no second source: I4-plan-vs-topic has it`;

function checkEffect(facts: Facts): Check {
  return checkState(facts, CHECKS.effect, (state) => {
    const covered = selectCovered(facts, "applied");
    return {
      expected: `${sumOver(covered, ({ below }) => below.messages)} messages`,
      actual: `${sumOver(covered, ({ p }) => state.partitions[p]?.count ?? 0)} processed`,
      examined: sumOver(covered, countApplied),
      problems: covered.flatMap((tally) => compareWithTopic(state, tally, hasIdMix(facts))),
      unknowns: listUncovered(facts, "applied"),
      compared: `count, rejected, skipped, ${hasIdMix(facts) ? "idSum, idMix" : "idSum"} and last id of ${covered.length} partitions below the applied offsets`,
      notes: hasIdMix(facts) ? [] : ["Flink's SQL has no operations on bits, so there is no idMix to compare"],
    };
  });
}

function compareWithTopic(state: JobState, { p, below, lastIdBelow }: PartitionTally, withIdMix: boolean): string[] {
  const redis = state.partitions[p];
  if (redis === undefined) return [`partition ${p} is not in Redis`];
  const compare = (what: string, expected: number, actual: number) => compareEach(what, [{ p, expected, actual }]);
  return [
    ...compare("the count", below.messages, redis.count),
    ...compare("rejected", below.rejected, redis.rejected),
    ...compare("skipped", below.skipped, redis.skipped),
    ...compare("idSum", below.idSum, redis.idSum),
    ...(withIdMix ? compare("idMix", below.idMix, redis.idMix) : []),
    ...compare("the last id", lastIdBelow, redis.lastId),
  ];
}
