import { describe, expect, it } from "vitest";
import { renderComparison } from "../../../../../apphost/cli/comparison-text.ts";
import { extendBaseline, parseRuns } from "../../../../../scripts/report/compare/baseline.ts";
import { compareRuns } from "../../../../../scripts/report/compare/compare-runs.ts";
import { measureRun, type RunMeasure } from "../../../../../scripts/report/compare/run-measure.ts";
import type { Report } from "../../../../../simulator/common/contract/files/report.ts";
import { evenReport } from "../../../../support/even-report.ts";

const measure = (change: Partial<Report> = {}): RunMeasure => measureRun(evenReport(change), null);
const side = (name: string, ...runs: readonly RunMeasure[]) => ({ name, runs });
const rate = (endToEndPerSecond: number, runId = `run${endToEndPerSecond}`) =>
  measure({ runId, throughput: { producePerSecond: null, endToEndPerSecond } });

/** One of eight has other values than its peers. */
function withOne(id: string, change: Partial<Report["taskManagers"][number]>): Partial<Report> {
  return { taskManagers: evenReport().taskManagers.map((tm) => (tm.id === id ? { ...tm, ...change } : tm)) };
}

const figureOf = (comparison: ReturnType<typeof compareRuns>, id: string) =>
  comparison.figures.find((figure) => figure.id === id);

describe("compareRuns", () => {
  it("judges the median of several runs by their range", () => {
    const worse = compareRuns(side("a", rate(100), rate(110)), side("b", rate(70), rate(80)), 0.1);
    expect(figureOf(worse, "endToEndPerSecond")).toMatchObject({
      a: { value: 105, low: 100, high: 110 },
      b: { value: 75, low: 70, high: 80 },
      outcome: "worse",
    });
    expect(worse.judgement).toEqual({ kind: "worse", figures: ["endToEndPerSecond"] });
    const noise = compareRuns(side("a", rate(75), rate(135)), side("b", rate(70), rate(80)), 0.1);
    expect(figureOf(noise, "endToEndPerSecond")).toMatchObject({ outcome: "withinSpread" });
    expect(noise.judgement).toEqual({ kind: "kept" });
  });

  it("keeps what got worse by less than the limit", () => {
    const [a, b] = [side("a", rate(100), rate(101)), side("b", rate(94), rate(95))];
    expect(compareRuns(a, b, 0.1).judgement).toEqual({ kind: "kept" });
    expect(compareRuns(a, b, 0.05).judgement).toEqual({ kind: "worse", figures: ["endToEndPerSecond"] });
    expect(compareRuns(a, b, null).judgement).toBeNull();
  });

  it("does not call it kept when nothing that counts could be judged", () => {
    const comparison = compareRuns(side("a", rate(100)), side("b", rate(10)), 0.1);
    expect(figureOf(comparison, "endToEndPerSecond")).toMatchObject({ outcome: "spreadUnknown" });
    expect(comparison.judgement).toEqual({ kind: "unknown" });
  });

  it("compares CPU by message and memory by kind of process, without what comes after the load", () => {
    const { figures } = measure();
    expect(figures["cpuUsPerMessage.taskmanagers"]?.value).toBeCloseTo(1.6);
    expect(figures["cpuUsPerMessage"]?.value).toBeCloseTo((8 * 160 + 480 + 80) / 800);
    expect(figures["rssBytesMax.taskmanagers"]?.value).toBe(70 * 2 ** 20);
    expect(figures["rssBytesMax.other"]).toBeUndefined();
  });

  it("compares recoveries, and leaves planned faults out", () => {
    const fault = { kind: "processExit", target: "taskmanager-07", at: "", detail: "signal SIGKILL" } as const;
    const { figures } = measure({
      faults: [
        { ...fault, planned: false, recoveredAfterMs: 600 },
        { ...fault, planned: false, recoveredAfterMs: 900 },
        { ...fault, planned: true, recoveredAfterMs: 5_000 },
      ],
    });
    expect([figures["faults"]?.value, figures["recoveryMs"]?.value, figures["recoveryMsMax"]?.value]).toEqual([
      2, 750, 900,
    ]);
  });

  it("names what the sides were measured with, where that is not alike", () => {
    const other = measure({
      verdict: "failed",
      infra: { ...evenReport().infra, kafka: { mode: "native", version: "4.3.0", endpoint: "127.0.0.1:2" } },
      parameters: { ...evenReport().parameters, messageSize: 200, rate: 0 },
      machine: { ...evenReport().machine, cores: 4, node: "v22.22.0" },
      partitions: evenReport().partitions.slice(1),
      taskManagers: evenReport().taskManagers.slice(1),
      messages: { ...evenReport().messages, requested: 1 },
    });
    const { differences } = compareRuns(side("a", measure()), side("b", other), null);
    expect(differences.map(({ name }) => name)).toEqual([
      "verdict",
      "messages",
      "message size",
      "rate",
      "partitions",
      "TaskManagers",
      "Kafka",
      "machine",
      "Node",
    ]);
    expect(differences).toContainEqual({
      name: "rate",
      a: "80000 messages/s",
      b: "as fast as possible",
    });
  });

  it("does not take another port, or a few bytes of memory, for another shape", () => {
    const { kafka } = evenReport().infra;
    const other = measure({
      infra: { ...evenReport().infra, kafka: { ...kafka, endpoint: "127.0.0.1:9092" } },
      machine: { ...evenReport().machine, memoryBytes: 8 * 2 ** 30 - 4_096 },
    });
    expect(compareRuns(side("a", measure()), side("b", other), null).differences).toEqual([]);
  });

  it("takes a run with a warm-up, or one that failed, for another shape; without one it is as in earlier versions", () => {
    const warm = { asked: "5s", outcome: { kind: "finished" }, sent: 9, read: 9, durationMs: 5_000 } as const;
    const cold = { ...warm, outcome: { kind: "failed", reason: "it was killed" } } as const;
    const differences = (a: RunMeasure, b: RunMeasure) => compareRuns(side("a", a), side("b", b), null).differences;
    expect(differences(measure({ warmUp: warm }), measure({ warmUp: cold }))).toEqual([
      { name: "warm-up", a: "5s", b: "5s, failed" },
    ]);
    expect(differences(measure({ warmUp: warm }), measure())).toHaveLength(1);
    expect(differences(measure({ warmUp: null }), measure())).toEqual([]);
    expect(measure({ warmUp: null }).shape).not.toHaveProperty("warm-up");
  });

  it("finds runs of one side that are not alike", () => {
    const other = measure({ parameters: { ...evenReport().parameters, messageSize: 200 } });
    const { differences } = compareRuns(side("a", measure(), other), side("b", measure()), null);
    expect(differences).toEqual([{ name: "message size", a: "100 bytes and 200 bytes", b: "100 bytes" }]);
  });
});

describe("what stands out (L2)", () => {
  const slow = (id: string) => measure(withOne(id, { latencyMs: { p50: 120, p99: 260 } }));

  it("is the TaskManager that is slower than its peers, by its name, on the side where it is", () => {
    const { standOuts } = compareRuns(side("a", measure()), side("b", slow("taskmanager-03")), null);
    expect(standOuts).toEqual([
      {
        name: "taskmanager-03",
        measure: "latency p50",
        unit: "ms",
        a: { value: 5, peers: 5 },
        b: { value: 120, peers: 5 },
        side: "b",
      },
      expect.objectContaining({ name: "taskmanager-03", measure: "latency p99", side: "b" }),
    ]);
    const text = renderComparison(compareRuns(side("a", measure()), side("b", slow("taskmanager-03")), null), null);
    expect(text).toContain(
      "taskmanager-03 SLOWER THAN ITS PEERS in B: latency p50 120 ms beside 5.00 ms of its peers (A: 5.00 ms beside 5.00 ms of its peers)",
    );
  });

  it("tells one that was slow before from one that is slow now", () => {
    const sides = (a: RunMeasure, b: RunMeasure) =>
      compareRuns(side("a", a), side("b", b), null).standOuts.map((one) => [one.name, one.side]);
    expect(sides(slow("taskmanager-03"), measure())).toContainEqual(["taskmanager-03", "a"]);
    expect(sides(slow("taskmanager-03"), slow("taskmanager-03"))).toContainEqual(["taskmanager-03", "both"]);
  });

  it("is nobody where all are slow, where the difference is small, or with too few peers", () => {
    const all = measure({
      taskManagers: evenReport().taskManagers.map((tm) => ({ ...tm, latencyMs: { p50: 120, p99: 260 } })),
    });
    const little = measure(withOne("taskmanager-03", { latencyMs: { p50: 6, p99: 20 } }));
    const few = measure({
      taskManagers: (withOne("taskmanager-03", { latencyMs: { p50: 120, p99: 260 } }).taskManagers ?? []).slice(0, 3),
    });
    for (const b of [all, little, few]) {
      expect(compareRuns(side("a", measure()), side("b", b), null).standOuts).toEqual([]);
    }
  });

  it("is a partition with more records than its peers", () => {
    const skewed = measure({
      partitions: evenReport().partitions.map((one) => (one.p === 5 ? { ...one, count: 400_000 } : one)),
    });
    const { standOuts } = compareRuns(side("a", measure()), side("b", skewed), null);
    expect(standOuts).toMatchObject([{ name: "partition 5", measure: "records", side: "b" }]);
  });
});

describe("a baseline", () => {
  const save = (known: readonly RunMeasure[], ...more: readonly RunMeasure[]) => extendBaseline(known, more);
  const read = (text: string) => parseRuns(text, null);

  it("gives back what was put into it", () => {
    const runs = [rate(100), rate(110)];
    expect(read(save([], ...runs).text)).toEqual({ kind: "valid", value: runs });
  });

  it("holds each run once, and the newest twenty (B1)", () => {
    expect(save([rate(100)], rate(100), rate(110))).toMatchObject({ runs: 2, added: 1 });
    const days = Array.from({ length: 25 }, (_, day) =>
      measure({ runId: `day${day}`, startedAt: new Date(day * 86_400_000).toISOString() }),
    );
    const parsed = read(save(days.slice(5), ...days.slice(0, 5)).text);
    expect(parsed.kind === "valid" && parsed.value.map(({ runId }) => runId)).toEqual(
      days.slice(5).map(({ runId }) => runId),
    );
  });

  it("may be a report, or a list of reports", () => {
    const one = JSON.stringify(evenReport());
    expect(read(one)).toEqual({ kind: "valid", value: [measure()] });
    expect(read(`[${one},${one}]`)).toEqual({ kind: "valid", value: [measure(), measure()] });
  });

  it("is refused with the field that is wrong", () => {
    const { latencyMs: _, ...without } = evenReport();
    const broken = JSON.parse(save([], rate(100)).text) as { runs: { figures: Record<string, unknown> }[] };
    broken.runs.forEach((run) => {
      run.figures["startupMs"] = { value: "fast" };
    });
    const unmeasured = JSON.parse(save([], rate(100)).text) as { runs: RunMeasure[] };
    const withLoads = (change: object) =>
      JSON.stringify({ ...unmeasured, runs: unmeasured.runs.map((run) => ({ ...run, ...change })) });
    for (const [text, reason] of [
      ["nothing", "it is not JSON"],
      ["[]", "it is an empty list"],
      ["[1]", /^report\[0\] is 1/],
      [JSON.stringify(without), /^latencyMs is missing/],
      ['{"kind":"another","schema":1}', /^kind is "another"/],
      ['{"kind":"flink-apphost baseline","schema":2,"runs":[]}', /^schema is 2/],
      ['{"kind":"flink-apphost baseline","schema":1,"runs":[]}', /^runs is \[\]/],
      [JSON.stringify(broken), /^runs\[0\]\.figures\.startupMs\.value is "fast"/],
      [
        withLoads({ taskManagers: [{ name: "taskmanager-01", processed: 1, cpuUsPerMessage: "much" }] }),
        /^runs\[0\]\.taskManagers\[0\]\.cpuUsPerMessage is "much"/,
      ],
      [
        withLoads({ partitions: [{ p: 0, records: 1, lagMsMax: [] }] }),
        /^runs\[0\]\.partitions\[0\]\.lagMsMax is \[\]/,
      ],
    ] as const) {
      expect(read(text)).toEqual({ kind: "malformed", reason: expect.stringMatching(reason) });
    }
  });
});

describe("a comparison as text", () => {
  it("says first what differs, when it was forced, and last how it was judged", () => {
    const other = measure({
      throughput: { producePerSecond: null, endToEndPerSecond: 70_000 },
      machine: { ...evenReport().machine, cores: 4 },
    });
    const lines = renderComparison(compareRuns(side("a", rate(80_000), rate(81_000)), side("b", other), 0.1), 10);
    expect(lines[3]).toBe("COMPARED BY FORCE, though these differ, and a change may come from them:");
    expect(lines[4]).toBe("  machine: 2 cores (cpu), 8 GiB in A, 4 cores (cpu), 8 GiB in B");
    expect(lines).toContain("WORSE: rate end to end, 80,500/s in A, 70,000/s in B (-13.0 %)");
    expect(lines.at(-1)).toBe("FAILED: worse by more than 10 % and by more than the spread: rate end to end");
  });

  it("says that a limit could not be judged", () => {
    const lines = renderComparison(compareRuns(side("a", rate(100)), side("b", rate(10)), 0.1), 10);
    expect(lines.at(-1)).toMatch(/^UNKNOWN: /);
    expect(lines.filter((line) => line.startsWith("WORSE"))).toEqual(["WORSE: nothing beyond its spread"]);
  });
});
