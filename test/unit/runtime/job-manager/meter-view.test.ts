import { describe, expect, it } from "vitest";
import { MeterView } from "../../../../simulator/runtime/job-manager/meter-view.ts";

/** A count that rises by `perSecond` from `fromMs` on, told each second. */
function feed(meter: MeterView, fromMs: number, toMs: number, count: (nowMs: number) => number): void {
  for (let nowMs = fromMs; nowMs <= toMs; nowMs += 1_000) meter.update(count(nowMs), nowMs);
}

describe("MeterView", () => {
  it("is what came in over the last minute by sixty seconds", () => {
    const meter = new MeterView(0, 0);
    feed(meter, 0, 30_000, (nowMs) => nowMs / 10);
    expect(meter.perSecond).toBe(50);
    feed(meter, 31_000, 60_000, (nowMs) => nowMs / 10);
    expect(meter.perSecond).toBe(100);
    feed(meter, 61_000, 300_000, (nowMs) => nowMs / 10);
    expect(meter.perSecond).toBe(100);
  });

  it("falls to 0 within a minute of the last record", () => {
    const meter = new MeterView(0, 0);
    feed(meter, 0, 60_000, (nowMs) => nowMs);
    feed(meter, 61_000, 90_000, () => 60_000);
    expect(meter.perSecond).toBe(500);
    feed(meter, 91_000, 120_000, () => 60_000);
    expect(meter.perSecond).toBe(0);
  });

  it("does not count what was there before it, and takes a long pause for one look", () => {
    const meter = new MeterView(1_000_000, 0);
    meter.update(1_000_000, 5_000);
    expect(meter.perSecond).toBe(0);
    meter.update(1_000_600, 65_000);
    expect(meter.perSecond).toBe(10);
    meter.update(1_000_600, 10_000_000);
    expect(meter.perSecond).toBe(0);
  });
});
