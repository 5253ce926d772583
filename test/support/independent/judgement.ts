/** What is true of a run, judged from the topic, the job's hash and the ledger alone. Pure. */
import {
  type Counts,
  countAll,
  countEffectErrors,
  countTopicLost,
  type PartitionState,
  readingOf,
  readStates,
  sumOf,
} from "./counts.ts";
import { type Evidence, readWholeNumber } from "./evidence.ts";
import type { LedgerReading } from "./run-reading.ts";
import type { PartitionReading, TopicReading } from "./topic-reading.ts";
import { breach, openEnd, type Violation } from "./violations.ts";

export type Finding =
  | { readonly kind: "exact" }
  /** Not all was done; what was done is exact. */
  | { readonly kind: "unfinished" }
  | { readonly kind: "violated" }
  | { readonly kind: "unknown"; readonly why: string };

export interface Judgement {
  readonly finding: Finding;
  readonly violations: readonly Violation[];
  readonly counts: Counts;
  readonly states: readonly PartitionState[];
}

export function judge(evidence: Evidence): Judgement {
  const { topic, job, ledger } = evidence;
  const states = readStates(job.hash);
  const violations = [
    ...judgeTopic(evidence),
    ...(ledger === null ? [] : judgeLedger(ledger, topic)),
    ...(states === null
      ? [breach("stateMissing", "the job's hash is missing or not complete")]
      : judgeState(evidence, states)),
  ];
  return {
    finding: nameFinding(states, violations),
    violations,
    counts: countAll(evidence, states),
    states: states ?? [],
  };
}

function nameFinding(states: readonly PartitionState[] | null, violations: readonly Violation[]): Finding {
  if (violations.length === 0) return { kind: "exact" };
  if (states === null) return { kind: "unknown", why: "there is no complete state of the job" };
  return violations.some(({ isBreach }) => isBreach) ? { kind: "violated" } : { kind: "unfinished" };
}

function judgeTopic({ requested, topic, ledger }: Evidence): Violation[] {
  const found: Violation[] = [];
  const rejected = sumOf(topic.partitions, ({ all }) => all.rejected);
  if (rejected > 0) found.push(breach("rejected", `${rejected} records are no messages`));
  // Of somebody else's topic nothing is known but what it holds.
  if (requested === null) return found;
  const lost = countTopicLost({ requested, topic, ledger });
  if (lost > 0) found.push(breach("topicLost", `${lost} acknowledged messages are not in the topic`));
  if (topic.repeated > 0) found.push(breach("topicRepeated", `${topic.repeated} messages are in the topic again`));
  if (topic.beyond > 0) found.push(breach("topicForeign", `${topic.beyond} messages have ids that nobody asked for`));
  if (rejected > 0)
    found.push(breach("topicForeign", `${rejected} records in the run's own topic are somebody else's`));
  const holes = sumOf(topic.partitions, ({ holes }) => holes);
  if (holes > 0) found.push(breach("topicHoles", `${holes} offsets have no record`));
  if (ledger === null && requested > 0) found.push(openEnd("ledgerMissing", "there is no ledger"));
  if (ledger !== null && !(ledger.isFinished && ledger.acknowledged === requested)) {
    found.push(openEnd("ledgerShort", `${ledger.acknowledged} of ${requested} messages were acknowledged`));
  }
  return found;
}

function judgeLedger(ledger: LedgerReading, topic: TopicReading): Violation[] {
  return topic.partitions.flatMap(({ p, acknowledged, all, end }) => {
    const entry = ledger.partitions[p];
    if (entry === undefined) return [breach("ledgerDiffers", `the ledger does not have partition ${p}`)];
    const isShort = all.messages + all.rejected < entry.acknowledged;
    const sumsDiffer = acknowledged.idSum !== entry.idSum || acknowledged.idMix !== entry.idMix;
    const differs = isShort || (ledger.isFinished && (sumsDiffer || end !== entry.endOffset));
    return differs ? [breach("ledgerDiffers", `partition ${p} differs from the ledger in count, sums or end`)] : [];
  });
}

function judgeState({ topic, job, ledger, requested }: Evidence, states: readonly PartitionState[]): Violation[] {
  const { hash, published } = job;
  const found = states.flatMap((state) => judgePartition(state, readingOf(topic, state.p), requested));
  for (const { p, end, earliest } of topic.partitions.slice(states.length)) {
    if (end > earliest)
      found.push(breach("unseen", `partition ${p} has ${end - earliest} records, and no job reads it`));
  }
  const total = readWholeNumber(hash["total"]);
  const counts = sumOf(states, ({ count }) => count);
  if (total !== counts) found.push(breach("total", `the total is ${total}, the counts sum to ${counts}`));
  const shares = Object.entries(hash).filter(([field]) => field.startsWith("by:"));
  const shared = sumOf(shares, ([, value]) => Number(value));
  if (shared !== total)
    found.push(breach("shares", `the TaskManagers' shares sum to ${shared}, the total is ${total}`));
  const others = Object.entries(published).filter(([, value]) => value !== String(total));
  if (others.length > 0) {
    // A run that ended early may have published less than it applied.
    const isDone = !found.some(({ kind }) => kind === "behind") && (ledger === null || ledger.isFinished);
    const text = `${others.map((other) => other.join(" is ")).join(", ")}, the total is ${total}`;
    found.push({ kind: "published", text, isBreach: isDone });
  }
  return found;
}

function judgePartition(state: PartitionState, read: PartitionReading, requested: number | null): Violation[] {
  const { p, start, offset, count, rejected, skipped, disorder } = state;
  const found: Violation[] = [];
  if (count + rejected + skipped !== offset - start) {
    found.push(
      breach("arithmetic", `partition ${p}: ${count} + ${rejected} + ${skipped} are not ${offset} − ${start}`),
    );
  }
  const { lost, duplicated } = countEffectErrors(state, read);
  if (lost + duplicated > 0 || rejected !== read.applied.rejected) {
    const is = `${count} (${state.idSum}, ${state.idMix})`;
    const expected = `${read.applied.messages} (${read.applied.idSum}, ${read.applied.idMix})`;
    found.push(
      breach("effect", `partition ${p}: the job counted ${is} below offset ${offset}, the topic has ${expected}`),
    );
  }
  if (offset < read.end) found.push(openEnd("behind", `partition ${p}: applied to ${offset}, the end is ${read.end}`));
  if (offset > read.end) found.push(breach("ahead", `partition ${p}: applied to ${offset}, the end is ${read.end}`));
  if (requested !== null && (disorder > 0 || read.all.disorder > 0)) {
    found.push(breach("disorder", `partition ${p}: ${read.all.disorder} ids do not rise, the job says ${disorder}`));
  }
  if (disorder !== read.applied.disorder) {
    found.push(
      breach("disorder", `partition ${p}: ${read.applied.disorder} applied ids do not rise, the job says ${disorder}`),
    );
  }
  return found;
}

/** In one phrase. */
export function describeJudgement({ finding, counts, violations }: Judgement): string {
  const of = counts.requested === 0 ? counts.inKafka : counts.requested;
  switch (finding.kind) {
    case "exact":
      return `exact, ${counts.processed} processed`;
    case "unfinished":
      return `unfinished, ${counts.processed} of ${of} processed, and these exactly`;
    case "unknown":
      return `unknown: ${finding.why}`;
    case "violated": {
      const first = violations.find(({ isBreach }) => isBreach)?.text ?? "";
      return `lost ${counts.lost}, duplicated ${counts.duplicated}: ${first}`;
    }
  }
}
