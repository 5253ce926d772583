/**
 * The validator's way to Kafka: one cluster client at a time, replaced by one without memory when an answer is doubted.
 * The newest one's leaders are those that the re-read begins with.
 */

import { KafkaCluster } from "../../simulator/clients/kafka/cluster.ts";
import { formatHostPort } from "../../simulator/common/foundation/address.ts";
import { createError } from "../../simulator/common/foundation/errors.ts";
import type { KafkaAccess } from "../../simulator/common/foundation/kafka-security.ts";
import type { Log } from "../../simulator/common/foundation/log.ts";
import type { TopicAnswer } from "./facts.ts";

/** A topic whose leaders are being elected. */
const TOPIC_DEADLINE_MS = 30_000;
/** Of one more question, as a whole, and of its parts. */
const AGAIN_DEADLINE_MS = 20_000;
const AGAIN_PART_DEADLINE_MS = 10_000;

export interface TopicClientOptions extends KafkaAccess {
  readonly clientId: string;
  readonly topic: string;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export class TopicClient {
  readonly #options: TopicClientOptions;
  #cluster: KafkaCluster;

  static async open(options: TopicClientOptions): Promise<TopicClient> {
    return new TopicClient(options, await KafkaCluster.open(options));
  }

  private constructor(options: TopicClientOptions, cluster: KafkaCluster) {
    this.#options = options;
    this.#cluster = cluster;
  }

  get cluster(): KafkaCluster {
    return this.#cluster;
  }

  /** What Kafka says of every partition that the topic has. Attempt n > 0 begins at the n-th next broker. */
  async ask(attempt: number): Promise<TopicAnswer> {
    if (attempt === 0) return askTopic(this.#cluster, this.#options.topic, TOPIC_DEADLINE_MS);
    const expired = new AbortController();
    const timer = setTimeout(() => {
      const what = "another answer about the topic's offsets";
      expired.abort(createError("DEADLINE_EXCEEDED", { what, deadlineMs: AGAIN_DEADLINE_MS, last: "" }));
    }, AGAIN_DEADLINE_MS);
    try {
      return await this.#askAnew(attempt, expired.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.#cluster.close();
  }

  async #askAnew(attempt: number, expired: AbortSignal): Promise<TopicAnswer> {
    const { topic, bootstrap, signal } = this.#options;
    const known = new Map(
      [...this.#cluster.brokers, ...bootstrap].map((address) => [formatHostPort(address), address]),
    );
    const addresses = [...known.values()];
    const first = attempt % addresses.length;
    const cluster = await KafkaCluster.open({
      ...this.#options,
      bootstrap: [...addresses.slice(first), ...addresses.slice(0, first)],
      openDeadlineMs: AGAIN_PART_DEADLINE_MS,
      signal: AbortSignal.any([signal, expired]),
    });
    try {
      const answer = await askTopic(cluster, topic, AGAIN_PART_DEADLINE_MS);
      this.#cluster.close();
      this.#cluster = cluster;
      return answer;
    } catch (error) {
      cluster.close();
      throw error;
    }
  }
}

async function askTopic(cluster: KafkaCluster, topic: string, deadlineMs: number): Promise<TopicAnswer> {
  const { partitions } = await cluster.topic(topic, deadlineMs);
  const all = partitions.map(({ p }) => p);
  const earliest = await cluster.listOffsets(topic, all, "earliest");
  // Before the stable one: what is written between the two must not look like an open transaction.
  const high = await cluster.listOffsets(topic, all, "latest");
  const ends = await cluster.listOffsets(topic, all, "latest", "committed");
  return { partitions: all.length, earliest, ends, high: high.map((offset, p) => Math.max(offset, ends[p] ?? 0)) };
}
