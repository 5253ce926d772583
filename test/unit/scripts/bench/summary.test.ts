import { describe, expect, it } from "vitest";
import { MissingPart } from "../../../../scripts/bench/parts.ts";
import { narrowSuites, planTurns, takeTurn } from "../../../../scripts/bench/schedule.ts";
import type { BenchCase, BenchContext, BenchSuite, Outcome } from "../../../../scripts/bench/suite.ts";
import { renderSuite, summarizeSuite } from "../../../../scripts/bench/summary.ts";

const createCase = (
  id: string,
  measure: BenchCase["measure"] = () => Promise.reject(new Error("not asked")),
): BenchCase => ({
  id,
  title: `case ${id}`,
  usesBroker: true,
  measure,
});

const suite: BenchSuite = {
  name: "suite",
  title: "a suite",
  cases: [createCase("ours"), createCase("peer")],
  columns: [{ figure: "perSecond", title: "rate", form: "rate" }],
  ratios: [
    {
      title: "ours / peer",
      over: { case: "ours", figure: "perSecond" },
      under: { case: "peer", figure: "perSecond" },
    },
  ],
  showsCpu: true,
};

const measured = (id: string, round: number, perSecond: number | null, brokerLoadsBefore: number | null): Outcome => ({
  case: id,
  round,
  startedAt: "",
  brokerLoadsBefore,
  status: "measured",
  messages: 1,
  messageSize: 100,
  figures: { perSecond },
  cpuUsPerMessage: { broker: 0.25 },
  rssBytesMax: null,
  raw: {},
});

describe("summarizeSuite", () => {
  const outcomes = [
    measured("ours", 1, 100, 0),
    measured("peer", 1, 50, 1),
    measured("peer", 2, 100, 2),
    measured("ours", 2, 300, 3),
    measured("ours", 3, 500, 4),
    measured("peer", 3, 100, 5),
  ];

  it("keeps a cold broker's runs apart from a warm one's", () => {
    const { rows } = summarizeSuite(suite, outcomes);
    expect(rows.map((row) => [row.case, row.broker, row.samples, row.figures["perSecond"]])).toEqual([
      ["ours", "first run after its start", 1, 100],
      ["ours", "third run or later (warm)", 2, 400],
      ["peer", "second run", 1, 50],
      ["peer", "third run or later (warm)", 2, 100],
    ]);
  });

  it("compares within a round, and lets only equally warm rounds count", () => {
    const [ratio] = summarizeSuite(suite, outcomes).ratios;
    expect(ratio?.byRound.map(({ round, value, equallyWarm }) => [round, value, equallyWarm])).toEqual([
      [1, 2, false],
      [2, 3, true],
      [3, 5, true],
    ]);
    expect(ratio?.median).toBe(4);
  });

  it("tells what was missing or failed, and makes no figure of it", () => {
    const turn = { startedAt: "", brokerLoadsBefore: null };
    const summary = summarizeSuite(suite, [
      measured("ours", 1, null, 0),
      { ...turn, case: "peer", round: 1, status: "missing", reason: "not installed" },
      { ...turn, case: "ours", round: 2, status: "failed", reason: "exit code 4" },
    ]);
    expect(summary.missing).toEqual([{ case: "peer", reason: "not installed" }]);
    expect(summary.failed).toEqual([{ case: "ours", round: 2, reason: "exit code 4" }]);
    expect(summary.ratios).toEqual([{ title: "ours / peer", byRound: [], median: null }]);
    const text = renderSuite(suite, summary).join("\n");
    expect(text).toContain("missing: case peer: not installed");
    expect(text).toContain("FAILED: case ours, round 2: exit code 4");
    expect(text).toContain("not measured in the same round");
  });

  it("prints medians, CPU by process group and ratios", () => {
    const text = renderSuite(suite, summarizeSuite(suite, outcomes)).join("\n");
    expect(text).toMatch(/case ours +first run after its start +1 +0 k\/s/);
    expect(text).toMatch(/CPU in µs per message +real broker +broker\n/);
    expect(text).toMatch(/ours \/ peer +4\.00x +\(2\.00\) 3\.00 5\.00/);
  });
});

describe("planTurns", () => {
  const other: BenchSuite = { ...suite, name: "other", cases: [createCase("peer"), createCase("third")] };

  it("gives each case one turn a round, also when suites share it, and turns the order around", () => {
    const turns = planTurns([suite, other], 3).map(({ round, benchCase }) => `${round} ${benchCase.id}`);
    expect(turns).toEqual([
      "1 ours",
      "1 peer",
      "1 third",
      "2 third",
      "2 peer",
      "2 ours",
      "3 ours",
      "3 peer",
      "3 third",
    ]);
  });
});

describe("narrowSuites", () => {
  it("keeps the cases that were asked for, and the ratios between them", () => {
    const [narrow] = narrowSuites([suite], ["peer"]);
    expect(narrow?.cases.map(({ id }) => id)).toEqual(["peer"]);
    expect(narrow?.ratios).toEqual([]);
    expect(narrowSuites([suite], ["ours", "peer"])).toEqual([suite]);
    expect(narrowSuites([suite], null)).toEqual([suite]);
  });

  it("refuses a case that no suite has, with those there are", () => {
    expect(() => narrowSuites([suite], ["ours", "other"])).toThrow(/"other": expected some of ours, peer/);
  });
});

describe("takeTurn", () => {
  const stop = new AbortController();
  const context = { signal: stop.signal } as BenchContext;
  const take = (measure: BenchCase["measure"]) =>
    takeTurn(context, { round: 1, benchCase: createCase("one", measure) }, () => null);

  it("tells a part that is not installed from a failure", async () => {
    expect(await take(() => Promise.reject(new MissingPart("no kcat")))).toMatchObject({
      status: "missing",
      reason: "no kcat",
    });
    expect(await take(() => Promise.reject(new Error("exit code 4")))).toMatchObject({ status: "failed" });
  });

  it("ends the bench when it was interrupted", async () => {
    stop.abort(new Error("interrupted by SIGINT"));
    await expect(take(() => Promise.reject(new Error("a consequence")))).rejects.toThrow("interrupted by SIGINT");
  });
});
