/**
 * A Kafka cluster as its clients see it: brokers, leaders, positions. It keeps one shared connection a broker for small
 * requests; readers and producers open their own, since a long poll delays what waits behind it.
 *
 * K1 The leaders of a topic are replaced as a whole by a metadata answer, never patched from errors.
 * K2 One metadata request a topic is in flight at a time; whoever asks meanwhile gets its answer.
 * K3 Every public call repeats what may succeed later, with backoff, and ends by its deadline.
 */
import { type AppError, createError, isAppError } from "../../common/foundation/errors.ts";
import type { Log } from "../../common/foundation/log.ts";
import { CommittedOffsets, type PartitionOffset } from "./committed-offsets.ts";
import type { Connection } from "./connection.ts";
import { type Broker, ConnectionPool, formatAddress, parseAddress } from "./connection-pool.ts";
import { listPartitionOffsets } from "./partition-offsets.ts";
import { type Attempt, brokerError, checkCode, retryAttempts } from "./retry.ts";
import { ErrorCode } from "./wire/error-codes.ts";
import { type MetadataResponse, type MetadataTopic, metadataApi } from "./wire/metadata.ts";

export interface KafkaClusterOptions {
  /** host:port of some brokers; the rest of the cluster is asked from them. */
  readonly bootstrap: readonly string[];
  readonly clientId: string;
  /** Told of waits that take longer than they should. */
  readonly log?: Log;
  readonly signal?: AbortSignal;
  /** How long `open` waits for the cluster to answer. Default 60 s. */
  readonly openDeadlineMs?: number;
}

export interface TopicDescription {
  readonly name: string;
  /** In order of p, from 0 without gaps. */
  readonly partitions: readonly { readonly p: number; readonly leader: number }[];
}

export type TopicLookup =
  /** `leader` is -1 while none is elected. */
  { readonly kind: "found"; readonly topic: TopicDescription } | { readonly kind: "missing"; readonly name: string };

const OPEN_DEADLINE_MS = 60_000;
const REQUEST_DEADLINE_MS = 60_000;
const TOPIC_DEADLINE_MS = 10_000;
const ADVERTISED_DEADLINE_MS = 5_000;
const METADATA_DEADLINE_MS = 10_000;

export class KafkaCluster {
  readonly #options: KafkaClusterOptions;
  readonly #pool: ConnectionPool;
  readonly #topics = new Map<string, TopicDescription>();
  readonly #lookups = new Map<string, Promise<TopicLookup>>();
  readonly #committed: CommittedOffsets;

  /** Connects, and checks that an address which the cluster advertises can be reached from here. */
  static async open(options: KafkaClusterOptions): Promise<KafkaCluster> {
    const cluster = new KafkaCluster(options);
    try {
      await cluster.#connect(options.openDeadlineMs ?? OPEN_DEADLINE_MS);
    } catch (error) {
      cluster.close();
      throw error;
    }
    return cluster;
  }

  private constructor(options: KafkaClusterOptions) {
    this.#options = options;
    this.#pool = new ConnectionPool(options.bootstrap.map(parseAddress), options.clientId);
    this.#committed = new CommittedOffsets(this.#pool, (attempt) => this.retry(attempt));
  }

  /** For messages: where this cluster was looked for. */
  get endpoint(): string {
    return this.#options.bootstrap.join(",");
  }

  /** The brokers as metadata named them last. */
  get brokers(): readonly Broker[] {
    return this.#pool.brokers;
  }

  /** The topic once it exists and every partition has a leader. */
  topic(name: string, deadlineMs = TOPIC_DEADLINE_MS): Promise<TopicDescription> {
    return this.retry(async () => {
      const lookup = await this.refreshTopic(name);
      if (lookup.kind === "missing") {
        return { kind: "again", error: createError("KAFKA_TOPIC_MISSING", { topic: name, waitedMs: deadlineMs }) };
      }
      const leaderless = lookup.topic.partitions.find((partition) => partition.leader < 0);
      if (leaderless === undefined) return { kind: "done", value: lookup.topic };
      const what = `the leader of ${name}-${leaderless.p}`;
      return { kind: "again", error: brokerError(what, ErrorCode.LEADER_NOT_AVAILABLE, "none is elected") };
    }, deadlineMs);
  }

  /** By partition, in the order asked for. "latest" with isolation "committed" is the last stable offset. */
  listOffsets(
    topic: string,
    partitions: readonly number[],
    which: "earliest" | "latest",
    isolation?: "committed",
  ): Promise<number[]> {
    const question = { topic, partitions, which, committed: isolation === "committed" };
    const found = new Map<number, number>();
    return this.retry(() => listPartitionOffsets(this, question, found));
  }

  commitOffsets(group: string, topic: string, offsets: readonly PartitionOffset[]): Promise<void> {
    return this.#committed.commit(group, topic, offsets);
  }

  /** By partition, in the order asked for; -1 where the group has committed nothing. */
  fetchCommittedOffsets(group: string, topic: string, partitions: readonly number[]): Promise<number[]> {
    return this.#committed.fetch(group, topic, partitions);
  }

  close(): void {
    this.#pool.close();
  }

  // For the reader and the producer.

  /** The leader as last heard, or undefined when it is not known: `refreshTopic` then. */
  leaderOf(topic: string, p: number): number | undefined {
    const leader = this.#topics.get(topic)?.partitions[p]?.leader;
    return leader === undefined || leader < 0 ? undefined : leader;
  }

  /** One metadata request (K2). Throws a connection failure when no broker answers. */
  refreshTopic(name: string): Promise<TopicLookup> {
    const running = this.#lookups.get(name);
    if (running !== undefined) return running;
    const lookup = this.#lookUpTopic(name).finally(() => this.#lookups.delete(name));
    this.#lookups.set(name, lookup);
    return lookup;
  }

  /** A connection of the caller's own, which the caller closes. One attempt. */
  openConnection(nodeId: number, onLost: (error: AppError) => void): Promise<Connection> {
    return this.#pool.openOwn(nodeId, onLost);
  }

  /** The shared connection to a broker. One attempt if it has to be opened. */
  sharedConnection(nodeId: number): Promise<Connection> {
    return this.#pool.shared(nodeId);
  }

  /** The shared connection to whichever broker answers first. */
  anyConnection(): Promise<Connection> {
    return this.#pool.any();
  }

  retry<T>(attempt: () => Promise<Attempt<T>>, deadlineMs = REQUEST_DEADLINE_MS): Promise<T> {
    return retryAttempts(attempt, {
      endpoint: this.endpoint,
      deadlineMs,
      signal: this.#options.signal,
      log: this.#options.log,
    });
  }

  /** Waits until a broker answers with the brokers of its cluster, and learns them. */
  async #connect(deadlineMs: number): Promise<void> {
    const brokers = await this.retry<readonly Broker[]>(async () => {
      const answer = await this.#askMetadata([]);
      if (answer.brokers.length > 0) return { kind: "done", value: answer.brokers };
      const what = `the brokers of ${this.endpoint}`;
      return { kind: "again", error: brokerError(what, ErrorCode.LEADER_NOT_AVAILABLE, "none is registered") };
    }, deadlineMs);
    await this.#checkAdvertised(brokers);
  }

  /** One advertised broker that can be reached is enough: others may be down for now. */
  async #checkAdvertised(brokers: readonly Broker[]): Promise<void> {
    const startedAtMs = performance.now();
    try {
      await this.retry(async () => {
        await this.#pool.reachOne(brokers);
        return { kind: "done", value: undefined };
      }, ADVERTISED_DEADLINE_MS);
    } catch (error) {
      if (!isAppError(error) || error.code !== "KAFKA_UNREACHABLE") throw error;
      const waitedMs = Math.round(performance.now() - startedAtMs);
      const advertised = brokers.map(formatAddress).join(",");
      throw createError("KAFKA_ADVERTISED_UNREACHABLE", { bootstrap: this.endpoint, advertised, waitedMs }, error);
    }
  }

  async #askMetadata(topics: readonly string[]): Promise<MetadataResponse> {
    const connection = await this.#pool.any();
    const answer = await connection.send(metadataApi, { topics, allowAutoTopicCreation: false }, METADATA_DEADLINE_MS);
    if (answer.brokers.length > 0) this.#pool.learnBrokers(answer.brokers);
    return answer;
  }

  async #lookUpTopic(name: string): Promise<TopicLookup> {
    const answer = await this.#askMetadata([name]);
    const topic = answer.topics.find((candidate) => candidate.name === name);
    if (topic === undefined || topic.errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) {
      this.#topics.delete(name);
      return { kind: "missing", name };
    }
    // Throws when the topic's error is fatal: an invalid name, no permission. Otherwise its leaders are not elected.
    checkCode(topic.errorCode, `metadata of topic ${name}`);
    const description = describeTopic(topic);
    this.#topics.set(name, description);
    return { kind: "found", topic: description };
  }
}

function describeTopic(topic: MetadataTopic): TopicDescription {
  const partitions = topic.partitions.map(({ p, leader }) => ({ p, leader })).sort((a, b) => a.p - b.p);
  return { name: topic.name, partitions };
}
