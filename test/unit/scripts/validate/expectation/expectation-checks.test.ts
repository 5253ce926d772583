/** The checks of a job of the user's own: what applies, what is unknown, and what a difference comes to. */
import { expect, it } from "vitest";
import { evaluateFacts, runChecks } from "../../../../../scripts/validate/evaluate.ts";
import type { ExpectationFacts } from "../../../../../scripts/validate/expectation/expectation-facts.ts";
import { listGrown } from "../../../../../scripts/validate/expectation/user-job-facts.ts";
import type { Facts } from "../../../../../scripts/validate/facts.ts";
import { makeRun, toFacts } from "../synthetic-run.ts";

const NONE = { count: 0, first: [] };
const PAIRING = {
  byIdentity: true,
  hasMapping: true,
  inputs: 100,
  outputs: 100,
  missing: 0,
  repeated: 0,
  readings: 1,
  once: NONE,
  mapped: NONE,
};
const READ: ExpectationFacts = {
  kind: "read",
  inputRecords: 100,
  outputRecords: 100,
  unread: [],
  pairing: PAIRING,
  totals: { keys: 3, unknown: null, differences: NONE },
};

function factsWith(expectation: ExpectationFacts, more: Partial<Facts> = {}): Facts {
  const facts = toFacts(makeRun([100]));
  const committed = facts.topic.tallies.map(({ end }) => end);
  return {
    ...facts,
    config: { ...facts.config, engine: "flink", userJob: { outputTopic: "out", expectPath: "/expect.ts" } },
    state: { kind: "missing" },
    group: { kind: "read", committed, excuses: null },
    expectation,
    ...more,
  };
}

const find = (facts: Facts, id: string) => runChecks(facts).find((check) => check.id === id);
const statusesOf = (facts: Facts) =>
  ["input-read", "expect-once", "expect-mapping", "expect-totals"].map((id) => find(facts, id)?.status);

it("takes the place of the checks of Redis and of the log, and keeps those of the topic", () => {
  const facts = factsWith(READ);
  expect(statusesOf(facts)).toEqual(["passed", "passed", "passed", "passed"]);
  const others = runChecks(facts).filter(({ id }) => !/^expect-|^input-read/.test(id));
  expect(others.filter(({ status }) => status === "passed").map(({ id }) => id)).toEqual([
    "topic-partitions",
    "topic-ids",
    "I4-plan-vs-topic",
    "ledger-complete",
    "I4-ledger-vs-topic",
    "acknowledged-kept",
    "foreign-records",
  ]);
  expect(others.filter(({ status }) => !["passed", "notApplicable"].includes(status))).toEqual([]);
  expect(evaluateFacts(facts, { durationMs: 0 }).messages).toMatchObject({ processed: 100, lost: 0, duplicated: 0 });
});

it("fails what differs, and counts what it does not name", () => {
  const first = ["a", "b", "c", "d", "e"];
  const pairing = { ...PAIRING, mapped: { count: 9, first } };
  const check = find(factsWith({ ...READ, pairing }), "expect-mapping");
  expect(check).toMatchObject({ status: "failed", reason: "a; b; c; d; 5 further differences" });
});

it("fails a partition that Flink has not committed to its end", () => {
  const group = { kind: "read", committed: [0, 0, 0, 0], excuses: null } as const;
  const facts = factsWith(READ, { group });
  expect(find(facts, "input-read")?.reason).toMatch(/^partition 0: the offset that Flink committed is 0, expected \d+/);
});

it("of somebody else's topic asks for the records that were there, whatever stands behind them or came later", () => {
  const facts = factsWith(READ);
  const config = { ...facts.config, ownTopic: false };
  const ends = facts.topic.tallies.map(({ end }) => end);
  const recordEnds = ends.map((end) => end - 2);
  const withCommitted = (committed: readonly number[]) =>
    find({ ...facts, config, recordEnds, group: { kind: "read", committed, excuses: null } }, "input-read");
  expect(withCommitted(recordEnds)).toMatchObject({ status: "passed" });
  expect(withCommitted(ends.map((end) => end + 7))).toMatchObject({ status: "passed" });
  const short = withCommitted(recordEnds.map((end, p) => (p === 1 ? end - 1 : end)));
  expect(short).toMatchObject({ status: "failed", reason: expect.stringMatching(/^partition 1: the offset/) });
});

it("names each partition that grew while the job ran", () => {
  expect(listGrown("orders", [5, 9, 0], [5, 7, 0])).toEqual([
    "partition 1 of orders grew from offset 7 to 9 while the job ran",
  ]);
});

it("does not know what could not be read, and expects nothing of nobody", () => {
  expect(statusesOf(factsWith({ kind: "unread", reason: "gone" }))).toEqual([
    "passed",
    "unknown",
    "unknown",
    "unknown",
  ]);
  const open = factsWith({ ...READ, unread: ["partition 0 of out has an open transaction from offset 3 on"] });
  expect(statusesOf(open)).toEqual(["passed", "unknown", "unknown", "unknown"]);
  expect(evaluateFacts(open, { durationMs: 0 }).messages).toMatchObject({ lost: null, duplicated: null });
  const inapplicable = ["passed", "notApplicable", "notApplicable", "notApplicable"];
  expect(statusesOf(factsWith({ kind: "none" }))).toEqual(inapplicable);
  expect(statusesOf(factsWith({ ...READ, pairing: null, totals: null }))).toEqual(inapplicable);
});

it("proves nothing by nothing", () => {
  const pairing = { ...PAIRING, inputs: 0, outputs: 0 };
  expect(find(factsWith({ ...READ, pairing }), "expect-once")?.status).toBe("failed");
});
