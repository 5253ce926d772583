/** From facts to `checks.json`. Pure. */
import type { ApplyRow } from "../../simulator/common/contract/applied-log.ts";
import type { ChecksFile } from "../../simulator/common/contract/checks.ts";
import type { Ledger } from "../../simulator/common/contract/ledger.ts";
import type { JobState } from "../../simulator/common/contract/redis-state.ts";
import type { Check, PartitionReport } from "../../simulator/common/contract/report.ts";
import { checkLedgers } from "./checks/ledger-checks.ts";
import { checkAppliedLog } from "./checks/log-checks.ts";
import { checkJobState } from "./checks/state-checks.ts";
import { bitmapProblem, checkTopic } from "./checks/topic-checks.ts";
import { countRecords, type Facts, readLedgers, sumOver } from "./facts.ts";

export function evaluateFacts(facts: Facts, durationMs: number): ChecksFile {
  const state = facts.state.kind === "complete" ? facts.state.state : null;
  const ledgers = readLedgers(facts);
  const times = (pick: (ledger: Ledger) => number) => ledgers.map(pick).filter((time) => time > 0);
  return {
    schema: 1,
    mode: facts.task.mode,
    checks: runChecks(facts),
    messages: countMessages(facts, state),
    partitions: describePartitions(facts, state),
    samples: facts.samples,
    byTaskManager: state?.by ?? {},
    firstSendAtUs: smallest(times(({ firstSendAtUs }) => firstSendAtUs)),
    lastAckAtUs: largest(times(({ lastAckAtUs }) => lastAckAtUs)),
    lastEffectAtUs: largest(facts.union.rows.filter(({ n }) => n > 0).map(({ appliedAtUs }) => appliedAtUs)),
    rounds: timeRounds(ledgers, facts.union.rows),
    durationMs,
  };
}

export function runChecks(facts: Facts): Check[] {
  return [...checkJobState(facts), ...checkTopic(facts), ...checkLedgers(facts), ...checkAppliedLog(facts)];
}

/**
 * Lost and duplicated: exact on the topic side, by the bitmap; on the effect side from counts, where equal counts with
 * different checksums are at least one of each.
 */
function countMessages(facts: Facts, state: JobState | null): ChecksFile["messages"] {
  const ledgers = readLedgers(facts);
  const { tallies, bitmap } = facts.topic;
  const effect = state === null ? null : countEffectErrors(facts, state);
  const ledgersKnown = !facts.config.ownTopic || ledgers.length === facts.ledgers.length;
  const inState = (value: (partition: JobState["partitions"][number]) => number) =>
    state === null ? null : sumOver(state.partitions, value);
  return {
    requested: sumOver(ledgers, ({ messages }) => messages),
    acknowledged: sumOver(ledgers, ({ acknowledged }) => acknowledged),
    inKafka: sumOver(tallies, countRecords),
    processed: inState(({ count }) => count),
    rejected: inState(({ rejected }) => rejected),
    unprocessed: state === null ? null : sumOver(tallies, ({ above }) => above.messages + above.rejected),
    lost: effect === null || !ledgersKnown ? null : effect.lost + bitmapProblem(facts).lost,
    duplicated: effect === null ? null : effect.duplicated + (bitmap?.duplicated ?? 0),
    outOfOrder: inState(({ disorder }) => disorder),
  };
}

function countEffectErrors(facts: Facts, state: JobState): { readonly lost: number; readonly duplicated: number } {
  let lost = 0;
  let duplicated = 0;
  for (const { p, below } of facts.topic.tallies) {
    const partition = state.partitions[p];
    if (partition === undefined) continue;
    const surplus = partition.count - below.messages;
    const sumsDiffer = partition.idSum !== below.idSum || partition.idMix !== below.idMix;
    lost += surplus < 0 ? -surplus : surplus === 0 && sumsDiffer ? 1 : 0;
    duplicated += surplus > 0 ? surplus : surplus === 0 && sumsDiffer ? 1 : 0;
  }
  return { lost, duplicated };
}

/** What the job says of each partition; without a state, nothing. */
function describePartitions(facts: Facts, state: JobState | null): PartitionReport[] {
  if (state === null) return [];
  return state.partitions.map(({ p, start, count, rejected, skipped, idSum, idMix }) => {
    const end = facts.topic.tallies[p]?.end ?? start;
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
