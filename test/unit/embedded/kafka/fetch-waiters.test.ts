import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FetchWaiters } from "../../../../simulator/embedded/kafka/fetch-waiters.ts";
import { PartitionLog } from "../../../../simulator/embedded/kafka/partition-log.ts";

beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => vi.useRealTimers());

function setUp(bytesMissing: number, logs = [new PartitionLog(), new PartitionLog()], committedOnly = false) {
  const waiters = new FetchWaiters();
  let calls = 0;
  const waiter = waiters.wait({ logs, bytesMissing, committedOnly, maxWaitMs: 500, onReady: () => (calls += 1) });
  return { waiters, waiter, logs, calls: () => calls };
}

describe("long polls", () => {
  test("F1: enough bytes over all its logs settle a waiter, once, and only then", async () => {
    const { waiters, logs, calls } = setUp(100);
    waiters.appended(logs[0] as PartitionLog, 60, false);
    await turn();
    expect(calls()).toBe(0);
    waiters.appended(logs[1] as PartitionLog, 40, false);
    // F4: not inside of the append.
    expect(calls()).toBe(0);
    await turn();
    expect(calls()).toBe(1);
    waiters.appended(logs[1] as PartitionLog, 1_000, false);
    vi.advanceTimersByTime(1_000);
    await turn();
    expect(calls()).toBe(1);
    expect(waiters.waiting).toBe(0);
  });

  test("F1: the deadline settles it with what there is", async () => {
    const { waiters, calls } = setUp(100);
    vi.advanceTimersByTime(499);
    await turn();
    expect(calls()).toBe(0);
    vi.advanceTimersByTime(1);
    await turn();
    expect(calls()).toBe(1);
    expect(waiters.waiting).toBe(0);
  });

  test("F3: what an open transaction holds back wakes only those who read it all the same", async () => {
    const shared = [new PartitionLog()];
    const all = setUp(100, shared);
    const committed = setUp(100, shared, true);
    for (const { waiters } of [all, committed]) waiters.appended(shared[0] as PartitionLog, 100, true);
    await turn();
    expect([all.calls(), committed.calls()]).toEqual([1, 0]);
    committed.waiters.stabilised(shared[0] as PartitionLog);
    await turn();
    expect(committed.calls()).toBe(1);
    expect(committed.waiters.waiting).toBe(0);
  });

  test("F1: a log that is deleted settles it", async () => {
    const { waiters, logs, calls } = setUp(100);
    waiters.closed(logs[1] as PartitionLog);
    await turn();
    expect(calls()).toBe(1);
    expect(waiters.waiting).toBe(0);
  });

  test("F1: a cancelled waiter is never called, even between settling and the call", async () => {
    const { waiters, waiter, logs, calls } = setUp(1);
    waiters.appended(logs[0] as PartitionLog, 1, false);
    waiter.cancel();
    await turn();
    expect(calls()).toBe(0);
    expect(waiters.waiting).toBe(0);
  });

  test("appends elsewhere do not count", async () => {
    const { waiters, calls } = setUp(1);
    waiters.appended(new PartitionLog(), 100, false);
    await turn();
    expect(calls()).toBe(0);
    expect(waiters.waiting).toBe(1);
  });
});
