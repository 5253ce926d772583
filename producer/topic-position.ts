/**
 * Where the topic stands, held against what was acknowledged. Kafka may answer with less than it has: a broker that no
 * longer leads, and does not know it yet, tells the end of an older log. So an end below the acknowledged one is asked
 * for again, and counts as a loss only when it stays there.
 */
import type { KafkaCluster } from "../simulator/clients/kafka/cluster.ts";
import { findOwnBatches, type OwnBatch, type ProducerIdentity } from "../simulator/clients/kafka/own-batches.ts";
import { present } from "../simulator/common/foundation/assert.ts";
import { sleep } from "../simulator/common/foundation/deadline.ts";
import { createError } from "../simulator/common/foundation/errors.ts";

export interface TopicEnds {
  /** By partition: the high watermark, behind the last record that every replica has. */
  readonly high: readonly number[];
  /** The last stable offset: what readers get ends there, before an open transaction of anybody. */
  readonly stable: readonly number[];
}

export interface TopicPlace {
  readonly cluster: KafkaCluster;
  readonly topic: string;
  readonly partitions: number;
}

export interface EndsWait {
  readonly topic: string;
  readonly read: () => Promise<TopicEnds>;
  /** By partition: offset after the last acknowledged record. */
  readonly acknowledged: readonly number[];
  /** True: twice the same, so that what is still on its way into the log is there. */
  readonly settled: boolean;
  readonly signal: AbortSignal;
  /** Told once, at the first answer that lacks acknowledged records. */
  readonly onDoubt: (text: string) => void;
  /** Default 30 s. */
  readonly deadlineMs?: number;
  /** Default 200 ms: longer than a broker takes for a request that it has received. */
  readonly intervalMs?: number;
}

const DEADLINE_MS = 30_000;
const INTERVAL_MS = 200;

export async function readEnds({ cluster, topic, partitions }: TopicPlace): Promise<TopicEnds> {
  const all = Array.from({ length: partitions }, (_, p) => p);
  const high = await cluster.listOffsets(topic, all, "latest");
  return { high, stable: await cluster.listOffsets(topic, all, "latest", "committed") };
}

/** The ends, when readers can get all that was acknowledged. Throws PRODUCER_RECORDS_LOST, or why they cannot. */
export async function awaitEnds(wait: EndsWait): Promise<TopicEnds> {
  const { deadlineMs = DEADLINE_MS, intervalMs = INTERVAL_MS } = wait;
  const startedAtMs = performance.now();
  let before: TopicEnds | undefined;
  let isDoubtTold = false;
  for (;;) {
    wait.signal.throwIfAborted();
    const ends = await wait.read();
    const isSettled = !wait.settled || before?.high.join() === ends.high.join();
    const short = findShort(ends.stable, wait.acknowledged);
    if (short === undefined && isSettled) return ends;
    if (short !== undefined && !isDoubtTold) {
      isDoubtTold = true;
      const { p, acknowledged } = short;
      const text = `${wait.topic}-${p} ends at offset ${ends.stable[p]}, below ${acknowledged}, up to which records were acknowledged: it is asked again for ${deadlineMs} ms`;
      wait.onDoubt(text);
    }
    if (performance.now() - startedAtMs >= deadlineMs) throw explainShort(wait, ends, deadlineMs);
    before = ends;
    await sleep(intervalMs, wait.signal);
  }
}

function explainShort({ topic, acknowledged }: EndsWait, ends: TopicEnds, deadlineMs: number): Error {
  const lost = findShort(ends.high, acknowledged);
  if (lost !== undefined) return createError("PRODUCER_RECORDS_LOST", { topic, ...lost });
  const held = findShort(ends.stable, acknowledged);
  if (held !== undefined) return createError("PRODUCER_RECORDS_HELD", { topic, ...held, waitedMs: deadlineMs });
  return createError("DEADLINE_EXCEEDED", {
    what: `the wait until the end offsets of ${topic} stand still`,
    deadlineMs,
    last: "",
  });
}

interface ShortEnd {
  readonly p: number;
  readonly acknowledged: number;
  readonly endOffset: number;
}

function findShort(ends: readonly number[], acknowledged: readonly number[]): ShortEnd | undefined {
  const short = acknowledged.map((offset, p) => ({ p, acknowledged: offset, endOffset: ends[p] ?? 0 }));
  return short.find(({ acknowledged: offset, endOffset }) => endOffset < offset);
}

/** What a producer's lost process had acknowledged: by partition, the next index and its offset. */
export interface Acknowledged {
  readonly p: number;
  readonly nextIndex: number;
  readonly nextOffset: number;
}

/**
 * This producer's batches from the last acknowledged record on, in order. Throws PRODUCER_RECORDS_LOST when that record is
 * not in its place: the log may have been cut, and have grown again by what others wrote.
 */
export async function findBatchesSince(
  { cluster, topic, partitions }: TopicPlace,
  acknowledged: readonly Acknowledged[],
  ends: TopicEnds,
  identity: ProducerIdentity,
): Promise<OwnBatch[]> {
  const all = Array.from({ length: partitions }, (_, p) => p);
  const earliest = await cluster.listOffsets(topic, all, "earliest");
  const ranges = acknowledged.map(({ p, nextIndex, nextOffset }) => ({
    p,
    from: Math.max(nextIndex === 0 ? nextOffset : nextOffset - 1, earliest[p] ?? 0),
    to: present(ends.stable[p], `the end of partition ${p}`),
    nearSequence: nextIndex,
  }));
  const batches = await findOwnBatches(cluster, topic, ranges, identity);
  const reached = new Map(batches.map(({ p, firstSequence, records }) => [p, firstSequence + records]));
  for (const { p, nextIndex, nextOffset } of acknowledged) {
    // What retention took cannot be looked at.
    if (nextIndex === 0 || (earliest[p] ?? 0) >= nextOffset || (reached.get(p) ?? 0) >= nextIndex) continue;
    const loss = { topic, p, acknowledged: nextOffset, endOffset: present(ends.high[p], `the end of partition ${p}`) };
    throw createError("PRODUCER_RECORDS_LOST", loss);
  }
  return batches;
}
