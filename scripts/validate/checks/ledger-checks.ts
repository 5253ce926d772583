/** Checks of the producer's ledgers: complete, equal to the topic, and nobody else in between. Pure. */
import type { Ledger } from "../../../simulator/common/contract/ledger.ts";
import { SUM_MODULUS } from "../../../simulator/common/contract/message.ts";
import type { Check } from "../../../simulator/common/contract/report.ts";
import { countRecords, type Facts, readLedgers, sumOver } from "../facts.ts";
import type { PartitionTally } from "../topic-tally.ts";
import { type CheckTitle, compareEach, failMissing, judge, notApplicable } from "./check.ts";

const TITLES = {
  complete: { id: "ledger-complete", title: "Every round's ledger is complete" },
  topic: { id: "I4-ledger-vs-topic", title: "Counts and checksums of the ledger equal those of the re-read topic" },
  foreign: { id: "foreign-records", title: "Nobody else wrote to the topic" },
} satisfies Record<string, CheckTitle>;

export function checkLedgers(facts: Facts): Check[] {
  const titles = [TITLES.complete, TITLES.topic, TITLES.foreign];
  if (!facts.config.ownTopic) {
    return titles.map((title) => notApplicable(title, "somebody else produced the topic: there is no ledger"));
  }
  if (facts.task.mode === "prefix" && !facts.producerBegan) {
    return titles.map((title) => notApplicable(title, "the run was ended before the producer began"));
  }
  const inKafka = sumOver(facts.topic.tallies, countRecords);
  const unread = facts.ledgers.filter(({ kind }) => kind !== "read");
  if (
    facts.task.mode === "prefix" &&
    inKafka === 0 &&
    unread.every(({ kind }) => kind === "missing") &&
    unread.length > 0
  ) {
    return titles.map((title) => notApplicable(title, "the run was ended before the first message was sent"));
  }
  const complete = checkComplete(facts);
  const first = unread[0];
  if (first !== undefined || facts.ledgers.length === 0) {
    const reason = first === undefined ? "the run has no round" : describeUnread(first);
    const [, ...others] = titles;
    return [complete, ...others.map((title) => failMissing(title, "a ledger of every round", reason))];
  }
  return [complete, checkAgainstTopic(facts), checkForeign(facts)];
}

function describeUnread(fact: Facts["ledgers"][number]): string {
  const what = `the ledger of round ${fact.round}`;
  return fact.kind === "broken" ? `${what} cannot be read: ${fact.reason}` : `${what} is missing`;
}

function checkComplete(facts: Facts): Check {
  const problems = facts.ledgers.flatMap((fact, i) => {
    if (fact.kind !== "read") return [describeUnread(fact)];
    const isLast = i === facts.ledgers.length - 1;
    // A deadline or an interrupt ends the last round early; its ledger then holds what was acknowledged so far.
    return facts.task.mode === "prefix" && isLast
      ? findArithmeticProblems(fact.ledger)
      : findLedgerProblems(fact.ledger);
  });
  const ledgers = readLedgers(facts);
  return judge(facts, TITLES.complete, {
    expected: `${facts.task.mode === "prefix" ? "at most " : ""}${sumOver(ledgers, ({ messages }) => messages)} messages in ${facts.ledgers.length} rounds`,
    actual: `${sumOver(ledgers, ({ acknowledged }) => acknowledged)} acknowledged`,
    examined: ledgers.length,
    problems,
    compared: `${ledgers.length} ledgers`,
  });
}

function findLedgerProblems(ledger: Ledger): string[] {
  const { round, outcome, reason, messages, acknowledged, unknown } = ledger;
  const problems = findArithmeticProblems(ledger);
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
  const { tallies } = facts.topic;
  // A producer that was killed may have sent more than its ledger says: then only "at least" can be asked for.
  const open = facts.task.mode === "prefix" && ledgers.some(({ outcome }) => outcome !== "finished");
  return judge(facts, TITLES.topic, {
    expected: `${open ? "at least " : ""}${sumOver(ledgers, ({ acknowledged }) => acknowledged)} records`,
    actual: `${sumOver(tallies, countRecords)} records`,
    examined: sumOver(tallies, countRecords),
    problems: tallies.flatMap((tally) => (open ? findShortfall(ledgers, tally) : compareTotals(ledgers, tally))),
    compared: `${open ? "counts" : "count, idSum, idMix and end offset"} of ${tallies.length} partitions`,
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
  const { p, below, above, end } = tally;
  const { acknowledged, idSum, idMix } = sumLedgers(ledgers, p);
  const endOffset = ledgers.at(-1)?.partitions[p]?.endOffset ?? null;
  const compare = (what: string, expected: number, actual: number) => compareEach(what, [{ p, expected, actual }]);
  return [
    ...compare("the topic's count", acknowledged, countRecords(tally)),
    ...compare("the topic's idSum", idSum, (below.idSum + above.idSum) % SUM_MODULUS),
    ...compare("the topic's idMix", idMix, (below.idMix + above.idMix) % SUM_MODULUS),
    ...(endOffset === null
      ? [`partition ${p} has no end offset in the ledger`]
      : compare("the end offset", endOffset, end)),
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

function checkForeign(facts: Facts): Check {
  const ledgers = readLedgers(facts);
  const count = sumOver(ledgers, ({ foreignCount }) => foreignCount);
  const problems = ledgers.flatMap(({ round, foreign }) =>
    foreign.map(
      ({ p, expected, actual }) => `round ${round}: partition ${p} gave offset ${actual} where ${expected} was next`,
    ),
  );
  return judge(facts, TITLES.foreign, {
    expected: "0",
    actual: String(count),
    examined: sumOver(ledgers, ({ acknowledged }) => acknowledged),
    problems:
      count > 0 && problems.length === 0 ? [`${count} acknowledged offsets were not the expected ones`] : problems,
    compared: "every acknowledged offset with the record's index",
  });
}
