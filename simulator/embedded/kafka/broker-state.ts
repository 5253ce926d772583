/** All that the broker knows. It lives in memory only, and no socket is in it. */
import { randomUUID } from "node:crypto";
import { ErrorCode } from "../../clients/kafka/wire/error-codes.ts";
import { ConsumerGroups } from "./groups/consumer-groups.ts";
import { GroupCoordinator } from "./groups/group-coordinator.ts";
import { Topics } from "./topics.ts";

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

export class BrokerState {
  readonly identity: BrokerIdentity;
  readonly topics: Topics;
  /** Sessions are measured on the monotonic clock. */
  readonly groups = new GroupCoordinator(
    () => performance.now(),
    (prefix) => `${prefix}-${randomUUID()}`,
  );
  readonly consumerGroups: ConsumerGroups;
  readonly #onFull: (message: string) => void;
  #nextProducerId: number;
  #wasFull = false;

  /** `onFull` is told once, when the memory for records is full for the first time. */
  constructor(identity: BrokerIdentity, memoryBytesMax: number, onFull: (message: string) => void) {
    this.identity = identity;
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
  }

  reportFull(message: string): void {
    if (this.#wasFull) return;
    this.#wasFull = true;
    this.#onFull(message);
  }

  issueProducerId(): number {
    const producerId = this.#nextProducerId;
    this.#nextProducerId += 1;
    return producerId;
  }
}
