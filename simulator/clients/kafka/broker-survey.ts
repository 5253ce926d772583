/**
 * One question to all brokers of the cluster, at the same time: what a single one says may be old, since a broker that was
 * paused answers what waits in its sockets before it learns what it missed.
 *
 * V1 Every address that is known, or that an answer names, is asked once.
 * V2 Once one has answered, no other is waited for longer than SILENT_AFTER_MS. What it says later is taken in, too,
 *    except which brokers there are: another survey may know better by then. While nobody answers, there is nobody better.
 * V3 One that owes an answer to an earlier question is not asked again: it counts as silent at once.
 * V4 A broker that does not know its cluster yet (it names no broker, as in its first moments) has not answered.
 */
import { formatHostPort, type HostPort } from "../../common/foundation/address.ts";
import { createError } from "../../common/foundation/errors.ts";
import { SILENT_AFTER_MS } from "./connection.ts";
import type { Broker, ConnectionPool } from "./connection-pool.ts";
import { type MetadataResponse, metadataApi } from "./wire/apis/metadata.ts";

export interface SurveyOptions {
  readonly pool: ConnectionPool;
  /** Empty: only the brokers are asked for. */
  readonly topics: readonly string[];
  /** For each answer, as it comes. Must not throw. */
  readonly onAnswer: (answer: MetadataResponse) => void;
  /** Looked at after each answer: true ends the wait for the others. Default: all are waited for. */
  readonly isEnough?: (outcome: SurveyOutcome) => boolean;
}

export interface SurveyOutcome {
  /** Brokers that some answer counts as alive, and that have not answered. */
  readonly silent: readonly Broker[];
  /** True when a broker answered at an address that an answer names. */
  readonly reachedAdvertised: boolean;
  /** Of the silent ones: those that advertise a name which this machine does not know. */
  readonly unresolved: readonly Broker[];
  /** Why somebody did not answer, if anybody. */
  readonly failure: unknown;
}

/** Longer than any broker needs that is well; a connection on which it passes is closed. */
const METADATA_DEADLINE_MS = 10_000;
/** The first version whose brokers tell leader epochs reliably, also in answers of older versions (Kafka 2.4). */
const RELIABLE_EPOCHS_VERSION = 9;

/** Throws the first failure when nobody answers. */
export async function surveyBrokers(options: SurveyOptions): Promise<SurveyOutcome> {
  const survey = new BrokerSurvey(options);
  await survey.run();
  return survey.outcome();
}

class BrokerSurvey {
  readonly #options: SurveyOptions;
  readonly #asked = new Set<string>();
  readonly #pending = new Set<string>();
  /** Of the pending ones: those that need not be waited for (V2). */
  readonly #overdue = new Set<string>();
  readonly #answered = new Set<string>();
  readonly #unresolved = new Set<string>();
  /** The brokers of all answers. */
  readonly #named = new Map<number, Broker>();
  readonly #ended = Promise.withResolvers<void>();
  #isOver = false;
  #failure: unknown;

  constructor(options: SurveyOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    const { brokers, bootstrap } = this.#options.pool;
    for (const address of brokers.length > 0 ? brokers : bootstrap) this.#ask(address);
    await this.#ended.promise;
    if (this.#answered.size === 0) throw this.#failure;
  }

  outcome(): SurveyOutcome {
    const named = [...this.#named.values()];
    const silent = named.filter((broker) => !this.#answered.has(formatHostPort(broker)));
    const unresolved = silent.filter((broker) => this.#unresolved.has(formatHostPort(broker)));
    return { silent, reachedAdvertised: silent.length < named.length, unresolved, failure: this.#failure };
  }

  #ask(address: HostPort): void {
    const key = formatHostPort(address);
    if (this.#asked.has(key)) return;
    this.#asked.add(key);
    this.#pending.add(key);
    const overdue = setTimeout(() => {
      this.#overdue.add(key);
      this.#look();
    }, SILENT_AFTER_MS);
    const noteFailure = (error: unknown) => {
      // A name that is unknown says the least: somebody else may be there, and not ready yet.
      if (this.#failure === undefined || isUnknownName(this.#failure)) this.#failure = error;
      if (isUnknownName(error)) this.#unresolved.add(key);
    };
    void this.#request(address)
      .then((answer) => this.#take(key, answer), noteFailure)
      .finally(() => {
        clearTimeout(overdue);
        this.#pending.delete(key);
        this.#look();
      });
  }

  /** Whether that was all. */
  #look(): void {
    if (this.#isOver) return;
    // The brokers that were known may all have moved.
    if (this.#pending.size === 0 && this.#answered.size === 0) {
      for (const address of this.#options.pool.bootstrap) this.#ask(address);
    }
    const isAnswered = this.#answered.size > 0;
    const isAwaited = [...this.#pending].some((key) => !(isAnswered && this.#overdue.has(key)));
    const isEnough = isAnswered && this.#options.isEnough?.(this.outcome()) === true;
    if (isAwaited && !isEnough) return;
    this.#isOver = true;
    this.#ended.resolve();
  }

  #take(key: string, answer: MetadataResponse): void {
    this.#options.onAnswer(answer);
    if (this.#overdue.has(key) && this.#isOver) return;
    this.#answered.add(key);
    for (const broker of answer.brokers) this.#named.set(broker.nodeId, broker);
    this.#options.pool.learnBrokers([...this.#named.values()]);
    for (const broker of answer.brokers) this.#ask(broker);
  }

  async #request(address: HostPort): Promise<MetadataResponse> {
    const { pool, topics } = this.#options;
    const endpoint = formatHostPort(address);
    if (pool.isSilentAt(address)) {
      const what = `an answer of Kafka at ${endpoint} to an earlier request`;
      throw createError("DEADLINE_EXCEEDED", { what, deadlineMs: SILENT_AFTER_MS, last: "" });
    }
    const connection = await pool.sharedAt(address);
    const request = { topics, allowAutoTopicCreation: false };
    const answer = await connection.send(metadataApi, request, METADATA_DEADLINE_MS);
    if (answer.brokers.length === 0) {
      throw createError("KAFKA_CONNECTION_LOST", { endpoint, reason: "it knows no broker of its cluster yet" });
    }
    return connection.servedVersionMax(metadataApi) >= RELIABLE_EPOCHS_VERSION ? answer : withoutEpochs(answer);
  }
}

/** A name server that does not answer knows no name, either. */
const UNKNOWN_NAMES: readonly unknown[] = ["ENOTFOUND", "EAI_AGAIN"];

function isUnknownName(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && "code" in cause && UNKNOWN_NAMES.includes(cause.code);
}

function withoutEpochs(answer: MetadataResponse): MetadataResponse {
  const topics = answer.topics.map((topic) => ({
    ...topic,
    partitions: topic.partitions.map((partition) => ({ ...partition, leaderEpoch: -1 })),
  }));
  return { ...answer, topics };
}
