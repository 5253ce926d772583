/**
 * All groups of this broker, with what stands around their state machines: timers, and who waits for which answer.
 *
 * C1 A request's own answer, where it is there at once, is returned; every other one is handed over after the request
 *    that caused it is done, never inside of it.
 * C2 Each group has at most one timer, set to the earliest time at which something of it ends.
 * C3 At most GROUPS_MAX groups are kept. When a new one does not fit, those with neither members nor commits go.
 */
import { ErrorCode } from "../../../clients/kafka/wire/error-codes.ts";
import { OffsetStore } from "../offset-store.ts";
import { Group } from "./group.ts";
import {
  type GroupReply,
  type Join,
  type JoinAnswer,
  type MemberClaim,
  refuseJoin,
  refuseSync,
  type Sync,
  type SyncAnswer,
} from "./group-messages.ts";

const GROUPS_MAX = 10_000;
/** setTimeout takes no more. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export type Asked<Answer> =
  | { readonly kind: "answered"; readonly answer: Answer }
  | { readonly kind: "waiting"; readonly wait: (onAnswer: (answer: Answer) => void) => { cancel(): void } };

interface Kept {
  readonly group: Group;
  timer: NodeJS.Timeout | undefined;
  /** When the timer fires. */
  timerMs: number;
}

export class GroupCoordinator {
  readonly offsets = new OffsetStore();
  readonly #nowMs: () => number;
  readonly #newMemberId: (prefix: string) => string;
  readonly #groups = new Map<string, Kept>();
  readonly #listeners = new Map<number, (reply: GroupReply) => void>();
  #lastTicket = 0;

  constructor(nowMs: () => number, newMemberId: (prefix: string) => string) {
    this.#nowMs = nowMs;
    this.#newMemberId = newMemberId;
  }

  /** The groups with members, or with commits. */
  list(): string[] {
    return [...new Set([...this.#groups.keys(), ...this.offsets.groups()])];
  }

  /** Undefined for a group that never had a member; it may have commits. */
  find(name: string): Group | undefined {
    return this.#groups.get(name)?.group;
  }

  exists(name: string): boolean {
    return this.#groups.has(name) || this.offsets.has(name);
  }

  join(name: string, join: Join): Asked<JoinAnswer> {
    const kept = this.#groups.get(name) ?? (join.memberId === "" ? this.#create(name) : undefined);
    if (kept === undefined) {
      const errorCode = join.memberId === "" ? ErrorCode.GROUP_MAX_SIZE_REACHED : ErrorCode.UNKNOWN_MEMBER_ID;
      return { kind: "answered", answer: refuseJoin(join.memberId, errorCode) };
    }
    const ticket = this.#nextTicket();
    kept.group.join(ticket, join, this.#nowMs());
    const own = this.#settle(kept, ticket);
    return own?.kind === "join"
      ? { kind: "answered", answer: own.answer }
      : {
          kind: "waiting",
          wait: (onAnswer) => this.#listen(ticket, (reply) => reply.kind === "join" && onAnswer(reply.answer)),
        };
  }

  sync(name: string, sync: Sync): Asked<SyncAnswer> {
    const kept = this.#groups.get(name);
    if (kept === undefined) return { kind: "answered", answer: refuseSync(ErrorCode.UNKNOWN_MEMBER_ID) };
    const ticket = this.#nextTicket();
    kept.group.sync(ticket, sync, this.#nowMs());
    const own = this.#settle(kept, ticket);
    return own?.kind === "sync"
      ? { kind: "answered", answer: own.answer }
      : {
          kind: "waiting",
          wait: (onAnswer) => this.#listen(ticket, (reply) => reply.kind === "sync" && onAnswer(reply.answer)),
        };
  }

  heartbeat(name: string, claim: MemberClaim & { readonly generation: number }): number {
    return this.find(name)?.heartbeat(claim, this.#nowMs()) ?? ErrorCode.UNKNOWN_MEMBER_ID;
  }

  /** Undefined: there is no such group. */
  leave(name: string, leaving: readonly MemberClaim[]): number[] | undefined {
    const kept = this.#groups.get(name);
    if (kept === undefined) return undefined;
    const codes = kept.group.leave(leaving, this.#nowMs());
    this.#settle(kept);
    return codes;
  }

  checkCommit(name: string, claim: MemberClaim & { readonly generation: number }): number {
    const group = this.find(name);
    if (group !== undefined) return group.checkCommit(claim, this.#nowMs());
    if (claim.generation < 0 && claim.memberId === "") return ErrorCode.NONE;
    return claim.memberId === "" || !this.offsets.has(name)
      ? ErrorCode.ILLEGAL_GENERATION
      : ErrorCode.UNKNOWN_MEMBER_ID;
  }

  /** A group without members goes, with all that it has committed. */
  delete(name: string): number {
    if (!this.exists(name)) return ErrorCode.GROUP_ID_NOT_FOUND;
    const kept = this.#groups.get(name);
    if (kept !== undefined && !kept.group.isVacant) return ErrorCode.NON_EMPTY_GROUP;
    if (kept !== undefined) this.#drop(name, kept);
    this.offsets.deleteGroup(name);
    return ErrorCode.NONE;
  }

  /** Stops all timers; nobody waiting is answered any more. */
  close(): void {
    for (const { timer } of this.#groups.values()) clearTimeout(timer);
    this.#groups.clear();
    this.#listeners.clear();
  }

  /** Undefined when there are too many (C3). */
  #create(name: string): Kept | undefined {
    if (this.#groups.size >= GROUPS_MAX) {
      for (const [other, kept] of this.#groups) {
        if (kept.group.isVacant && !this.offsets.has(other)) this.#drop(other, kept);
      }
    }
    if (this.#groups.size >= GROUPS_MAX) return undefined;
    const kept = { group: new Group(this.#newMemberId), timer: undefined, timerMs: Number.POSITIVE_INFINITY };
    this.#groups.set(name, kept);
    return kept;
  }

  #drop(name: string, kept: Kept): void {
    clearTimeout(kept.timer);
    kept.group.end();
    this.#groups.delete(name);
  }

  #nextTicket(): number {
    this.#lastTicket += 1;
    return this.#lastTicket;
  }

  #listen(ticket: number, onReply: (reply: GroupReply) => void): { cancel(): void } {
    this.#listeners.set(ticket, onReply);
    return { cancel: () => this.#listeners.delete(ticket) };
  }

  /** Hands out what the group has to say, and sets its timer. Returns the reply to `ownTicket`, if it is there. */
  #settle(kept: Kept, ownTicket?: number): GroupReply | undefined {
    let own: GroupReply | undefined;
    for (const reply of kept.group.takeReplies()) {
      if (reply.ticket === ownTicket) own = reply;
      else setImmediate(() => this.#handOver(reply));
    }
    this.#setTimer(kept);
    return own;
  }

  #handOver(reply: GroupReply): void {
    // Whoever asked may be gone: the connection closed.
    const onReply = this.#listeners.get(reply.ticket);
    this.#listeners.delete(reply.ticket);
    onReply?.(reply);
  }

  /** C2. A timer that fires too early does no harm: it finds nothing over, and is set again. */
  #setTimer(kept: Kept): void {
    const { deadlineMs } = kept.group;
    if (deadlineMs >= kept.timerMs) return;
    clearTimeout(kept.timer);
    kept.timerMs = deadlineMs;
    const waitMs = Math.min(Math.max(0, Math.ceil(deadlineMs - this.#nowMs())), TIMER_MS_MAX);
    kept.timer = setTimeout(() => {
      kept.timerMs = Number.POSITIVE_INFINITY;
      kept.group.advance(this.#nowMs());
      this.#settle(kept);
    }, waitMs);
  }
}
