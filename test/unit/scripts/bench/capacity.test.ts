import { describe, expect, it } from "vitest";
import { ASSUMED, type MeasuredCost, planCapacity, readMeasuredCost } from "../../../../scripts/bench/capacity.ts";
import { noteCapacity, renderCapacity } from "../../../../scripts/bench/capacity-text.ts";
import type { Sample } from "../../../../scripts/bench/suite.ts";

const MIB = 2 ** 20;
const COST: MeasuredCost = {
  engine: "flink",
  rounds: 3,
  messages: 10_000_000,
  messageBytes: 92,
  cpuUs: { engine: 1.2, broker: 0.3, redis: 0.06, producer: 0.15 },
  slotBytes: 50 * MIB,
};
const OWN: MeasuredCost = { ...COST, engine: "apphost" };

const sample = (round: number, change: Partial<Sample> = {}): Sample => ({
  case: "engines/apphost",
  round,
  startedAt: "",
  brokerLoadsBefore: null,
  status: "measured",
  messages: 1_000,
  messageSize: 100,
  figures: { engineCpuUs: round, engineBytes: 2_000 * MIB },
  cpuUsPerMessage: { broker: 0.3, redis: 0.05, producer: 0.1, taskManagers: 1 },
  rssBytesMax: null,
  raw: {},
  ...change,
});

describe("readMeasuredCost", () => {
  it("takes medians over the rounds of the engine's case", () => {
    const others = [sample(9, { case: "engines/flink-20" }), sample(9, { case: "engines/apphost-faults" })];
    expect(readMeasuredCost([sample(3), sample(1), sample(2), ...others], "apphost")).toEqual({
      engine: "apphost",
      rounds: 3,
      messages: 1_000,
      messageBytes: 100,
      cpuUs: { engine: 2, broker: 0.3, redis: 0.05, producer: 0.1 },
      slotBytes: 100 * MIB,
    });
  });

  it("knows nothing where CPU times or memory are not told", () => {
    expect(readMeasuredCost([sample(1)], "flink")).toBeUndefined();
    expect(readMeasuredCost([sample(1, { cpuUsPerMessage: null })], "apphost")).toBeUndefined();
    expect(
      readMeasuredCost([sample(1, { figures: { engineCpuUs: 1, engineBytes: null } })], "apphost"),
    ).toBeUndefined();
  });
});

describe("planCapacity", () => {
  it("counts what can be added, with room (Y2, Y3)", () => {
    expect(planCapacity(COST, 10e6)).toMatchObject({
      networkBytesPerSecond: 1e9,
      // 10 MB/s of 100 bytes each are 100,000 messages; a core could do five times as many.
      partitions: 100,
      // 12 s of CPU a second, 60 % of a core each.
      engineCores: 20,
      taskManagers: 5,
      taskManagerBytes: 1_000 * MIB,
      producerCores: 3,
      // 3 GB/s of copies, 0.6 GB/s a disk.
      brokers: 5,
      brokersBy: "disk",
      isWithinLimits: true,
    });
    expect(planCapacity(OWN, 10e6).taskManagers).toBe(20);
  });

  it("has at least as many brokers as copies, and names what takes the most", () => {
    expect(planCapacity(COST, 100_000)).toMatchObject({ partitions: 1, brokers: 3, brokersBy: "copies" });
    const slowBroker = { ...COST, cpuUs: { ...COST.cpuUs, broker: 10 } };
    expect(planCapacity(slowBroker, 10e6)).toMatchObject({ brokersBy: "CPU", brokers: 32 });
  });

  it("needs a partition for each core where the engine is the slower one", () => {
    const slow = { ...COST, cpuUs: { ...COST.cpuUs, engine: 60 } };
    expect(planCapacity(slow, 1e6)).toMatchObject({ partitions: 100, engineCores: 100 });
  });

  it("says which of the things that are one by design breaks first", () => {
    const plan = planCapacity(OWN, 100e6);
    expect(plan.limits.map(({ what }) => what)).toEqual([
      "one thread of one Redis",
      "350 partitions in one atomic write",
    ]);
    expect(plan.limits[0]?.messagesPerSecond).toBeCloseTo(10e6);
    expect(plan.limits[1]?.messagesPerSecond).toBeCloseTo(35e6);
    expect(plan.isWithinLimits).toBe(false);
    expect(planCapacity(OWN, 2e6).isWithinLimits).toBe(true);
    expect(planCapacity(COST, 100e6)).toMatchObject({ isWithinLimits: true });
  });
});

it("writes what was measured, what is needed for each load, and what is assumed", () => {
  const lines = renderCapacity(noteCapacity([OWN, COST]));
  const rowOf = (begin: string) => lines.find((line) => line.startsWith(begin)) ?? "";
  expect(rowOf("100.0 M/s, this runtime")).toMatch(/one thread of one Redis: 10\.0 M\/s \(too little\)$/);
  expect(rowOf("2.0 M/s, Apache Flink")).toMatch(/32768 subtasks of a step: 3276\.8 M\/s$/);
  expect(lines.at(-1)).toContain(`${ASSUMED.replication} copies of each partition`);
  expect(renderCapacity(noteCapacity([{ ...COST, messages: 20_000 }])).at(-1)).toMatch(/^warning: .* 1000000 messages/);
});
