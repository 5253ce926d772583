/** The events of an imagined run, for everything that shows events: what a host of 20 TaskManagers would emit. */
import type {
  HostEvent,
  HostEventBody,
  ProgressEvent,
  ResourceKind,
  ResourceState,
} from "../../simulator/common/contract/events.ts";
import { taskManagerName } from "../../simulator/common/contract/names.ts";

export const SAMPLE_START_US = 1_795_360_719_000_000;
export const SAMPLE_RUN_ID = "20261122-180000-ab12cd";

export interface SampleOptions {
  readonly taskManagers?: number;
  readonly messages?: number;
  readonly passed?: boolean;
}

export function sampleResource(name: string, kind: ResourceKind, state: ResourceState): HostEventBody {
  const isRunning = state === "running";
  return {
    type: "resource",
    name,
    kind,
    state,
    health: isRunning ? "healthy" : "unknown",
    pid: isRunning ? 4_242 : null,
    endpoint: isRunning && kind !== "taskmanager" ? "127.0.0.1:41234" : null,
    restarts: 0,
    reason: "",
  };
}

export function sampleProgress(share: number, options: SampleOptions = {}): ProgressEvent {
  const { taskManagers = 20, messages = 10_000_000 } = options;
  const processed = Math.floor(messages * share);
  const acknowledged = Math.min(messages, Math.floor(messages * share * 1.1));
  return {
    type: "progress",
    round: 1,
    requested: messages,
    sent: acknowledged,
    acknowledged,
    produced: acknowledged,
    processed,
    rejected: 0,
    acknowledgedPerSecond: 1_100_000,
    producedPerSecond: 1_100_000,
    processedPerSecond: 1_000_000 + Math.round(share * 234_567),
    lag: acknowledged - processed,
    latencyMs: { p50: 4.25, p99: 61.5 },
    intervalLatencyMs: { p50: 4.5, p99: 70 },
    partitions: Array.from({ length: taskManagers }, (_, p) => ({
      p,
      owner: taskManagerName(p + 1),
      lag: 1_000 * (p + 1),
      perSecond: 61_728,
    })),
    lastCheckpointId: 1_000_003,
    applies: { ok: 1_234, dup: 0, seek: 0, fenced: 0, storeLost: 0 },
    taskManagers: Array.from({ length: taskManagers }, (_, index) => ({
      name: taskManagerName(index + 1),
      processed: Math.floor(processed / taskManagers),
      perSecond: 61_728,
      partitions: [index],
      cpuMs: 1_500,
      rssBytes: 75 * 1_048_576,
    })),
  };
}

function bodies(options: SampleOptions): readonly HostEventBody[] {
  const { taskManagers = 20, messages = 10_000_000, passed = true } = options;
  const names = Array.from({ length: taskManagers }, (_, index) => taskManagerName(index + 1));
  return [
    { type: "run", runId: SAMPLE_RUN_ID, runDir: `.flink-apphost/runs/${SAMPLE_RUN_ID}`, command: "up --once" },
    ...(["kafka", "redis", "jobmanager"] as const).map((name) => sampleResource(name, name, "notStarted")),
    ...names.map((name) => sampleResource(name, "taskmanager", "notStarted")),
    ...(["flink-job-simulator", "producer", "validator"] as const).map((n) => sampleResource(n, n, "notStarted")),
    { type: "phase", phase: "infrastructure", detail: "" },
    { type: "waiting", for: "kafka to answer", waitedMs: 0, deadlineMs: 60_000 },
    sampleResource("kafka", "kafka", "running"),
    sampleResource("redis", "redis", "running"),
    {
      type: "infrastructure",
      kafka: { mode: "native", version: "4.3.0", endpoint: "127.0.0.1:41234" },
      redis: { mode: "embedded", version: "0.1.0", endpoint: "127.0.0.1:41235", aof: null, fsync: null },
    },
    { type: "phase", phase: "job", detail: "" },
    sampleResource("jobmanager", "jobmanager", "running"),
    ...names.map((name) => sampleResource(name, "taskmanager", "running")),
    sampleResource("flink-job-simulator", "flink-job-simulator", "running"),
    { type: "phase", phase: "producing", detail: "round 1" },
    sampleResource("producer", "producer", "running"),
    ...[0.1, 0.4, 0.7, 1].map((share) => sampleProgress(share, options)),
    { type: "checkpoint", id: 1_000_003, status: "completed", durationMs: 23.4, total: messages, reason: null },
    sampleResource("producer", "producer", "finished"),
    { type: "phase", phase: "validating", detail: "" },
    {
      type: "verdict",
      verdict: passed ? "passed" : "failed",
      exitCode: passed ? 0 : 4,
      reasons: passed ? [] : ["partition-counts: expected 500,000, found 499,999 in partition 7"],
      runId: SAMPLE_RUN_ID,
      report: `.flink-apphost/runs/${SAMPLE_RUN_ID}/report.json`,
      rounds: 1,
      processed: passed ? messages : messages - 1,
      notCounted: 0,
      lost: passed ? 0 : 1,
      duplicated: 0,
      endToEndPerSecond: 1_234_567,
      checks: { passed: passed ? 20 : 19, failed: passed ? 0 : 1, unknown: 0, notApplicable: 1 },
    },
  ];
}

/** The run as stamped events, 100 ms apart. */
export function sampleEvents(options: SampleOptions = {}): readonly HostEvent[] {
  return bodies(options).map((body, index) => ({ atUs: SAMPLE_START_US + index * 100_000, ...body }));
}
