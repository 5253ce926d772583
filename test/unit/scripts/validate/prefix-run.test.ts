import { describe, expect, it } from "vitest";
import { evaluateFacts, runChecks } from "../../../../scripts/validate/evaluate.ts";
import { addTo, check, failedIds, makePrefix, row, set, setFences } from "./run-changes.ts";
import { makeRun, message, type SyntheticRun, toFacts } from "./synthetic-run.ts";

describe("a run that was ended early", () => {
  it("passes on the part below the applied offsets; what lies above is unprocessed, never lost", () => {
    const run = makePrefix();
    expect(failedIds(run)).toEqual([]);
    const { messages } = evaluateFacts(toFacts(run), { durationMs: 1 });
    expect(messages).toMatchObject({
      requested: 500,
      inKafka: 130,
      processed: 100,
      unprocessed: 30,
      lost: 0,
      duplicated: 0,
    });
    expect(check(run, "I3-drained")?.status).toBe("notApplicable");
  });

  it("ignores rows that are ahead of the state that was read, but only while the job runs", () => {
    const run = makePrefix();
    run.applies.push({ ...row(run, 0), prev: 34, next: 40, n: 6, base: 100 });
    expect(failedIds(run)).toEqual([]);
    run.hash["phase"] = "stopped";
    expect(failedIds(run)).toEqual(expect.arrayContaining(["I5-ordered-ids", "I5-offset-ranges"]));
  });

  it("still notices a wrong count, and acknowledged messages that Kafka does not have", () => {
    const run = makePrefix();
    addTo(run, "count:1", -1);
    expect(failedIds(run)).toContain("I4-redis-vs-topic");
    const lossy = makePrefix();
    lossy.topic[0]?.splice(30);
    expect(failedIds(lossy)).toEqual(["acknowledged-kept"]);
    expect(check(lossy, "acknowledged-kept")?.reason).toContain("below offset 34 in round 1, and the log ends at 30");
  });

  it.each(["running", "stopped"])(
    "lets the published view lag behind while the job is %s, never run ahead",
    (phase) => {
      const run = makePrefix();
      if (phase === "stopped") setFences(run, 9_000_000);
      run.hash["phase"] = phase;
      set(run, { published: "60", counter: "60", sequence: "60" });
      expect(failedIds(run)).toEqual([]);
      set(run, { published: "101", counter: "101", sequence: "101" });
      expect(failedIds(run)).toEqual(["published-keys"]);
    },
  );

  it("has nothing published yet between the first write of a life and its PUBLISH", () => {
    const run = makePrefix();
    set(run, { published: null, counter: null, sequence: null });
    expect(failedIds(run)).toEqual(["published-keys"]);
    run.recoveries.push({ life: "life-1", atUs: 1, from: "redis", reason: "", offsets: [0, 0, 0] });
    expect(failedIds(run)).toEqual([]);
  });

  it("names a line that a full disk cut, and asks I5 whether a row is missing", () => {
    const run = makePrefix();
    run.brokenLines = 1;
    expect(failedIds(run)).toEqual([]);
    expect(check(run, "applied-log")?.reason).toContain("1 lines have no valid form");
    run.applies.splice(2, 1);
    expect(failedIds(run)).toContain("I5-offset-ranges");
  });

  it("has nothing to fail when it ended before the job and the producer began", () => {
    const run = makeRun([100]);
    set(run, { hash: {}, topic: [[], [], []], applies: [], acquires: [], jobBegan: false, producerBegan: false });
    run.ledgers = [undefined];
    run.task.mode = "prefix";
    const checks = runChecks(toFacts(run));
    expect(checks.filter(({ status }) => status === "failed")).toEqual([]);
    // Nobody could write anything anywhere: that is all there is to say.
    expect(checks.filter(({ status }) => status === "passed").map(({ id }) => id)).toEqual(["topic-partitions"]);
    run.jobBegan = true;
    expect(failedIds(run)).toContain("store-state");
  });

  /** P1 of `producer/round.ts`: the producer's process was there, and its round had not begun. */
  it("has nothing to fail when it ended between the producer's start and its first send", () => {
    const run = makeRun([]);
    askForRound(run, { round: 1, firstId: 1, messages: 100 });
    expect(failedIds(run)).toEqual([]);
    expect(check(run, "ledger-complete")?.reason).toBe("the run was ended before the first message was sent");
    run.topic[0]?.push(message(1));
    expect(failedIds(run)).toContain("ledger-complete");
  });

  it("has nothing to fail when it ended before a later round began, and checks the earlier one as always", () => {
    const run = makeRun([100]);
    askForRound(run, { round: 2, firstId: 101, messages: 50 });
    expect(failedIds(run)).toEqual([]);
    expect(check(run, "ledger-complete")).toMatchObject({ status: "passed", examined: 1 });
    expect(check(run, "topic-ids")?.status).toBe("passed");
    run.topic[1]?.push(message(101));
    expect(check(run, "ledger-complete")?.reason).toContain("the ledger of round 2 is missing");
    run.task.mode = "drained";
    run.topic[1]?.pop();
    expect(failedIds(run)).toContain("ledger-complete");
  });
});

/** The run ends before the producer has a ledger of it. */
function askForRound(run: SyntheticRun, task: SyntheticRun["task"]["rounds"][number]): void {
  run.task.mode = "prefix";
  run.task.rounds.push(task);
  run.ledgers.push(undefined);
}
