import { describe, expect, it } from "vitest";
import { RunSeconds } from "../../../../../scripts/report/compare/run-seconds.ts";
import { latencyBucket } from "../../../../../simulator/common/contract/latency-histogram.ts";
import type { TaskManagerMetrics } from "../../../../../simulator/common/contract/metrics.ts";
import { sampleProgress } from "../../../../support/sample-events.ts";

const START_US = 1_795_360_719_000_000;

/** A message of a TaskManager that has processed so many so far, each with that latency. */
function metricsAt(second: number, processed: number, change: Partial<TaskManagerMetrics> = {}): TaskManagerMetrics {
  return {
    tm: "taskmanager-01",
    incarnation: "a",
    pid: 1,
    atUs: START_US + second * 1_000_000,
    processed,
    rejected: 0,
    skipped: 0,
    bytes: 0,
    applies: { ok: 0, dup: 0, seek: 0, fenced: 0, storeLost: 0 },
    partitions: [{ p: 0, offset: processed, endOffset: processed + 10 * second }],
    checkpointId: 0,
    final: false,
    cpuMs: 100 + processed / 1_000,
    rssBytes: 0,
    busyMs: 0,
    eventLoopLagMsMax: 0,
    latency: [latencyBucket(2_000), processed],
    latencyUsMax: 2_000,
    ...change,
  };
}

describe("RunSeconds", () => {
  it("tells what was processed in each whole second, and not the sum so far (R1, R2)", () => {
    const seconds = new RunSeconds();
    for (let second = 0; second <= 6; second += 1) seconds.addMetrics(metricsAt(second, 1_000 * second));
    const load = seconds.loadSeconds();
    expect(load.processed).toEqual([1_000, 1_000, 1_000, 1_000]);
    expect(load.taskManagerCpuUsPerMessage.map(Math.round)).toEqual([1, 1, 1, 1]);
    expect(load.p99Ms.every((ms) => ms > 1.9 && ms < 2.1)).toBe(true);
  });

  it("lays a message that spans two seconds over both", () => {
    const seconds = new RunSeconds();
    for (let second = 0.5; second <= 6.5; second += 1) {
      seconds.addMetrics(metricsAt(second, 1_000 * (second - 0.5)));
    }
    expect(seconds.loadSeconds().processed.map(Math.round)).toEqual([1_000, 1_000, 1_000, 1_000, 1_000]);
  });

  it("leaves idle time out, and does not spread what came after it over it", () => {
    const seconds = new RunSeconds();
    for (let second = 0; second <= 4; second += 1) seconds.addMetrics(metricsAt(second, 1_000 * second));
    seconds.addMetrics(metricsAt(604, 5_000));
    seconds.addMetrics(metricsAt(605, 6_000));
    expect(seconds.loadSeconds().processed).toHaveLength(5);
  });

  it("keeps the order and the number of seconds in a run longer than what it holds open (R3)", () => {
    const seconds = new RunSeconds();
    for (let second = 0; second <= 100; second += 1) seconds.addMetrics(metricsAt(second, 1_000 * second));
    expect(seconds.loadSeconds().processed).toEqual(Array.from({ length: 98 }, () => 1_000));
    expect(seconds.loadSeconds().p50Ms).toHaveLength(98);
  });

  it("adds the incarnations of a TaskManager, each from zero", () => {
    const seconds = new RunSeconds();
    for (const second of [1, 2, 3]) seconds.addMetrics(metricsAt(second, 100 * second));
    for (const second of [4, 5]) seconds.addMetrics(metricsAt(second, 10, { incarnation: "b" }));
    expect(seconds.taskManagers()).toMatchObject([{ name: "taskmanager-01", processed: 310 }]);
  });

  it("tells the latency and the rate of each TaskManager, and the largest lag of each partition", () => {
    const seconds = new RunSeconds();
    for (let second = 0; second <= 5; second += 1) {
      seconds.addMetrics(metricsAt(second, 1_000 * second));
      const latency = [latencyBucket(250_000), 500 * second];
      seconds.addMetrics(metricsAt(second, 500 * second, { tm: "taskmanager-02", latency, latencyUsMax: 250_000 }));
    }
    const [quick, slow] = seconds.taskManagers();
    expect([quick?.perSecond, slow?.perSecond]).toEqual([1_000, 500]);
    expect(quick?.p50Ms).toBeLessThan(2.1);
    expect(slow?.p50Ms).toBeGreaterThan(240);
    expect(seconds.partitions()).toEqual([{ p: 0, lagMax: 50 }]);
  });

  it("takes the producer's seconds and the checkpoints from events", () => {
    const seconds = new RunSeconds();
    const checkpoint = { type: "checkpoint", id: 1, total: 0, reason: null, atUs: 1 } as const;
    seconds.addEvent({ ...checkpoint, status: "completed", durationMs: 12 });
    seconds.addEvent({ ...checkpoint, status: "failed", durationMs: 9_000 });
    for (const rate of [1, 2, 3, 0, 4])
      seconds.addEvent({ atUs: 1, ...sampleProgress(0.5), acknowledgedPerSecond: rate });
    expect(seconds.checkpointMs).toEqual([12]);
    expect(seconds.loadSeconds().acknowledged).toEqual([2, 3]);
  });

  it("tells the CPU time of each kind of process by message, of seconds at which somebody looked (R3)", () => {
    const seconds = new RunSeconds();
    const machine = { cpuPercent: 50, memoryPercent: 10 };
    const use = (name: string, cpuPercent: number) => ({ name, cpuPercent, rssBytes: 1 });
    for (let second = 0; second <= 7; second += 1) {
      seconds.addMetrics(metricsAt(second, 1_000 * second));
      const atUs = START_US + second * 1_000_000;
      const processes = [use("taskmanager-01", 10), use("taskmanager-02", 20), use("kafka", 5), use("validator", 90)];
      if (second <= 5) seconds.addEvent({ atUs, type: "usage", machine, processes });
    }
    const { cpuUsPerMessage } = seconds.loadSeconds();
    expect(cpuUsPerMessage.get("taskmanagers")?.map(Math.round)).toEqual([300, 300, 300, 300]);
    expect(cpuUsPerMessage.get("all")?.map(Math.round)).toEqual([350, 350, 350, 350]);
    expect(cpuUsPerMessage.get("producer")).toEqual([0, 0, 0, 0]);
  });
});
