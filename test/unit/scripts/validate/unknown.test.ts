/** What keeps the judge from knowing: it says so, and never that something is wrong. */
import { describe, expect, it } from "vitest";
import { evaluateFacts } from "../../../../scripts/validate/evaluate.ts";
import { addTo, check, failedIds, ledger, part, set, unknownIds } from "./run-changes.ts";
import { makeRun, type SyntheticRun, toFacts } from "./synthetic-run.ts";

/** Checks that need what lies below the applied offsets, all that must be in the topic, or the state in Redis. */
const NEED_APPLIED = ["I6-order", "rejected", "published-keys", "I4-redis-vs-topic"];
const NEED_ALL = ["I3-acknowledged", "topic-ids", "I4-plan-vs-topic", "I4-ledger-vs-topic"];
const NEED_END = ["I3-drained"];

function expectUnknown(run: SyntheticRun, expected: readonly string[], failed: readonly string[] = []): void {
  expect(failedIds(run)).toEqual(failed);
  expect(unknownIds(run).sort()).toEqual([...expected].sort());
  for (const id of expected) expect(check(run, id)?.reason).not.toBe("");
  const { messages } = evaluateFacts(toFacts(run), { durationMs: 1 });
  expect(messages).toMatchObject({ lost: null, duplicated: null });
}

describe("an earliest offset above the start", () => {
  it.each([
    ["the head of a partition", [0, 20]],
    ["all of a partition", [0, 0, 33]],
  ])("leaves open what depended on %s", (_, earliest) => {
    const run = makeRun([100]);
    run.earliest = earliest;
    expectUnknown(run, [...NEED_APPLIED, ...NEED_ALL]);
    const last = earliest.at(-1) as number;
    const reason = `offsets 0 to ${last - 1} could not be read: Kafka does not hold them any more`;
    expect(check(run, "I4-redis-vs-topic")?.reason).toBe(`partition ${earliest.length - 1}: ${reason}`);
  });

  it("does not hide what is wrong in another partition", () => {
    const run = makeRun([100]);
    run.earliest = [0, 20];
    addTo(run, "idSum:2", 1);
    expect(failedIds(run)).toEqual(["I4-redis-vs-topic"]);
  });
});

describe("offsets without a record", () => {
  it("are unknown where the sink has read records: compaction takes them", () => {
    const run = makeRun([100]);
    const facts = toFacts(run);
    // Offsets 4 to 6 of partition 0 are gone from its one batch.
    const tally = facts.topic.tallies[0];
    if (tally === undefined) throw new Error("there is no partition 0");
    tally.below.messages -= 3;
    tally.below.skipped += 3;
    const checks = evaluateFacts(facts, { durationMs: 1 });
    expect(checks.checks.filter(({ status }) => status === "failed")).toEqual([]);
    expect(checks.messages).toMatchObject({ lost: null, duplicated: null });
    const effect = checks.checks.find(({ id }) => id === "I4-redis-vs-topic");
    expect([effect?.status, effect?.reason]).toEqual([
      "unknown",
      "partition 0: Kafka holds no record any more at 3 offsets that the sink has read below 34",
    ]);
  });
});

describe("an end offset below what is known", () => {
  it("is a broken promise where brokers acknowledged more", () => {
    const run = makeRun([100]);
    run.topic[2]?.splice(30);
    expectUnknown(run, [...NEED_APPLIED, ...NEED_ALL, ...NEED_END], ["acknowledged-kept"]);
    expect(check(run, "acknowledged-kept")?.reason).toBe(
      "partition 2: brokers acknowledged every record below offset 33 in round 1, and the log ends at 30: Kafka lost acknowledged records",
    );
    expect(evaluateFacts(toFacts(run), { durationMs: 1 }).messages.inKafka).toBeNull();
  });

  it("is no loss where somebody's transaction holds records back: the log has them, and readers do not get them", () => {
    const run = makeRun([100]);
    run.topic[2]?.splice(30);
    run.high = [34, 33, 33];
    expectUnknown(run, [...NEED_APPLIED, ...NEED_ALL, ...NEED_END], ["foreign-records"]);
    expect(check(run, "acknowledged-kept")?.status).toBe("passed");
    expect(check(run, "I3-drained")?.reason).toContain("offsets up to 32 are held back by a transaction");
  });

  it("is unknown where only a restarted producer had found more", () => {
    const run = makeRun([100]);
    run.topic[2]?.splice(30);
    set(part(run, 2), { resumed: 10 });
    expectUnknown(run, [...NEED_APPLIED, ...NEED_ALL, ...NEED_END, "acknowledged-kept"]);
  });

  it("is unknown, with both numbers, where only Redis says that more was applied", () => {
    const run = makeRun([100]);
    run.task.mode = "prefix";
    run.topic[2]?.splice(30);
    set(part(run, 2), { acknowledged: 30, nextOffset: 30 });
    set(ledger(run), { acknowledged: 97, outcome: "gaveUp" });
    const needAll = NEED_ALL.filter((id) => id !== "I3-acknowledged");
    expectUnknown(run, [...NEED_APPLIED, ...needAll]);
    expect(check(run, "I4-redis-vs-topic")?.reason).toBe(
      "partition 2: Kafka's end offset is 30 after 0.0 s of asking the brokers, though Redis says that 33 is the next offset to apply",
    );
  });
});

describe("a state that is no fact of the job", () => {
  it("leaves open every check of it, and fails none of the others", () => {
    const run = makeRun([100]);
    run.unsettled = "Redis has another run_id";
    // What an older file of Redis had.
    for (const field of ["count:0", "total"]) addTo(run, field, -7);
    expect(failedIds(run)).toEqual([]);
    expect(unknownIds(run)).toEqual([
      "store-state",
      "I1-partition-arithmetic",
      "I2-total",
      "I6-order",
      "I9-by-task-manager",
      "by-task-manager-rows",
      "published-keys",
      "rejected",
      "I3-drained",
      "I3-acknowledged",
      "I4-redis-vs-topic",
      "I5-ordered-ids",
      "I5-offset-ranges",
      "I7-fencing",
      "committed-offsets",
    ]);
    expect(evaluateFacts(toFacts(run), { durationMs: 1 }).messages).toMatchObject({
      processed: null,
      lost: null,
      inKafka: 100,
    });
  });
});

describe("what is no fault of the job", () => {
  it("another writer of the shared keys is named, on a Redis that others may use", () => {
    const run = makeRun([100]);
    set(run, { counter: "99" });
    run.task.sharedRedis = true;
    expect(failedIds(run)).toEqual([]);
    expect(check(run, "published-keys")?.reason).toContain("counter is 99, where this job's PUBLISH wrote 100");
  });

  it("and on a Redis of our own, if another job left its key there", () => {
    const run = makeRun([100]);
    set(run, { counter: "99", otherJobs: ["{other}:published"] });
    expect(failedIds(run)).toEqual([]);
    expect(check(run, "published-keys")?.reason).toContain("one of {other}:published");
  });

  it("a partition that was added and holds nothing is named", () => {
    const run = makeRun([100]);
    run.topic.push([]);
    expect(failedIds(run)).toEqual([]);
    expect(check(run, "topic-partitions")?.reason).toContain(
      "partitions 3 were added to the topic, and hold no record",
    );
  });

  it("commits that failed, or TaskManagers that were lost, explain what is not committed", () => {
    const run = makeRun([100]);
    const none = { failedCommits: 0, replaced: 0, unended: 0 };
    const excuse = (excuses: typeof none) => set(run, { group: { kind: "read", committed: [34, -1, 33], excuses } });
    excuse({ ...none, failedCommits: 2 });
    expect(failedIds(run)).toEqual([]);
    expect(check(run, "committed-offsets")?.reason).toContain("partitions 1: 2 commits failed");
    excuse({ ...none, unended: 1 });
    expect(failedIds(run)).toEqual([]);
    excuse(none);
    expect(failedIds(run)).toEqual(["committed-offsets"]);
    // Of a job that runs no TaskManager has ended.
    run.hash["phase"] = "running";
    excuse({ ...none, unended: 1 });
    expect(failedIds(run)).toEqual(["committed-offsets"]);
    excuse({ ...none, replaced: 1 });
    expect(failedIds(run)).toEqual([]);
    run.group = { kind: "refused", reason: "GROUP_AUTHORIZATION_FAILED" };
    expect(check(run, "committed-offsets")?.status).toBe("notApplicable");
  });

  it("a fence whose acquire row was never written is named", () => {
    const run = makeRun([100]);
    run.hash["phase"] = "running";
    for (const [p, g] of [1_000_001, 2_000_007, 1_000_003].entries()) run.hash[`fence:${p}`] = String(g);
    expect(failedIds(run)).toEqual([]);
    expect(check(run, "I7-fencing")?.reason).toContain("partition 1: fence 2000007 has no acquire row");
  });

  it("what a restarted producer found in the topic is said to have one source, and the plan is the second", () => {
    const run = makeRun([100]);
    set(part(run, 1), { resumed: 33 });
    expect(failedIds(run)).toEqual([]);
    const compared = check(run, "I4-ledger-vs-topic");
    expect([compared?.independent, compared?.why]).toEqual([false, expect.stringContaining("33 of the acknowledged")]);
    expect(check(run, "I4-plan-vs-topic")?.independent).toBe(true);
  });
});
