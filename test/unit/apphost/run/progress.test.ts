/** Progress: sums over all incarnations, rates against the mark before. */
import { expect, it } from "vitest";
import { computeProgress, NO_PROGRESS, type ProgressInput } from "../../../../apphost/run/progress.ts";
import type { TaskManagerMetrics } from "../../../../simulator/common/contract/metrics.ts";

const metrics = (tm: string, incarnation: string, change: Partial<TaskManagerMetrics>): TaskManagerMetrics => ({
  tm,
  incarnation,
  pid: 1,
  atUs: 1,
  processed: 0,
  rejected: 0,
  skipped: 0,
  bytes: 0,
  applies: { ok: 1, dup: 0, seek: 0, fenced: 0, storeLost: 0 },
  partitions: [],
  checkpointId: 0,
  final: false,
  cpuMs: 5,
  rssBytes: 7,
  busyMs: 0,
  eventLoopLagMsMax: 0,
  latency: [],
  latencyUsMax: 0,
  ...change,
});

const input = (change: Partial<ProgressInput>): ProgressInput => ({
  round: 1,
  requested: 100,
  sent: 60,
  acknowledged: 50,
  metrics: [],
  assignment: {},
  checkpointTotal: 0,
  lastCheckpointId: 3,
  atUs: 5_000_000,
  ...change,
});

it("counts the dead incarnation with the living one (G1)", () => {
  const dead = metrics("taskmanager-01", "1", { processed: 30, atUs: 1 });
  const living = metrics("taskmanager-01", "2", { processed: 12, atUs: 2, cpuMs: 9 });
  const { event } = computeProgress(input({ metrics: [dead, living] }), NO_PROGRESS);
  expect(event.processed).toBe(42);
  expect(event.applies.ok).toBe(2);
  expect(event.taskManagers).toMatchObject([{ name: "taskmanager-01", processed: 42, cpuMs: 9 }]);
});

it("shows the checkpoint's total where metrics died with their process (G2)", () => {
  const { event } = computeProgress(
    input({ metrics: [metrics("taskmanager-01", "1", { processed: 30 })], checkpointTotal: 45 }),
    NO_PROGRESS,
  );
  expect(event.processed).toBe(45);
});

it("computes rates against the mark before, and none for the first event", () => {
  const first = computeProgress(input({ metrics: [metrics("taskmanager-01", "1", { processed: 30 })] }), NO_PROGRESS);
  expect(first.event.processedPerSecond).toBe(0);
  const later = input({
    metrics: [metrics("taskmanager-01", "1", { processed: 90 })],
    acknowledged: 80,
    atUs: 7_000_000,
  });
  const { event } = computeProgress(later, first.mark);
  expect(event).toMatchObject({ processedPerSecond: 30, acknowledgedPerSecond: 15 });
  expect(event.taskManagers[0]?.perSecond).toBe(30);
});

it("takes the furthest position of a moved partition for the lag, and knows none before the first fetch", () => {
  expect(computeProgress(input({}), NO_PROGRESS).event.lag).toBeNull();
  const former = metrics("taskmanager-01", "1", { partitions: [{ p: 0, offset: 10, endOffset: 50 }] });
  const owner = metrics("taskmanager-02", "1", {
    partitions: [
      { p: 0, offset: 40, endOffset: 60 },
      { p: 1, offset: 5, endOffset: -1 },
    ],
  });
  expect(computeProgress(input({ metrics: [former, owner] }), NO_PROGRESS).event.lag).toBe(20);
});
