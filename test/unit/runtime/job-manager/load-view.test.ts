/** L1 and L2 of `load-view.ts`. */
import { expect, test } from "vitest";
import type { TaskManagerMetrics } from "../../../../simulator/common/contract/metrics.ts";
import { LoadView } from "../../../../simulator/runtime/job-manager/load-view.ts";

const told = (atMs: number, busyMs: number, backPressuredMs: number): TaskManagerMetrics =>
  ({ atUs: atMs * 1_000, busyMs, backPressuredMs, cpuMs: busyMs }) as TaskManagerMetrics;

test("the three times of any two heartbeats add up to a second, and a silent TaskManager is idle", () => {
  const view = new LoadView(told(0, 0, 0), 0);
  for (const [busyMs, backPressuredMs, metrics] of [
    [250, 500, told(2_000, 500, 1_000)],
    [1_000, 0, told(3_000, 1_600, 1_000)],
    [0, 0, told(4_000, 0, 0)],
  ] as const) {
    view.update(metrics, 1_000);
    const idleMs = 1_000 - busyMs - backPressuredMs;
    expect(view.perSecond(1_000)).toMatchObject({ busyMs, backPressuredMs, idleMs });
  }
  view.update(told(5_000, 400, 0), 2_000);
  expect(view.perSecond(4_999).busyMs).toBe(400);
  expect(view.perSecond(5_001)).toEqual({ busyMs: 0, backPressuredMs: 0, idleMs: 1_000, cpuLoad: 0 });
});
