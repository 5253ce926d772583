/**
 * What Kafka says it holds of each partition, asked until it contradicts no other fact.
 *
 *   asking → agreed           every end is at or above what was applied and acknowledged
 *          → contradicted     after settleMs one is not
 *
 * E1 An end below what was applied or acknowledged is a contradiction, and no count: a broker that was paused answers as
 *    the leader that it no longer is. It is asked for again, of other brokers first, by a client without memory.
 * E2 Of several answers the highest counts: what is committed stays, and what is deleted does not come back.
 * E3 What lasts is left to the checks, with both numbers.
 */

import type { RunConfig } from "../../simulator/common/contract/child/run-config.ts";
import type { ValidatorTask } from "../../simulator/common/contract/child/tasks.ts";
import type { JobState } from "../../simulator/common/contract/state/redis-state.ts";
import { sleep } from "../../simulator/common/foundation/deadline.ts";
import { describeError } from "../../simulator/common/foundation/errors.ts";
import type { Log } from "../../simulator/common/foundation/log.ts";
import type { LedgerFact, NeededEnd, TopicAnswer, TopicRanges } from "./facts.ts";

export interface RangeQuestion {
  /** `attempt` 0 may take its time; later ones are bounded and begin at another broker. */
  readonly ask: (attempt: number) => Promise<TopicAnswer>;
  readonly needed: readonly NeededEnd[];
  readonly settleMs: number;
  readonly log: Log;
  readonly signal: AbortSignal;
}

const ASK_INTERVAL_MS = 500;

export async function settleTopicRanges(question: RangeQuestion): Promise<TopicRanges> {
  const { ask, needed, settleMs, log, signal } = question;
  let answer = await ask(0);
  const startedMs = performance.now();
  for (let attempt = 1; ; attempt += 1) {
    const contradiction = findContradiction(answer, needed);
    const askedForMs = attempt === 1 ? 0 : Math.round(performance.now() - startedMs);
    if (contradiction === null || performance.now() - startedMs >= settleMs) return { ...answer, needed, askedForMs };
    log.warn(`${contradiction}: asking the brokers again`);
    await sleep(Math.min(ASK_INTERVAL_MS, settleMs), signal);
    try {
      answer = mergeAnswers(answer, await ask(attempt));
    } catch (error) {
      signal.throwIfAborted();
      log.warn(`no answer this time: ${describeError(error)}`);
    }
  }
}

function findContradiction({ ends }: TopicAnswer, needed: readonly NeededEnd[]): string | null {
  for (const [p, { offset, because }] of needed.entries()) {
    const end = ends[p] ?? 0;
    if (end < offset) return `Kafka's end offset of partition ${p} is ${end}, though ${because}`;
  }
  return null;
}

/** E2. */
function mergeAnswers(a: TopicAnswer, b: TopicAnswer): TopicAnswer {
  const partitions = Math.max(a.partitions, b.partitions);
  const highest = (one: readonly number[], other: readonly number[]) =>
    Array.from({ length: partitions }, (_, p) => Math.max(one[p] ?? 0, other[p] ?? 0));
  return {
    partitions,
    earliest: highest(a.earliest, b.earliest),
    ends: highest(a.ends, b.ends),
    high: highest(a.high, b.high),
  };
}

/** The highest end offset of each partition that Redis, a ledger, or the end asked for, tells of. */
export function findNeededEnds(facts: {
  readonly config: RunConfig;
  readonly task: ValidatorTask;
  readonly state: JobState | null;
  readonly ledgers: readonly LedgerFact[];
}): NeededEnd[] {
  const { config, task, state, ledgers } = facts;
  return Array.from({ length: config.partitions }, (_, p) => {
    const asked = config.ownTopic ? 0 : (task.endOffsets?.[p] ?? 0);
    let needed: NeededEnd = { offset: asked, because: `it was ${asked} when the job began` };
    const raise = (offset: number, because: string) => {
      if (offset > needed.offset) needed = { offset, because };
    };
    const applied = state?.partitions[p]?.offset ?? 0;
    raise(applied, `Redis says that ${applied} is the next offset to apply`);
    for (const fact of ledgers) {
      const part = fact.kind === "read" ? fact.ledger.partitions[p] : undefined;
      if (part === undefined) continue;
      const acknowledged = part.firstIndex + part.acknowledged;
      raise(acknowledged, `the ledger of round ${fact.round} has every index below ${acknowledged} acknowledged`);
      const end = part.endOffset ?? 0;
      raise(end, `the ledger of round ${fact.round} saw the end offset ${end}`);
    }
    return needed;
  });
}
