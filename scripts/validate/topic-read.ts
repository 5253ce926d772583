/** Asks Kafka what it holds of the topic, and reads all of it that this run answers for into tallies. */

import type { RunConfig } from "../../simulator/common/contract/child/run-config.ts";
import type { ValidatorTask } from "../../simulator/common/contract/child/tasks.ts";
import type { JobState } from "../../simulator/common/contract/state/redis-state.ts";
import type { Log } from "../../simulator/common/foundation/log.ts";
import type { LedgerFact, TopicFacts, TopicRanges } from "./facts.ts";
import { createIdBitmap } from "./id-bitmap.ts";
import type { SampleCollector } from "./samples.ts";
import type { TopicClient } from "./topic-client.ts";
import { findNeededEnds, settleTopicRanges } from "./topic-ranges.ts";
import { DELETED, rereadTopic } from "./topic-reread.ts";
import { createPartitionTally, type PartitionTally, skipUnread, TopicTally } from "./topic-tally.ts";

export interface TopicReadOptions {
  readonly config: RunConfig;
  readonly task: ValidatorTask;
  /** Null when there is none that is a fact. */
  readonly state: JobState | null;
  readonly ledgers: readonly LedgerFact[];
  /** By partition: up to where the records were read by a job that keeps no state; null: the state says it. */
  readonly cuts: readonly number[] | null;
  /** Null on somebody else's topic, and when no producer began. */
  readonly producerId: number | null;
  readonly samples: SampleCollector;
  readonly settleMs: number;
  /** How long the re-read may stand still. Default 60 s. */
  readonly stuckMs?: number;
  readonly onReread?: (done: number, total: number) => void;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export async function readTopic(client: TopicClient, options: TopicReadOptions): Promise<TopicFacts> {
  const { config, task, producerId, samples, signal } = options;
  const ranges = await settleTopicRanges({
    ...options,
    ask: (attempt) => client.ask(attempt),
    needed: findNeededEnds(options),
  });
  const tallies = Array.from({ length: config.partitions }, (_, p) => planPartition(options, ranges, p));
  const added = config.ownTopic ? planAdded(ranges, config.partitions) : [];
  const bitmap = createIdBitmap(config, task.rounds);
  const tally = new TopicTally({ topic: config.topic, bitmap, samples, producerId });
  const { cluster } = client;
  const partitions = [...tallies, ...added];
  const { stuckMs, onReread: onProgress } = options;
  await rereadTopic({
    cluster,
    topic: config.topic,
    tally,
    partitions,
    signal,
    ...(stuckMs && { stuckMs }),
    ...(onProgress && { onProgress }),
  });
  return { tallies, added, ranges, bitmap, producerId };
}

/** All of our own topic; of somebody else's from where the job began to where it was, or should have been. */
function planPartition(
  { config, task, state, cuts }: TopicReadOptions,
  ranges: TopicRanges,
  p: number,
): PartitionTally {
  const earliest = ranges.earliest[p] ?? 0;
  const latest = ranges.ends[p] ?? 0;
  const start = config.ownTopic ? 0 : (state?.partitions[p]?.start ?? task.startOffsets?.[p] ?? earliest);
  const cut = cuts === null ? (state?.partitions[p]?.offset ?? start) : Math.max(start, cuts[p] ?? start);
  const asked = config.ownTopic ? undefined : task.endOffsets?.[p];
  const end = Math.min(latest, asked === undefined ? Number.MAX_SAFE_INTEGER : Math.max(asked, cut));
  const tally = createPartitionTally({ p, start, end: Math.max(start, end), cut });
  skipUnread(tally, earliest, DELETED);
  return tally;
}

/** Partitions that our topic got during the run: whatever lies there, none of it was read by the job. */
function planAdded({ partitions, earliest, ends }: TopicRanges, ours: number): PartitionTally[] {
  return Array.from({ length: Math.max(0, partitions - ours) }, (_, i) => {
    const start = earliest[ours + i] ?? 0;
    return createPartitionTally({ p: ours + i, start, end: ends[ours + i] ?? 0, cut: start });
  });
}
