import { expect, it } from "vitest";
import { Timeline } from "../../../../../scripts/report/html/timeline.ts";
import { SAMPLE_START_US, sampleProgress, sampleResource } from "../../../../support/sample-events.ts";

function read(lines: readonly unknown[]): Timeline {
  const timeline = new Timeline(SAMPLE_START_US);
  for (const line of lines) timeline.add(typeof line === "string" ? line : JSON.stringify(line));
  return timeline;
}

const at = (seconds: number, body: object) => ({ atUs: SAMPLE_START_US + seconds * 1e6, ...body });
const usage = (cpuPercent: number) => ({
  type: "usage",
  processes: [{ name: "kafka", cpuPercent, rssBytes: 1_000 }],
  machine: { cpuPercent: 50, memoryPercent: 10 },
});
const metrics = (incarnation: string, cpuMs: number) => ({ tm: "taskmanager-01", incarnation, cpuMs, rssBytes: 5_000 });

it("reads progress, usage, checkpoints, phases and restarts over time", () => {
  const timeline = read([
    at(0, { type: "run", runId: "r", runDir: "d", command: "stress" }),
    at(0, { type: "phase", phase: "producing", detail: "round 1" }),
    at(1, sampleProgress(0.1, { taskManagers: 2 })),
    at(2, { type: "checkpoint", id: 1, status: "completed", durationMs: 12, total: 1, reason: null }),
    at(3, { type: "checkpoint", id: 2, status: "failed", durationMs: 0, total: 1, reason: "too late" }),
    at(3, { ...sampleResource("taskmanager-01", "taskmanager", "running"), restarts: 1 }),
    at(3.5, { ...sampleResource("taskmanager-01", "taskmanager", "running"), restarts: 1 }),
    at(4, usage(30)),
    at(5, usage(40)),
  ]);
  expect(timeline.command).toBe("stress");
  expect(timeline.endSeconds).toBe(5);
  expect(timeline.produced.points(10)).toEqual([[1, 1_100_000]]);
  expect(timeline.intervalLatency.p99.points(10)).toEqual([[1, 70]]);
  expect([...timeline.taskManagers.keys()]).toEqual(["taskmanager-01", "taskmanager-02"]);
  expect(timeline.checkpointMs.points(10)).toEqual([[2, 12]]);
  expect(timeline.processes.get("kafka")?.cpuPercent.mean).toBe(35);
  expect(timeline.machine.memoryPercent.max).toBe(10);
  expect(timeline.marks).toEqual([
    { seconds: 0, kind: "phase", name: "producing", detail: "round 1" },
    { seconds: 3, kind: "checkpointFailed", name: "2", detail: "too late" },
    { seconds: 3, kind: "restart", name: "taskmanager-01", detail: "restart 1" },
  ]);
});

it("knows CPU and memory of TaskManagers of a run without usage, never over an incarnation's end", () => {
  const own = read([
    at(1, metrics("1", 100)),
    // At a checkpoint, a moment later.
    at(1.1, metrics("1", 900)),
    at(2, metrics("1", 600)),
    at(3, metrics("2", 10)),
    at(4, metrics("2", 110)),
  ]).ownUse.get("taskmanager-01");
  expect(own?.cpuPercent.points(10)).toEqual([
    [2, 50],
    [4, 10],
  ]);
  expect(own?.rssBytes.max).toBe(5_000);
});

it("counts lines that are no JSON objects, and passes over what lacks something or is not known (L1)", () => {
  const timeline = read([
    "{",
    "[1]",
    "null",
    { type: "progress" },
    at(1, { type: "progress" }),
    at(1, { type: "progress", taskManagers: [null, 5, { name: 7 }], producedPerSecond: "many", latencyMs: null }),
    at(1, { type: "usage", processes: { kafka: 1 } }),
    at(1, { type: "something new", processes: 1 }),
    at(1, { tm: "taskmanager-01" }),
    at(-5, usage(10)),
    at(1, { type: "resource", name: "kafka" }),
  ]);
  expect(timeline.unreadable).toBe(3);
  expect([timeline.produced.isEmpty, timeline.processes.size, timeline.marks]).toEqual([true, 0, []]);
});

it("keeps a bound on names and marks (L2)", () => {
  const timeline = read(
    Array.from({ length: 3_000 }, (_, i) =>
      at(i, { ...sampleResource(`tm-${i % 5}`, "taskmanager", "running"), restarts: i }),
    ),
  );
  for (let i = 0; i < 3_000; i += 1) timeline.add(JSON.stringify(at(1, { ...metrics("1", 1), tm: `tm-${i}` })));
  expect([timeline.marks.length, timeline.marksDropped, timeline.ownUse.size]).toEqual([500, 2_499, 1_000]);
});
