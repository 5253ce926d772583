/** What a wait says while it lasts: nothing when it is short, and then its words again and again until it is over. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { describeLongWait, describeWaited, tellLongWait } from "../../../simulator/common/foundation/long-wait.ts";

let told: string[];
beforeEach(() => {
  vi.useFakeTimers();
  told = [];
});
afterEach(() => {
  vi.useRealTimers();
});
const tell = (wait: Parameters<typeof describeLongWait>[0]) => told.push(describeLongWait(wait));

it("says nothing of a wait that is over within 2 s, nor after its end (L1)", async () => {
  const work = Promise.withResolvers<string>();
  const waiting = tellLongWait(work.promise, { what: "kafka", deadlineMs: 9_000 }, tell);
  await vi.advanceTimersByTimeAsync(1_990);
  work.resolve("done");
  expect(await waiting).toBe("done");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(told).toEqual([]);
});

it("says what it waits for, how long it has and how long it may, with the words of the moment (L2)", async () => {
  const work = Promise.withResolvers<never>();
  let step = 0;
  const what = async () => `step ${++step}`;
  const waiting = tellLongWait(work.promise, { what, deadlineMs: 120_000 }, tell);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(told).toEqual([
    "waiting for step 1, 2 s of at most 120 s",
    "waiting for step 2, 6 s of at most 120 s",
    "waiting for step 3, 10 s of at most 120 s",
  ]);
  work.reject(new Error("it failed"));
  await expect(waiting).rejects.toThrow("it failed");
  await vi.advanceTimersByTimeAsync(10_000);
  expect(told).toHaveLength(3);
});

it("drops words that come when the wait is over", async () => {
  const work = Promise.withResolvers<void>();
  const words = Promise.withResolvers<string>();
  const waiting = tellLongWait(work.promise, { what: () => words.promise, deadlineMs: null }, tell);
  await vi.advanceTimersByTimeAsync(2_000);
  work.resolve();
  await waiting;
  words.resolve("late");
  await vi.advanceTimersByTimeAsync(10_000);
  expect(told).toEqual([]);
});

it("has words for the beginning, and for a wait without an end of its own", () => {
  expect(describeWaited(0, 120_000)).toBe("at most 120 s");
  expect(describeWaited(4_100, null)).toBe("4 s so far");
  expect(describeWaited(61_000, 3_600_000)).toBe("61 s of at most 3,600 s");
});
