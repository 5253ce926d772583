/**
 * The topics of this broker and their partitions.
 *
 * T1 A topic's partitions are 0..n−1; n only grows, and a partition stays what it is.
 * T2 Deleting a topic, or records of it, gives their bytes back to the budget. Whoever waits for a deleted topic's
 *    records is woken.
 */
import { randomBytes } from "node:crypto";
import { FetchWaiters } from "./fetch-waiters.ts";
import { MemoryBudget } from "./memory-budget.ts";
import { PartitionLog } from "./partition-log.ts";
import { ProducerWindow } from "./producer-window.ts";
import type { TopicConfig } from "./topic-config.ts";
import { PartitionTransactions } from "./transactions/partition-transactions.ts";

export const PARTITIONS_PER_TOPIC_MAX = 10_000;
const PARTITIONS_IN_ALL_MAX = 50_000;
const PRODUCERS_PER_PARTITION_MAX = 1_000;
const TOPIC_NAME_LENGTH_MAX = 249;

export interface Partition {
  readonly log: PartitionLog;
  readonly producers: ProducerWindow;
  readonly transactions: PartitionTransactions;
}

export interface Topic {
  readonly name: string;
  /** Another one for each topic that ever had this name. */
  readonly id: string;
  config: TopicConfig;
  readonly partitions: readonly Partition[];
}

interface StoredTopic extends Topic {
  readonly partitions: Partition[];
}

export class Topics {
  readonly budget: MemoryBudget;
  readonly waiters = new FetchWaiters();
  readonly #topics = new Map<string, StoredTopic>();
  readonly #byId = new Map<string, Topic>();
  #partitionsInAll = 0;

  constructor(bytesMax: number) {
    this.budget = new MemoryBudget(bytesMax);
  }

  find(name: string): Topic | undefined {
    return this.#topics.get(name);
  }

  names(): readonly string[] {
    return [...this.#topics.keys()];
  }

  findById(id: string): Topic | undefined {
    return this.#byId.get(id);
  }

  findPartition(name: string, partition: number): Partition | undefined {
    return this.#topics.get(name)?.partitions[partition];
  }

  list(): Topic[] {
    return [...this.#topics.values()];
  }

  /** True when this many more partitions are within the broker's bound. */
  hasRoomFor(partitions: number): boolean {
    return partitions <= PARTITIONS_PER_TOPIC_MAX && this.#partitionsInAll + partitions <= PARTITIONS_IN_ALL_MAX;
  }

  /** Makes a topic whose name and number of partitions were checked, and which does not exist. */
  create(name: string, partitions: number, config: TopicConfig): Topic {
    const id = randomBytes(16).toString("hex");
    const topic: StoredTopic = { name, id, config, partitions: Array.from({ length: partitions }, createPartition) };
    this.#topics.set(name, topic);
    this.#byId.set(id, topic);
    this.#partitionsInAll += partitions;
    return topic;
  }

  /** Gives a topic that exists so many partitions in all, which were checked. */
  addPartitions(name: string, count: number): void {
    const topic = this.#topics.get(name);
    if (topic === undefined) return;
    this.#partitionsInAll += count - topic.partitions.length;
    while (topic.partitions.length < count) topic.partitions.push(createPartition());
  }

  /** Lets a partition begin at `offset`, which is not above its end. */
  deleteRecords({ log, transactions }: Partition, offset: number): void {
    this.budget.release(log.deleteBefore(offset));
    transactions.deleteBefore(log.startOffset);
  }

  /** Deletes what is older or more than the topics' settings permit. */
  enforceRetention(nowMs: number): void {
    for (const { config, partitions } of this.#topics.values()) {
      const { retentionMs, retentionBytes } = config;
      if (retentionMs === Number.POSITIVE_INFINITY && retentionBytes === Number.POSITIVE_INFINITY) continue;
      for (const partition of partitions) {
        const { log } = partition;
        this.deleteRecords(partition, log.findRetained({ oldestMs: nowMs - retentionMs, bytesMax: retentionBytes }));
      }
    }
  }

  /** False when there is no such topic. */
  delete(name: string): boolean {
    const topic = this.#topics.get(name);
    if (topic === undefined) return false;
    this.#topics.delete(name);
    this.#byId.delete(topic.id);
    this.#partitionsInAll -= topic.partitions.length;
    for (const { log } of topic.partitions) {
      this.budget.release(log.bytesStored);
      this.waiters.closed(log);
    }
    return true;
  }
}

function createPartition(): Partition {
  return {
    log: new PartitionLog(),
    producers: new ProducerWindow(PRODUCERS_PER_PARTITION_MAX),
    transactions: new PartitionTransactions(),
  };
}

/** Why a topic cannot have this name, as Kafka has it; undefined when it can. */
export function refuseTopicName(name: string): string | undefined {
  if (name === "") return "the topic name is empty";
  if (name === "." || name === "..") return `the topic name cannot be "${name}"`;
  if (name.length > TOPIC_NAME_LENGTH_MAX) {
    return `the topic name has ${name.length} characters, at most ${TOPIC_NAME_LENGTH_MAX} are allowed`;
  }
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) {
    return `the topic name "${name}" has characters other than ASCII letters and digits, ".", "_" and "-"`;
  }
  return undefined;
}
