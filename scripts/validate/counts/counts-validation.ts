/**
 * Judges a job on Flink without a host: waits until what Flink has committed covers the topic as it is now, reads the topic
 * once more itself, and compares. What is proven is shown in Redis, under the key that programs of users read.
 *
 * V1 Only rows of committed transactions are seen, and the newest of a partition alone.
 * V2 The wait for them has a deadline; what they cover by then is in its error.
 * V3 Redis is told a total only after every comparison held.
 */
import { PartitionReader } from "../../../simulator/clients/kafka/consumer.ts";
import { openRedis } from "../../../simulator/clients/redis/reader.ts";
import type { PartitionCounts } from "../../../simulator/common/contract/job/counts.ts";
import type { RedisAddress } from "../../../simulator/common/foundation/address.ts";
import { waitUntil } from "../../../simulator/common/foundation/deadline.ts";
import type { KafkaAccess } from "../../../simulator/common/foundation/kafka-security.ts";
import type { Log } from "../../../simulator/common/foundation/log.ts";
import { decodeCounts } from "../../../simulator/runtime/mirror/counts-decoder.ts";
import { SampleCollector } from "../samples.ts";
import { TopicClient } from "../topic-client.ts";
import { DELETED, rereadTopic } from "../topic-reread.ts";
import { createPartitionTally, skipUnread, TopicTally } from "../topic-tally.ts";
import { type CountsComparison, compareCounts } from "./counts-comparison.ts";

/** All transactions of a checkpoint lie in one order. */
const COUNTS_PARTITION = 0;
const CLIENT_ID = "validator";

export interface CountsRequest {
  readonly kafka: KafkaAccess;
  readonly topic: string;
  readonly countsTopic: string;
  /** How many there must be; null: as many as there are. */
  readonly messages: number | null;
  readonly deadlineMs: number;
  /** Null: nothing is shown. */
  readonly redis: { readonly address: RedisAddress; readonly key: string } | null;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly onProgress: (step: string) => void;
}

/** Throws DEADLINE_EXCEEDED where Flink's counts do not come, and what Kafka or Redis have to say. */
export async function validateCounts(request: CountsRequest): Promise<CountsComparison> {
  const { kafka, topic, log, signal, onProgress } = request;
  const client = await TopicClient.open({ ...kafka, clientId: CLIENT_ID, topic, log, signal });
  try {
    const { partitions, earliest, ends } = await client.ask(0);
    onProgress(`waiting until Flink has committed what is in ${topic}`);
    const counts = await followCounts(request, client, ends);
    onProgress(`reading ${topic} again`);
    const tallies = Array.from({ length: partitions }, (_, p) => {
      const tally = createPartitionTally({ p, start: 0, end: ends[p] ?? 0, cut: 0 });
      skipUnread(tally, earliest[p] ?? 0, DELETED);
      return tally;
    });
    const tally = new TopicTally({ topic, bitmap: null, samples: new SampleCollector([], topic), producerId: null });
    await rereadTopic({ cluster: client.cluster, topic, tally, partitions: tallies, signal });
    const comparison = compareCounts(tallies, counts, request.messages);
    if (comparison.findings.length === 0) await showTotal(request, comparison.messages);
    return comparison;
  } finally {
    client.close();
  }
}

/** V1. A partition that is empty has no row, and needs none. */
async function followCounts(
  { countsTopic, deadlineMs, signal }: CountsRequest,
  { cluster }: TopicClient,
  ends: readonly number[],
): Promise<ReadonlyMap<number, PartitionCounts>> {
  const counts = new Map<number, PartitionCounts>();
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  await cluster.topic(countsTopic, deadlineMs);
  const reader = new PartitionReader({
    cluster,
    topic: countsTopic,
    onRecords(fetched) {
      try {
        for (const row of decodeCounts({ topic: countsTopic, partitions: ends.length }, fetched))
          counts.set(row.p, row);
      } catch (error) {
        failed.reject(error);
      }
    },
    onError: (_, error) => failed.reject(error),
  });
  reader.assign(COUNTS_PARTITION, 0);
  try {
    const isCovered = (end: number, p: number) => end === 0 || (counts.get(p)?.highestOffset ?? -1) >= end - 1;
    const covered = waitUntil(() => (ends.every(isCovered) ? true : undefined), {
      what: `Flink's committed counts of all ${ends.length} partitions in ${countsTopic}`,
      deadlineMs,
      signal,
    });
    await Promise.race([failed.promise, covered]);
    return counts;
  } finally {
    await reader.close();
  }
}

/** V3. */
async function showTotal({ redis, log, signal }: CountsRequest, messages: number): Promise<void> {
  if (redis === null) return;
  const connection = await openRedis(redis.address, { log, signal });
  try {
    await connection.transport.call("SET", [redis.key, String(messages)]);
  } finally {
    connection.close();
  }
}
