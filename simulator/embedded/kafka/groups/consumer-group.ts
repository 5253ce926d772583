/**
 * One consumer group by Kafka's newer protocol (KIP-848): the broker says who is to own what, and each member goes there
 * in its own time, by heartbeats. Pure: times and the topics that there are come in with each call.
 *
 *   Empty         no members; what was committed stays
 *   Reconciling   somebody does not own yet what it is to own
 *   Stable        everybody does
 *
 * and of each member
 *
 *   reconciled    it owns its target, except for what others have not given back yet
 *   revoking      it was told to give partitions back, and has not said that it did
 *   away          a static member that said it will return
 *
 * N1 Nobody is given a partition before its last owner said that it gave it back, left, or was fenced.
 * N2 The group's epoch rises with each change of members, subscriptions or subscribed topics. A member's epoch is that of
 *    the last target towards which it has given back all that it had to.
 * N3 Who says nothing for a session, or does not give back within its own rebalance time-out, is fenced.
 * N4 A static member that is away keeps its partitions until its session ends; its successor takes its place, and the
 *    place of one that is not away is not free.
 * N5 An answer that was lost does no harm: the epoch before is accepted from who owns nothing but what it was given.
 */
import { MEMBER_EPOCH } from "../../../clients/kafka/wire/apis/consumer-group-heartbeat.ts";
import { ErrorCode } from "../../../clients/kafka/wire/error-codes.ts";
import { ASSIGNORS, type AssignorName, assignPartitions, type SubscribedTopic } from "./assignors.ts";

export interface Beat {
  readonly memberId: string;
  readonly memberEpoch: number;
  readonly instanceId: string | null;
  readonly rackId: string | null;
  /** -1: as before, as is what is null. */
  readonly rebalanceTimeoutMs: number;
  readonly topics: readonly string[] | null;
  readonly pattern: string | null;
  readonly assignor: string | null;
  /** By `keyOf`. */
  readonly owned: ReadonlySet<string> | null;
  readonly clientId: string;
}

export type BeatAnswer =
  | {
      readonly kind: "beat";
      readonly memberId: string;
      readonly memberEpoch: number;
      /** Null: as it was told before. */
      readonly assigned: ReadonlySet<string> | null;
    }
  | { readonly kind: "refused"; readonly errorCode: number; readonly errorMessage: string };

/** The topics that there are. */
export interface TopicCatalog {
  names(): readonly string[];
  find(name: string): SubscribedTopic | undefined;
}

export interface Consumer {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  rackId: string | null;
  rebalanceTimeoutMs: number;
  topics: readonly string[];
  /** As the member gave it. */
  pattern: string | null;
  matcher: RegExp | null;
  assignor: AssignorName | null;
  epoch: number;
  previousEpoch: number;
  assigned: Set<string>;
  /** To be given back; nobody else is given them meanwhile. */
  revoking: Set<string>;
  target: Set<string>;
  isAway: boolean;
  sessionDeadlineMs: number;
  /** Infinite while nothing is to be given back. */
  revokeDeadlineMs: number;
}

/** Kafka's group.consumer.session.timeout.ms. */
const SESSION_TIMEOUT_MS = 45_000;
/** Kafka's own, group.consumer.heartbeat.interval.ms, is 5 s: a rebalance takes several of them, and here they cost little. */
export const HEARTBEAT_INTERVAL_MS = 1_000;
const MEMBERS_MAX = 1_000;
const PATTERN_LENGTH_MAX = 1_000;

export class ConsumerGroup {
  readonly #members = new Map<string, Consumer>();
  /** Who owns a partition, or has not given it back, and since which epoch. */
  readonly #owners = new Map<string, { readonly memberId: string; readonly epoch: number }>();
  #epoch = 0;
  /** What the targets rest on. */
  #basis = "";

  get members(): readonly Consumer[] {
    return [...this.#members.values()];
  }

  get size(): number {
    return this.#members.size;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get state(): "Empty" | "Reconciling" | "Stable" {
    if (this.#members.size === 0) return "Empty";
    return this.members.every((member) => this.#isReconciled(member)) ? "Stable" : "Reconciling";
  }

  /** Of those that members name, the one that most of them do. */
  get assignor(): AssignorName {
    const votes = ASSIGNORS.map((name) => this.members.filter(({ assignor }) => assignor === name).length);
    return (votes[1] as number) > (votes[0] as number) ? "range" : "uniform";
  }

  beat(beat: Beat, catalog: TopicCatalog, nowMs: number): BeatAnswer {
    if (beat.memberEpoch < MEMBER_EPOCH.join) return this.#leave(beat, nowMs);
    const found = beat.memberEpoch === MEMBER_EPOCH.join ? this.#join(beat) : this.#find(beat);
    if ("kind" in found) return found;
    const member = found;
    const refused = this.#subscribe(member, beat);
    if (refused !== undefined) {
      if (member.epoch === MEMBER_EPOCH.join) this.#remove(member);
      return refused;
    }
    member.sessionDeadlineMs = nowMs + SESSION_TIMEOUT_MS;
    this.#assign(catalog);
    const before = member.assigned;
    this.#reconcile(member, beat.owned, nowMs);
    // Whoever says all of itself is told all: it joins, or an answer to it was lost.
    const isToldAll = beat.owned !== null && (beat.topics !== null || beat.pattern !== null);
    const assigned = isToldAll || member.assigned !== before ? member.assigned : null;
    return { kind: "beat", memberId: member.memberId, memberEpoch: member.epoch, assigned };
  }

  /** N3. */
  advance(nowMs: number): void {
    const over = this.members.filter((each) => Math.min(each.sessionDeadlineMs, each.revokeDeadlineMs) <= nowMs);
    for (const member of over) this.#remove(member);
  }

  /**
   * NONE, or why the position of this partition may not be committed. The answer that tells a member its new epoch may be
   * on its way: an older one does, if the partition has been its own since then (KIP-1251).
   */
  checkCommit(memberId: string, memberEpoch: number, key: string): number {
    const checked = this.checkClaim(memberId, memberEpoch);
    const owner = this.#owners.get(key);
    if (checked !== ErrorCode.STALE_MEMBER_EPOCH || owner?.memberId !== memberId) return checked;
    const isPast = memberEpoch < (this.#members.get(memberId)?.epoch ?? 0);
    return isPast && memberEpoch >= owner.epoch ? ErrorCode.NONE : checked;
  }

  /** NONE, or why nothing may be read under this claim. */
  checkClaim(memberId: string, memberEpoch: number): number {
    const member = this.#members.get(memberId);
    if (member === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
    return memberEpoch === member.epoch ? ErrorCode.NONE : ErrorCode.STALE_MEMBER_EPOCH;
  }

  subscribes(topic: string): boolean {
    return this.members.some(({ topics, matcher }) => topics.includes(topic) || matcher?.test(topic) === true);
  }

  #isReconciled({ epoch, assigned, target, revoking, isAway }: Consumer): boolean {
    if (isAway) return true;
    return epoch === this.#epoch && revoking.size === 0 && assigned.size === target.size;
  }

  #find({ memberId, memberEpoch, instanceId, owned }: Beat): Consumer | BeatAnswer {
    const member = this.#members.get(memberId);
    if (member === undefined) return refuse(ErrorCode.UNKNOWN_MEMBER_ID, `${memberId} is no member of this group`);
    if (instanceId !== null && member.instanceId !== instanceId) {
      return refuse(ErrorCode.FENCED_INSTANCE_ID, `${memberId} has not the instance id ${instanceId}`);
    }
    // N5.
    const wasLost = memberEpoch === member.previousEpoch && owned !== null && owned.isSubsetOf(member.assigned);
    if (memberEpoch === member.epoch || wasLost) return member;
    const words = `${memberId} says epoch ${memberEpoch} and is in ${member.epoch}: it joins again with epoch 0`;
    return refuse(ErrorCode.FENCED_MEMBER_EPOCH, words);
  }

  #join(beat: Beat): Consumer | BeatAnswer {
    const { memberId, instanceId, rebalanceTimeoutMs, topics, pattern, owned } = beat;
    if (rebalanceTimeoutMs <= 0 || (topics === null && pattern === null) || (owned?.size ?? 0) > 0) {
      const words = "who joins says its rebalance time-out and its topics, and owns no partition";
      return refuse(ErrorCode.INVALID_REQUEST, words);
    }
    const predecessor = this.members.find((each) => instanceId !== null && each.instanceId === instanceId);
    if (predecessor !== undefined && predecessor.memberId !== memberId && !predecessor.isAway) {
      const words = `the instance id ${instanceId} is that of ${predecessor.memberId}, which has not left`;
      return refuse(ErrorCode.UNRELEASED_INSTANCE_ID, words);
    }
    if (predecessor !== undefined) return this.#succeed(predecessor, beat);
    const known = this.#members.get(memberId);
    if (known !== undefined) return known;
    if (this.#members.size >= MEMBERS_MAX) {
      return refuse(ErrorCode.GROUP_MAX_SIZE_REACHED, `the group has ${MEMBERS_MAX} members, the most there may be`);
    }
    return this.#add(createConsumer(beat));
  }

  #add(member: Consumer): Consumer {
    this.#members.set(member.memberId, member);
    return member;
  }

  /** N4. It owns nothing itself, and is given what its predecessor had. */
  #succeed(predecessor: Consumer, beat: Beat): Consumer {
    this.#release(predecessor, [...predecessor.assigned, ...predecessor.revoking]);
    this.#members.delete(predecessor.memberId);
    const { topics, pattern, matcher, assignor, target, rackId } = predecessor;
    return this.#add({ ...createConsumer(beat), topics, pattern, matcher, assignor, target, rackId });
  }

  #leave({ memberId, memberEpoch }: Beat, nowMs: number): BeatAnswer {
    const member = this.#members.get(memberId);
    if (member === undefined) return refuse(ErrorCode.UNKNOWN_MEMBER_ID, `${memberId} is no member of this group`);
    if (memberEpoch === MEMBER_EPOCH.leaveForNow && member.instanceId !== null) {
      member.isAway = true;
      member.epoch = MEMBER_EPOCH.leaveForNow;
      member.previousEpoch = member.epoch;
      member.sessionDeadlineMs = nowMs + SESSION_TIMEOUT_MS;
    } else {
      this.#remove(member);
    }
    return { kind: "beat", memberId, memberEpoch, assigned: null };
  }

  /** Takes over what it says of itself. Undefined if all of it is sound. */
  #subscribe(member: Consumer, beat: Beat): BeatAnswer | undefined {
    const assignor = ASSIGNORS.find((name) => name === beat.assignor);
    if (beat.assignor !== null && assignor === undefined) {
      const words = `there is no assignor ${beat.assignor.slice(0, 100)}, but ${ASSIGNORS.join(" and ")}`;
      return refuse(ErrorCode.UNSUPPORTED_ASSIGNOR, words);
    }
    const matcher = beat.pattern === null ? member.matcher : readPattern(beat.pattern);
    if (matcher === "invalid") {
      const words = "the pattern is no regular expression, or has over 1,000 characters";
      return refuse(ErrorCode.INVALID_REGULAR_EXPRESSION, words);
    }
    member.topics = beat.topics ?? member.topics;
    member.pattern = beat.pattern ?? member.pattern;
    member.matcher = matcher;
    member.assignor = assignor ?? member.assignor;
    member.rackId = beat.rackId ?? member.rackId;
    if (beat.rebalanceTimeoutMs > 0) member.rebalanceTimeoutMs = beat.rebalanceTimeoutMs;
    return undefined;
  }

  /** N2. Members end, and topics come, go and grow, without a word to the group: each beat looks. */
  #assign(catalog: TopicCatalog): void {
    const { assignor } = this;
    const subscribers = this.members.map((member) => ({
      memberId: member.memberId,
      // The successor of a static member stands where it stood (N4).
      order: member.instanceId ?? member.memberId,
      topics: topicsOf(member, catalog),
      target: member.target,
    }));
    const rests = subscribers.map(({ order, topics }) => JSON.stringify([order, topics])).sort();
    const basis = [assignor, ...rests].join();
    if (basis === this.#basis) return;
    this.#basis = basis;
    this.#epoch += 1;
    for (const [memberId, target] of assignPartitions(assignor, subscribers)) {
      (this.#members.get(memberId) as Consumer).target = target;
    }
  }

  /** N1. */
  #reconcile(member: Consumer, owned: ReadonlySet<string> | null, nowMs: number): void {
    if (owned !== null) this.#giveBack(member, owned);
    if (member.revoking.size > 0) return;
    const toRevoke = member.assigned.difference(member.target);
    if (toRevoke.size > 0) {
      member.assigned = member.assigned.intersection(member.target);
      member.revoking = toRevoke;
      member.revokeDeadlineMs = nowMs + member.rebalanceTimeoutMs;
      if (owned !== null) this.#giveBack(member, owned);
      if (member.revoking.size > 0) return;
    }
    const free = [...member.target].filter((key) => !this.#owners.has(key));
    const owner = { memberId: member.memberId, epoch: this.#epoch };
    for (const key of free) this.#owners.set(key, owner);
    if (free.length > 0) member.assigned = new Set([...member.assigned, ...free]);
    if (member.epoch === this.#epoch) return;
    member.previousEpoch = member.epoch;
    member.epoch = this.#epoch;
  }

  /** What it was to give back and does not own any more is free. */
  #giveBack(member: Consumer, owned: ReadonlySet<string>): void {
    this.#release(member, [...member.revoking.difference(owned)]);
    member.revoking = member.revoking.intersection(owned);
    if (member.revoking.size === 0) member.revokeDeadlineMs = Number.POSITIVE_INFINITY;
  }

  #release({ memberId }: Consumer, keys: readonly string[]): void {
    for (const key of keys) if (this.#owners.get(key)?.memberId === memberId) this.#owners.delete(key);
  }

  #remove(member: Consumer): void {
    this.#release(member, [...member.assigned, ...member.revoking]);
    this.#members.delete(member.memberId);
    // It may come back under this id, with nothing.
    this.#basis = "";
  }
}

function topicsOf({ topics, matcher }: Consumer, catalog: TopicCatalog): readonly SubscribedTopic[] {
  const matching = matcher === null ? [] : catalog.names().filter((name) => matcher.test(name));
  return [...new Set([...topics, ...matching])].flatMap((name) => catalog.find(name) ?? []);
}

function createConsumer(beat: Beat): Consumer {
  const { memberId, instanceId, clientId, rackId, rebalanceTimeoutMs } = beat;
  return {
    memberId,
    instanceId,
    clientId,
    rackId,
    rebalanceTimeoutMs,
    topics: [],
    pattern: null,
    matcher: null,
    assignor: null,
    epoch: MEMBER_EPOCH.join,
    previousEpoch: MEMBER_EPOCH.join,
    assigned: new Set(),
    revoking: new Set(),
    target: new Set(),
    isAway: false,
    sessionDeadlineMs: Number.POSITIVE_INFINITY,
    revokeDeadlineMs: Number.POSITIVE_INFINITY,
  };
}

/** Of whole names, as Kafka has it; an empty one takes a pattern back. */
function readPattern(text: string): RegExp | "invalid" | null {
  if (text === "") return null;
  if (text.length > PATTERN_LENGTH_MAX) return "invalid";
  try {
    return new RegExp(`^(?:${text})$`, "u");
  } catch (error) {
    if (error instanceof SyntaxError) return "invalid";
    throw error;
  }
}

const refuse = (errorCode: number, errorMessage: string): BeatAnswer & { readonly kind: "refused" } => ({
  kind: "refused",
  errorCode,
  errorMessage,
});
