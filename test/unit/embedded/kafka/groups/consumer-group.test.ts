/** N1 to N5: invariants of `groups/consumer-group.ts`. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ErrorCode } from "../../../../../simulator/clients/kafka/wire/error-codes.ts";
import { keyOf } from "../../../../../simulator/embedded/kafka/groups/assignors.ts";
import {
  type Beat,
  ConsumerGroup,
  type TopicCatalog,
} from "../../../../../simulator/embedded/kafka/groups/consumer-group.ts";

const seed = process.env["TEST_SEED"] === undefined ? {} : { seed: Number(process.env["TEST_SEED"]) };

/** Members that do what clients do: own what they are told, and give back what they are not told any more. */
function openGroup(partitions = 6) {
  const topics = new Map([["t", partitions]]);
  const catalog: TopicCatalog = {
    names: () => [...topics.keys()],
    find: (name) => {
      const count = topics.get(name);
      return count === undefined ? undefined : { id: name, partitions: count };
    },
  };
  const group = new ConsumerGroup();
  const owned = new Map<string, Set<string>>();
  const epochs = new Map<string, number>();
  let nowMs = 0;
  const beat = (memberId: string, more: Partial<Beat> = {}) => {
    const memberEpoch = more.memberEpoch ?? epochs.get(memberId) ?? 0;
    const isJoin = memberEpoch === 0;
    const answer = group.beat(
      {
        memberId,
        memberEpoch,
        instanceId: null,
        rackId: null,
        rebalanceTimeoutMs: isJoin ? 10_000 : -1,
        topics: isJoin ? ["t"] : null,
        pattern: null,
        assignor: null,
        owned: isJoin ? new Set() : (owned.get(memberId) ?? null),
        clientId: "test",
        ...more,
      },
      catalog,
      nowMs,
    );
    if (answer.kind === "beat") {
      epochs.set(memberId, answer.memberEpoch);
      if (answer.assigned !== null) owned.set(memberId, new Set(answer.assigned));
    }
    return answer;
  };
  const pass = (ms: number) => {
    nowMs += ms;
    group.advance(nowMs);
  };
  const settle = (...members: readonly string[]) => {
    for (let round = 0; round < 4; round += 1) for (const member of members) beat(member);
  };
  const sizes = () => Object.fromEntries(group.members.map(({ memberId, assigned }) => [memberId, assigned.size]));
  return { group, topics, owned, epochs, beat, pass, settle, sizes };
}

describe("a group of the consumer protocol", () => {
  it("gives all to the first, and half of it to the second once the first gave it back (N1)", () => {
    const { group, beat, sizes, owned } = openGroup();
    beat("a");
    expect([sizes(), group.state]).toEqual([{ a: 6 }, "Stable"]);
    beat("b");
    expect([sizes(), group.state]).toEqual([{ a: 6, b: 0 }, "Reconciling"]);
    const before = new Set(owned.get("a"));
    // It is told to keep three, and owns six until it says otherwise.
    beat("a", { owned: null });
    expect(beat("b")).toMatchObject({ assigned: null });
    beat("a", { owned: before });
    expect(sizes()).toEqual({ a: 3, b: 0 });
    beat("a");
    beat("b");
    expect([sizes(), group.state]).toEqual([{ a: 3, b: 3 }, "Stable"]);
    expect(owned.get("a")?.isDisjointFrom(owned.get("b") ?? new Set())).toBe(true);
  });

  it("gives the partitions of who left to the others", () => {
    const { beat, settle, sizes, group } = openGroup();
    settle("a", "b", "c");
    expect(sizes()).toEqual({ a: 2, b: 2, c: 2 });
    beat("b", { memberEpoch: -1 });
    settle("a", "c");
    expect([sizes(), group.state]).toEqual([{ a: 3, c: 3 }, "Stable"]);
  });

  it("fences who says nothing for a session, and who does not give back in time (N3)", () => {
    const { beat, settle, sizes, pass, owned } = openGroup();
    settle("a", "b");
    pass(44_000);
    beat("a");
    pass(2_000);
    settle("a");
    expect(sizes()).toEqual({ a: 6 });
    expect(beat("b")).toMatchObject({ kind: "refused", errorCode: ErrorCode.UNKNOWN_MEMBER_ID });
    beat("c", { memberEpoch: 0 });
    // It goes on owning all six.
    const all = new Set(owned.get("a"));
    beat("a", { owned: all });
    beat("a", { owned: all });
    pass(10_000);
    expect(beat("a")).toMatchObject({ kind: "refused", errorCode: ErrorCode.UNKNOWN_MEMBER_ID });
    settle("c");
    expect(sizes()).toEqual({ c: 6 });
  });

  it("sees topics that come, grow and go (N2)", () => {
    const { topics, beat, settle, sizes, group } = openGroup(2);
    beat("a", { topics: ["t", "u"] });
    expect(sizes()).toEqual({ a: 2 });
    const { epoch } = group;
    topics.set("u", 3);
    settle("a");
    expect([sizes(), group.epoch]).toEqual([{ a: 5 }, epoch + 1]);
    topics.set("t", 4);
    settle("a");
    expect(sizes()).toEqual({ a: 7 });
    topics.delete("u");
    settle("a");
    expect(sizes()).toEqual({ a: 4 });
  });

  it("matches a pattern with whole names, and refuses what is none", () => {
    const { topics, beat, sizes } = openGroup(2);
    topics.set("orders-eu", 3).set("orders", 5);
    beat("a", { topics: null, pattern: "orders-.*" });
    expect(sizes()).toEqual({ a: 3 });
    for (const pattern of ["(", "x".repeat(1_001)]) {
      const answer = beat("b", { memberEpoch: 0, topics: null, pattern });
      expect(answer).toMatchObject({ kind: "refused", errorCode: ErrorCode.INVALID_REGULAR_EXPRESSION });
    }
    expect(sizes()).toEqual({ a: 3 });
  });

  it("accepts the epoch before from who owns nothing but what it was given, and no other (N5)", () => {
    const { beat, epochs, settle } = openGroup();
    beat("a");
    const lost = epochs.get("a") as number;
    beat("b");
    settle("a", "b");
    expect(epochs.get("a")).toBe(lost + 1);
    expect(beat("a", { memberEpoch: lost, topics: ["t"] })).toMatchObject({ kind: "beat", memberEpoch: lost + 1 });
    const foreign = { memberEpoch: lost, owned: new Set([keyOf("t", 99)]) };
    expect(beat("a", foreign)).toMatchObject({ kind: "refused", errorCode: ErrorCode.FENCED_MEMBER_EPOCH });
    expect(beat("a", { memberEpoch: 99 })).toMatchObject({ errorCode: ErrorCode.FENCED_MEMBER_EPOCH });
  });

  it("keeps the place of a static member that is away for its successor, without a new epoch (N4)", () => {
    const { beat, settle, sizes, group, owned, pass } = openGroup();
    const instanceId = "i";
    beat("a", { instanceId });
    settle("b", "a");
    const { epoch } = group;
    const kept = new Set(owned.get("a"));
    expect(beat("a2", { instanceId })).toMatchObject({ errorCode: ErrorCode.UNRELEASED_INSTANCE_ID });
    beat("a", { memberEpoch: -2, instanceId });
    settle("b");
    expect(sizes()).toEqual({ a: 3, b: 3 });
    beat("a2", { memberEpoch: 0, instanceId });
    expect([owned.get("a2"), group.epoch, group.state]).toEqual([kept, epoch, "Stable"]);
    expect(beat("a", { memberEpoch: epoch, instanceId })).toMatchObject({ errorCode: ErrorCode.UNKNOWN_MEMBER_ID });
    beat("a2", { memberEpoch: -2, instanceId });
    pass(44_000);
    beat("b");
    pass(2_000);
    settle("b");
    expect(sizes()).toEqual({ b: 6 });
  });

  it.each([
    ["no topics", { topics: null }, ErrorCode.INVALID_REQUEST],
    ["no rebalance time-out", { rebalanceTimeoutMs: -1 }, ErrorCode.INVALID_REQUEST],
    ["partitions of its own", { owned: new Set(["t/0"]) }, ErrorCode.INVALID_REQUEST],
    ["an assignor that there is not", { assignor: "mine" }, ErrorCode.UNSUPPORTED_ASSIGNOR],
  ])("lets nobody join with %s", (_, more, errorCode) => {
    const { beat, group } = openGroup();
    expect(beat("a", more)).toMatchObject({ kind: "refused", errorCode });
    expect(group.size).toBe(0);
  });

  it("lets members commit in their own epoch, or in one since which the partition is theirs", () => {
    const { beat, group, epochs, owned, settle } = openGroup();
    beat("a");
    const first = epochs.get("a") as number;
    settle("b", "a");
    const [ofA, ofB] = ["a", "b"].map((member) => [...(owned.get(member) ?? [])][0] as string) as [string, string];
    expect(group.checkCommit("a", epochs.get("a") as number, ofA)).toBe(ErrorCode.NONE);
    expect(group.checkCommit("a", first, ofA)).toBe(ErrorCode.NONE);
    expect(group.checkCommit("a", first, ofB)).toBe(ErrorCode.STALE_MEMBER_EPOCH);
    expect(group.checkCommit("b", first, ofB)).toBe(ErrorCode.STALE_MEMBER_EPOCH);
    expect(group.checkCommit("a", 77, ofA)).toBe(ErrorCode.STALE_MEMBER_EPOCH);
    expect(group.checkCommit("c", 1, ofA)).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });

  it("never has a partition twice, and settles, whatever its members do (N1)", () => {
    const step = fc.record({
      member: fc.constantFrom("a", "b", "c", "d"),
      what: fc.constantFrom("beat", "beat", "beat", "leave", "silence", "grow"),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { beat, epochs, owned, pass, topics, settle, group } = openGroup(5);
        // What a client owns: it takes what it is told, and says so with its next beat.
        const held = (): string[] => group.members.flatMap(({ memberId }) => [...(owned.get(memberId) ?? [])]);
        for (const { member, what } of steps) {
          if (what === "grow") topics.set("t", Math.min(12, (topics.get("t") ?? 0) + 1));
          else if (what === "silence") pass(20_000);
          else if (what === "leave") {
            beat(member, { memberEpoch: -1 });
            epochs.delete(member);
            owned.delete(member);
          } else if (beat(member).kind === "refused") {
            epochs.delete(member);
            owned.delete(member);
          }
          expect(new Set(held()).size).toBe(held().length);
        }
        settle(...group.members.map(({ memberId }) => memberId));
        if (group.size > 0) expect([group.state, held().length]).toEqual(["Stable", topics.get("t")]);
      }),
      { numRuns: 300, ...seed },
    );
  });
});
