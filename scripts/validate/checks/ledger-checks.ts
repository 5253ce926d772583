/** Checks of the producer's ledgers: complete, equal to the topic, kept by Kafka, and nobody else in between. Pure. */

import type { RoundTask } from "../../../simulator/common/contract/child/tasks.ts";
import { CHECKS } from "../../../simulator/common/contract/files/check-catalogue.ts";
import type { Ledger, LedgerPartition } from "../../../simulator/common/contract/files/ledger.ts";
import type { Check } from "../../../simulator/common/contract/files/report.ts";
import { SUM_MODULUS } from "../../../simulator/common/contract/message.ts";
import { explainShortEnd, listUncovered, selectCovered } from "../coverage.ts";
import { countRecords, type Facts, type LedgerFact, listNeededLedgers, readLedgers, sumOver } from "../facts.ts";
import { countPlanned } from "../round-plan.ts";
import type { PartitionTally } from "../topic-tally.ts";
import { compareEach, failMissing, judge, notApplicable } from "./check.ts";
import { describeResumed } from "./topic-checks.ts";

export function checkLedgers(facts: Facts): Check[] {
  const definitions = [CHECKS.ledger, CHECKS.ledgerTopic, CHECKS.kept, CHECKS.foreign];
  const skipAll = (reason: string) => definitions.map((definition) => notApplicable(definition, reason));
  if (!facts.config.ownTopic) return skipAll("somebody else produced the topic: there is no ledger");
  if (facts.task.mode === "prefix" && !facts.producerBegan) {
    return skipAll("the run was ended before the producer began");
  }
  const needed = listNeededLedgers(facts);
  if (needed.length === 0 && facts.ledgers.length > 0) {
    return skipAll("the run was ended before the first message was sent");
  }
  const complete = checkComplete(facts, needed);
  const first = needed.find(({ kind }) => kind !== "read");
  if (first !== undefined || needed.length === 0) {
    const reason = first === undefined ? "the run has no round" : describeUnread(first);
    const [, ...others] = definitions;
    return [complete, ...others.map((definition) => failMissing(definition, "a ledger of every round", reason))];
  }
  return [complete, checkAgainstTopic(facts), checkKept(facts), checkForeign(facts)];
}

function describeUnread(fact: Facts["ledgers"][number]): string {
  const what = `the ledger of round ${fact.round}`;
  return fact.kind === "broken" ? `${what} cannot be read: ${fact.reason}` : `${what} is missing`;
}

function checkComplete(facts: Facts, needed: readonly LedgerFact[]): Check {
  const { rounds, mode } = facts.task;
  const problems = needed.flatMap((fact, i) => {
    if (fact.kind !== "read") return [describeUnread(fact)];
    const isLast = i === facts.ledgers.length - 1;
    // A deadline or an interrupt ends the last round early; its ledger then holds what was acknowledged so far.
    return [
      ...findPlanProblems(fact.ledger, rounds[i]),
      ...findArithmeticProblems(fact.ledger),
      ...(mode === "prefix" && isLast ? [] : findLedgerProblems(fact.ledger)),
    ];
  });
  const ledgers = readLedgers(facts);
  return judge(facts, CHECKS.ledger, {
    expected: `${mode === "prefix" ? "at most " : ""}${countPlanned(rounds)} messages in ${rounds.length} rounds`,
    actual: `${sumOver(ledgers, ({ acknowledged }) => acknowledged)} acknowledged`,
    examined: ledgers.length,
    problems,
    compared: `${ledgers.length} ledgers with the rounds that the host asked for`,
  });
}

function findPlanProblems({ round, firstId, messages }: Ledger, asked: RoundTask | undefined): string[] {
  if (asked !== undefined && asked.firstId === firstId && asked.messages === messages) return [];
  const wanted = asked === undefined ? "nothing" : `${asked.messages} messages from id ${asked.firstId}`;
  return [`round ${round}: the ledger is of ${messages} messages from id ${firstId}, the host asked for ${wanted}`];
}

function findLedgerProblems(ledger: Ledger): string[] {
  const { round, outcome, reason, messages, acknowledged, unknown } = ledger;
  const problems: string[] = [];
  if (outcome !== "finished") problems.push(`round ${round} is "${outcome}"${reason === null ? "" : `: ${reason}`}`);
  if (acknowledged !== messages)
    problems.push(`round ${round}: ${acknowledged} of ${messages} messages were acknowledged`);
  if (unknown !== 0) problems.push(`round ${round}: the outcome of ${unknown} sends is unknown`);
  const open = ledger.partitions.filter(({ endOffset }) => endOffset === null);
  if (open.length > 0) problems.push(`round ${round}: ${open.length} partitions have no end offset`);
  return problems;
}

function findArithmeticProblems({ round, acknowledged, partitions }: Ledger): string[] {
  const sum = sumOver(partitions, (partition) => partition.acknowledged);
  return sum === acknowledged ? [] : [`round ${round}: the partitions sum to ${sum}, the ledger says ${acknowledged}`];
}

function checkAgainstTopic(facts: Facts): Check {
  const ledgers = readLedgers(facts);
  const covered = selectCovered(facts, "all");
  // A producer that was killed may have sent more than its ledger says: then only "at least" can be asked for.
  const open = facts.task.mode === "prefix" && ledgers.some(({ outcome }) => outcome !== "finished");
  const parts = ledgers.flatMap(({ partitions }) => partitions);
  const resumed = sumOver(parts, (part) => part.resumed);
  return judge(facts, CHECKS.ledgerTopic, {
    expected: `${open ? "at least " : ""}${sumOver(ledgers, ({ acknowledged }) => acknowledged)} records`,
    actual: `${sumOver(covered, countRecords)} records`,
    examined: sumOver(covered, countRecords),
    problems: covered.flatMap((tally) => (open ? findShortfall(ledgers, tally) : compareTotals(ledgers, tally))),
    unknowns: listUncovered(facts, "all"),
    compared: open
      ? `counts of ${covered.length} partitions, of which the last round was cut short: what is above the ledger is compared by I4-plan-vs-topic`
      : `count, idSum, idMix and end offset of ${covered.length} partitions`,
    dependence: resumed === 0 ? null : describeResumed(resumed),
  });
}

function findShortfall(ledgers: readonly Ledger[], tally: PartitionTally): string[] {
  const { acknowledged } = sumLedgers(ledgers, tally.p);
  const records = countRecords(tally);
  return records >= acknowledged
    ? []
    : [`partition ${tally.p}: ${records} records are in Kafka, ${acknowledged} were acknowledged`];
}

function compareTotals(ledgers: readonly Ledger[], tally: PartitionTally): string[] {
  const { p, below, above, position } = tally;
  const { acknowledged, idSum, idMix } = sumLedgers(ledgers, p);
  const endOffset = ledgers.at(-1)?.partitions[p]?.endOffset ?? null;
  const compare = (what: string, expected: number, actual: number) => compareEach(what, [{ p, expected, actual }]);
  return [
    ...compare("the topic's count", acknowledged, countRecords(tally)),
    ...compare("the topic's idSum", idSum, (below.idSum + above.idSum) % SUM_MODULUS),
    ...compare("the topic's idMix", idMix, (below.idMix + above.idMix) % SUM_MODULUS),
    ...(endOffset === null
      ? [`partition ${p} has no end offset in the ledger`]
      : compare("the end offset", endOffset, position)),
  ];
}

function sumLedgers(ledgers: readonly Ledger[], p: number): { acknowledged: number; idSum: number; idMix: number } {
  const entries = ledgers.flatMap(({ partitions }) => partitions.filter((partition) => partition.p === p));
  return {
    acknowledged: sumOver(entries, ({ acknowledged }) => acknowledged),
    idSum: sumOver(entries, ({ idSum }) => idSum) % SUM_MODULUS,
    idMix: sumOver(entries, ({ idMix }) => idMix) % SUM_MODULUS,
  };
}

/** What a broker acknowledged with acks=all and the cluster does not have is a promise broken, not a doubt. */
function checkKept(facts: Facts): Check {
  const ledgers = readLedgers(facts);
  const { high } = facts.topic.ranges;
  const parts = ledgers.flatMap(({ round, partitions }) => partitions.map((part) => ({ round, part })));
  const lost = parts.filter(({ part }) => promisedEnd(part) > (high[part.p] ?? 0));
  const problems = lost.map(
    ({ round, part }) =>
      `partition ${part.p}: brokers acknowledged every record below offset ${promisedEnd(part)} in round ${round}, and the log ends at ${high[part.p] ?? 0}: Kafka lost acknowledged records`,
  );
  const proven = new Set(lost.map(({ part }) => part.p));
  const isOpen = (p: number) =>
    parts.some(({ part }) => part.p === p && part.firstIndex + part.acknowledged > (high[p] ?? 0));
  return judge(facts, CHECKS.kept, {
    expected: "end offsets at or above what was acknowledged",
    actual: problems.length === 0 ? "they are" : `${problems.length} lie below`,
    examined: sumOver(ledgers, ({ acknowledged }) => acknowledged),
    problems,
    unknowns: facts.topic.tallies.flatMap(({ p }) =>
      isOpen(p) && !proven.has(p) ? (explainShortEnd(facts, p) ?? []) : [],
    ),
    compared: `${facts.topic.tallies.length} end offsets with ${ledgers.length} ledgers`,
  });
}

/** Up to here a broker has acknowledged; where some were only found in the topic, the least that it must be. */
function promisedEnd({ firstIndex, acknowledged, resumed, nextOffset }: LedgerPartition): number {
  if (resumed === 0) return nextOffset;
  return acknowledged === resumed ? 0 : firstIndex + acknowledged - resumed;
}

function checkForeign(facts: Facts): Check {
  const ledgers = readLedgers(facts);
  const { tallies, added, producerId } = facts.topic;
  const noted = sumOver(ledgers, ({ foreignCount }) => foreignCount);
  const strange = [...tallies, ...added].flatMap(({ p, foreign }) => (foreign === null ? [] : [{ p, ...foreign }]));
  // Readers do not get what an open transaction holds, but it is there, and our producer has none.
  const held = facts.topic.ranges.high.flatMap((high, p) => {
    const firstOffset = facts.topic.ranges.ends[p] ?? 0;
    return high > firstOffset ? [{ p, firstOffset, records: high - firstOffset }] : [];
  });
  const byOffset = ledgers.flatMap(({ round, foreign }) =>
    foreign.map(
      ({ p, expected, actual }) => `round ${round}: partition ${p} gave offset ${actual} where ${expected} was next`,
    ),
  );
  return judge(facts, CHECKS.foreign, {
    expected: "0",
    actual: `${sumOver([...strange, ...held], ({ records }) => records)} offsets of other producers, ${noted} unexpected offsets`,
    examined: sumOver(ledgers, ({ acknowledged }) => acknowledged),
    problems: [
      ...strange.map(
        ({ p, records, firstOffset }) =>
          `partition ${p}: ${records} offsets from ${firstOffset} on were not written by producer ${producerId}`,
      ),
      ...held.map(
        ({ p, firstOffset, records }) =>
          `partition ${p}: ${records} offsets from ${firstOffset} on belong to a transaction of somebody else that is open`,
      ),
      ...(noted > 0 && byOffset.length === 0 ? [`${noted} acknowledged offsets were not the expected ones`] : byOffset),
    ],
    unknowns: producerId === null ? ["the id of this run's producer is not known"] : [],
    compared: `the producer of every batch with ${producerId}, and every acknowledged offset with its record's index`,
  });
}
