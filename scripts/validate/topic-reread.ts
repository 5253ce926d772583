/**
 * Reads the whole topic once more, all partitions at a time, into a tally.
 *
 * States: reading → done, failed or stuck. W1 A partition is released when its tally reached its end. W2 The wait ends
 * when nothing was read for STUCK_MS, naming the partition that stands still.
 */
import type { KafkaCluster } from "../../simulator/clients/kafka/cluster.ts";
import { PartitionReader } from "../../simulator/clients/kafka/consumer.ts";
import { createError } from "../../simulator/common/foundation/errors.ts";
import type { PartitionTally, TopicTally } from "./topic-tally.ts";

const STUCK_MS = 60_000;
const STUCK_LOOK_MS = 500;

export interface RereadOptions {
  readonly cluster: KafkaCluster;
  readonly topic: string;
  readonly tally: TopicTally;
  readonly partitions: readonly PartitionTally[];
  readonly signal: AbortSignal;
}

export async function rereadTopic(options: RereadOptions): Promise<void> {
  const { cluster, topic, tally, partitions } = options;
  const open = new Map(
    partitions.filter(({ position, end }) => position < end).map((partition) => [partition.p, partition]),
  );
  if (open.size === 0) return;
  const done = Promise.withResolvers<void>();
  let movedAtMs = performance.now();
  const reader = new PartitionReader({
    cluster,
    topic,
    onRecords: ({ p, buffer, start, end, nextOffset }) => {
      const partition = open.get(p);
      if (partition === undefined) return;
      movedAtMs = performance.now();
      try {
        tally.add(partition, buffer, start, end);
      } catch (error) {
        // Thrown here it would end up in the client's loop; the wait below is who must know.
        done.reject(error);
        return;
      }
      if (Math.max(partition.position, nextOffset) < partition.end) return;
      open.delete(p);
      reader.release(p);
      if (open.size === 0) done.resolve();
    },
    onError: (_, error) => done.reject(error),
  });
  const watch = setInterval(() => {
    const stuck = open.values().next().value;
    const waitedMs = Math.round(performance.now() - movedAtMs);
    if (stuck === undefined || waitedMs < STUCK_MS) return;
    done.reject(
      createError("TOPIC_UNREADABLE", { topic, p: stuck.p, offset: stuck.position, end: stuck.end, waitedMs }),
    );
  }, STUCK_LOOK_MS);
  const stop = () => done.reject(options.signal.reason);
  options.signal.addEventListener("abort", stop, { once: true });
  try {
    for (const { p, position } of open.values()) reader.assign(p, position);
    await done.promise;
  } finally {
    clearInterval(watch);
    options.signal.removeEventListener("abort", stop);
    await reader.close();
  }
}
