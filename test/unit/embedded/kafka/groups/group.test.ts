/** The state machine of a group, with time as a number: states, sessions, static members, and random histories. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ErrorCode } from "../../../../../simulator/clients/kafka/wire/error-codes.ts";
import { Group } from "../../../../../simulator/embedded/kafka/groups/group.ts";
import type {
  GroupReply,
  Join,
  JoinAnswer,
  SyncAnswer,
} from "../../../../../simulator/embedded/kafka/groups/group-messages.ts";

const seed = process.env["TEST_SEED"] === undefined ? {} : { seed: Number(process.env["TEST_SEED"]) };
const SESSION_MS = 10_000;
const REBALANCE_MS = 60_000;

/** A group with what came of each ticket. */
class PlayedGroup {
  nowMs = 0;
  readonly replies = new Map<number, GroupReply[]>();
  readonly group: Group;
  #lastTicket = 0;

  constructor() {
    let ids = 0;
    this.group = new Group((prefix) => {
      ids += 1;
      return `${prefix}-${ids}`;
    });
  }

  join(memberId: string, more: Partial<Join> = {}): number {
    return this.#ask((ticket) => this.group.join(ticket, { ...JOIN, memberId, ...more }, this.nowMs));
  }

  sync(
    memberId: string,
    generation: number,
    assignments: Record<string, string> = {},
    instanceId: string | null = null,
  ) {
    const list = Object.entries(assignments).map(([id, text]) => ({ memberId: id, assignment: Buffer.from(text) }));
    const claim = { memberId, instanceId, generation, protocolType: null, protocolName: null };
    return this.#ask((ticket) => this.group.sync(ticket, { ...claim, assignments: list }, this.nowMs));
  }

  heartbeat(memberId: string, generation: number, instanceId: string | null = null): number {
    const code = this.group.heartbeat({ memberId, instanceId, generation }, this.nowMs);
    this.#collect();
    return code;
  }

  advance(ms: number): void {
    this.nowMs += ms;
    this.group.advance(this.nowMs);
    this.#collect();
  }

  leave(memberId: string): number[] {
    const codes = this.group.leave([{ memberId, instanceId: null }], this.nowMs);
    this.#collect();
    return codes;
  }

  joined(ticket: number): JoinAnswer | undefined {
    const reply = this.replies.get(ticket)?.[0];
    return reply?.kind === "join" ? reply.answer : undefined;
  }

  synced(ticket: number): SyncAnswer | undefined {
    const reply = this.replies.get(ticket)?.[0];
    return reply?.kind === "sync" ? reply.answer : undefined;
  }

  get tickets(): number {
    return this.#lastTicket;
  }

  #ask(ask: (ticket: number) => void): number {
    this.#lastTicket += 1;
    ask(this.#lastTicket);
    this.#collect();
    return this.#lastTicket;
  }

  #collect(): void {
    for (const reply of this.group.takeReplies()) {
      this.replies.set(reply.ticket, [...(this.replies.get(reply.ticket) ?? []), reply]);
    }
  }
}

const JOIN: Join = {
  memberId: "",
  instanceId: null,
  clientId: "c",
  sessionTimeoutMs: SESSION_MS,
  rebalanceTimeoutMs: REBALANCE_MS,
  protocolType: "consumer",
  protocols: [{ name: "range", metadata: Buffer.from("m") }],
  idFirst: false,
  maySkipAssignment: true,
};

/** A stable group of two dynamic members: c-1 leads. */
function stablePair(): PlayedGroup {
  const played = new PlayedGroup();
  played.join("");
  const second = played.join("");
  const first = played.join("c-1");
  const generation = played.joined(second)?.generation ?? -1;
  expect(played.joined(first)).toMatchObject({ leader: "c-1", generation, members: [{}, {}] });
  const waiting = played.sync("c-2", generation);
  expect(played.synced(waiting)).toBeUndefined();
  played.sync("c-1", generation, { "c-1": "one", "c-2": "two" });
  expect(played.synced(waiting)?.assignment.toString()).toBe("two");
  expect(played.group.state).toBe("Stable");
  return played;
}

describe("a group", () => {
  test("a new member is given an id first where it can take one, and the id ends with the session (G4)", () => {
    const played = new PlayedGroup();
    const ticket = played.join("", { idFirst: true });
    expect(played.joined(ticket)).toMatchObject({ errorCode: ErrorCode.MEMBER_ID_REQUIRED, memberId: "c-1" });
    expect(played.group.deadlineMs).toBe(SESSION_MS);
    played.advance(SESSION_MS);
    expect(played.joined(played.join("c-1"))?.errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    expect(played.group.isVacant).toBe(true);
  });

  test("members learn of a rebalance by their heartbeat, and all join the same next generation (G2)", () => {
    const played = stablePair();
    const third = played.join("");
    expect(played.heartbeat("c-1", 2)).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    const again = [played.join("c-1"), played.join("c-2")];
    const answers = [third, ...again].map((ticket) => played.joined(ticket));
    expect(answers.map((answer) => answer?.generation)).toEqual([3, 3, 3]);
    expect(new Set(answers.map((answer) => answer?.leader))).toEqual(new Set(["c-1"]));
    expect(played.heartbeat("c-1", 2)).toBe(ErrorCode.ILLEGAL_GENERATION);
  });

  test("a member that falls silent is removed at the end of its session, and the others go on (G3)", () => {
    const played = stablePair();
    played.advance(SESSION_MS - 1);
    expect(played.heartbeat("c-2", 2)).toBe(ErrorCode.NONE);
    played.advance(1);
    expect(played.group.state).toBe("PreparingRebalance");
    expect(played.heartbeat("c-1", 2)).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    const alone = played.join("c-2");
    expect(played.joined(alone)).toMatchObject({ leader: "c-2", generation: 3, members: [{ memberId: "c-2" }] });
  });

  test("a member that does not come back is out when the rebalance's time is over (G4)", () => {
    const played = stablePair();
    const third = played.join("");
    played.join("c-1");
    for (let ms = 0; ms < REBALANCE_MS; ms += 5_000) {
      expect(played.joined(third)).toBeUndefined();
      played.heartbeat("c-2", 2);
      played.advance(5_000);
    }
    expect(played.joined(third)).toMatchObject({ errorCode: ErrorCode.NONE, generation: 3 });
    expect(played.group.members.find("c-2")).toBeUndefined();
  });

  test("a leader that never assigns is removed, and who waited is told to join again (G4)", () => {
    const played = new PlayedGroup();
    played.join("");
    const second = played.join("");
    played.join("c-1");
    expect(played.joined(second)?.generation).toBe(2);
    const waiting = played.sync("c-2", 2);
    for (let ms = 0; ms < REBALANCE_MS; ms += 5_000) {
      expect(played.synced(waiting)).toBeUndefined();
      played.heartbeat("c-1", 2);
      played.advance(5_000);
    }
    expect(played.synced(waiting)?.errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    expect(played.group.members.find("c-1")).toBeUndefined();
  });

  test("a static member's successor takes its place without a rebalance, and fences it (G5)", () => {
    const played = new PlayedGroup();
    const first = played.join("", { instanceId: "i" });
    const memberId = played.joined(first)?.memberId ?? "";
    played.sync(memberId, 1, { [memberId]: "mine" }, "i");
    const successor = played.join("", { instanceId: "i" });
    const answer = played.joined(successor);
    expect(answer).toMatchObject({ errorCode: ErrorCode.NONE, generation: 1, skipAssignment: true });
    expect(played.group.state).toBe("Stable");
    const synced = played.sync(answer?.memberId ?? "", 1, {}, "i");
    expect(played.synced(synced)?.assignment.toString()).toBe("mine");
    expect(played.heartbeat(memberId, 1, "i")).toBe(ErrorCode.FENCED_INSTANCE_ID);
    const commit = { memberId, instanceId: "i", generation: 1 };
    expect(played.group.checkCommit(commit, played.nowMs)).toBe(ErrorCode.FENCED_INSTANCE_ID);
    // Who cannot be told to skip is told that another one leads.
    const older = played.joined(played.join("", { instanceId: "i", maySkipAssignment: false }));
    expect(older).toMatchObject({ leader: answer?.memberId, skipAssignment: false, members: [] });
    expect(older?.memberId).not.toBe(answer?.memberId);
  });

  test("commits are taken from members of this generation only; from anybody when there are none", () => {
    const played = stablePair();
    const check = (memberId: string, generation: number) =>
      played.group.checkCommit({ memberId, instanceId: null, generation }, played.nowMs);
    expect(check("c-1", 2)).toBe(ErrorCode.NONE);
    expect(check("c-1", 1)).toBe(ErrorCode.ILLEGAL_GENERATION);
    expect(check("other", 2)).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    expect(check("", -1)).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    played.leave("c-1");
    expect(check("c-2", 2)).toBe(ErrorCode.NONE);
    expect(played.leave("c-2")).toEqual([ErrorCode.NONE]);
    expect(played.group.state).toBe("Empty");
    expect(check("", -1)).toBe(ErrorCode.NONE);
  });

  test("who offers no protocol that all others have is refused (M2)", () => {
    const played = stablePair();
    const other = played.join("", { protocols: [{ name: "sticky", metadata: Buffer.alloc(0) }] });
    expect(played.joined(other)?.errorCode).toBe(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    const otherType = played.join("", { protocolType: "connect" });
    expect(played.joined(otherType)?.errorCode).toBe(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  });

  test("whatever members do, each request is answered exactly once in the end (G1)", () => {
    const step = fc.record({
      kind: fc.constantFrom("join", "new", "static", "sync", "heartbeat", "leave", "advance"),
      member: fc.integer({ min: 1, max: 6 }),
      generation: fc.integer({ min: 0, max: 4 }),
      ms: fc.integer({ min: 0, max: 20_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const played = new PlayedGroup();
        for (const { kind, member, generation, ms } of steps) {
          const memberId = `c-${member}`;
          if (kind === "join") played.join(memberId);
          if (kind === "new") played.join("", { idFirst: member % 2 === 0 });
          if (kind === "static") played.join("", { instanceId: `s${member % 2}` });
          if (kind === "sync") played.sync(memberId, generation, { [memberId]: "x" });
          if (kind === "heartbeat") played.heartbeat(memberId, generation);
          if (kind === "leave") played.leave(memberId);
          if (kind === "advance") played.advance(ms);
        }
        // Nobody says a word any more: all that waits comes to its end by time alone.
        for (let i = 0; i < 100 && Number.isFinite(played.group.deadlineMs); i += 1) {
          played.advance(Math.max(0, played.group.deadlineMs - played.nowMs));
        }
        expect(played.group.deadlineMs).toBe(Number.POSITIVE_INFINITY);
        expect(played.group.state).toBe("Empty");
        for (let ticket = 1; ticket <= played.tickets; ticket += 1) {
          expect(played.replies.get(ticket)).toHaveLength(1);
        }
      }),
      { numRuns: 300, ...seed },
    );
  });
});
