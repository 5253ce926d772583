import { describe, expect, it } from "vitest";
import { type Coverage, decideVerdict } from "../../../../scripts/report/verdict.ts";
import type { RunEnding } from "../../../../simulator/common/contract/files/host-facts.ts";
import type { Check } from "../../../../simulator/common/contract/files/report.ts";

const check = (id: string, status: Check["status"]): Check => ({
  id,
  title: id,
  sources: ["one", "other"],
  independent: true,
  why: "",
  expected: "",
  actual: "",
  examined: 1,
  status,
  reason: "because",
});
const passed = check("I2-total", "passed");
const violated = check("I2-total", "failed");
const slow = check("max-time", "failed");
const skipped = check("I6-order", "notApplicable");
const open = check("I4-redis-vs-topic", "unknown");
const messages = { processed: 900, requested: 1_000 };
const all: Coverage = { mode: "drained", roundsProduced: 1, roundsChecked: 1, ownTopic: true, ...messages };
const prefix: Coverage = { ...all, mode: "prefix" };
const none: Coverage = { ...all, mode: null, roundsChecked: 0 };

const drained: RunEnding = { kind: "drained" };
const timeExceeded: RunEnding = { kind: "timeExceeded", waitedFor: "the drain" };
const infrastructure: RunEnding = { kind: "infrastructureFailed", reason: "Kafka is gone" };
const lost: RunEnding = { kind: "exactlyOnceViolated", reason: "acknowledged records are gone" };
const job: RunEnding = { kind: "jobFailed", reason: "the job failed" };
const cancelled: RunEnding = { kind: "jobCancelled" };
const stopped: RunEnding = { kind: "jobStopped", savepoint: "file:///savepoint-1" };
const sigint: RunEnding = { kind: "interrupted", signal: "SIGINT" };
const sigterm: RunEnding = { kind: "interrupted", signal: "SIGTERM" };

describe("decideVerdict", () => {
  it.each<[string, RunEnding, Check[], Coverage, string, number]>([
    ["all passed", drained, [passed, skipped], all, "passed", 0],
    ["a violation", drained, [passed, violated], all, "failed", 4],
    ["too slow", drained, [passed, slow], all, "failed", 5],
    ["too slow and a violation", drained, [slow, violated], all, "failed", 4],
    ["a deadline, all below it exact", timeExceeded, [passed, slow], prefix, "failed", 5],
    ["a deadline and a violation", timeExceeded, [violated, slow], prefix, "failed", 4],
    ["infrastructure failed", infrastructure, [], none, "failed", 3],
    ["infrastructure failed and a violation", infrastructure, [violated], prefix, "failed", 4],
    ["infrastructure failed and too slow", infrastructure, [passed, slow], prefix, "failed", 3],
    ["a broken promise", lost, [], none, "failed", 4],
    ["a broken promise, all below it exact", lost, [passed, slow], prefix, "failed", 4],
    ["the job failed", job, [passed], prefix, "failed", 6],
    ["the job failed and too slow", job, [slow], prefix, "failed", 6],
    ["the job was cancelled", cancelled, [passed], prefix, "interrupted", 6],
    ["the job was cancelled, and nothing is known", cancelled, [], none, "interrupted", 6],
    ["the job was stopped with a savepoint", stopped, [passed], prefix, "interrupted", 6],
    ["the job was stopped with a savepoint and a violation", stopped, [violated], prefix, "failed", 4],
    ["the job was cancelled and a violation", cancelled, [violated], prefix, "failed", 4],
    ["Ctrl+C", sigint, [passed], prefix, "interrupted", 130],
    ["Ctrl+C and a violation", sigint, [violated], prefix, "interrupted", 130],
    ["SIGTERM", sigterm, [], none, "interrupted", 143],
    ["unexpected", { kind: "unexpected", reason: "a bug" }, [passed], all, "failed", 1],
    ["unexpected and too slow", { kind: "unexpected", reason: "a bug" }, [slow], all, "failed", 5],
    ["drained, but no checks were left", drained, [], none, "failed", 4],
    ["drained, but only a prefix was checked", drained, [passed], prefix, "failed", 4],
    ["drained, but a round was not checked", drained, [passed], { ...all, roundsProduced: 2 }, "failed", 4],
    ["drained, but nothing applied", drained, [skipped], all, "failed", 4],
    ["a check that does not know", drained, [passed, open], all, "unknown", 3],
    ["a check that does not know, and nothing else", drained, [open, skipped], all, "unknown", 3],
    ["a check that does not know, and a violation", drained, [open, violated], all, "failed", 4],
    ["a check that does not know, and too slow", drained, [open, slow], all, "unknown", 3],
    ["a check that does not know, and infrastructure failed", infrastructure, [open], prefix, "failed", 3],
    ["a check that does not know, and the job failed", job, [passed, open], prefix, "unknown", 3],
    ["a check that does not know, and a deadline", timeExceeded, [open, slow], prefix, "unknown", 3],
    ["a check that does not know, and Ctrl+C", sigint, [open], prefix, "interrupted", 130],
    ["nothing was produced", drained, [], { ...none, roundsProduced: 0 }, "passed", 0],
    ["somebody else's topic, not checked", drained, [], { ...none, roundsProduced: 0, ownTopic: false }, "failed", 4],
  ])("%s", (_, ending, checks, coverage, verdict, exitCode) => {
    const decided = decideVerdict(ending, checks, coverage);
    expect([decided.verdict, decided.exitCode]).toEqual([verdict, exitCode]);
    expect(decided.reasons.length === 0).toBe(verdict === "passed");
  });

  it("gives the reasons in the order of their exit codes, and names a missed deadline once", () => {
    const { reasons } = decideVerdict(timeExceeded, [slow, violated], prefix);
    expect(reasons).toEqual([
      "I2-total (I2-total): because",
      "--max-time passed while waiting for the drain: 900 of 1,000 messages were processed",
    ]);
  });

  it("says of a check that does not know what it is, and why", () => {
    expect(decideVerdict(drained, [passed, open], all).reasons).toEqual([
      "not known: I4-redis-vs-topic (I4-redis-vs-topic): because",
    ]);
  });

  it("says what an interrupted run had done, as far as that is known", () => {
    expect(decideVerdict(sigint, [], prefix).reasons).toEqual([
      "interrupted by SIGINT: 900 of 1,000 messages were processed",
    ]);
    expect(decideVerdict(sigterm, [], { ...none, processed: null }).reasons).toEqual([
      "interrupted by SIGTERM: how many messages were processed is not known",
    ]);
    expect(decideVerdict(sigint, [], { ...prefix, ownTopic: false }).reasons).toEqual([
      "interrupted by SIGINT: 900 messages were processed",
    ]);
  });
});
