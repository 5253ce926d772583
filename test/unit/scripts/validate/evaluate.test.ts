import { describe, expect, it } from "vitest";
import {
  evaluateFacts,
  runChecks,
  runChecksBeforeTopic,
  runTopicChecks,
} from "../../../../scripts/validate/evaluate.ts";
import { addTo } from "./run-changes.ts";
import { FIRST_SEND_US, makeRun, message, toFacts } from "./synthetic-run.ts";

describe("the checks that are decided before the topic is read again", () => {
  it("look at nothing of it, and are decided once", () => {
    const run = makeRun([100]);
    addTo(run, "count:0", 1);
    const { topic, plan, samples, ...known } = toFacts(run);
    const early = runChecksBeforeTopic(known);
    const late = runTopicChecks({ ...known, topic, plan, samples });
    const idsOf = (checks: readonly { readonly id: string }[]) => checks.map(({ id }) => id);
    const all = runChecks(toFacts(run));
    expect([...idsOf(early), ...idsOf(late)].toSorted()).toEqual(idsOf(all).toSorted());
    expect(all).toEqual(expect.arrayContaining(early));
    expect(idsOf(early.filter(({ status }) => status === "failed"))).toEqual([
      "I1-partition-arithmetic",
      "I2-total",
      "I5-offset-ranges",
    ]);
  });
});

describe("evaluateFacts", () => {
  it("counts what was lost and repeated on both sides", () => {
    const run = makeRun([100]);
    addTo(run, "count:0", -2);
    addTo(run, "count:1", 3);
    addTo(run, "idMix:2", 1);
    run.topic[2]?.splice(32, 1, message(96));
    const { messages } = evaluateFacts(toFacts(run), { durationMs: 1 });
    // Effects: 2 lost, 3 repeated, one of each by checksum; topic: id 99 replaced by a repeat of 96.
    expect(messages).toMatchObject({ lost: 4, duplicated: 5, processed: 101, inKafka: 100, acknowledged: 100 });
  });

  it("does not know numbers whose facts are missing", () => {
    const run = makeRun([100]);
    run.hash = {};
    const { messages, partitions } = evaluateFacts(toFacts(run), { durationMs: 1 });
    expect(messages).toMatchObject({ processed: null, lost: null, unprocessed: null, inKafka: 100 });
    expect(partitions).toEqual([]);
  });

  it("joins the first and last messages with the applied log", () => {
    const { samples } = evaluateFacts(toFacts(makeRun([100])), { durationMs: 1 });
    expect(samples.first.map((sample) => sample.redis_ordered_id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(samples.last.map((sample) => sample.redis_ordered_id)).toEqual([91, 92, 93, 94, 95, 96, 97, 98, 99, 100]);
    // Ordered ids 1 to 7 are the first batch of partition 0, 8 to 10 begin partition 1.
    expect(samples.first[8]).toEqual({
      redis_ordered_id: 9,
      timestamp: new Date((FIRST_SEND_US + 5) / 1000).toISOString(),
      job_id: "00000000000000000000000000000001",
      task_id: "taskmanager-02",
      kafka_partition: 1,
      kafka_offset: 1,
      processing_stage: "source->map->sink",
      payload: "sample-data-000000000005",
    });
  });

  it("gives each round its own last effect", () => {
    const run = makeRun([50, 50]);
    const { rounds, lastEffectAtUs } = evaluateFacts(toFacts(run), { durationMs: 1 });
    const firstRound = run.applies.filter(({ p, next }) => next <= (run.ledgers[0]?.partitions[p]?.endOffset ?? 0));
    expect(rounds.map((round) => round.lastEffectAtUs)).toEqual([
      Math.max(...firstRound.map(({ appliedAtUs }) => appliedAtUs)),
      Math.max(...run.applies.map(({ appliedAtUs }) => appliedAtUs)),
    ]);
    expect(lastEffectAtUs).toBe(rounds[1]?.lastEffectAtUs);
  });
});
