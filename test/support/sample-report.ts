/** The report of an imagined run of two TaskManagers, one of which was killed. */
import { CHECKS } from "../../simulator/common/contract/files/check-catalogue.ts";
import type { Check, Report, SampleMessage } from "../../simulator/common/contract/files/report.ts";

/** Run time in µs of the host's start. */
export const REPORT_START_US = 1_795_360_719_000_000;

const check = (definition: (typeof CHECKS)[keyof typeof CHECKS], status: Check["status"]): Check => ({
  ...definition,
  expected: "2000",
  actual: status === "passed" ? "2000" : "1999",
  examined: 2_000,
  status,
  reason: "every offset below the applied ones",
});

const sample = (id: number): SampleMessage => ({
  redis_ordered_id: id,
  timestamp: "2026-11-22T18:18:40.000Z",
  job_id: "594626744d9c54951c2a539276c13575",
  task_id: "taskmanager-01",
  kafka_partition: 0,
  kafka_offset: id - 1,
  processing_stage: "source->map->sink",
  payload: `sample-data-00000000000${id}`,
});

export function sampleReport(change: Partial<Report> = {}): Report {
  const checks = [check(CHECKS.state, "passed"), check(CHECKS.effect, "passed")];
  return {
    schema: 1,
    verdict: "passed",
    exitCode: 0,
    reasons: [],
    runId: "ab12cd34",
    startedAt: "2026-11-22T18:18:39.000Z",
    finishedAt: "2026-11-22T18:19:09.000Z",
    infra: {
      kafka: { mode: "embedded", version: "0.1.0", endpoint: "127.0.0.1:1234" },
      redis: { mode: "embedded", version: "0.1.0", endpoint: "127.0.0.1:1235", aof: "off", fsync: null },
    },
    machine: { cores: 2, memoryBytes: 2 ** 34, cpuModel: "a processor", node: "v24.0.0" },
    parameters: { messages: 2_000, taskManagers: 2, partitions: 2, infra: "auto", once: true, topic: null },
    job: { id: "594626744d9c54951c2a539276c13575", name: "job", topic: "orders", stateKey: "state", group: "group" },
    messages: {
      requested: 2_000,
      acknowledged: 2_000,
      inKafka: 2_000,
      processed: 2_000,
      rejected: 0,
      unprocessed: 0,
      notCounted: 0,
      lost: 0,
      duplicated: 0,
      outOfOrder: 0,
    },
    unacknowledged: { unknown: 0, refused: 0, unsent: 0 },
    throughput: { producePerSecond: 210, endToEndPerSecond: 200 },
    latencyMs: { p50: 1.5, p90: 3, p99: 40, p999: 80, max: 81, recorded: 1_900, missing: 100 },
    durationMs: { startup: 2_000, produce: 9_500, endToEnd: 10_000, validation: 400, total: 30_000 },
    timesUs: {
      hostStart: REPORT_START_US,
      firstAssignment: REPORT_START_US + 2_000_000,
      firstSend: REPORT_START_US + 2_500_000,
      lastAcknowledgement: REPORT_START_US + 12_000_000,
      lastEffect: REPORT_START_US + 12_500_000,
    },
    taskManagers: [
      {
        id: "taskmanager-01",
        pid: 11,
        partitions: [0],
        processed: 1_100,
        cpuMs: 210,
        rssBytesMax: 2 ** 26,
        restarts: 1,
      },
      { id: "taskmanager-02", pid: 12, partitions: [1], processed: 900, cpuMs: 200, rssBytesMax: 2 ** 26, restarts: 0 },
    ],
    partitions: [
      { p: 0, start: 0, end: 1_100, count: 1_100, rejected: 0, skipped: 0, idSum: 1, idMix: 1 },
      { p: 1, start: 0, end: 900, count: 900, rejected: 0, skipped: 0, idSum: 1, idMix: 1 },
    ],
    applies: { ok: 20, dup: 1, seek: 0, fenced: 0, storeLost: 0 },
    checkpoints: { completed: 10, failed: 0, lastId: 1_000_010 },
    resources: {
      cpuPercentPeak: 90,
      memoryPercentAvg: 6.5,
      byProcess: [
        { name: "kafka", cpuMs: 750, loadCpuMs: 500, rssBytesMax: 2 ** 28 },
        { name: "taskmanager-01", cpuMs: 210, loadCpuMs: 100, rssBytesMax: 2 ** 26 },
      ],
      observer: { cpuMs: 20, totalCpuMs: 1_000, percent: 2 },
    },
    checks,
    scenarios: [
      {
        name: "Redis Data Validation",
        given: "the job keeps counts in one Redis hash",
        when: "1 of 1 checks compared facts recorded in this run",
        // biome-ignore lint/suspicious/noThenProperty: a name of report.json's public form; a scenario is never awaited
        then: "all 1 passed",
        passed: true,
        checks: ["store-state"],
      },
    ],
    samples: { first: [sample(1)], last: [sample(2)] },
    faults: [
      {
        kind: "processExit",
        target: "taskmanager-01",
        at: "2026-11-22T18:18:45.000Z",
        planned: false,
        detail: "signal SIGKILL",
        recoveredAfterMs: 1_200,
      },
    ],
    faultsDropped: 0,
    ...change,
  };
}
