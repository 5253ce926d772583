/**
 * What the re-read cannot answer for. A count over offsets that Kafka did not show is no count, so whoever compares with
 * it does not know. Pure.
 *
 * V1 Offsets that were not read: deleted by retention or by somebody, or standing behind a broker that does not answer.
 * V2 An end offset below what was applied or acknowledged, however often it was asked for: one of the two is wrong.
 * V3 Fewer records between two offsets than the sink found there: compaction removes records, and leaves the offsets.
 */
import { type Facts, readState, sumOver } from "./facts.ts";

/** Up to where a comparison needs the topic: what was applied, or all that must be there. */
export type Extent = "applied" | "all";

/** Why the re-read of a partition does not reach as far as a comparison needs it; null: it does. */
export function explainUncovered(facts: Facts, p: number, extent: Extent): string | null {
  const tally = facts.topic.tallies[p];
  if (tally === undefined) return null;
  const state = readState(facts)?.partitions[p];
  const applied = state?.offset ?? tally.start;
  const gap = tally.unread.find(({ from }) => extent === "all" || from < applied);
  if (gap !== undefined) return `partition ${p}: offsets ${gap.from} to ${gap.to - 1} could not be read: ${gap.why}`;
  if (tally.position < applied || extent === "all") {
    const short = explainShortEnd(facts, p);
    if (short !== null) return short;
  }
  if (state !== undefined && tally.below.skipped > state.skipped) {
    const missing = tally.below.skipped - state.skipped;
    return `partition ${p}: Kafka holds no record any more at ${missing} offsets that the sink has read below ${applied}`;
  }
  return null;
}

/** V2 alone: where the topic ends is not known. */
export function explainShortEnd({ topic }: Pick<Facts, "topic">, p: number): string | null {
  const { needed, ends, high, askedForMs } = topic.ranges;
  const need = needed[p];
  const end = ends[p] ?? 0;
  if (need === undefined || end >= need.offset) return null;
  const asked = `after ${(askedForMs / 1_000).toFixed(1)} s of asking the brokers`;
  const held =
    (high[p] ?? 0) > end
      ? `, and offsets up to ${(high[p] ?? 0) - 1} are held back by a transaction of somebody else`
      : "";
  return `partition ${p}: Kafka's end offset is ${end} ${asked}, though ${need.because}${held}`;
}

export const listUncovered = (facts: Facts, extent: Extent): string[] =>
  facts.topic.tallies.flatMap(({ p }) => explainUncovered(facts, p, extent) ?? []);

/** The run's partitions that the re-read answers for. */
export const selectCovered = (facts: Facts, extent: Extent) =>
  facts.topic.tallies.filter(({ p }) => explainUncovered(facts, p, extent) === null);

/** Offsets of somebody else's topic that were left out: above the end asked for, and in partitions that came later. */
export function countNotCounted(facts: Facts): number {
  if (facts.config.ownTopic) return 0;
  const { tallies, ranges } = facts.topic;
  const above = sumOver(tallies, ({ p, position }) => Math.max(0, (ranges.ends[p] ?? 0) - position));
  const added = ranges.ends.map((end, p) => (p < tallies.length ? 0 : end - (ranges.earliest[p] ?? 0)));
  return above + sumOver(added, (offsets) => offsets);
}
