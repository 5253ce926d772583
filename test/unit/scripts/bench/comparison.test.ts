import { describe, expect, it } from "vitest";
import {
  type BenchResult,
  type BenchSide,
  compareBenches,
  readBenchResult,
  renderBenchComparison,
} from "../../../../scripts/bench/comparison.ts";
import type { BenchCase, BenchSuite, Outcome } from "../../../../scripts/bench/suite.ts";
import { parseJson } from "../../../../simulator/common/foundation/json-fields.ts";

const createCase = (id: string, isPeer: boolean): BenchCase => ({
  id,
  title: `case ${id}`,
  usesBroker: true,
  isPeer,
  measure: () => Promise.reject(new Error("not asked")),
});

const suite: BenchSuite = {
  name: "suite",
  title: "a suite",
  cases: [createCase("ours", false), createCase("peer", true)],
  columns: [
    { figure: "drainPerSecond", title: "drained", form: "rate" },
    { figure: "records", title: "records", form: "count" },
  ],
  ratios: [],
  showsCpu: true,
};

const measured = (id: string, drainPerSecond: number, brokerLoadsBefore = 5): Outcome => ({
  case: id,
  round: 1,
  startedAt: "",
  brokerLoadsBefore,
  status: "measured",
  messages: 1,
  messageSize: 100,
  figures: { drainPerSecond, records: 1, hidden: 7 },
  cpuUsPerMessage: { taskManagers: 2, broker: null },
  rssBytesMax: null,
  raw: {},
});

const side = (name: string, samples: readonly Outcome[], change: Partial<BenchResult> = {}): BenchSide => ({
  name,
  result: {
    startedAt: "2026-11-22T18:36:52Z",
    options: { messages: 1_000, idleMs: 60_000, quick: false },
    machine: { cores: 2, cpuModel: "cpu", memoryBytes: 8 * 2 ** 30 },
    versions: { "flink-apphost": "0.1.0", node: "v24.21.0", kcat: null },
    samples,
    ...change,
  },
});

const rates = (id: string, ...values: readonly number[]) => values.map((value) => measured(id, value));

describe("compareBenches", () => {
  it("judges each shown figure by the range of its rounds", () => {
    const a = side("a.json", [...rates("ours", 100, 105, 110), ...rates("peer", 100, 105)]);
    const b = side("b.json", [...rates("ours", 70, 75, 80), ...rates("peer", 103, 120)]);
    const { figures, judgement } = compareBenches([suite, suite], a, b, 0.1);
    expect(figures.map(({ title, outcome, counts }) => [title, outcome, counts])).toEqual([
      ["case ours, third run or later (warm): drained", "worse", true],
      ["case ours, third run or later (warm): CPU per message, taskManagers", "withinSpread", true],
      ["case peer, third run or later (warm): drained", "withinSpread", false],
      ["case peer, third run or later (warm): CPU per message, taskManagers", "withinSpread", false],
    ]);
    expect(judgement).toEqual({ kind: "worse", figures: ["ours | third run or later (warm) | drainPerSecond"] });
  });

  it("does not take a slower peer for a change of ours", () => {
    const a = side("a.json", [...rates("ours", 100, 105), ...rates("peer", 100, 105)]);
    const b = side("b.json", [...rates("ours", 101, 104), ...rates("peer", 10, 20)]);
    expect(compareBenches([suite], a, b, 0.1).judgement).toEqual({ kind: "kept" });
  });

  it("compares a cold broker's runs with a cold broker's only", () => {
    const a = side("a.json", [measured("ours", 100, 0), measured("ours", 300, 5)]);
    const b = side("b.json", [measured("ours", 100, 0)]);
    const rows = compareBenches([suite], a, b, 0.1).figures.filter(({ title }) => title.endsWith("drained"));
    expect(rows.map(({ title, outcome }) => [title, outcome])).toEqual([
      ["case ours, first run after its start: drained", "spreadUnknown"],
      ["case ours, third run or later (warm): drained", "notMeasured"],
    ]);
  });

  it("does not call one round each kept", () => {
    const comparison = compareBenches([suite], side("a", rates("ours", 100)), side("b", rates("ours", 10)), 0.1);
    expect(comparison.judgement).toEqual({ kind: "unknown" });
    expect(renderBenchComparison(comparison, 10).at(-1)).toMatch(/^UNKNOWN: /);
  });

  it("names another machine, other options and other versions, but not its own version", () => {
    const b = side("b.json", [], {
      options: { messages: 2_000, idleMs: 60_000, quick: true },
      machine: { cores: 4, cpuModel: "cpu", memoryBytes: 8 * 2 ** 30 },
      versions: { "flink-apphost": "0.2.0", node: "v24.21.0", kcat: "1.7.1" },
    });
    expect(compareBenches([suite], side("a.json", []), b, null).differences).toEqual([
      { name: "messages", a: "1000", b: "2000" },
      { name: "quick", a: "false", b: "true" },
      { name: "machine", a: "2 cores (cpu), 8 GiB", b: "4 cores (cpu), 8 GiB" },
      { name: "kcat", a: "not installed", b: "1.7.1" },
    ]);
  });
});

describe("readBenchResult", () => {
  const { result } = side("a", rates("ours", 1));

  it("takes what the bench writes", () => {
    expect(parseJson(JSON.stringify({ schema: 1, ...result }), readBenchResult)).toMatchObject({ kind: "valid" });
  });

  it.each([
    [{ ...result, schema: 2 }, /^schema is 2/],
    [{ ...result, schema: 1, samples: [{ case: "x", status: "odd" }] }, /^samples\[0\]\.status is "odd"/],
    [{ ...result, schema: 1, machine: null }, /^machine is null/],
  ])("refuses what is none, by the field (%#)", (content, reason) => {
    const parsed = parseJson(JSON.stringify(content), readBenchResult);
    expect(parsed).toEqual({ kind: "malformed", reason: expect.stringMatching(reason) });
  });
});
