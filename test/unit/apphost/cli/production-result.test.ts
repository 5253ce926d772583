/** What `produce --kafka` says of its end follows from the ledger alone, and what was not measured is no number. */
import { describe, expect, it } from "vitest";
import { computeResult, formatResult, type ProductionFacts } from "../../../../apphost/cli/production-result.ts";
import type { Ledger } from "../../../../simulator/common/contract/files/ledger.ts";

const ledger: Ledger = {
  schema: 1,
  round: 1,
  topic: "orders",
  producerId: 7,
  producerEpoch: 0,
  firstId: 1,
  messages: 1_000,
  messageSize: 200,
  outcome: "finished",
  reason: null,
  firstSendAtUs: 1_000_000,
  lastAckAtUs: 3_000_000,
  acknowledged: 1_000,
  unknown: 0,
  refused: 0,
  unsent: 0,
  partitions: [],
  foreign: [],
  foreignCount: 0,
  restarts: 0,
  acknowledgeMs: { p50: 1.5, p95: 12, p99: 20, p999: 30, max: 31 },
};
const facts: ProductionFacts = {
  topic: "orders",
  partitions: 4,
  wasCreated: true,
  usedBefore: 0,
  compression: "lz4",
  rate: 0,
  exitCode: 0,
  ledgerPath: "/runs/ledger-1.json",
};

it("counts from the first send to the last acknowledgement", () => {
  const result = computeResult(ledger, facts);
  expect(result).toMatchObject({ durationMs: 2_000, messagesPerSecond: 500, bytesPerSecond: 100_000 });
  expect(formatResult(result)).toEqual([
    "Topic: orders, 4 partitions, created",
    "Messages: 1,000 requested, 1,000 acknowledged within 2.000 s; 200 bytes each, compression lz4",
    "Rate: 500/s, 0 MiB/s",
    "Acknowledged after: p50 1.50 ms, p95 12.0 ms, p99 20.0 ms, p99.9 30.0 ms, max 31.0 ms",
    "Ledger: /runs/ledger-1.json",
  ]);
});

describe("what was not acknowledged", () => {
  const counts = { acknowledged: 100, unknown: 10, refused: 20, unsent: 870 };

  it("is told with the reason", () => {
    const stopped = computeResult({ ...ledger, ...counts, outcome: "stopped" }, facts);
    const text = "Not acknowledged: 10 with an unknown outcome, 20 refused, 870 not sent; it was stopped";
    expect(formatResult(stopped)[2]).toBe(text);
    const gaveUp = computeResult({ ...ledger, ...counts, outcome: "gaveUp", reason: "the disk is full" }, facts);
    expect(formatResult(gaveUp)[2]).toMatch(/it gave up: the disk is full$/);
  });

  it("gives no rate and no latency when it is everything", () => {
    const nothing = { p50: null, p95: null, p99: null, p999: null, max: null };
    const none = { ...ledger, acknowledged: 0, unsent: 1_000, lastAckAtUs: 0, outcome: "stopped" as const };
    const result = computeResult({ ...none, acknowledgeMs: nothing }, facts);
    expect(result).toMatchObject({ durationMs: null, messagesPerSecond: null, bytesPerSecond: null });
    expect(formatResult(result).slice(3, 5)).toEqual([
      "Rate: -, -",
      "Acknowledged after: p50 -, p95 -, p99 -, p99.9 -, max -",
    ]);
  });
});
