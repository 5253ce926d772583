/**
 * Who leads the partitions of a topic, from all that the brokers have said so far. Pure.
 *
 * E1 A leader is known by its epoch, which rises with each election. A lower epoch than the known one is never accepted:
 *    who names it has slept.
 * E2 At the same epoch the newer answer counts. It can differ only in whether the leader is alive.
 * E3 As long as a partition's leadership stays the same, so does the object that stands for it: who kept one sees by
 *    comparing the two whether it still holds.
 * E4 A partition that an answer leaves out stays known: partitions are added to a topic, and never removed.
 */
import type { MetadataPartition } from "./wire/apis/metadata.ts";

export interface PartitionLeader {
  readonly nodeId: number;
  /** -1 where the brokers do not tell it reliably; then only the newest answer is left to be believed. */
  readonly epoch: number;
}

export interface TopicDescription {
  readonly name: string;
  /** In order of p, from 0 without gaps. `leader` is -1 while none is elected. */
  readonly partitions: readonly { readonly p: number; readonly leader: number }[];
}

interface KnownPartition {
  /** Its `nodeId` is -1 while none is elected. */
  readonly leader: PartitionLeader;
  /** All brokers that could lead it. */
  readonly replicas: readonly number[];
}

const NOBODY = -1;

export class TopicLeaders {
  readonly #name: string;
  readonly #partitions = new Map<number, KnownPartition>();

  constructor(name: string) {
    this.#name = name;
  }

  /** Takes in what one broker said. True when a leadership changed. */
  learn(partitions: readonly MetadataPartition[]): boolean {
    let changed = false;
    for (const { p, leader, leaderEpoch, replicas } of partitions) {
      const known = this.#partitions.get(p);
      if (known !== undefined && isStale(leaderEpoch, known.leader.epoch)) continue;
      const isSame = known !== undefined && known.leader.nodeId === leader && known.leader.epoch === leaderEpoch;
      this.#partitions.set(p, { leader: isSame ? known.leader : { nodeId: leader, epoch: leaderEpoch }, replicas });
      changed ||= !isSame;
    }
    return changed;
  }

  /** Undefined while none is elected, or the partition is not known. */
  leaderOf(p: number): PartitionLeader | undefined {
    const leader = this.#partitions.get(p)?.leader;
    return leader === undefined || leader.nodeId === NOBODY ? undefined : leader;
  }

  replicasOf(p: number): readonly number[] {
    return this.#partitions.get(p)?.replicas ?? [];
  }

  describe(): TopicDescription {
    const partitions = [...this.#partitions].map(([p, { leader }]) => ({ p, leader: leader.nodeId }));
    return { name: this.#name, partitions: partitions.sort((a, b) => a.p - b.p) };
  }
}

/** An answer without an epoch cannot be compared, and does not replace one that has it. */
export function isStale(epoch: number, known: number): boolean {
  return epoch < known;
}
