/**
 * From facts to `checks.json`. Pure. Each check is decided once, as soon as its facts are complete: those that need no
 * topic before it is read again, which takes most of the time. In the file they stand as in the catalogue.
 */
import type { ApplyRow } from "../../simulator/common/contract/files/applied-log.ts";
import { CHECKS } from "../../simulator/common/contract/files/check-catalogue.ts";
import type { ChecksFile } from "../../simulator/common/contract/files/checks.ts";
import type { Ledger } from "../../simulator/common/contract/files/ledger.ts";
import type { Check, PartitionReport } from "../../simulator/common/contract/files/report.ts";
import { USER_JOB_CHECKS } from "../../simulator/common/contract/files/user-job-checks.ts";
import type { JobState } from "../../simulator/common/contract/state/redis-state.ts";
import { limitToEngine } from "./checks/engine-checks.ts";
import { checkFencing } from "./checks/fence-checks.ts";
import { checkCommitted } from "./checks/group-checks.ts";
import { checkLedgers } from "./checks/ledger-checks.ts";
import { checkAppliedLog } from "./checks/log-checks.ts";
import { checkPlanned, findLostIds } from "./checks/plan-checks.ts";
import { checkPublished } from "./checks/published-checks.ts";
import { checkJobState, checkJobStateAlone, countShares } from "./checks/state-checks.ts";
import { checkTopic } from "./checks/topic-checks.ts";
import { countNotCounted, explainShortEnd, listUncovered } from "./coverage.ts";
import { checkUserJob } from "./expectation/expectation-checks.ts";
import {
  countApplied,
  countRecords,
  type Facts,
  type FactsBeforeTopic,
  hasIdMix,
  readLedgers,
  readState,
  sumOver,
} from "./facts.ts";
import { countPlanned } from "./round-plan.ts";

export interface Evaluation {
  readonly durationMs: number;
  /** What was decided, in any order. Default: all are decided now. */
  readonly checks?: readonly Check[];
}

export function evaluateFacts(facts: Facts, { durationMs, checks = runChecks(facts) }: Evaluation): ChecksFile {
  const state = readState(facts);
  const ledgers = readLedgers(facts);
  const times = (pick: (ledger: Ledger) => number) => ledgers.map(pick).filter((time) => time > 0);
  return {
    schema: 1,
    mode: facts.task.mode,
    checks: sortAsCatalogued(checks),
    messages: countMessages(facts, state),
    partitions: describePartitions(facts, state),
    samples: facts.samples,
    byTaskManager: state === null ? {} : countShares(facts, state.by),
    restored: facts.restored?.total ?? 0,
    firstSendAtUs: smallest(times(({ firstSendAtUs }) => firstSendAtUs)),
    lastAckAtUs: largest(times(({ lastAckAtUs }) => lastAckAtUs)),
    lastEffectAtUs: largest(facts.union.rows.filter(({ n }) => n > 0).map(({ appliedAtUs }) => appliedAtUs)),
    rounds: timeRounds(ledgers, facts.union.rows),
    durationMs,
  };
}

export function runChecksBeforeTopic(facts: FactsBeforeTopic): Check[] {
  return limitToEngine(facts, [
    ...checkJobStateAlone(facts),
    ...checkAppliedLog(facts),
    ...checkFencing(facts),
    ...checkCommitted(facts),
  ]);
}

export function runTopicChecks(facts: Facts): Check[] {
  return limitToEngine(facts, [
    ...checkJobState(facts),
    ...checkPublished(facts),
    ...checkTopic(facts),
    ...checkPlanned(facts),
    ...checkLedgers(facts),
    ...(facts.config.userJob === undefined ? [] : checkUserJob(facts)),
  ]);
}

export const runChecks = (facts: Facts): Check[] =>
  sortAsCatalogued([...runChecksBeforeTopic(facts), ...runTopicChecks(facts)]);

function sortAsCatalogued(checks: readonly Check[]): Check[] {
  const places = new Map(
    [...Object.values(CHECKS), ...Object.values(USER_JOB_CHECKS)].map(({ id }, i) => [id as string, i]),
  );
  return checks.toSorted((a, b) => (places.get(a.id) ?? 0) - (places.get(b.id) ?? 0));
}

/**
 * Lost and duplicated: exact on the topic side, by the bitmap; on the effect side from counts, where equal counts with
 * different checksums are at least one of each. Of a topic that could not be re-read as a whole neither is known.
 */
function countMessages(facts: Facts, state: JobState | null): ChecksFile["messages"] {
  if (facts.config.userJob !== undefined) return { ...countTopic(facts), ...countUserJob(facts) };
  const { tallies, added, bitmap } = facts.topic;
  const all = [...tallies, ...added];
  const isWhole = listUncovered(facts, "all").length === 0;
  const effect = state === null || !isWhole ? null : countEffectErrors(facts, state);
  const { lost } = findLostIds(facts);
  const inState = (value: (partition: JobState["partitions"][number]) => number) =>
    state === null ? null : sumOver(state.partitions, value);
  return {
    ...countTopic(facts),
    processed: inState(({ count }) => count),
    rejected: inState(({ rejected }) => rejected),
    unprocessed: state === null || !isWhole ? null : sumOver(all, ({ above }) => above.messages + above.rejected),
    lost: effect === null || lost === null ? null : effect.lost + lost,
    duplicated: effect === null ? null : effect.duplicated + (bitmap?.duplicated ?? 0),
    // Flink's SQL keeps no order.
    outOfOrder: facts.config.engine === "flink" ? null : inState(({ disorder }) => disorder),
  };
}

function countTopic(facts: Facts) {
  const { tallies, added } = facts.topic;
  const isKnown = tallies.every(({ p }) => explainShortEnd(facts, p) === null);
  return {
    requested: countPlanned(facts.task.rounds),
    acknowledged: sumOver(readLedgers(facts), ({ acknowledged }) => acknowledged),
    inKafka: isKnown ? sumOver([...tallies, ...added], countRecords) : null,
    notCounted: countNotCounted(facts),
  };
}

/** What a job of the user's own has read, and what is missing in its output or there too often, where an expectation says. */
function countUserJob({ group, topic, expectation }: Facts) {
  const pairing = expectation?.kind === "read" && expectation.unread.length === 0 ? expectation.pairing : null;
  const isKnown = group.kind === "read";
  return {
    processed: isKnown ? sumOver(topic.tallies, countApplied) : null,
    rejected: null,
    unprocessed: isKnown ? sumOver(topic.tallies, ({ above }) => above.messages + above.rejected) : null,
    lost: pairing?.missing ?? null,
    duplicated: pairing?.repeated ?? null,
    outOfOrder: null,
  };
}

function countEffectErrors(facts: Facts, state: JobState): { readonly lost: number; readonly duplicated: number } {
  let lost = 0;
  let duplicated = 0;
  for (const { p, below } of facts.topic.tallies) {
    const partition = state.partitions[p];
    if (partition === undefined) continue;
    const surplus = partition.count - below.messages;
    const sumsDiffer = partition.idSum !== below.idSum || (hasIdMix(facts) && partition.idMix !== below.idMix);
    lost += surplus < 0 ? -surplus : surplus === 0 && sumsDiffer ? 1 : 0;
    duplicated += surplus > 0 ? surplus : surplus === 0 && sumsDiffer ? 1 : 0;
  }
  return { lost, duplicated };
}

/** What the job says of each partition; without a state, nothing. */
function describePartitions(facts: Facts, state: JobState | null): PartitionReport[] {
  if (state === null) return [];
  return state.partitions.map(({ p, start, count, rejected, skipped, idSum, idMix }) => {
    const end = facts.topic.tallies[p]?.position ?? start;
    return { p, start, end, count, rejected, skipped, idSum, idMix };
  });
}

/** A row belongs to the round whose indexes hold its last offset: rounds follow each other, drained in between. */
function timeRounds(ledgers: readonly Ledger[], rows: readonly ApplyRow[]): ChecksFile["rounds"] {
  return ledgers.map(({ round, firstSendAtUs, lastAckAtUs, partitions }) => {
    let lastEffectAtUs: number | null = null;
    for (const { p, prev, next, n, appliedAtUs } of rows) {
      const part = partitions[p];
      const last = next - 1;
      const inRound = part !== undefined && last >= part.firstIndex && last < part.firstIndex + part.acknowledged;
      if (inRound && next > prev && n > 0 && appliedAtUs > (lastEffectAtUs ?? 0)) lastEffectAtUs = appliedAtUs;
    }
    return { round, firstSendAtUs, lastAckAtUs, lastEffectAtUs };
  });
}

const largest = (values: readonly number[]): number | null =>
  values.reduce((a: number | null, b) => Math.max(a ?? b, b), null);
const smallest = (values: readonly number[]): number | null =>
  values.reduce((a: number | null, b) => Math.min(a ?? b, b), null);
