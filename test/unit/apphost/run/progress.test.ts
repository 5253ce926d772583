/** Progress: sums over all incarnations, rates against the mark before. */
import { describe, expect, it } from "vitest";
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
  load: { kind: "produced", requested: 100 },
  sent: 60,
  acknowledged: 50,
  isProduced: false,
  metrics: [],
  registered: ["taskmanager-01", "taskmanager-02"],
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

it("tells a lag that belongs to its counts, whatever age they have (G3)", () => {
  // What the TaskManagers fetched last is applied, and the producer is far ahead of that.
  const caughtUp = metrics("taskmanager-01", "1", {
    processed: 33_300,
    partitions: [{ p: 0, offset: 33_300, endOffset: 33_300 }],
  });
  const load = { kind: "produced", requested: 100_000 } as const;
  const behind = computeProgress(input({ load, acknowledged: 52_500, metrics: [caughtUp] }), NO_PROGRESS);
  expect(behind.event).toMatchObject({ produced: 52_500, processed: 33_300, lag: 19_200 });
  // The producer's word is older than the TaskManager's.
  const ahead = computeProgress(input({ load, acknowledged: 30_000, metrics: [caughtUp] }), behind.mark);
  expect(ahead.event).toMatchObject({ produced: 33_300, processed: 33_300, lag: 0 });
});

it("counts as produced what the run produced, whatever others write into its topic (G4)", () => {
  const load = { kind: "produced", requested: 1_000 } as const;
  const copied = metrics("taskmanager-01", "1", { processed: 1_002, rejected: 5 });
  const producing = computeProgress(input({ load, acknowledged: 900, metrics: [copied] }), NO_PROGRESS);
  expect(producing.event).toMatchObject({ produced: 1_000, processed: 1_002, rejected: 5, lag: 0 });
  const less = metrics("taskmanager-01", "1", { processed: 998, rejected: 5 });
  const produced = input({ load, acknowledged: 1_000, isProduced: true, metrics: [less] });
  expect(computeProgress(produced, NO_PROGRESS).event).toMatchObject({ produced: 1_000, lag: 2 });
});

describe("a topic that is only counted (G4)", () => {
  // Deleted up to offset 400 in one partition; the other ends with a transaction marker and has a gap.
  const load = { kind: "counted", startOffsets: [400, 0], endOffsets: [1_000, 110] } as const;
  const counted = (more: Partial<ProgressInput>) => input({ round: 0, acknowledged: 0, load, ...more });

  it("has at most as many messages as offsets that are there", () => {
    const { event } = computeProgress(counted({}), NO_PROGRESS);
    expect(event).toMatchObject({ requested: 710, produced: 710, processed: 0, lag: 710 });
  });

  it("has exactly those that were processed, once all of it is applied", () => {
    const done = metrics("taskmanager-01", "1", {
      processed: 697,
      rejected: 3,
      skipped: 10,
      partitions: [
        { p: 0, offset: 1_000, endOffset: 1_000 },
        { p: 1, offset: 110, endOffset: 110 },
      ],
    });
    const { event } = computeProgress(counted({ metrics: [done] }), NO_PROGRESS);
    expect(event).toMatchObject({ requested: 697, produced: 697, processed: 697, rejected: 3, lag: 0 });
  });

  it("keeps the position of a partition between its owners", () => {
    const former = metrics("taskmanager-01", "1", {
      processed: 500,
      partitions: [{ p: 0, offset: 900, endOffset: 1_000 }],
    });
    const { mark } = computeProgress(counted({ metrics: [former] }), NO_PROGRESS);
    const handedOver = metrics("taskmanager-01", "1", { processed: 500 });
    const { event } = computeProgress(counted({ metrics: [handedOver] }), mark);
    expect(event).toMatchObject({ requested: 710, processed: 500, lag: 210 });
  });

  it("is not larger than it is when a checkpoint knows more than the TaskManagers said", () => {
    const { event } = computeProgress(counted({ checkpointTotal: 650 }), NO_PROGRESS);
    expect(event).toMatchObject({ requested: 710, processed: 650, lag: 60 });
  });
});

it("tells no rate of a TaskManager that is not registered (G5)", () => {
  const first = computeProgress(input({ metrics: [metrics("taskmanager-01", "1", { processed: 30 })] }), NO_PROGRESS);
  const killed = input({
    metrics: [metrics("taskmanager-01", "1", { processed: 90 })],
    registered: ["taskmanager-02"],
    atUs: 6_000_000,
  });
  const { event, mark } = computeProgress(killed, first.mark);
  expect(event.taskManagers).toMatchObject([{ name: "taskmanager-01", processed: 90, perSecond: null }]);
  const back = input({ metrics: [metrics("taskmanager-01", "2", { processed: 100 })], atUs: 7_000_000 });
  expect(computeProgress(back, mark).event.taskManagers).toMatchObject([{ perSecond: 10 }]);
});
