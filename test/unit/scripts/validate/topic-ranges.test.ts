import { describe, expect, it } from "vitest";
import type { TopicAnswer } from "../../../../scripts/validate/facts.ts";
import { settleTopicRanges } from "../../../../scripts/validate/topic-ranges.ts";
import { createError } from "../../../../simulator/common/foundation/errors.ts";
import { createLog } from "../../../../simulator/common/foundation/log.ts";

const needed = [
  { offset: 100, because: "Redis says so" },
  { offset: 50, because: "the ledger says so" },
];

/** A cluster that gives these answers, one after the other, and the last one for ever. */
function settle(answers: readonly (TopicAnswer | Error)[], settleMs = 5_000) {
  const attempts: number[] = [];
  const ask = async (attempt: number) => {
    attempts.push(attempt);
    const answer = answers[Math.min(attempt, answers.length - 1)] as TopicAnswer | Error;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const log = createLog(() => undefined);
  const settled = settleTopicRanges({ ask, needed, settleMs, log, signal: new AbortController().signal });
  return { settled, attempts };
}

const answer = (ends: number[], change: Partial<TopicAnswer> = {}): TopicAnswer => ({
  partitions: ends.length,
  earliest: ends.map(() => 0),
  ends,
  high: ends,
  ...change,
});
const lost = createError("KAFKA_CONNECTION_LOST", { endpoint: "broker", reason: "paused" });

describe("settleTopicRanges", () => {
  it("takes what contradicts nothing at once", async () => {
    const { settled, attempts } = settle([answer([100, 60])]);
    expect(await settled).toEqual({ ...answer([100, 60]), needed, askedForMs: 0 });
    expect(attempts).toEqual([0]);
  });

  it("asks again, with one more attempt each, while an end is below what is known, also over failures", async () => {
    const { settled, attempts } = settle([answer([70, 60]), lost, answer([100, 60])]);
    const { ends, askedForMs } = await settled;
    expect([ends, attempts]).toEqual([
      [100, 60],
      [0, 1, 2],
    ]);
    expect(askedForMs).toBeGreaterThan(0);
  });

  it("keeps the highest answer for each partition: another broker may be the one that is behind", async () => {
    const stale = answer([70, 60], { earliest: [5, 0] });
    const { settled } = settle([stale, answer([100, 40, 8], { partitions: 3 })]);
    expect(await settled).toMatchObject({ partitions: 3, ends: [100, 60, 8], earliest: [5, 0, 0], high: [100, 60, 8] });
  });

  it("leaves a contradiction that lasts to the checks, with the time that it was asked about", async () => {
    const { settled } = settle([answer([70, 60])], 100);
    const { ends, askedForMs } = await settled;
    expect(ends).toEqual([70, 60]);
    expect(askedForMs).toBeGreaterThanOrEqual(100);
  });

  it("wants an answer first of all", async () => {
    await expect(settle([lost]).settled).rejects.toThrow("paused");
  });
});
