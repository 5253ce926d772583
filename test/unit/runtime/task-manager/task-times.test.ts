/** T1 of `task-times.ts`, with a thread whose times are given. */
import { expect, test } from "vitest";
import { TaskTimes } from "../../../../simulator/runtime/task-manager/task-times.ts";

test("waiting counts as back-pressured from the first source that pauses to the last that goes on", () => {
  const thread = { active: 0, idle: 0 };
  const times = new TaskTimes(() => thread);
  const [a, b] = [{}, {}];
  const pass = (activeMs: number, idleMs: number) => {
    thread.active += activeMs;
    thread.idle += idleMs;
  };
  pass(10, 5);
  times.pause(a);
  pass(1, 20);
  times.pause(b);
  times.pause(b);
  times.resume(a);
  pass(1, 30);
  expect(times.view()).toEqual({ busyMs: 12, backPressuredMs: 50, idleMs: 5 });
  times.resume(b);
  times.resume(b);
  pass(0, 100);
  expect(times.view()).toEqual({ busyMs: 12, backPressuredMs: 50, idleMs: 105 });
});

test("the times of a real thread add up to the time that went by", async () => {
  const times = new TaskTimes();
  const sum = () => Object.values(times.view()).reduce((total: number, ms: number) => total + ms, 0);
  /** Whoever is interrupted between two looks at the clock knows only between which times it was. */
  const look = () => ({ from: performance.now(), sum: sum(), to: performance.now() });
  const ROUNDING_MS = 3;
  const before = look();
  times.pause(times);
  await new Promise((resolve) => setTimeout(resolve, 50));
  times.resume(times);
  const after = look();
  expect(after.sum - before.sum).toBeGreaterThanOrEqual(after.from - before.to - ROUNDING_MS);
  expect(after.sum - before.sum).toBeLessThanOrEqual(after.to - before.from + ROUNDING_MS);
  expect(times.view().backPressuredMs).toBeGreaterThan(0);
});
