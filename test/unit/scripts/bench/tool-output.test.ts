/** The texts are those of the tools in Kafka 4.3.0. */
import { describe, expect, it } from "vitest";
import { parseConsumerPerformance, parseProducerPerformance } from "../../../../scripts/bench/peers/tool-output.ts";

describe("parseProducerPerformance", () => {
  const window =
    "1502341 records sent, 300468.2 records/sec (28.65 MB/sec), 512.3 ms avg latency, 890.0 ms max latency.";
  const total =
    "10000000 records sent, 601033.7 records/sec (57.32 MB/sec), 487.21 ms avg latency, 1203.00 ms max latency, " +
    "470 ms 50th, 811 ms 95th, 903 ms 99th, 1190 ms 99.9th.";

  it("takes the total, not a window", () => {
    expect(parseProducerPerformance(`${window}\n${window}\n${total}\n`)).toEqual({
      records: 10_000_000,
      perSecond: 601_033.7,
      averageMs: 487.21,
      maxMs: 1_203,
      p50Ms: 470,
      p95Ms: 811,
      p99Ms: 903,
      p999Ms: 1_190,
    });
  });

  it("takes the last total: with warm-up records the tool prints one for them first", () => {
    const warmUp = total.replace("10000000", "500000");
    expect(parseProducerPerformance(`${warmUp}\n${total}\n`)?.records).toBe(10_000_000);
  });

  it("knows nothing when the tool was cut short", () => {
    expect(parseProducerPerformance(`${window}\n`)).toBeUndefined();
    expect(parseProducerPerformance("")).toBeUndefined();
  });
});

describe("parseConsumerPerformance", () => {
  const header =
    "start.time, end.time, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, " +
    "fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec";
  const values =
    "2026-11-22 18:40:01:101, 2026-11-22 18:40:03:621, 953.6743, 378.4422, 10000000, 3968253.9683, 310, 2210, 431.5268, 4524886.8778";

  it("reads by the header's names", () => {
    expect(parseConsumerPerformance(`a warning\n${header}\n${values}\n`)).toEqual({
      records: 10_000_000,
      perSecond: 3_968_253.9683,
      rebalanceMs: 310,
      fetchMs: 2_210,
      fetchPerSecond: 4_524_886.8778,
    });
  });

  it("survives a further column", () => {
    expect(parseConsumerPerformance(`${header}, new.one\n${values}, 7\n`)?.fetchMs).toBe(2_210);
  });

  it("knows nothing without values, or when a named column is missing", () => {
    expect(parseConsumerPerformance(`${header}\n`)).toBeUndefined();
    expect(parseConsumerPerformance("")).toBeUndefined();
    expect(parseConsumerPerformance(`${header.replace("fetch.time.ms", "other")}\n${values}\n`)).toBeUndefined();
  });
});
