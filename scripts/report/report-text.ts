/** The text report, in Given/When/Then form. Rendered only from the report, so it can say nothing else. Pure. */
import { formatCheckpointId } from "../../simulator/common/contract/files/checkpoint.ts";
import {
  type Check,
  type CheckStatus,
  describeCompression,
  describeWarmUp,
  nameFault,
  type Report,
  type SampleMessage,
  type Scenario,
} from "../../simulator/common/contract/files/report.ts";
import { unreachable } from "../../simulator/common/foundation/assert.ts";

export function renderReport(report: Report): string {
  return [
    ...renderHead(report),
    ...renderSpecification(report),
    ...renderSamples("FIRST 10 PROCESSED MESSAGES", report.samples.first),
    ...renderSamples("LAST 10 PROCESSED MESSAGES", report.samples.last),
    ...report.scenarios.flatMap((scenario) => renderScenario(scenario, report.checks)),
    ...renderArchitecture(report),
    ...renderMetrics(report),
    ...renderFaults(report),
    ...renderSummary(report),
    "",
  ].join("\n");
}

const heading = (text: string): string[] => ["", `=== ${text} ===`];
const count = (value: number | null): string => (value === null ? "unknown" : String(Math.round(value)));
const milliseconds = (value: number | null): string => (value === null ? "unknown" : `${Math.round(value)} ms`);
const latency = (value: number | null): string => (value === null ? "unknown" : `${value.toFixed(1)} ms`);
const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
const percent = (value: number | null): string => (value === null ? "unknown" : `${value.toFixed(1)} %`);

function renderHead(report: Report): string[] {
  const { verdict, exitCode, runId, startedAt, finishedAt, infra, machine, parameters } = report;
  const { kafka, redis } = infra;
  return [
    "=== BDD-STYLE INTEGRATION TEST VERIFIER ===",
    `Verdict: ${verdict.toUpperCase()} (exit code ${exitCode})`,
    `Run: ${runId}`,
    `Started at: ${startedAt}`,
    `Finished at: ${finishedAt}`,
    ...heading("ENVIRONMENT CONFIGURATION ANALYSIS"),
    ...describeEngine(parameters),
    `Kafka: ${kafka.mode} ${kafka.version} at ${kafka.endpoint}`,
    `Redis: ${redis.mode} ${redis.version} at ${redis.endpoint}, ${describeDurability(redis)}`,
    `Machine: ${machine.cores} cores (${machine.cpuModel}), ${megabytes(machine.memoryBytes)}, Node ${machine.node}`,
  ];
}

function describeEngine({ engine, sql = null, jar = null }: Report["parameters"]): string[] {
  if (engine !== "flink") return [];
  if (sql !== null) return [`Engine: Apache Flink; the job is the SQL of ${sql}`];
  if (jar !== null) return [`Engine: Apache Flink; the job is the jar ${jar}`];
  return ["Engine: Apache Flink; the mirror applied what it committed"];
}

/** Without an append-only file there is nothing to sync. */
function describeDurability({ aof, fsync }: Report["infra"]["redis"]): string {
  if (aof === "off") return "aof off";
  return `aof ${aof ?? "unknown"}, fsync ${fsync ?? "unknown"}`;
}

function renderSpecification({ messages, parameters, job }: Report): string[] {
  const options = Object.entries(parameters).map(([name, value]) => `${name}=${value ?? "none"}`);
  return [
    ...heading("BDD TEST SPECIFICATION"),
    `Target Messages: ${messages.requested}${describeCompression(parameters)}`,
    `Kafka Topic: ${job.topic}`,
    `Job: ${job.name} ${job.id}`,
    `State Key: ${job.stateKey}`,
    `Parameters: ${options.join(" ")}`,
  ];
}

function renderSamples(title: string, samples: readonly SampleMessage[]): string[] {
  const lines = samples.map((sample) => `Message ${sample.redis_ordered_id}: ${JSON.stringify(sample)}`);
  return [...heading(title), ...(lines.length === 0 ? ["none was read back"] : lines)];
}

function renderScenario(scenario: Scenario, checks: readonly Check[]): string[] {
  const own = checks.filter(({ id }) => scenario.checks.includes(id));
  return [
    "",
    `BDD SCENARIO: ${scenario.name}`,
    `   GIVEN: ${scenario.given}`,
    `   WHEN: ${scenario.when}`,
    `   THEN: ${scenario.then}`,
    ...own.flatMap(renderCheck),
    `   SCENARIO RESULT: ${nameScenarioResult(scenario, own)}`,
  ];
}

function renderCheck({ id, title, expected, actual, examined, status, reason, ...check }: Check): string[] {
  const head = `      ${nameStatus(status)} ${title} (${id})`;
  if (status === "notApplicable") return [`${head}: ${reason}`];
  return [
    head,
    `         expected ${expected}; actual ${actual}; examined ${examined}; ${reason}`,
    // Who reads "passed" must see how much it is worth.
    ...(check.independent ? [] : [`         not independent (${check.sources.join("; ")}): ${check.why}`]),
  ];
}

function nameStatus(status: CheckStatus): string {
  switch (status) {
    case "passed":
      return "PASSED";
    case "failed":
      return "FAILED";
    case "unknown":
      return "UNKNOWN";
    case "notApplicable":
      return "NOT APPLICABLE";
    default:
      return unreachable(status);
  }
}

function nameScenarioResult(scenario: Scenario, own: readonly Check[]): string {
  if (scenario.passed) return "PASSED";
  const has = (wanted: CheckStatus) => own.some(({ status }) => status === wanted);
  return has("failed") ? "FAILED" : has("unknown") ? "UNKNOWN" : "NOT APPLICABLE";
}

function renderArchitecture({ taskManagers, checkpoints, applies }: Report): string[] {
  const lines = taskManagers.map(
    ({ id, pid, partitions, processed, cpuMs, rssBytesMax, restarts }) =>
      `${id}: pid ${pid ?? "none"}, ${describeShare(partitions, processed)}, ` +
      `cpu ${Math.round(cpuMs)} ms, memory ${megabytes(rssBytesMax)}, restarts ${restarts}`,
  );
  return [
    ...heading("ARCHITECTURE STATUS"),
    ...lines,
    `Checkpoints: ${checkpoints.completed} completed, ${checkpoints.failed} failed, last ${formatCheckpointId(checkpoints.lastId)}`,
    `Applies: ${applies.ok} ok, ${applies.dup} dup, ${applies.seek} seek, ${applies.fenced} fenced, ${applies.storeLost} store lost`,
  ];
}

function describeShare(partitions: readonly number[], processed: number | null): string {
  if (processed === null) return "partitions and share not told";
  const held = partitions.length === 0 ? "idle (no partition)" : `partitions ${partitions.join(",")}`;
  return `${held}, processed ${processed}`;
}

function renderMetrics(report: Report): string[] {
  const { messages: m, unacknowledged, throughput, latencyMs: l, durationMs: d, resources } = report;
  return [
    ...heading("FINAL PERFORMANCE METRICS"),
    ...renderRounds(report),
    `Messages: ${m.requested} requested, ${m.acknowledged} acknowledged, ${count(m.inKafka)} in Kafka, ${count(m.processed)} processed`,
    `Not acknowledged: ${describeUnacknowledged(unacknowledged)}`,
    `Errors: ${count(m.lost)} lost, ${count(m.duplicated)} duplicated, ${count(m.outOfOrder)} out of order, ${count(m.rejected)} rejected, ${count(m.unprocessed)} unprocessed, ${count(m.notCounted)} not counted`,
    `Throughput: ${count(throughput.endToEndPerSecond)} messages/second end to end, ${count(throughput.producePerSecond)} produced`,
    ...renderWarmUp(report),
    `Latency: p50 ${latency(l.p50)}, p90 ${latency(l.p90)}, p99 ${latency(l.p99)}, p99.9 ${latency(l.p999)}, max ${latency(l.max)} (${l.recorded} recorded, ${count(l.missing)} missing)`,
    `Durations: startup ${milliseconds(d.startup)}, produce ${milliseconds(d.produce)}, end to end ${milliseconds(d.endToEnd)}, validation ${milliseconds(d.validation)}, total ${milliseconds(d.total)}`,
    `Resources: CPU peak ${percent(resources.cpuPercentPeak)}, memory average ${percent(resources.memoryPercentAvg)}`,
    `Observer: ${describeObserver(resources.observer)}`,
  ];
}

/** The first one is what the parameters say. */
function renderRounds({ rounds = [] }: Report): string[] {
  if (rounds.length < 2) return [];
  const described = rounds.map(({ round, messages, rate }) => {
    const speed = rate === undefined ? "" : rate === 0 ? " as fast as possible" : ` at ${rate} messages/second`;
    return `${round}: ${messages} messages${speed}`;
  });
  return [`Rounds: ${described.join("; ")}`];
}

/** Beside the rate, which it may have made a better one. */
const renderWarmUp = ({ warmUp = null }: Report): string[] =>
  warmUp === null ? [] : [`Warm-up: ${describeWarmUp(warmUp)}`];

function describeUnacknowledged(counts: Report["unacknowledged"]): string {
  if (counts === null) return "unknown";
  const { unknown, refused, unsent } = counts;
  return `${unknown} went out and have no answer, ${refused} were refused, ${unsent} never went out`;
}

function describeObserver(observer: Report["resources"]["observer"]): string {
  if (observer === null) return "not known";
  const { cpuMs, totalCpuMs } = observer;
  return `metrics, checkpoints and view took ${milliseconds(cpuMs)} of ${milliseconds(totalCpuMs)} CPU time under load, ${percent(observer.percent)}`;
}

function renderFaults({ faults, faultsDropped }: Report): string[] {
  if (faults.length === 0) return [];
  return [
    ...heading("FAULTS"),
    ...(faultsDropped === 0 ? [] : [`${faultsDropped} earlier ones are in events.ndjson only`]),
    ...faults.map((fault) => {
      const { at, kind, target, planned, detail, recoveredAfterMs } = fault;
      const end = recoveredAfterMs === null ? "did not come back" : `back after ${Math.round(recoveredAfterMs)} ms`;
      return `${at} ${kind} ${target} (${planned ? nameFault(fault) : "not planned"}): ${detail}; ${end}`;
    }),
  ];
}

function renderSummary({ verdict, exitCode, reasons }: Report): string[] {
  return [
    ...heading(nameSummary(verdict)),
    `Verdict: ${verdict.toUpperCase()} (exit code ${exitCode})`,
    // A reason may end with the last lines of a program that failed.
    ...reasons.map((reason) => `- ${reason.replaceAll("\n", "\n  | ")}`),
  ];
}

function nameSummary(verdict: Report["verdict"]): string {
  switch (verdict) {
    case "passed":
      return "SUCCESS SUMMARY";
    case "failed":
    case "interrupted":
      return "FAILURE SUMMARY";
    case "unknown":
      return "SUMMARY WITHOUT A VERDICT";
    default:
      return unreachable(verdict);
  }
}
