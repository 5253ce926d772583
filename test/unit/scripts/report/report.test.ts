import { describe, expect, it } from "vitest";
import { buildReport, type ReportFacts } from "../../../../scripts/report/build-report.ts";
import { MetricsMerge } from "../../../../scripts/report/metrics-merge.ts";
import { renderReport } from "../../../../scripts/report/report-text.ts";
import { checkLoadBalance, checkMaxTime } from "../../../../scripts/report/run-checks.ts";
import { evaluateFacts } from "../../../../scripts/validate/evaluate.ts";
import { CHECKS } from "../../../../simulator/common/contract/files/check-catalogue.ts";
import type { ChecksFile } from "../../../../simulator/common/contract/files/checks.ts";
import type { HostFacts } from "../../../../simulator/common/contract/files/host-facts.ts";
import type { Ledger } from "../../../../simulator/common/contract/files/ledger.ts";
import { latencyBucket } from "../../../../simulator/common/contract/latency-histogram.ts";
import type { TaskManagerMetrics } from "../../../../simulator/common/contract/metrics.ts";
import { FIRST_SEND_US, makeRun, toFacts } from "../validate/synthetic-run.ts";

const infra = { mode: "native" as const, version: "4.3.0", endpoint: "127.0.0.1:1" };

function makeHost(change: Partial<HostFacts> = {}): HostFacts {
  return {
    schema: 1,
    runId: "run",
    startedAtUs: FIRST_SEND_US - 2_000_000,
    finishedAtUs: FIRST_SEND_US + 9_000_000,
    config: makeRun([100]).config,
    parameters: { messages: 100, taskManagers: 2 },
    infra: { kafka: infra, redis: { ...infra, aof: "on", fsync: "everysec" } },
    rounds: [{ round: 1, firstId: 1, messages: 100 }],
    startupMs: 900,
    validationMs: 40,
    ending: { kind: "drained" },
    taskManagers: [
      { id: "taskmanager-01", pid: 11, restarts: 0, partitions: [0, 2] },
      { id: "taskmanager-02", pid: 12, restarts: 1, partitions: [1] },
    ],
    membershipChanged: false,
    faults: [],
    checkpoints: { completed: 3, failed: 0, lastId: 1_000_003 },
    resources: { cpuPercentPeak: 50, memoryPercentAvg: 20, byProcess: [] },
    ...change,
  };
}

function makeMetrics(change: Partial<TaskManagerMetrics>): TaskManagerMetrics {
  return {
    tm: "taskmanager-01",
    incarnation: "a",
    pid: 11,
    atUs: 1,
    processed: 60,
    rejected: 0,
    skipped: 0,
    bytes: 0,
    applies: { ok: 5, dup: 1, seek: 0, fenced: 0, storeLost: 0 },
    partitions: [],
    checkpointId: 0,
    final: false,
    cpuMs: 10,
    rssBytes: 100,
    busyMs: 0,
    eventLoopLagMsMax: 0,
    latency: [latencyBucket(1_000), 60],
    latencyUsMax: 1_005,
    ...change,
  };
}

const checksOf = (rounds: readonly number[] = [100]): ChecksFile =>
  evaluateFacts(toFacts(makeRun(rounds)), { durationMs: 33 });

const LOAD_US = 0;

function makeFacts(change: Partial<ReportFacts> = {}): ReportFacts {
  const metrics = new MetricsMerge({ loadStartedAtUs: LOAD_US });
  metrics.add(makeMetrics({ atUs: 1, processed: 20, latency: [latencyBucket(1_000), 20], rssBytes: 300 }));
  metrics.add(makeMetrics({ atUs: 2 }));
  metrics.add(
    makeMetrics({
      tm: "taskmanager-02",
      incarnation: "b",
      processed: 30,
      latency: [latencyBucket(9_000), 30],
      latencyUsMax: 9_100,
    }),
  );
  metrics.add(
    makeMetrics({
      tm: "taskmanager-02",
      incarnation: "c",
      processed: 3,
      latency: [latencyBucket(50_000), 3],
      latencyUsMax: 50_900,
      cpuMs: 7,
    }),
  );
  const machine = { cores: 2, memoryBytes: 2 ** 30, cpuModel: "cpu", node: "v24" };
  return { host: makeHost(), checks: checksOf(), ledgers: [], metrics, machine, ...change };
}

describe("buildReport", () => {
  it("passes a run whose checks passed, with durations from first send to last effect", () => {
    const report = buildReport(makeFacts());
    expect([report.verdict, report.exitCode, report.reasons]).toEqual(["passed", 0, []]);
    const lastEffect = Math.max(...makeRun([100]).applies.map(({ appliedAtUs }) => appliedAtUs));
    const endToEnd = (lastEffect - FIRST_SEND_US) / 1000;
    expect(report.durationMs).toEqual({ startup: 900, produce: 500, endToEnd, validation: 40, total: 11_000 });
    expect(report.throughput.endToEndPerSecond).toBeCloseTo(100 / (endToEnd / 1000));
    expect(report.throughput.producePerSecond).toBeCloseTo(200);
    expect(report.scenarios.every(({ passed }) => passed)).toBe(true);
    const listed = report.scenarios.flatMap(({ checks }) => checks);
    expect(listed.sort()).toEqual(report.checks.map(({ id }) => id).sort());
  });

  it("tells the times that intervals are measured between, and null for what did not happen", () => {
    const host = makeHost({ firstAssignedAtUs: FIRST_SEND_US - 1_000 });
    const checks = checksOf();
    expect(buildReport(makeFacts({ host, checks })).timesUs).toEqual({
      hostStart: host.startedAtUs,
      firstAssignment: FIRST_SEND_US - 1_000,
      firstSend: FIRST_SEND_US,
      lastAcknowledgement: checks.lastAckAtUs,
      lastEffect: Math.max(...makeRun([100]).applies.map(({ appliedAtUs }) => appliedAtUs)),
    });
    const unknown = buildReport(makeFacts({ checks: null })).timesUs;
    expect([unknown.firstAssignment, unknown.firstSend, unknown.lastEffect]).toEqual([null, null, null]);
  });

  it("tells what became of the messages that were not acknowledged", () => {
    const [ledger] = makeRun([100]).ledgers;
    const open = { ...(ledger as Ledger), acknowledged: 70, unknown: 20, refused: 4, unsent: 6 };
    const report = buildReport(makeFacts({ ledgers: [ledger as Ledger, open] }));
    expect(report.unacknowledged).toEqual({ unknown: 20, refused: 4, unsent: 6 });
    expect(renderReport(report)).toContain(
      "Not acknowledged: 20 went out and have no answer, 4 were refused, 6 never went out",
    );
    expect(buildReport(makeFacts()).unacknowledged).toBeNull();
  });

  it("sums rounds without the idle time between them", () => {
    const checks = checksOf([50, 50]);
    const host = makeHost({ rounds: [1, 2].map((round) => ({ round, firstId: round === 1 ? 1 : 51, messages: 50 })) });
    const report = buildReport(makeFacts({ host, checks }));
    // The second round's synthetic rows lie before its first send; produce is 0.5 s a round, a minute apart.
    expect(report.durationMs.produce).toBe(1_000);
    expect(report.messages).toMatchObject({ requested: 100, acknowledged: 100, processed: 100 });
  });

  it("takes the newest metrics of each incarnation, and says what died with a TaskManager", () => {
    const report = buildReport(makeFacts());
    expect(report.latencyMs).toMatchObject({ recorded: 93, missing: 7, max: 50.9 });
    expect(report.latencyMs.p50).toBeCloseTo(1.0, 1);
    expect(report.applies).toEqual({ ok: 15, dup: 3, seek: 0, fenced: 0, storeLost: 0 });
    expect(report.taskManagers[1]).toMatchObject({ id: "taskmanager-02", cpuMs: 17, restarts: 1 });
    expect(report.taskManagers[0]).toMatchObject({ rssBytesMax: 300, processed: 67 });
  });

  it("tells what observing cost, of the CPU time under load, and null without a load", () => {
    expect(buildReport(makeFacts()).resources.observer).toBeNull();
    const use = (name: string, loadCpuMs: number) => ({ name, cpuMs: 5_000, loadCpuMs, rssBytesMax: 1 });
    const byProcess = [
      use("host", 30),
      use("jobmanager", 20),
      use("flink-job-simulator", 5),
      use("taskmanager-01", 900),
    ];
    const resources = { cpuPercentPeak: 50, memoryPercentAvg: 20, byProcess: [...byProcess, use("producer", 45)] };
    const facts = makeFacts({ host: makeHost({ resources }) });
    facts.metrics.add(makeMetrics({ atUs: 9, observerCpuMs: 7 }));
    facts.metrics.add(makeMetrics({ tm: "taskmanager-02", incarnation: "c", observerCpuMs: 3 }));
    // Before the load began: not the load's.
    facts.metrics.add(makeMetrics({ tm: "taskmanager-03", incarnation: "d", atUs: LOAD_US, observerCpuMs: 40 }));
    facts.metrics.add(makeMetrics({ tm: "taskmanager-03", incarnation: "d", atUs: LOAD_US + 9, observerCpuMs: 42 }));
    const report = buildReport(facts);
    expect(report.resources.observer).toEqual({ cpuMs: 67, totalCpuMs: 1_000, percent: 6.7 });
    expect(renderReport(report)).toContain("took 67 ms of 1000 ms CPU time under load, 6.7 %");
  });

  it("knows nothing that was not recorded when infrastructure failed before the validator", () => {
    const host = makeHost({ ending: { kind: "infrastructureFailed", reason: "Kafka is gone" }, startupMs: null });
    const report = buildReport(
      makeFacts({ host, checks: null, metrics: new MetricsMerge({ loadStartedAtUs: LOAD_US }) }),
    );
    expect([report.verdict, report.exitCode, report.reasons]).toEqual(["failed", 3, ["Kafka is gone"]]);
    expect(report.messages).toMatchObject({ requested: 100, acknowledged: 0, processed: null, lost: null });
    expect(report.durationMs).toMatchObject({ startup: null, produce: null, endToEnd: null });
    expect(report.latencyMs).toEqual({
      p50: null,
      p90: null,
      p99: null,
      p999: null,
      max: null,
      recorded: 0,
      missing: null,
    });
    expect(report.throughput).toEqual({ producePerSecond: null, endToEndPerSecond: null });
    expect(renderReport(report)).toContain("unknown lost, unknown duplicated");
  });
});

describe("max-time", () => {
  it.each<[string, Partial<HostFacts>, ChecksFile | null, string]>([
    ["passes within the budget", {}, checksOf(), "passed"],
    ["fails above it", { config: { ...makeRun().config, maxTimeMs: 5 } }, checksOf(), "failed"],
    ["fails when the deadline passed", { ending: { kind: "timeExceeded", waitedFor: "drained" } }, null, "failed"],
    ["does not know without a time", {}, { ...checksOf(), rounds: [] }, "unknown"],
    ["does not believe a first send before the run", { startedAtUs: FIRST_SEND_US + 1 }, checksOf(), "unknown"],
    ["does not believe a last effect after the run", { finishedAtUs: FIRST_SEND_US + 1 }, checksOf(), "unknown"],
    [
      "does not apply to an interrupted run",
      { ending: { kind: "interrupted", signal: "SIGINT" } },
      null,
      "notApplicable",
    ],
    ["does not apply when nothing was produced", { rounds: [] }, null, "notApplicable"],
  ])("%s", (_, change, checks, status) => {
    expect(checkMaxTime(makeHost(change), checks).status).toBe(status);
  });
});

describe("load-balance", () => {
  const tm = (id: string, partitions: number[], registered = true) => ({
    id,
    pid: 1,
    restarts: 0,
    partitions,
    registered,
  });
  it.each<[string, Partial<HostFacts>, ChecksFile, string]>([
    ["passes when counts differ by one", {}, checksOf(), "passed"],
    ["fails when they differ by two", { taskManagers: [tm("a", [0, 1, 2]), tm("b", [])] }, checksOf(), "failed"],
    ["fails when a partition has no owner", { taskManagers: [tm("a", [0]), tm("b", [1])] }, checksOf(), "failed"],
    [
      "counts only registered ones",
      { membershipChanged: true, taskManagers: [tm("a", [0, 1, 2]), tm("b", [], false)] },
      checksOf(),
      "passed",
    ],
    ["fails when one processed nothing", {}, { ...checksOf(), byTaskManager: { "taskmanager-01": 100 } }, "failed"],
    [
      "does not compare shares after a change",
      { membershipChanged: true },
      { ...checksOf(), byTaskManager: {} },
      "passed",
    ],
    ["does not apply when the job never ran", { startupMs: null }, checksOf(), "notApplicable"],
  ])("%s", (_, change, checks, status) => {
    expect(checkLoadBalance(makeHost(change), checks).status).toBe(status);
  });
});

describe("renderReport", () => {
  it("tells the verdict first, who is idle, and the last lines of what failed under their reason", () => {
    const idle = { id: "taskmanager-03", pid: 13, restarts: 0, partitions: [] };
    const host = makeHost({
      startupMs: null,
      taskManagers: [...makeHost().taskManagers, idle],
      ending: { kind: "infrastructureFailed", reason: "kafka ended; its last lines:\none\ntwo" },
      infra: { kafka: infra, redis: { ...infra, aof: "off", fsync: null } },
    });
    const lines = renderReport(buildReport({ ...makeFacts(), host, checks: null })).split("\n");
    expect(lines[1]).toBe("Verdict: FAILED (exit code 3)");
    expect(lines.find((line) => line.startsWith("Redis:"))).toBe("Redis: native 4.3.0 at 127.0.0.1:1, aof off");
    expect(lines.find((line) => line.startsWith("taskmanager-03"))).toContain("idle (no partition)");
    const reason = lines.indexOf("- kafka ended; its last lines:");
    expect(lines.slice(reason, reason + 3)).toEqual(["- kafka ended; its last lines:", "  | one", "  | two"]);
  });

  it("tells verdict, infrastructure, counts and each check, in Given/When/Then form", () => {
    const report = buildReport(makeFacts());
    const text = renderReport(report);
    for (const part of [
      "=== BDD TEST SPECIFICATION ===",
      "=== FIRST 10 PROCESSED MESSAGES ===",
      "=== FINAL PERFORMANCE METRICS ===",
      "=== SUCCESS SUMMARY ===",
      "BDD SCENARIO: Redis Data Validation",
      "   GIVEN: the job keeps counts",
      "SCENARIO RESULT: PASSED",
      "Kafka: native 4.3.0 at 127.0.0.1:1",
      "fsync everysec",
      "Target Messages: 100",
      "0 lost, 0 duplicated",
      "Verdict: PASSED (exit code 0)",
    ]) {
      expect(text).toContain(part);
    }
    for (const { id } of report.checks) expect(text).toContain(`(${id})`);
    expect(text.match(/^Message \d+: /gm)).toHaveLength(20);
    expect(text).not.toContain("undefined");
  });

  it.each([
    [
      { kind: "finished" },
      /^Warm-up: 5,000 messages sent and 4,000 read .* in 812 ms \(5s asked for\), none of them counted$/,
    ],
    [{ kind: "failed", reason: "it was killed" }, /^Warm-up: failed, and the run went on without it: it was killed; /],
    [{ kind: "interrupted" }, /^Warm-up: cut short by the end of the run; 5,000 messages sent/],
  ] as const)("tells a warm-up that is %j beside the rate, and counts nothing of it", (outcome, line) => {
    const warmUp = { asked: "5s", outcome, sent: 5_000, read: 4_000, durationMs: 812 };
    const plain = buildReport(makeFacts());
    const report = buildReport({ ...makeFacts(), host: makeHost({ warmUp }) });
    expect(report).toEqual({ ...plain, warmUp });
    const lines = renderReport(report).split("\n");
    expect(lines[lines.findIndex((one) => one.startsWith("Throughput:")) + 1]).toMatch(line);
    expect(lines.filter((one) => !line.test(one))).toEqual(renderReport(plain).split("\n"));
  });

  it("counts checkpoints as a person does", () => {
    const text = renderReport(buildReport(makeFacts()));
    expect(text).toContain("Checkpoints: 3 completed, 0 failed, last 3\n");
  });

  it("says beside a check that its sources are not independent, and only there", () => {
    const lines = renderReport(buildReport(makeFacts())).split("\n");
    const lineAfter = (id: string) => lines[lines.findIndex((line) => line.includes(`(${id})`)) + 2];
    expect(lineAfter("I2-total")).toBe(
      `         not independent (total of the hash (APPLY); counts of the hash (APPLY)): ${CHECKS.total.why}`,
    );
    expect(lineAfter("I4-redis-vs-topic")).not.toContain("independent");
  });

  it("shows what is not known as neither passed nor failed", () => {
    const run = makeRun([100]);
    run.earliest = [5];
    const report = buildReport(makeFacts({ checks: evaluateFacts(toFacts(run), { durationMs: 1 }) }));
    const text = renderReport(report);
    expect([report.verdict, report.exitCode]).toEqual(["unknown", 3]);
    for (const part of [
      "Verdict: UNKNOWN (exit code 3)",
      "=== SUMMARY WITHOUT A VERDICT ===",
      "UNKNOWN Counts and checksums in Redis equal those of the re-read topic (I4-redis-vs-topic)",
      "SCENARIO RESULT: UNKNOWN",
      "unknown lost, unknown duplicated",
      "- not known: Ids rise within each partition (I6-order): partition 0: offsets 0 to 4 could not be read",
    ]) {
      expect(text).toContain(part);
    }
  });

  it("gives the reasons of a failure", () => {
    const run = makeRun([100]);
    run.hash["total"] = "99";
    const report = buildReport(makeFacts({ checks: evaluateFacts(toFacts(run), { durationMs: 1 }) }));
    const text = renderReport(report);
    expect(report.exitCode).toBe(4);
    expect(text).toContain("=== FAILURE SUMMARY ===");
    expect(text).toContain("- The total is the sum of the partitions' counts (I2-total): the total is 99");
    expect(text).toContain("SCENARIO RESULT: FAILED");
  });

  it("lists the faults, and says how many more there were", () => {
    const fault = {
      ...({ kind: "processExit", target: "kafka", at: "2026-11-28T14:00:00.000Z", planned: false } as const),
      detail: "exit code 1",
      recoveredAfterMs: 70,
    };
    const textOf = (host: Partial<HostFacts>) => renderReport(buildReport(makeFacts({ host: makeHost(host) })));
    expect(textOf({})).not.toContain("=== FAULTS ===");
    expect(textOf({ faults: [fault] })).toContain("kafka (not planned): exit code 1; back after 70 ms");
    expect(textOf({ faults: [{ ...fault, planned: true }] })).toContain("kafka (killed as asked): exit code 1");
    expect(textOf({ faults: [fault] })).not.toContain("earlier");
    expect(textOf({ faults: [fault], faultsDropped: 3 })).toContain("3 earlier ones are in events.ndjson only");
  });
});
