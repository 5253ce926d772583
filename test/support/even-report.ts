/** The report of an imagined run in which all are alike: eight TaskManagers with a partition each, 10 seconds, embedded servers. */
import { CHECKS } from "../../simulator/common/contract/files/check-catalogue.ts";
import type { Check, Report } from "../../simulator/common/contract/files/report.ts";
import { taskManagerName } from "../../simulator/common/contract/names.ts";

const TASK_MANAGERS = 8;
const MESSAGES = 800_000;

export function sampleCheck(change: Partial<Check> = {}): Check {
  return {
    ...CHECKS.total,
    expected: "800000",
    actual: "800000",
    examined: 8,
    status: "passed",
    reason: "the total and 8 counts",
    ...change,
  };
}

export function evenReport(change: Partial<Report> = {}): Report {
  const names = Array.from({ length: TASK_MANAGERS }, (_, index) => taskManagerName(index + 1));
  const server = { mode: "embedded", version: "flink-apphost 0.1.0", endpoint: "127.0.0.1:1" } as const;
  const each = MESSAGES / TASK_MANAGERS;
  return {
    schema: 1,
    verdict: "passed",
    exitCode: 0,
    reasons: [],
    runId: "0d437693",
    startedAt: "2026-11-22T18:24:24.000Z",
    finishedAt: "2026-11-22T18:24:44.000Z",
    infra: { kafka: server, redis: { ...server, aof: "off", fsync: null } },
    machine: { cores: 2, memoryBytes: 8 * 2 ** 30, cpuModel: "cpu", node: "v24.21.0" },
    parameters: { messages: MESSAGES, messageSize: 100, rate: 80_000, checkpointIntervalMs: 1_000 },
    job: { id: "job", name: "flink-job-simulator", topic: "topic", stateKey: "{job}:state", group: "group" },
    messages: {
      requested: MESSAGES,
      acknowledged: MESSAGES,
      inKafka: MESSAGES,
      processed: MESSAGES,
      rejected: 0,
      unprocessed: 0,
      notCounted: 0,
      lost: 0,
      duplicated: 0,
      outOfOrder: 0,
    },
    unacknowledged: { unknown: 0, refused: 0, unsent: 0 },
    throughput: { producePerSecond: 80_000, endToEndPerSecond: 80_000 },
    latencyMs: { p50: 5, p90: 7, p99: 14, p999: 40, max: 60, recorded: MESSAGES, missing: 0 },
    durationMs: { startup: 1_500, produce: 10_000, endToEnd: 10_000, validation: 300, total: 14_000 },
    timesUs: { hostStart: 0, firstAssignment: 1, firstSend: 2, lastAcknowledgement: 3, lastEffect: 4 },
    taskManagers: names.map((id, p) => ({
      id,
      pid: 100 + p,
      partitions: [p],
      processed: each,
      latencyMs: { p50: 5, p99: 14 },
      cpuMs: 300,
      rssBytesMax: 70 * 2 ** 20,
      restarts: 0,
    })),
    partitions: names.map((_, p) => ({
      p,
      start: 0,
      end: each,
      count: each,
      rejected: 0,
      skipped: 0,
      idSum: 0,
      idMix: 0,
    })),
    applies: { ok: 1_000, dup: 0, seek: 0, fenced: 0, storeLost: 0 },
    checkpoints: { completed: 10, failed: 0, lastId: 1_000_010 },
    resources: {
      cpuPercentPeak: 90,
      memoryPercentAvg: 20,
      byProcess: [
        ...names.map((name) => ({ name, cpuMs: 300, loadCpuMs: 160, rssBytesMax: 70 * 2 ** 20 })),
        { name: "producer", cpuMs: 600, loadCpuMs: 480, rssBytesMax: 75 * 2 ** 20 },
        { name: "host", cpuMs: 900, loadCpuMs: 80, rssBytesMax: 110 * 2 ** 20 },
        { name: "validator", cpuMs: 5_000, loadCpuMs: 0, rssBytesMax: 500 * 2 ** 20 },
      ],
      observer: null,
    },
    checks: [sampleCheck()],
    scenarios: [
      {
        name: "Redis Data Validation",
        given: "counts",
        when: "compared",
        // biome-ignore lint/suspicious/noThenProperty: a name of report.json's public form; a scenario is never awaited
        then: "all passed",
        passed: true,
        checks: ["I2-total"],
      },
    ],
    samples: { first: [], last: [] },
    faults: [],
    faultsDropped: 0,
    ...change,
  };
}
