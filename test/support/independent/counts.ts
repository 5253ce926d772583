/** What the evidence says in numbers, by the names that the product's report has. Pure. */
import { type Evidence, readWholeNumber } from "./evidence.ts";
import { emptyTally } from "./message-tally.ts";
import type { PartitionReading, TopicReading } from "./topic-reading.ts";

/** Null: not knowable from the evidence. */
export interface Counts {
  readonly requested: number;
  readonly acknowledged: number;
  readonly inKafka: number;
  readonly processed: number | null;
  readonly rejected: number | null;
  readonly unprocessed: number | null;
  /** What the product did not re-read; this reader reads everything. */
  readonly notCounted: 0;
  readonly lost: number | null;
  readonly duplicated: number | null;
  readonly outOfOrder: number | null;
}

/** Of the hash, by partition. */
export interface PartitionState {
  readonly p: number;
  readonly start: number;
  readonly offset: number;
  readonly count: number;
  readonly rejected: number;
  readonly skipped: number;
  readonly idSum: number;
  readonly idMix: number;
  readonly disorder: number;
}

export const sumOf = <T>(items: readonly T[], value: (item: T) => number): number =>
  items.reduce((sum, item) => sum + value(item), 0);

/** Null when the job has no hash, or one in which a field is missing. */
export function readStates(hash: Readonly<Record<string, string>>): readonly PartitionState[] | null {
  const partitions = Object.keys(hash).filter((field) => /^offset:\d+$/.test(field)).length;
  const states = Array.from({ length: partitions }, (_, p) => {
    const read = (field: string) => readWholeNumber(hash[`${field}:${p}`]) ?? Number.NaN;
    return {
      p,
      start: read("start"),
      offset: read("offset"),
      count: read("count"),
      rejected: read("rejected"),
      skipped: read("skipped"),
      idSum: read("idSum"),
      idMix: read("idMix"),
      disorder: read("disorder"),
    };
  });
  const isComplete = states.every((state) => Object.values(state).every((value) => !Number.isNaN(value)));
  return partitions > 0 && isComplete && readWholeNumber(hash["total"]) !== null ? states : null;
}

/** Exact when all were acknowledged; else by the counts of the partitions. */
export function countTopicLost({
  requested,
  topic,
  ledger,
}: Pick<Evidence, "topic" | "ledger"> & { requested: number }): number {
  if (ledger === null) return 0;
  if (ledger.acknowledged === requested) return requested - topic.distinct;
  return sumOf(topic.partitions, ({ p, all }) =>
    Math.max(0, (ledger.partitions[p]?.acknowledged ?? 0) - all.messages - all.rejected),
  );
}

/** A partition that the job knows and the topic does not have is empty. */
export function readingOf(topic: TopicReading, p: number): PartitionReading {
  const none = emptyTally();
  const empty = { p, earliest: 0, end: 0, all: none, applied: none, acknowledged: none, holes: 0 };
  return topic.partitions[p] ?? empty;
}

/** Equal counts with different sums are at least one of each. */
export function countEffectErrors(
  state: PartitionState,
  { applied }: PartitionReading,
): { lost: number; duplicated: number } {
  const surplus = state.count - applied.messages;
  const sumsDiffer = state.idSum !== applied.idSum || state.idMix !== applied.idMix;
  const swapped = surplus === 0 && sumsDiffer ? 1 : 0;
  return { lost: Math.max(0, -surplus) + swapped, duplicated: Math.max(0, surplus) + swapped };
}

export function countAll({ requested, topic, ledger }: Evidence, states: readonly PartitionState[] | null): Counts {
  const errors = states?.map((state) => countEffectErrors(state, readingOf(topic, state.p)));
  const inTopic = requested === null ? 0 : countTopicLost({ requested, topic, ledger });
  const records = sumOf(topic.partitions, ({ all }) => all.messages + all.rejected);
  const appliedRecords = sumOf(topic.partitions, ({ applied }) => applied.messages + applied.rejected);
  const isLostKnown = requested === null || requested === 0 || ledger !== null;
  return {
    requested: requested ?? 0,
    acknowledged: ledger?.acknowledged ?? 0,
    inKafka: records,
    processed: states === null ? null : sumOf(states, ({ count }) => count),
    rejected: states === null ? null : sumOf(states, ({ rejected }) => rejected),
    unprocessed: states === null ? null : records - appliedRecords,
    notCounted: 0,
    lost: errors === undefined || !isLostKnown ? null : sumOf(errors, ({ lost }) => lost) + inTopic,
    duplicated:
      errors === undefined
        ? null
        : sumOf(errors, ({ duplicated }) => duplicated) + (requested === null ? 0 : topic.repeated),
    outOfOrder: states === null ? null : sumOf(states, ({ disorder }) => disorder),
  };
}
