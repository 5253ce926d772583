/** The positions that groups have committed, by members or by administrators. Kept in memory, like all else here. */
export interface StoredOffset {
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: string | null;
}

/** Bounds what a client that makes up group names can occupy; topics and partitions exist, so they are bounded. */
const GROUPS_MAX = 10_000;

export class OffsetStore {
  readonly #groups = new Map<string, Map<string, Map<number, StoredOffset>>>();

  has(group: string): boolean {
    return this.#groups.has(group);
  }

  groups(): string[] {
    return [...this.#groups.keys()];
  }

  /** Makes room for a group, so that its commits cannot fail. False when there are too many groups already. */
  admit(group: string): boolean {
    if (this.#groups.has(group)) return true;
    if (this.#groups.size >= GROUPS_MAX) return false;
    this.#groups.set(group, new Map());
    return true;
  }

  /** False when there are too many groups already. */
  commit(group: string, topic: string, partition: number, committed: StoredOffset): boolean {
    const topics = this.admit(group) ? this.#groups.get(group) : undefined;
    if (topics === undefined) return false;
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

  delete(group: string, topic: string, partition: number): void {
    const topics = this.#groups.get(group);
    const partitions = topics?.get(topic);
    partitions?.delete(partition);
    if (partitions?.size === 0) topics?.delete(topic);
  }

  deleteGroup(group: string): void {
    this.#groups.delete(group);
  }

  /** A deleted topic's commits go with it: a new topic of that name begins at 0. */
  deleteTopic(topic: string): void {
    for (const topics of this.#groups.values()) topics.delete(topic);
  }
}
