/** The progress event of each second: told while something in it changes, and not at rest. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Observations } from "../../../../apphost/run/observations.ts";
import { startProgressTicker } from "../../../../apphost/run/progress-ticker.ts";
import type { RunContext } from "../../../../apphost/run/run-context.ts";
import type { HostEventBody } from "../../../../simulator/common/contract/events.ts";
import type { TaskManagerMetrics } from "../../../../simulator/common/contract/metrics.ts";

let seen: Observations;
let emitted: HostEventBody[];
let requested: number;
let stop: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  seen = new Observations();
  emitted = [];
  requested = 100;
  const run = {
    seen,
    clock: { nowUs: () => Date.now() * 1_000 },
    feed: { emit: (body: HostEventBody) => emitted.push(body) },
  };
  stop = startProgressTicker(run as unknown as RunContext, () => requested);
  seen.take("jobmanager", { type: "jobState", jobId: "j", state: "RUNNING", reason: null, category: null });
});
afterEach(() => {
  stop();
  vi.useRealTimers();
});

const metrics = (incarnation: string, processed: number): TaskManagerMetrics => ({
  tm: "taskmanager-01",
  incarnation,
  pid: 1,
  atUs: Date.now() * 1_000,
  checkpointId: 0,
  final: false,
  processed,
  rejected: 0,
  skipped: 0,
  bytes: 0,
  cpuMs: 1,
  rssBytes: 1,
  busyMs: 0,
  eventLoopLagMsMax: 0,
  applies: { ok: 1, dup: 0, seek: 0, fenced: 0, storeLost: 0 },
  partitions: [],
  latency: [],
  latencyUsMax: 0,
});
const tell = (incarnation: string, processed: number) =>
  seen.take("taskmanager-01", { type: "metrics", metrics: metrics(incarnation, processed) });

it("tells each change, then that the rates are 0 again, and then nothing", () => {
  vi.advanceTimersByTime(3_000);
  expect(emitted).toHaveLength(1);
  tell("1", 40);
  vi.advanceTimersByTime(1_000);
  expect(emitted.at(-1)).toMatchObject({ processed: 40, processedPerSecond: 40 });
  vi.advanceTimersByTime(60_000);
  expect(emitted.at(-1)).toMatchObject({ processed: 40, processedPerSecond: 0 });
  expect(emitted).toHaveLength(3);
  requested = 200;
  vi.advanceTimersByTime(1_000);
  expect(emitted.at(-1)).toMatchObject({ requested: 200 });
});

it("counts incarnations that are gone, of which only the sum is kept", () => {
  for (let incarnation = 1; incarnation <= 100; incarnation += 1) tell(String(incarnation), 10);
  vi.advanceTimersByTime(1_000);
  expect(emitted.at(-1)).toMatchObject({ processed: 1_000, applies: { ok: 100 } });
  expect(seen.metrics).toHaveLength(2);
  expect(seen.metricsOf("taskmanager-01", "100")).toMatchObject({ processed: 10 });
  expect(seen.metricsOf("taskmanager-01", "99")).toBeUndefined();
});
