/**
 * One consumer group, as Kafka's classic protocol has it. Pure: times come in with each call, answers go out as replies
 * to tickets, and whoever owns the group sees to timers and sockets.
 *
 *   Empty                no members; what was committed stays
 *   PreparingRebalance   members are awaited until all have joined, or the deadline
 *   CompletingRebalance  a generation has begun; its leader's assignments are awaited
 *   Stable               every member has an assignment, or can ask for it
 *   Dead                 deleted; nothing comes after it
 *
 * G1 Every ticket is answered exactly once.
 * G2 A generation's number is one above the one before it, and all its members are told the same leader and protocol.
 * G3 Only a member's own word (or that of a static member's successor) keeps it alive: it is removed when its session
 *    or its time to ask for an assignment is over. While a request of it waits, it need not say anything.
 * G4 No wait is without an end: joins end with the rebalance's deadline, syncs with that of the leader, and an id that
 *    was given out with the session that was asked for.
 * G5 A static member that leaves without a word keeps its place until its session ends; its successor takes the place
 *    over, and its predecessor is fenced.
 * G6 Eager and cooperative members are the same here: which partitions they keep meanwhile is in their metadata.
 */
import { ErrorCode } from "../../../clients/kafka/wire/error-codes.ts";
import { unreachable } from "../../../common/foundation/assert.ts";
import {
  type GroupReply,
  type Join,
  type JoinAnswer,
  type MemberClaim,
  refuseJoin,
  refuseSync,
  type Sync,
} from "./group-messages.ts";
import { deadlineOf, type Member, Members, metadataOf, NO_ASSIGNMENT, NOTHING, offersSame } from "./members.ts";

export type GroupState =
  | { readonly kind: "Empty" }
  | { readonly kind: "PreparingRebalance"; readonly deadlineMs: number }
  | { readonly kind: "CompletingRebalance" }
  | { readonly kind: "Stable" }
  | { readonly kind: "Dead" };

export const MEMBERS_PER_GROUP_MAX = 1_000;
const ALL_AWAY_WAIT_MS_MIN = 1_000;

export class Group {
  readonly members = new Members();
  readonly #newMemberId: (prefix: string) => string;
  /** Ids that were given out and not yet used, with the time until which they may be. */
  readonly #pendingIds = new Map<string, number>();
  #state: GroupState = { kind: "Empty" };
  #generation = 0;
  #protocolType: string | null = null;
  #protocolName: string | null = null;
  #leader = "";
  #replies: GroupReply[] = [];

  constructor(newMemberId: (prefix: string) => string) {
    this.#newMemberId = newMemberId;
  }

  get state(): GroupState["kind"] {
    return this.#state.kind;
  }

  get generation(): number {
    return this.#generation;
  }

  get protocolType(): string {
    return this.#protocolType ?? "";
  }

  get protocolName(): string | null {
    return this.#protocolName;
  }

  /** True when nobody is in it, nor about to be. */
  get isVacant(): boolean {
    return this.members.size === 0 && this.#pendingIds.size === 0;
  }

  /** The answers that came about since the last call. */
  takeReplies(): GroupReply[] {
    const replies = this.#replies;
    this.#replies = [];
    return replies;
  }

  /** When `advance` must be called at the latest; infinite when time changes nothing. */
  get deadlineMs(): number {
    let earliest = this.#state.kind === "PreparingRebalance" ? this.#state.deadlineMs : Number.POSITIVE_INFINITY;
    for (const member of this.members.list()) earliest = Math.min(earliest, deadlineOf(member));
    for (const deadlineMs of this.#pendingIds.values()) earliest = Math.min(earliest, deadlineMs);
    return earliest;
  }

  /** Removes whose time is over, and ends a rebalance whose time is over (G3, G4). */
  advance(nowMs: number): void {
    for (const [id, deadlineMs] of this.#pendingIds) if (deadlineMs <= nowMs) this.#pendingIds.delete(id);
    this.#removeMembers(
      this.members.list().filter((member) => deadlineOf(member) <= nowMs),
      nowMs,
    );
    if (this.#state.kind === "PreparingRebalance" && this.#state.deadlineMs <= nowMs) this.#completeJoin(nowMs);
    else this.#tryCompleteJoin(nowMs);
  }

  join(ticket: number, join: Join, nowMs: number): void {
    const sameType = this.members.size === 0 || this.#protocolType === join.protocolType;
    if (this.#state.kind === "Dead") this.#refuseJoin(ticket, join.memberId, ErrorCode.COORDINATOR_NOT_AVAILABLE);
    else if (join.protocolType === "" || !sameType || !this.members.canAgree(join.protocols)) {
      this.#refuseJoin(ticket, join.memberId, ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    } else if (join.memberId === "") this.#joinAnew(ticket, join, nowMs);
    else this.#rejoin(ticket, join, nowMs);
  }

  sync(ticket: number, sync: Sync, nowMs: number): void {
    const member = this.#findSyncing(sync);
    if (typeof member === "number") this.#refuseSync(ticket, member);
    else if (this.#state.kind === "Stable") this.#answerSync(ticket, member, nowMs);
    else {
      this.#wait(member, { kind: "sync", ticket });
      if (member.memberId === this.#leader) this.#assign(sync, nowMs);
    }
  }

  /** NONE, or the error that tells the member what to do. */
  heartbeat(claim: MemberClaim & { readonly generation: number }, nowMs: number): number {
    const member = this.#findClaimed(claim);
    if (typeof member === "number") return member;
    if (claim.generation !== this.#generation) return ErrorCode.ILLEGAL_GENERATION;
    this.#restartSession(member, nowMs);
    return this.#state.kind === "PreparingRebalance" ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE;
  }

  /** The error of each; the group rebalances once for all of them. */
  leave(leaving: readonly MemberClaim[], nowMs: number): number[] {
    const left: Member[] = [];
    const codes = leaving.map((claim) => {
      if (this.#pendingIds.delete(claim.memberId)) return ErrorCode.NONE;
      const named = claim.memberId === "" && claim.instanceId !== null;
      const found = named ? this.members.findStatic(claim.instanceId) : this.#findClaimed(claim);
      if (found === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
      if (typeof found === "number") return found;
      left.push(found);
      return ErrorCode.NONE;
    });
    this.#removeMembers(left, nowMs);
    this.#tryCompleteJoin(nowMs);
    return codes;
  }

  /** Whether positions may be committed under this claim. A commit is a sign of life, too. */
  checkCommit(claim: MemberClaim & { readonly generation: number }, nowMs: number): number {
    const { memberId, instanceId, generation } = claim;
    if (generation < 0 && this.members.size === 0) return ErrorCode.NONE;
    if (generation < 0 && memberId === "" && instanceId === null) return ErrorCode.UNKNOWN_MEMBER_ID;
    const member = this.#findClaimed(claim);
    if (typeof member === "number") return member;
    if (generation !== this.#generation) return ErrorCode.ILLEGAL_GENERATION;
    // Its assignment is not known yet, so it cannot know whether these positions are its own.
    if (this.#state.kind === "CompletingRebalance") return ErrorCode.REBALANCE_IN_PROGRESS;
    this.#restartSession(member, nowMs);
    return ErrorCode.NONE;
  }

  /** Ends a group without members. */
  end(): void {
    this.#state = { kind: "Dead" };
  }

  #joinAnew(ticket: number, join: Join, nowMs: number): void {
    if (join.instanceId !== null) {
      const memberId = this.#newMemberId(join.instanceId);
      const predecessor = this.members.findStatic(join.instanceId);
      if (predecessor !== undefined) this.#succeed(ticket, join, { predecessor, memberId, nowMs });
      else this.#addMember(ticket, join, { memberId, nowMs });
      return;
    }
    const memberId = this.#newMemberId(join.clientId);
    if (!join.idFirst) {
      this.#addMember(ticket, join, { memberId, nowMs });
      return;
    }
    if (this.#isFull()) {
      this.#refuseJoin(ticket, "", ErrorCode.GROUP_MAX_SIZE_REACHED);
      return;
    }
    this.#pendingIds.set(memberId, nowMs + join.sessionTimeoutMs);
    this.#refuseJoin(ticket, memberId, ErrorCode.MEMBER_ID_REQUIRED);
  }

  #addMember(ticket: number, join: Join, { memberId, nowMs }: { memberId: string; nowMs: number }): void {
    if (this.#isFull()) {
      this.#refuseJoin(ticket, "", ErrorCode.GROUP_MAX_SIZE_REACHED);
      return;
    }
    this.members.add(createMember(memberId, join, ticket));
    this.#protocolType = join.protocolType;
    this.#prepareRebalance(nowMs);
  }

  #isFull(): boolean {
    return this.members.size + this.#pendingIds.size >= MEMBERS_PER_GROUP_MAX;
  }

  #rejoin(ticket: number, join: Join, nowMs: number): void {
    const { memberId } = join;
    const wasPending = join.instanceId === null && this.#pendingIds.delete(memberId);
    if (wasPending) {
      this.#addMember(ticket, join, { memberId, nowMs });
      return;
    }
    const member = this.#findClaimed(join);
    if (typeof member === "number") {
      this.#refuseJoin(ticket, memberId, member);
      return;
    }
    const same = offersSame(member.protocols, join.protocols);
    const answersAsBefore =
      same &&
      (this.#state.kind === "CompletingRebalance" || (this.#state.kind === "Stable" && memberId !== this.#leader));
    // The answer got lost, or a follower asks without a cause.
    if (answersAsBefore) {
      this.#answerJoin(ticket, member, nowMs);
      return;
    }
    member.protocols = join.protocols;
    this.#wait(member, { kind: "join", ticket });
    this.#prepareRebalance(nowMs);
  }

  /** G5 */
  #succeed(
    ticket: number,
    join: Join,
    { predecessor, memberId, nowMs }: { predecessor: Member; memberId: string; nowMs: number },
  ): void {
    this.#refuseWaiting(predecessor, ErrorCode.FENCED_INSTANCE_ID);
    this.members.remove(predecessor);
    const member = createMember(memberId, join, ticket);
    member.assignment = predecessor.assignment;
    this.members.add(member);
    const leads = this.#leader === predecessor.memberId;
    if (leads) this.#leader = memberId;
    const unchanged = this.#state.kind === "Stable" && this.members.chooseProtocol() === this.#protocolName;
    if (!unchanged) {
      this.#prepareRebalance(nowMs);
      return;
    }
    member.waiting = NOTHING;
    this.#restartSession(member, nowMs);
    const answer = this.#joined(member);
    if (!leads) {
      this.#reply({ kind: "join", ticket, answer });
      return;
    }
    // Who does not understand "skip" is told that another one leads, or it would assign and nobody would take it up.
    const asFollower = { ...answer, leader: predecessor.memberId, members: [] };
    const told = join.maySkipAssignment ? { ...answer, skipAssignment: true } : asFollower;
    this.#reply({ kind: "join", ticket, answer: told });
  }

  #prepareRebalance(nowMs: number): void {
    if (this.#state.kind !== "PreparingRebalance") {
      for (const member of this.members.list()) {
        member.syncDeadlineMs = Number.POSITIVE_INFINITY;
        if (member.waiting.kind !== "sync") continue;
        this.#refuseWaiting(member, ErrorCode.REBALANCE_IN_PROGRESS);
        this.#restartSession(member, nowMs);
      }
      this.#state = { kind: "PreparingRebalance", deadlineMs: nowMs + this.members.rebalanceTimeoutMs };
    }
    this.#tryCompleteJoin(nowMs);
  }

  #tryCompleteJoin(nowMs: number): void {
    if (this.#state.kind !== "PreparingRebalance" || this.#pendingIds.size > 0) return;
    if (this.members.list().every(({ waiting }) => waiting.kind === "join")) this.#completeJoin(nowMs);
  }

  /** Begins the next generation with those who joined; dynamic members that did not are out. */
  #completeJoin(nowMs: number): void {
    for (const member of this.members.list()) {
      if (member.waiting.kind !== "join" && member.instanceId === null) this.members.remove(member);
    }
    const joined = this.members.list().filter(({ waiting }) => waiting.kind === "join");
    const [first] = joined;
    if (this.members.size > 0 && first === undefined) {
      // Only static members that are away: one of them comes back, or their sessions end.
      const waitMs = Math.max(this.members.rebalanceTimeoutMs, ALL_AWAY_WAIT_MS_MIN);
      this.#state = { kind: "PreparingRebalance", deadlineMs: nowMs + waitMs };
      return;
    }
    this.#generation += 1;
    if (first === undefined) {
      this.#becomeEmpty();
      return;
    }
    this.#protocolName = this.members.chooseProtocol() ?? null;
    if (!joined.some(({ memberId }) => memberId === this.#leader)) this.#leader = first.memberId;
    this.#state = { kind: "CompletingRebalance" };
    const syncDeadlineMs = nowMs + this.members.rebalanceTimeoutMs;
    for (const member of this.members.list()) member.assignment = NO_ASSIGNMENT;
    for (const member of joined) {
      const { waiting } = member;
      member.waiting = NOTHING;
      member.syncDeadlineMs = syncDeadlineMs;
      if (waiting.kind === "join") this.#answerJoin(waiting.ticket, member, nowMs);
    }
  }

  #becomeEmpty(): void {
    this.#state = { kind: "Empty" };
    this.#protocolName = null;
    this.#leader = "";
  }

  /** The leader's assignments are there: whoever waits gets its own. */
  #assign({ assignments }: Sync, nowMs: number): void {
    for (const { memberId, assignment } of assignments) {
      const member = this.members.find(memberId);
      if (member !== undefined) member.assignment = assignment;
    }
    this.#state = { kind: "Stable" };
    for (const member of this.members.list()) {
      const { waiting } = member;
      if (waiting.kind !== "sync") continue;
      member.waiting = NOTHING;
      this.#answerSync(waiting.ticket, member, nowMs);
    }
  }

  #removeMembers(gone: readonly Member[], nowMs: number): void {
    if (gone.length === 0) return;
    for (const member of gone) {
      this.#refuseWaiting(member, ErrorCode.UNKNOWN_MEMBER_ID);
      this.members.remove(member);
    }
    this.#prepareRebalance(nowMs);
  }

  /** The member that a request claims to come from, or why it is not believed. */
  #findClaimed({ memberId, instanceId }: MemberClaim): Member | number {
    if (this.#state.kind === "Dead") return ErrorCode.COORDINATOR_NOT_AVAILABLE;
    if (instanceId !== null) {
      const holder = this.members.findStatic(instanceId);
      if (holder === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
      return holder.memberId === memberId ? holder : ErrorCode.FENCED_INSTANCE_ID;
    }
    return this.members.find(memberId) ?? ErrorCode.UNKNOWN_MEMBER_ID;
  }

  /** The member that may ask for its assignment now, or why it may not. */
  #findSyncing(sync: Sync): Member | number {
    const member = this.#findClaimed(sync);
    if (typeof member === "number") return member;
    if (sync.generation !== this.#generation) return ErrorCode.ILLEGAL_GENERATION;
    const otherType = sync.protocolType !== null && sync.protocolType !== this.#protocolType;
    const otherName = sync.protocolName !== null && sync.protocolName !== this.#protocolName;
    if (otherType || otherName) return ErrorCode.INCONSISTENT_GROUP_PROTOCOL;
    switch (this.#state.kind) {
      case "Empty":
      case "Dead":
        return ErrorCode.UNKNOWN_MEMBER_ID;
      case "PreparingRebalance":
        return ErrorCode.REBALANCE_IN_PROGRESS;
      case "CompletingRebalance":
      case "Stable":
        return member;
      default:
        return unreachable(this.#state);
    }
  }

  #restartSession(member: Member, nowMs: number): void {
    member.sessionDeadlineMs = nowMs + member.sessionTimeoutMs;
  }

  #wait(member: Member, waiting: Member["waiting"]): void {
    // Asked twice: the first request's connection is gone, or its client no longer cares.
    this.#refuseWaiting(member, ErrorCode.REBALANCE_IN_PROGRESS);
    member.waiting = waiting;
  }

  #refuseWaiting(member: Member, errorCode: number): void {
    const { waiting } = member;
    member.waiting = NOTHING;
    if (waiting.kind === "join") this.#refuseJoin(waiting.ticket, member.memberId, errorCode);
    if (waiting.kind === "sync") this.#refuseSync(waiting.ticket, errorCode);
  }

  #joined(member: Member): JoinAnswer {
    const isLeader = member.memberId === this.#leader;
    const listed = (each: Member) => {
      return {
        memberId: each.memberId,
        instanceId: each.instanceId,
        metadata: metadataOf(each, this.#protocolName),
      };
    };
    return {
      errorCode: ErrorCode.NONE,
      generation: this.#generation,
      protocolType: this.#protocolType,
      protocolName: this.#protocolName,
      leader: this.#leader,
      skipAssignment: false,
      memberId: member.memberId,
      members: isLeader ? this.members.list().map(listed) : [],
    };
  }

  #answerJoin(ticket: number, member: Member, nowMs: number): void {
    this.#restartSession(member, nowMs);
    this.#reply({ kind: "join", ticket, answer: this.#joined(member) });
  }

  #answerSync(ticket: number, member: Member, nowMs: number): void {
    member.syncDeadlineMs = Number.POSITIVE_INFINITY;
    this.#restartSession(member, nowMs);
    const { assignment } = member;
    const [protocolType, protocolName] = [this.#protocolType, this.#protocolName];
    this.#reply({
      kind: "sync",
      ticket,
      answer: { errorCode: ErrorCode.NONE, protocolType, protocolName, assignment },
    });
  }

  #refuseJoin(ticket: number, memberId: string, errorCode: number): void {
    this.#reply({ kind: "join", ticket, answer: refuseJoin(memberId, errorCode) });
  }

  #refuseSync(ticket: number, errorCode: number): void {
    this.#reply({ kind: "sync", ticket, answer: refuseSync(errorCode) });
  }

  #reply(reply: GroupReply): void {
    this.#replies.push(reply);
  }
}

function createMember(memberId: string, join: Join, ticket: number): Member {
  const { instanceId, clientId, sessionTimeoutMs, rebalanceTimeoutMs, protocols } = join;
  return {
    memberId,
    instanceId,
    clientId,
    sessionTimeoutMs,
    rebalanceTimeoutMs,
    protocols,
    assignment: NO_ASSIGNMENT,
    waiting: { kind: "join", ticket },
    sessionDeadlineMs: Number.POSITIVE_INFINITY,
    syncDeadlineMs: Number.POSITIVE_INFINITY,
  };
}
