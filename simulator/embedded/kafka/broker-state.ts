/** All that the broker knows. It lives in memory only, and no socket is in it. */
import { randomUUID } from "node:crypto";
import { ErrorCode } from "../../clients/kafka/wire/error-codes.ts";
import { ConsumerGroups } from "./groups/consumer-groups.ts";
import { GroupCoordinator } from "./groups/group-coordinator.ts";
import { Topics } from "./topics.ts";
import { TransactionCoordinator } from "./transactions/transaction-coordinator.ts";

/** One broker: it leads every partition, coordinates every group, and controls the cluster. */
export const NODE_ID = 1;
/** Of every partition: one broker with one life is elected once. */
export const LEADER_EPOCH = 0;

/** What a client that knows this leader epoch is told; -1 means that it does not care. */
export function checkLeaderEpoch(currentLeaderEpoch: number): number {
  return currentLeaderEpoch > LEADER_EPOCH ? ErrorCode.UNKNOWN_LEADER_EPOCH : ErrorCode.NONE;
}

export interface BrokerIdentity {
  readonly host: string;
  readonly port: number;
  readonly clusterId: string;
  /**
   * The first producer id to be given out. Different in each life of a broker, so that a producer that outlived the
   * last one is not taken for a new producer.
   */
  readonly firstProducerId: number;
}

/** What a user may choose, and what a test may shorten. */
export interface BrokerSettings {
  /** Metadata of a topic that does not exist creates it, where its client permits that. */
  readonly autoCreateTopics: boolean;
  /** Kafka's connections.max.idle.ms. */
  readonly idleMsMax: number;
  /** The wall clock: records with LogAppendTime have its time, and retention is measured on it. */
  readonly nowMs: () => number;
}

export const BROKER_SETTINGS: BrokerSettings = { autoCreateTopics: false, idleMsMax: 600_000, nowMs: Date.now };

export class BrokerState {
  readonly identity: BrokerIdentity;
  readonly settings: BrokerSettings;
  readonly topics: Topics;
  /** Sessions are measured on the monotonic clock. */
  readonly groups = new GroupCoordinator(
    () => performance.now(),
    (prefix) => `${prefix}-${randomUUID()}`,
  );
  readonly consumerGroups: ConsumerGroups;
  readonly transactions: TransactionCoordinator;
  readonly #onFull: (message: string) => void;
  #nextProducerId: number;
  #wasFull = false;

  /** `onFull` is told once, when the memory for records is full for the first time. */
  constructor(
    identity: BrokerIdentity,
    memoryBytesMax: number,
    onFull: (message: string) => void,
    settings: BrokerSettings = BROKER_SETTINGS,
  ) {
    this.identity = identity;
    this.settings = settings;
    this.#onFull = onFull;
    this.topics = new Topics(memoryBytesMax);
    this.consumerGroups = new ConsumerGroups(
      {
        names: () => this.topics.names(),
        find: (name) => {
          const topic = this.topics.find(name);
          return topic === undefined ? undefined : { id: topic.id, partitions: topic.partitions.length };
        },
      },
      () => performance.now(),
    );
    this.#nextProducerId = identity.firstProducerId;
    this.transactions = new TransactionCoordinator({
      topics: this.topics,
      offsets: this.groups.offsets,
      issueProducerId: () => this.issueProducerId(),
      nowMs: () => Date.now(),
    });
  }

  reportFull(message: string): void {
    if (this.#wasFull) return;
    this.#wasFull = true;
    this.#onFull(message);
  }

  /** Stops all timers; nobody waiting is answered any more. */
  close(): void {
    this.groups.close();
    this.consumerGroups.close();
    this.transactions.close();
  }

  issueProducerId(): number {
    const producerId = this.#nextProducerId;
    this.#nextProducerId += 1;
    return producerId;
  }
}
