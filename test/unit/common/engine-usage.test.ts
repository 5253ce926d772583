/** What the engine tells of itself, of this very process. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { waitUntil } from "../../../simulator/common/foundation/deadline.ts";
import { CollectionMeter, readEngineUsage } from "../../../simulator/common/foundation/engine-usage.ts";

const countOf = (meter: CollectionMeter, collector: string): number =>
  meter.read().find(({ name }) => name === collector)?.count ?? -1;

test("a collection of the whole heap and one of its young part are counted, each and in the sum", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (options?: object) => void;
  const meter = new CollectionMeter();
  expect(meter.read().map(({ count }) => count)).toEqual([0, 0, 0, 0, 0]);
  collect();
  collect({ type: "minor" });
  await waitUntil(() => (countOf(meter, "Mark_Compact") >= 1 && countOf(meter, "Scavenger") >= 1 ? true : undefined), {
    what: "both collections are told",
    deadlineMs: 5_000,
  });
  const [all, ...each] = meter.read();
  expect(all).toEqual({
    name: "All",
    count: each.reduce((sum, { count }) => sum + count, 0),
    timeMs: expect.any(Number),
  });
});

test("the contents of buffers are told, and what the engine keeps for itself", () => {
  const before = readEngineUsage(process.memoryUsage()).bufferBytes;
  const buffer = Buffer.alloc(3_000_000);
  const { nonHeapBytes, bufferBytes } = readEngineUsage(process.memoryUsage());
  expect(bufferBytes - before).toBeGreaterThanOrEqual(buffer.length);
  expect(nonHeapBytes).toBeGreaterThan(0);
});
