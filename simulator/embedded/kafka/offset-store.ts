/**
 * Offsets committed by groups without members: this broker has no group membership, so every commit is a simple one
 * (generation −1). Kept in memory, like all else here.
 */
export interface StoredOffset {
  readonly offset: number;
  readonly metadata: string | null;
}

/** Bounds what a client that makes up group names can occupy; topics and partitions exist, so they are bounded. */
const GROUPS_MAX = 10_000;

export class OffsetStore {
  readonly #groups = new Map<string, Map<string, Map<number, StoredOffset>>>();

  /** False when there are too many groups already. */
  commit(group: string, topic: string, partition: number, committed: StoredOffset): boolean {
    let topics = this.#groups.get(group);
    if (topics === undefined) {
      if (this.#groups.size >= GROUPS_MAX) return false;
      topics = new Map();
      this.#groups.set(group, topics);
    }
    let partitions = topics.get(topic);
    if (partitions === undefined) {
      partitions = new Map();
      topics.set(topic, partitions);
    }
    partitions.set(partition, committed);
    return true;
  }

  find(group: string, topic: string, partition: number): StoredOffset | undefined {
    return this.#groups.get(group)?.get(topic)?.get(partition);
  }

  /** All partitions that a group has committed. */
  list(group: string): { name: string; partitions: number[] }[] {
    const topics = this.#groups.get(group) ?? [];
    return [...topics].map(([name, partitions]) => ({ name, partitions: [...partitions.keys()] }));
  }

  /** False when there is no such group. */
  deleteGroup(group: string): boolean {
    return this.#groups.delete(group);
  }

  /** A deleted topic's commits go with it: a new topic of that name begins at 0. */
  deleteTopic(topic: string): void {
    for (const topics of this.#groups.values()) topics.delete(topic);
  }
}
