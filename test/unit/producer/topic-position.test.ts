/** What the producer takes for the end of the topic, and for a loss, with a Kafka that answers what it likes. */
import { describe, expect, it } from "vitest";
import { awaitEnds, type EndsWait, type TopicEnds } from "../../../producer/topic-position.ts";

const running = new AbortController().signal;
const both = (...ends: number[]): TopicEnds => ({ high: ends, stable: ends });

/** Answers in turn; the last one again and again. */
function createWait(answers: readonly TopicEnds[], change: Partial<EndsWait> = {}): EndsWait & { doubts: string[] } {
  let asked = 0;
  const doubts: string[] = [];
  return {
    doubts,
    topic: "t",
    read: async () => answers[Math.min(asked++, answers.length - 1)] as TopicEnds,
    acknowledged: [10, 20],
    settled: false,
    signal: running,
    onDoubt: (text) => doubts.push(text),
    deadlineMs: 100,
    intervalMs: 5,
    ...change,
  };
}

describe("the end of the topic", () => {
  it("is the first answer that holds what was acknowledged: one that lacks it may be of a broker that leads no more", async () => {
    const wait = createWait([both(10, 12), both(10, 12), both(11, 20), both(11, 21)], { deadlineMs: 10_000 });
    expect(await awaitEnds(wait)).toEqual(both(11, 20));
    expect(wait.doubts).toEqual([
      "t-1 ends at offset 12, below 20, up to which records were acknowledged: it is asked again for 10000 ms",
    ]);
  });

  it("stands still where a lost process may still have records on their way", async () => {
    const answers = [both(10, 20), both(12, 20), both(12, 25), both(12, 25), both(13, 25)];
    expect(await awaitEnds(createWait(answers, { settled: true, deadlineMs: 10_000 }))).toEqual(both(12, 25));
  });

  it("that stays below what was acknowledged is a loss", async () => {
    await expect(awaitEnds(createWait([both(10, 20), both(9, 20)], { settled: true }))).rejects.toMatchObject({
      code: "PRODUCER_RECORDS_LOST",
      category: "exactlyOnce",
      message: expect.stringContaining("they reach to offset 10, and the log ends at offset 9"),
    });
  });

  it("below which only a transaction of somebody else holds them is no loss", async () => {
    await expect(awaitEnds(createWait([{ high: [10, 25], stable: [10, 15] }]))).rejects.toMatchObject({
      code: "PRODUCER_RECORDS_HELD",
      category: "infrastructure",
    });
  });

  it("that never stands still is told after the deadline", async () => {
    let end = 20;
    const read = async () => {
      end += 1;
      return both(10, end);
    };
    await expect(awaitEnds(createWait([], { settled: true, read }))).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
    });
  });

  it("is not waited for any more when the process is asked to stop", async () => {
    const stopping = new AbortController();
    const waited = awaitEnds(
      createWait([both(0, 0)], { deadlineMs: 60_000, intervalMs: 60_000, signal: stopping.signal }),
    );
    const reason = new Error("stop");
    setImmediate(() => stopping.abort(reason));
    await expect(waited).rejects.toBe(reason);
  });
});
