/**
 * Who of a consumer group is to own which partitions, as the broker decides it (KIP-848). Pure.
 *
 * A1 Every partition of a topic that somebody subscribes to has exactly one owner, and one that subscribes to it.
 * A2 `uniform`: as even as the subscriptions allow, and a partition changes its owner only for that.
 * A3 `range`: of each topic, its subscribers in their order get neighbouring partitions, so that equal
 *    partitions of topics of one size have one owner.
 */
import { unreachable } from "../../../common/foundation/assert.ts";

export const ASSIGNORS = ["uniform", "range"] as const;
export type AssignorName = (typeof ASSIGNORS)[number];

export interface SubscribedTopic {
  readonly id: string;
  readonly partitions: number;
}

export interface Subscriber {
  readonly memberId: string;
  /** Where it stands among the others. */
  readonly order: string;
  readonly topics: readonly SubscribedTopic[];
  /** Its last target. */
  readonly target: ReadonlySet<string>;
}

/** The partitions of each member, by its id. */
export type Targets = ReadonlyMap<string, Set<string>>;

/** One partition of a topic, as the key of a set. */
export const keyOf = (topicId: string, p: number): string => `${topicId}/${p}`;

export function partitionOf(key: string): { readonly topicId: string; readonly p: number } {
  const at = key.lastIndexOf("/");
  return { topicId: key.slice(0, at), p: Number(key.slice(at + 1)) };
}

export function assignPartitions(assignor: AssignorName, subscribers: readonly Subscriber[]): Targets {
  const ordered = subscribers.toSorted((a, b) => (a.order < b.order ? -1 : 1));
  switch (assignor) {
    case "uniform":
      return assignUniformly(ordered);
    case "range":
      return assignRanges(ordered);
    default:
      return unreachable(assignor);
  }
}

/** The topics of all, each with those who subscribe to it. */
function listTopics(subscribers: readonly Subscriber[]) {
  const topics = new Map<string, { readonly topic: SubscribedTopic; readonly members: Subscriber[] }>();
  for (const subscriber of subscribers) {
    for (const topic of subscriber.topics) {
      const known = topics.get(topic.id);
      if (known === undefined) topics.set(topic.id, { topic, members: [subscriber] });
      else known.members.push(subscriber);
    }
  }
  return [...topics.values()];
}

const emptyTargets = (subscribers: readonly Subscriber[]): Map<string, Set<string>> =>
  new Map(subscribers.map(({ memberId }) => [memberId, new Set<string>()]));

/** A3. */
function assignRanges(subscribers: readonly Subscriber[]): Targets {
  const targets = emptyTargets(subscribers);
  for (const { topic, members } of listTopics(subscribers)) {
    let p = 0;
    for (const [index, { memberId }] of members.entries()) {
      const until = Math.ceil(((index + 1) * topic.partitions) / members.length);
      for (; p < until; p += 1) targets.get(memberId)?.add(keyOf(topic.id, p));
    }
  }
  return targets;
}

/** A2. */
function assignUniformly(subscribers: readonly Subscriber[]): Targets {
  const targets = emptyTargets(subscribers);
  const load = (memberId: string): number => targets.get(memberId)?.size ?? 0;
  const leastLoaded = (members: readonly Subscriber[]): string =>
    members.reduce(
      (least, { memberId }) => (load(memberId) < load(least) ? memberId : least),
      (members[0] as Subscriber).memberId,
    );
  const owned: { readonly key: string; readonly members: readonly Subscriber[]; owner: string }[] = [];
  const free: { readonly key: string; readonly members: readonly Subscriber[] }[] = [];
  for (const { topic, members } of listTopics(subscribers)) {
    for (let p = 0; p < topic.partitions; p += 1) {
      const key = keyOf(topic.id, p);
      const owner = members.find(({ target }) => target.has(key))?.memberId;
      if (owner === undefined) free.push({ key, members });
      else {
        targets.get(owner)?.add(key);
        owned.push({ key, members, owner });
      }
    }
  }
  for (const { key, members } of free) {
    const owner = leastLoaded(members);
    targets.get(owner)?.add(key);
    owned.push({ key, members, owner });
  }
  // Each move makes the loads more even, by their sum of squares, so this ends.
  for (let moved = true; moved; ) {
    moved = false;
    for (const partition of owned) {
      const least = leastLoaded(partition.members);
      if (load(partition.owner) - load(least) < 2) continue;
      targets.get(partition.owner)?.delete(partition.key);
      targets.get(least)?.add(partition.key);
      partition.owner = least;
      moved = true;
    }
  }
  return targets;
}
