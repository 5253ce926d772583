/** When a fault is over for Flink's job, and what time is told. */
import { beforeEach, expect, it } from "vitest";
import { FlinkRecovery, isAwaitedByJob, type JobLook } from "../../../../apphost/orchestrator/flink-recovery.ts";

let recovery: FlinkRecovery;
let told: number[];
beforeEach(() => {
  recovery = new FlinkRecovery();
  told = [];
});

const record = { recoveredAfterMs: (ms: number) => void told.push(ms) };
const RUNNING = { isProcessing: true, isOver: false, newestTriggered: 7, newestCompleted: 7 };

/** An answer takes 10 ms. */
const look = (atMs: number, change: Partial<JobLook> = {}): void =>
  recovery.note({ ...RUNNING, beganAtMs: atMs - 10, answeredAtMs: atMs, ...change });

/** A fault of `sinceMs`, whose resource serves again at `servingAtMs`. */
const recoverResource = (sinceMs: number, servingAtMs: number): void =>
  recovery.hold(record, () => servingAtMs).recoveredAfterMs(servingAtMs - sinceMs);

it("tells the time until the job runs, once a checkpoint of that job completed (T1, T2)", () => {
  look(1_000);
  recoverResource(2_000, 5_000);
  expect(recovery.isOpen).toBe(true);
  // Asked before the resource served.
  look(5_005);
  look(5_100, { isProcessing: false });
  look(6_000, { newestTriggered: 8 });
  // It was triggered before that look.
  look(6_100, { newestTriggered: 9, newestCompleted: 8 });
  expect(told).toEqual([]);
  look(6_200, { newestTriggered: 9, newestCompleted: 9 });
  expect(told).toEqual([4_000]);
  expect(recovery.isOpen).toBe(false);
});

it("goes on measuring when the job that seemed to run fails before a checkpoint", () => {
  look(1_000);
  recoverResource(2_000, 5_000);
  look(6_000);
  look(6_500, { isProcessing: false });
  look(9_000, { newestTriggered: 0, newestCompleted: 0 });
  look(9_900, { newestTriggered: 1, newestCompleted: 1 });
  expect(told).toEqual([7_000]);
});

it("takes the savepoint that ends the job for a checkpoint", () => {
  look(1_000);
  recoverResource(2_000, 5_000);
  look(6_000);
  look(7_000, { isProcessing: false, isOver: true, newestTriggered: 8, newestCompleted: 8 });
  expect(told).toEqual([4_000]);
});

it("has nothing to wait for before the job first ran, and when it is over (T1)", () => {
  recoverResource(0, 1_000);
  look(2_000, { isProcessing: false });
  recoverResource(0, 2_500);
  look(3_000);
  look(4_000, { isProcessing: false, isOver: true });
  recoverResource(0, 4_500);
  expect(told).toEqual([1_000, 2_500, 4_500]);
});

it("ends faults that overlap each with its own time", () => {
  look(1_000);
  recoverResource(2_000, 3_000);
  recoverResource(2_500, 4_000);
  look(5_000);
  look(6_000, { newestTriggered: 8, newestCompleted: 8 });
  expect(told).toEqual([3_000, 2_500]);
});

it("lets the faults of what the job does not need end by themselves", () => {
  const kinds = ["jobmanager", "taskmanager", "kafka", "redis", "mirror", "sql-gateway", "producer"] as const;
  expect(kinds.filter(isAwaitedByJob)).toEqual(["jobmanager", "taskmanager", "kafka", "redis"]);
});
