import { describe, expect, it } from "vitest";
import { latencyAfter } from "../../../../scripts/bench/latency-window.ts";
import { latencyBucket } from "../../../../simulator/common/contract/latency-histogram.ts";
import type { TaskManagerMetrics } from "../../../../simulator/common/contract/metrics.ts";

/** Cumulative: [latency in µs, records]. */
const tell = (tm: string, atUs: number, records: readonly (readonly [number, number])[], incarnation = "1") =>
  ({
    tm,
    incarnation,
    atUs,
    latency: records.flatMap(([us, n]) => [latencyBucket(us), n]),
    latencyUsMax: Math.max(0, ...records.map(([us]) => us)),
  }) as unknown as TaskManagerMetrics;

describe("latencyAfter", () => {
  it("leaves out exactly what was recorded before the window, by TaskManager", () => {
    const metrics = [
      tell("a", 900, [[900_000, 500]]),
      tell("a", 1_100, [[900_000, 600]]),
      tell("a", 2_100, [
        [1_000, 90],
        [900_000, 600],
      ]),
      tell("b", 1_050, [[900_000, 70]]),
      tell("b", 2_050, [
        [2_000, 10],
        [900_000, 70],
      ]),
    ];
    const window = latencyAfter(metrics, 1_000);
    expect(window.records).toBe(100);
    expect(window.beganAtUs).toEqual([1_100, 1_050]);
    expect(window.p50Ms).toBeCloseTo(1, 1);
    expect(window.p99Ms).toBeCloseTo(2, 1);
  });

  it("takes messages in the order of their time", () => {
    const metrics = [tell("a", 3_000, [[1_000, 9]]), tell("a", 1_000, [[1_000, 4]]), tell("a", 2_000, [[1_000, 5]])];
    expect(latencyAfter(metrics, 2_000).records).toBe(4);
  });

  it("knows nothing when nobody spoke within the window", () => {
    const window = latencyAfter([tell("a", 900, [[1_000, 9]])], 1_000);
    expect(window).toEqual({ records: 0, p50Ms: null, p99Ms: null, p999Ms: null, beganAtUs: [] });
  });

  it("counts a restarted TaskManager's incarnations each by itself", () => {
    const metrics = [
      tell("a", 1_000, [[1_000, 5]], "1"),
      tell("a", 2_000, [[1_000, 8]], "1"),
      tell("a", 3_000, [[1_000, 1]], "2"),
      tell("a", 4_000, [[1_000, 7]], "2"),
    ];
    expect(latencyAfter(metrics, 1_000).records).toBe(3 + 6);
  });
});
