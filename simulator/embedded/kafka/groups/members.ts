/**
 * The members of one group: who they are, which protocols they can speak, and which of them are static.
 *
 * M1 A static instance id belongs to exactly one member at a time.
 * M2 The chosen protocol is one that every member offers; of those, the one that most members prefer.
 */

export interface OfferedProtocol {
  readonly name: string;
  /** What the leader must know of this member to assign; opaque here. */
  readonly metadata: Buffer;
}

/** A request of this member that is not answered yet. The ticket stands for whoever waits for the answer. */
export type Waiting =
  | { readonly kind: "nothing" }
  | { readonly kind: "join"; readonly ticket: number }
  | { readonly kind: "sync"; readonly ticket: number };

export interface Member {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  protocols: readonly OfferedProtocol[];
  assignment: Buffer;
  waiting: Waiting;
  /** Without a word until then it is taken for dead, unless a request of it is waiting. */
  sessionDeadlineMs: number;
  /** Of the generation that it joined, until it has asked for its assignment. */
  syncDeadlineMs: number;
}

export const NOTHING: Waiting = { kind: "nothing" };
export const NO_ASSIGNMENT = Buffer.alloc(0);

export class Members {
  readonly #members = new Map<string, Member>();
  readonly #staticIds = new Map<string, string>();

  get size(): number {
    return this.#members.size;
  }

  list(): Member[] {
    return [...this.#members.values()];
  }

  find(memberId: string): Member | undefined {
    return this.#members.get(memberId);
  }

  findStatic(instanceId: string): Member | undefined {
    const memberId = this.#staticIds.get(instanceId);
    return memberId === undefined ? undefined : this.#members.get(memberId);
  }

  add(member: Member): void {
    this.#members.set(member.memberId, member);
    if (member.instanceId !== null) this.#staticIds.set(member.instanceId, member.memberId);
  }

  remove(member: Member): void {
    this.#members.delete(member.memberId);
    const { instanceId } = member;
    if (instanceId !== null && this.#staticIds.get(instanceId) === member.memberId) this.#staticIds.delete(instanceId);
  }

  /** The longest time that one of them may take to come back. */
  get rebalanceTimeoutMs(): number {
    return this.list().reduce((longest, { rebalanceTimeoutMs }) => Math.max(longest, rebalanceTimeoutMs), 0);
  }

  /** True when a member that offers these could find a protocol with all others. */
  canAgree(protocols: readonly OfferedProtocol[]): boolean {
    if (this.size === 0) return protocols.length > 0;
    return this.#common().some((name) => protocols.some((offered) => offered.name === name));
  }

  /** M2. Undefined without members. */
  chooseProtocol(): string | undefined {
    const common = this.#common();
    const votes = new Map<string, number>();
    for (const { protocols } of this.#members.values()) {
      const preferred = protocols.find(({ name }) => common.includes(name))?.name;
      if (preferred !== undefined) votes.set(preferred, (votes.get(preferred) ?? 0) + 1);
    }
    let chosen: string | undefined;
    for (const [name, count] of votes) if (chosen === undefined || count > (votes.get(chosen) ?? 0)) chosen = name;
    return chosen;
  }

  #common(): string[] {
    const [first, ...others] = this.list();
    const names = (first?.protocols ?? []).map(({ name }) => name);
    return names.filter((name) => others.every(({ protocols }) => protocols.some((offered) => offered.name === name)));
  }
}

/** What this member said of itself for a protocol. */
export function metadataOf(member: Member, protocolName: string | null): Buffer {
  return member.protocols.find(({ name }) => name === protocolName)?.metadata ?? NO_ASSIGNMENT;
}

/** When it is taken for dead if nothing is heard of it. */
export function deadlineOf({ waiting, sessionDeadlineMs, syncDeadlineMs }: Member): number {
  return waiting.kind === "nothing" ? Math.min(sessionDeadlineMs, syncDeadlineMs) : Number.POSITIVE_INFINITY;
}

export function offersSame(a: readonly OfferedProtocol[], b: readonly OfferedProtocol[]): boolean {
  if (a.length !== b.length) return false;
  return a.every(({ name, metadata }, i) => name === b[i]?.name && metadata.equals(b[i].metadata));
}
