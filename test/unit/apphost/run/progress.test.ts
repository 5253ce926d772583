/** Progress: sums over all incarnations; rates, latencies and partitions against the mark before. */
import { describe, expect, it } from "vitest";
import { computeLoads } from "../../../../apphost/dashboard/charts/task-manager-loads.ts";
import {
  computeProgress,
  NO_PROGRESS,
  type ProgressInput,
  type ProgressMark,
} from "../../../../apphost/run/progress.ts";
import { latencyBucket } from "../../../../simulator/common/contract/latency-histogram.ts";
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
  flink: [],
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

describe("partitions", () => {
  const [A, B] = ["taskmanager-01", "taskmanager-02"];
  const at = (tm: string, incarnation: string, offset: number, endOffset: number) =>
    metrics(tm, incarnation, { partitions: [{ p: 0, offset, endOffset }] });
  /** Of events one second apart, each compared with the one before. */
  const describeEach = (...inputs: readonly Partial<ProgressInput>[]) => {
    let mark = NO_PROGRESS;
    return inputs.map((change, i) => {
      const progress = computeProgress(input({ ...change, atUs: (i + 1) * 1_000_000 }), mark);
      ({ mark } = progress);
      return progress.event.partitions;
    });
  };

  it("have no rate in the first event, and no lag while their end is not known", () => {
    const [unknown, known, later] = describeEach(
      { assignment: { [A]: [0] } },
      { assignment: { [A]: [0] }, metrics: [at(A, "1", 40, -1)] },
      { assignment: { [A]: [0] }, metrics: [at(A, "1", 70, 100)] },
    );
    expect(unknown).toEqual([{ p: 0, owner: A, lag: null, perSecond: 0 }]);
    // What lies before the first position that was told is no progress of a second.
    expect(known).toEqual([{ p: 0, owner: A, lag: null, perSecond: 0 }]);
    expect(later).toEqual([{ p: 0, owner: A, lag: 30, perSecond: 30 }]);
  });

  it("keep their position when they move, though the former owner forgets them first", () => {
    const forgotten = metrics(A, "1", {});
    const [, released, moved] = describeEach(
      { assignment: { [A]: [0] }, metrics: [at(A, "1", 40, 100)] },
      { assignment: { [A]: [], [B]: [0] }, metrics: [forgotten] },
      { assignment: { [A]: [], [B]: [0] }, metrics: [forgotten, at(B, "1", 90, 120)] },
    );
    expect(released).toEqual([{ p: 0, owner: B, lag: 60, perSecond: 0 }]);
    expect(moved).toEqual([{ p: 0, owner: B, lag: 30, perSecond: 50 }]);
  });

  it("are nobody's from the loss of their owner to the next assignment, with the lag that is known", () => {
    const killed = at(A, "1", 40, 100);
    const [, lost, given] = describeEach(
      { assignment: { [A]: [0], [B]: [] }, metrics: [killed] },
      { assignment: { [B]: [] }, metrics: [killed] },
      { assignment: { [B]: [0] }, metrics: [killed] },
    );
    expect(lost).toEqual([{ p: 0, owner: null, lag: 60, perSecond: 0 }]);
    expect(given).toEqual([{ p: 0, owner: B, lag: 60, perSecond: 0 }]);
  });

  it("never go back when a restarted owner begins behind what was told, and knows no end yet", () => {
    const dead = at(A, "1", 40, 100);
    const [, behind, ahead] = describeEach(
      { assignment: { [A]: [0] }, metrics: [dead] },
      { assignment: { [A]: [0] }, metrics: [dead, at(A, "2", 30, -1)] },
      { assignment: { [A]: [0] }, metrics: [dead, at(A, "2", 55, 110)] },
    );
    expect(behind).toEqual([{ p: 0, owner: A, lag: 60, perSecond: 0 }]);
    expect(ahead).toEqual([{ p: 0, owner: A, lag: 55, perSecond: 15 }]);
  });

  it("have no lag below 0 where more is applied than the end that is known", () => {
    const [partitions] = describeEach({ assignment: { [A]: [0] }, metrics: [at(A, "1", 120, 100)] });
    expect(partitions).toEqual([{ p: 0, owner: A, lag: 0, perSecond: 0 }]);
  });

  it("stand in the order of their numbers, those that nobody reports of among them", () => {
    const [partitions] = describeEach({ assignment: { [B]: [10, 2], [A]: [1] }, metrics: [at(A, "1", 5, 9)] });
    expect(partitions?.map(({ p, owner }) => [p, owner])).toEqual([
      [0, null],
      [1, A],
      [2, B],
      [10, B],
    ]);
  });
});

describe("the latency of an interval", () => {
  const [FAST, SLOW] = [1_000, 500_000];
  const of = (incarnation: string, counts: Readonly<Record<number, number>>) =>
    metrics("taskmanager-01", incarnation, {
      latency: Object.entries(counts).flatMap(([us, count]) => [latencyBucket(Number(us)), count]),
      latencyUsMax: Math.max(...Object.keys(counts).map(Number)),
    });
  const tell = (before: ProgressMark, ...reports: readonly TaskManagerMetrics[]) =>
    computeProgress(input({ metrics: reports }), before);
  /** A bucket is a few percent wide. */
  const isAbout = (ms: number | null, us: number) => expect((ms ?? 0) / (us / 1_000)).toBeCloseTo(1, 0);

  it("is that of all so far in the first event, and none where nothing was processed", () => {
    const nothing = tell(NO_PROGRESS);
    expect(nothing.event.intervalLatencyMs).toEqual({ p50: null, p99: null });
    const first = tell(nothing.mark, of("1", { [SLOW]: 100 }));
    expect(first.event.intervalLatencyMs).toEqual(first.event.latencyMs);
    isAbout(first.event.intervalLatencyMs.p50, SLOW);
    const rest = tell(first.mark, of("1", { [SLOW]: 100 }));
    expect(rest.event.intervalLatencyMs).toEqual({ p50: null, p99: null });
    isAbout(rest.event.latencyMs.p50, SLOW);
  });

  it("is of what came since the event before, whatever came before that", () => {
    const slow = tell(NO_PROGRESS, of("1", { [SLOW]: 100 }));
    const quick = tell(slow.mark, of("1", { [SLOW]: 100, [FAST]: 10 }));
    isAbout(quick.event.intervalLatencyMs.p50, FAST);
    isAbout(quick.event.intervalLatencyMs.p99, FAST);
    isAbout(quick.event.latencyMs.p50, SLOW);
  });

  it("is of the new incarnation alone, when one was restarted since", () => {
    const slow = tell(NO_PROGRESS, of("1", { [SLOW]: 100 }));
    const restarted = tell(slow.mark, of("1", { [SLOW]: 100 }), of("2", { [FAST]: 3 }));
    isAbout(restarted.event.intervalLatencyMs.p99, FAST);
  });
});

it("has what Flink says its TaskManagers read, and counts as processed what the mirror applied of that", () => {
  const flinkAt = (recordsIn: number): ProgressInput["flink"] => [
    {
      name: "taskmanager-01",
      figures: { subtasks: 2, recordsIn, recordsOut: 1, busyMs: 1, backPressuredMs: 0, idleMs: 9 },
    },
  ];
  const registered = ["taskmanager-01"];
  const applied = [metrics("mirror", "1", { processed: 30 })];
  const first = computeProgress(input({ metrics: applied, flink: flinkAt(40), registered }), NO_PROGRESS);
  const later = input({ metrics: applied, flink: flinkAt(70), registered, atUs: first.mark.atUs + 1_000_000 });
  const { event } = computeProgress(later, first.mark);
  expect(event.processed).toBe(30);
  expect(event.taskManagers).toMatchObject([
    { processed: 70, perSecond: 30, partitions: null, flink: { subtasks: 2 } },
  ]);
  const lost = computeProgress({ ...later, registered: [] }, first.mark).event;
  expect(lost.taskManagers[0]?.perSecond).toBeNull();
  // Who has which partition cannot be known, so nobody is idle by that.
  const loads = computeLoads({ progress: event, present: registered });
  expect(loads.taskManagers).toMatchObject([{ mark: "even", ofMedian: 1 }]);
});
