/**
 * A Kafka cluster as its clients see it: brokers, leaders, positions. It keeps one shared connection per broker for small
 * requests; readers and producers open their own, since a long poll delays what waits behind it.
 *
 * K1 Leaders come from metadata answers alone, never from errors, and the highest epoch counts (`topic-leaders.ts`).
 * K2 One refresh of a topic is under way at a time; whoever asks meanwhile gets its answer.
 * K3 Every public call repeats what may succeed later, with backoff, and ends by its deadline.
 * K4 All brokers are asked. Who has no memory of the topic waits for all of them; with one, a lower epoch is recognised,
 *    so the first answer is enough, and the others are taken in when they come.
 */
import { formatKafkaAddresses, type HostPort } from "../../common/foundation/address.ts";
import { createError, isAppError } from "../../common/foundation/errors.ts";
import { type KafkaSecurity, PLAINTEXT } from "../../common/foundation/kafka-security.ts";
import type { Log } from "../../common/foundation/log.ts";
import { type SurveyOutcome, surveyBrokers } from "./broker-survey.ts";
import { CommittedOffsets, type PartitionOffset } from "./committed-offsets.ts";
import type { Connection, ConnectionEvents } from "./connection.ts";
import { type Broker, ConnectionPool } from "./connection-pool.ts";
import { ListenerProbe } from "./listener-probe.ts";
import { OffsetsLookup } from "./partition-offsets.ts";
import { type Attempt, brokerError, checkCode, retryAttempts } from "./retry.ts";
import { type PartitionLeader, type TopicDescription, TopicLeaders } from "./topic-leaders.ts";
import type { MetadataPartition, MetadataResponse } from "./wire/apis/metadata.ts";
import { ErrorCode } from "./wire/error-codes.ts";
import type { Api } from "./wire/frame.ts";

export interface KafkaClusterOptions {
  /** Some brokers; the rest of the cluster is asked from them. */
  readonly bootstrap: readonly HostPort[];
  readonly clientId: string;
  /** Default PLAINTEXT. */
  readonly security?: KafkaSecurity;
  /** Told of waits that take longer than they should. */
  readonly log?: Log;
  readonly signal?: AbortSignal;
  /** How long `open` waits for the cluster to answer. Default 60 s. */
  readonly openDeadlineMs?: number;
}

export type TopicLookup =
  | { readonly kind: "found"; readonly topic: TopicDescription }
  | { readonly kind: "missing"; readonly name: string };

const OPEN_DEADLINE_MS = 60_000;
const REQUEST_DEADLINE_MS = 60_000;
/** A topic that is being created, or whose broker has just started, is not there for a moment. */
export const TOPIC_MISSING_AFTER_MS = 10_000;
const ADVERTISED_DEADLINE_MS = 5_000;

export class KafkaCluster {
  readonly #options: KafkaClusterOptions;
  readonly #pool: ConnectionPool;
  readonly #probe: ListenerProbe;
  readonly #topics = new Map<string, TopicLeaders>();
  readonly #refreshes = new Map<string, Promise<TopicLookup>>();
  readonly #watchers = new Set<{ readonly topic: string; readonly onNews: () => void }>();
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
    const { bootstrap, clientId, security = PLAINTEXT } = options;
    this.#pool = new ConnectionPool(bootstrap, clientId, security);
    this.#probe = new ListenerProbe({ bootstrap, clientId, security });
    this.#committed = new CommittedOffsets(this.#pool, (attempt) => this.retry(attempt));
  }

  /** For messages: where this cluster was looked for. */
  get endpoint(): string {
    return formatKafkaAddresses(this.#options.bootstrap);
  }

  /** The brokers as metadata named them last. */
  get brokers(): readonly Broker[] {
    return this.#pool.brokers;
  }

  /**
   * The topic once it exists and every partition has a leader, as all brokers together see it. That it is missing is
   * believed after so many ms of such answers in a row; for everything else there are 60 s.
   */
  topic(name: string, missingAfterMs = TOPIC_MISSING_AFTER_MS): Promise<TopicDescription> {
    return this.retry(async () => {
      const { lookup } = await this.#lookUpTopic(name, "all");
      if (lookup.kind === "missing") {
        const error = createError("KAFKA_TOPIC_MISSING", { topic: name, waitedMs: missingAfterMs });
        return { kind: "again", error, believedAfterMs: missingAfterMs };
      }
      const leaderless = lookup.topic.partitions.find((partition) => partition.leader < 0);
      if (leaderless === undefined) return { kind: "done", value: lookup.topic };
      const what = `the leader of ${name}-${leaderless.p}`;
      return { kind: "again", error: brokerError(what, ErrorCode.LEADER_NOT_AVAILABLE, "none is elected") };
    });
  }

  /**
   * By partition, in the order asked for. "latest" with isolation "committed" is the last stable offset. Each offset is
   * from a leader that no broker, asked after it, knows to be replaced (`partition-offsets.ts`); a further call asks all
   * of them again.
   */
  listOffsets(
    topic: string,
    partitions: readonly number[],
    which: "earliest" | "latest",
    isolation?: "committed",
    deadlineMs?: number,
  ): Promise<number[]> {
    const lookup = new OffsetsLookup(this, { topic, partitions, which, committed: isolation === "committed" });
    return this.retry(() => lookup.attempt(), deadlineMs);
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

  /** The leader of the highest epoch, or undefined when it is not known: `refreshTopic` then. */
  leaderOf(topic: string, p: number): PartitionLeader | undefined {
    return this.#topics.get(topic)?.leaderOf(p);
  }

  /** The brokers that could lead the partition. */
  replicasOf(topic: string, p: number): readonly number[] {
    return this.#topics.get(topic)?.replicasOf(p) ?? [];
  }

  /** Called whenever some leadership of the topic has changed, until the returned function is. */
  watchLeaders(topic: string, onNews: () => void): () => void {
    const watcher = { topic, onNews };
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Asks once (K2, K4). Throws a connection failure when no broker answers. */
  refreshTopic(name: string): Promise<TopicLookup> {
    const running = this.#refreshes.get(name);
    if (running !== undefined) return running;
    const wait = this.#topics.has(name) ? "first" : "all";
    const refresh = this.#lookUpTopic(name, wait)
      .then(({ lookup }) => lookup)
      .finally(() => this.#refreshes.delete(name));
    this.#refreshes.set(name, refresh);
    return refresh;
  }

  /** Asks all brokers, from now on, who leads. Gives those that the cluster counts as alive and that did not answer. */
  async surveyTopic(name: string): Promise<readonly Broker[]> {
    return (await this.#lookUpTopic(name, "all")).silent;
  }

  /** A connection of the caller's own, which the caller closes. One attempt. */
  openConnection(nodeId: number, events: ConnectionEvents): Promise<Connection> {
    return this.#pool.openOwn(nodeId, events);
  }

  /** What this broker answers to a small request, if it does so promptly. One attempt. */
  askNode<Q, S, DQ, DS>(nodeId: number, api: Api<Q, S, DQ, DS>, request: Q): Promise<DS> {
    return this.#pool.askNode(nodeId, api, request);
  }

  /** The same from some broker. */
  askAny<Q, S, DQ, DS>(api: Api<Q, S, DQ, DS>, request: Q): Promise<DS> {
    return this.#pool.askAny(api, request);
  }

  retry<T>(attempt: () => Promise<Attempt<T>>, deadlineMs = REQUEST_DEADLINE_MS): Promise<T> {
    return retryAttempts(attempt, {
      endpoint: this.endpoint,
      deadlineMs,
      signal: this.#options.signal,
      log: this.#options.log,
    });
  }

  /** Waits until a broker answers at an address that the cluster advertises: one is enough, others may be down for now. */
  async #connect(deadlineMs: number): Promise<void> {
    await this.retry(async () => {
      const { reachedAdvertised, unresolved, failure } = await this.#contact();
      if (reachedAdvertised) return { kind: "done", value: undefined };
      // A certificate that is not for the advertised name, for example: waiting does not help.
      if (isAppError(failure) && !failure.retryable) throw failure;
      const what = { bootstrap: this.endpoint, waitedMs: ADVERTISED_DEADLINE_MS };
      const error =
        unresolved.length > 0
          ? createError("KAFKA_ADVERTISED_UNKNOWN", { ...what, advertised: formatKafkaAddresses(unresolved) })
          : createError(
              "KAFKA_ADVERTISED_UNREACHABLE",
              { ...what, advertised: formatKafkaAddresses(this.brokers) },
              failure,
            );
      return { kind: "again", error, believedAfterMs: ADVERTISED_DEADLINE_MS };
    }, deadlineMs);
  }

  /** The first question to the cluster. Throws why nobody answers it, as far as that can be found out. */
  #contact(): Promise<SurveyOutcome> {
    const survey = this.#survey(
      [],
      () => undefined,
      (outcome) => outcome.reachedAdvertised,
    );
    return this.#probe.watch(survey);
  }

  #survey(
    topics: readonly string[],
    onAnswer: (answer: MetadataResponse) => void,
    isEnough: (outcome: SurveyOutcome) => boolean,
  ): Promise<SurveyOutcome> {
    return surveyBrokers({ pool: this.#pool, topics, onAnswer, isEnough });
  }

  /** "first": until a broker has said who leads; "all": until each has answered, or is given up. */
  async #lookUpTopic(name: string, wait: "first" | "all") {
    let isFound = false;
    let refused: unknown;
    const take = (answer: MetadataResponse) => {
      const topic = answer.topics.find((candidate) => candidate.name === name);
      if (topic === undefined || topic.errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) return;
      try {
        // Throws for an invalid name, or without permission. Otherwise leaders are not elected yet.
        checkCode(topic.errorCode, `metadata of topic ${name}`);
      } catch (error) {
        refused = error;
        return;
      }
      isFound = true;
      this.#learnLeaders(name, topic.partitions);
    };
    const { silent } = await this.#survey([name], take, () => wait === "first" && isFound);
    if (refused !== undefined) throw refused;
    const known = this.#topics.get(name);
    if (isFound && known !== undefined) return { lookup: { kind: "found", topic: known.describe() } as const, silent };
    // Created anew it would begin with low epochs. Only all brokers together can say that it is gone.
    if (silent.length === 0) this.#topics.delete(name);
    return { lookup: { kind: "missing", name } as const, silent };
  }

  #learnLeaders(name: string, partitions: readonly MetadataPartition[]): void {
    const leaders = this.#topics.get(name) ?? new TopicLeaders(name);
    this.#topics.set(name, leaders);
    if (!leaders.learn(partitions)) return;
    for (const { topic, onNews } of this.#watchers) if (topic === name) onNews();
  }
}
