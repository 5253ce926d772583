/**
 * What a comparison needs of a run, small enough to keep in a baseline: its shape, its figures with how they vary from
 * second to second, and the load of each TaskManager and partition. Pure.
 */
import type { Report, VerdictWord, WarmUpFacts } from "../../../simulator/common/contract/files/report.ts";
import type { FigureSpec, RunFigures, Shape } from "./figures.ts";
import { PROCESS_KINDS, type ProcessKind, processKindOf } from "./process-kinds.ts";
import type { LoadSeconds, RunSeconds, TaskManagerLoad } from "./run-seconds.ts";
import { median, type RunValue, spreadOfSeconds } from "./spread.ts";

export interface RunMeasure {
  readonly runId: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly verdict: VerdictWord;
  readonly shape: Shape;
  /** In a baseline without their seconds. */
  readonly figures: RunFigures;
  readonly taskManagers: readonly TaskManagerLoad[];
  readonly partitions: readonly PartitionMeasure[];
}

export interface PartitionMeasure {
  readonly p: number;
  readonly records: number;
  /** Largest lag, as the time that its records take at the partition's mean rate; null: not known. */
  readonly lagMsMax: number | null;
}

const spec = (id: string, title: string, unit: FigureSpec["unit"], more: Partial<FigureSpec> = {}): FigureSpec => ({
  id,
  title,
  unit,
  better: "lower",
  counts: false,
  ...more,
});

export const RUN_FIGURES: readonly FigureSpec[] = [
  spec("endToEndPerSecond", "rate end to end", "perSecond", { better: "higher", counts: true }),
  spec("producePerSecond", "rate of the producer", "perSecond", { better: "higher", counts: true }),
  spec("latencyP50Ms", "latency p50", "ms", { counts: true }),
  spec("latencyP99Ms", "latency p99", "ms", { counts: true }),
  spec("latencyP999Ms", "latency p99.9", "ms"),
  spec("startupMs", "startup", "ms", { counts: true }),
  spec("validationMs", "validation", "ms"),
  spec("totalMs", "whole run", "ms"),
  spec("cpuUsPerMessage", "CPU per message", "us", { counts: true }),
  ...PROCESS_KINDS.map((kind) =>
    spec(cpuFigure(kind), `CPU per message, ${kind}`, "us", { counts: kind === "taskmanagers" || kind === "producer" }),
  ),
  ...PROCESS_KINDS.map((kind) =>
    spec(memoryFigure(kind), `memory peak, ${kind}`, "bytes", { counts: kind === "taskmanagers" || kind === "host" }),
  ),
  spec("taskManagerImbalance", "largest share of a TaskManager / mean", "count"),
  spec("partitionImbalance", "largest partition / mean", "count"),
  spec("checkpointMs", "checkpoint", "ms"),
  spec("checkpointMsMax", "longest checkpoint", "ms"),
  spec("checkpointsFailed", "failed checkpoints", "count"),
  spec("faults", "faults that were not planned", "count"),
  spec("recoveryMs", "recovery", "ms"),
  spec("recoveryMsMax", "longest recovery", "ms"),
];

function cpuFigure(kind: ProcessKind): string {
  return `cpuUsPerMessage.${kind}`;
}

function memoryFigure(kind: ProcessKind): string {
  return `rssBytesMax.${kind}`;
}

/** `seconds` is null where the report is all that is left of the run. */
export function measureRun(report: Report, seconds: RunSeconds | null): RunMeasure {
  return {
    runId: report.runId,
    startedAt: report.startedAt,
    verdict: report.verdict,
    shape: describeShape(report),
    figures: readFigures(report, seconds),
    taskManagers: seconds?.taskManagers() ?? describeTaskManagers(report),
    partitions: describePartitions(report, seconds),
  };
}

/** Memory is told in whole gibibytes: the system's own share differs from start to start. */
function describeShape(report: Report): Shape {
  const { parameters, messages, taskManagers, partitions, infra, machine, verdict, warmUp = null } = report;
  const { kafka, redis } = infra;
  const option = (name: string) => String(parameters[name] ?? "none");
  return {
    verdict,
    messages: String(messages.requested),
    "message size": `${option("messageSize")} bytes`,
    rate: option("rate") === "0" ? "as fast as possible" : `${option("rate")} messages/s`,
    ...describeWarm(warmUp),
    partitions: String(partitions.length),
    TaskManagers: String(taskManagers.length),
    "checkpoint interval": `${option("checkpointIntervalMs")} ms`,
    // Reports of earlier versions do not name it: there was one.
    engine: String(parameters["engine"] ?? "apphost"),
    "app host": option("apphost"),
    operator: option("testOperator"),
    Kafka: `${kafka.mode} ${kafka.version}`,
    Redis: `${redis.mode} ${redis.version}, aof ${redis.aof ?? "unknown"}, fsync ${redis.fsync ?? "none"}`,
    machine: `${machine.cores} cores (${machine.cpuModel}), ${Math.round(machine.memoryBytes / 2 ** 30)} GiB`,
    Node: machine.node,
  };
}

/** One without a warm-up says nothing of it, as the runs in baselines of earlier versions do. */
function describeWarm(warmUp: WarmUpFacts | null): Shape {
  if (warmUp === null) return {};
  const { asked, outcome } = warmUp;
  return { "warm-up": outcome.kind === "finished" ? asked : `${asked}, ${outcome.kind}` };
}

function readFigures(report: Report, seconds: RunSeconds | null): RunFigures {
  const { throughput, latencyMs, durationMs, checkpoints, faults } = report;
  const load = seconds?.loadSeconds();
  const figures: Record<string, RunValue> = {};
  const put = (id: string, value: number | null | undefined, ofSeconds: readonly number[] = []) => {
    if (value === null || value === undefined || !Number.isFinite(value)) return;
    const spread = { value, secondsSpread: spreadOfSeconds(ofSeconds) };
    figures[id] = ofSeconds.length === 0 ? spread : { ...spread, seconds: ofSeconds };
  };
  put("endToEndPerSecond", throughput.endToEndPerSecond, load?.processed);
  put("producePerSecond", throughput.producePerSecond, load?.acknowledged);
  put("latencyP50Ms", latencyMs.p50, load?.p50Ms);
  put("latencyP99Ms", latencyMs.p99, load?.p99Ms);
  put("latencyP999Ms", latencyMs.p999, load?.p999Ms);
  put("startupMs", durationMs.startup);
  put("validationMs", durationMs.validation);
  put("totalMs", durationMs.total);
  putUse(report, load, put);
  put("taskManagerImbalance", largestOverMean(report.taskManagers.flatMap(({ processed }) => processed ?? [])));
  put("partitionImbalance", largestOverMean(report.partitions.map(({ count }) => count)));
  const checkpointMs = seconds?.checkpointMs ?? [];
  put("checkpointMs", median(checkpointMs), checkpointMs);
  if (checkpointMs.length > 0) put("checkpointMsMax", Math.max(...checkpointMs));
  put("checkpointsFailed", checkpoints.failed);
  const unplanned = faults.filter(({ planned }) => !planned);
  const recoveryMs = unplanned.flatMap(({ recoveredAfterMs }) => recoveredAfterMs ?? []);
  put("faults", unplanned.length + report.faultsDropped);
  put("recoveryMs", median(recoveryMs), recoveryMs);
  if (recoveryMs.length > 0) put("recoveryMsMax", Math.max(...recoveryMs));
  return figures;
}

type Put = (id: string, value: number | null | undefined, ofSeconds?: readonly number[]) => void;

/** CPU time under load, by message that was applied; and the largest memory of a process of each kind. */
function putUse(report: Report, load: LoadSeconds | undefined, put: Put): void {
  const { processed } = report.messages;
  const uses = report.resources.byProcess.filter(({ name }) => processKindOf(name) !== null);
  const cpuUsPerMessage = (of: typeof uses) =>
    processed === null || processed === 0 || of.length === 0
      ? null
      : (of.reduce((sum, { loadCpuMs, cpuMs }) => sum + (loadCpuMs ?? cpuMs), 0) * 1_000) / processed;
  put("cpuUsPerMessage", cpuUsPerMessage(uses), load?.cpuUsPerMessage.get("all"));
  for (const kind of PROCESS_KINDS) {
    const own = uses.filter(({ name }) => processKindOf(name) === kind);
    const ownUs = cpuUsPerMessage(own);
    // 0: it did nothing under load, or ended before anybody could look.
    const ofKind = kind === "taskmanagers" ? load?.taskManagerCpuUsPerMessage : load?.cpuUsPerMessage.get(kind);
    if (ownUs !== 0) put(cpuFigure(kind), ownUs, ofKind);
    const rssBytesMax = Math.max(0, ...own.map((use) => use.rssBytesMax));
    if (rssBytesMax > 0) put(memoryFigure(kind), rssBytesMax);
  }
}

function largestOverMean(values: readonly number[]): number | null {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.length === 0 || mean === 0 ? null : Math.max(...values) / mean;
}

/** From the report alone: at which rate each one worked it does not tell. One of Apache Flink has no load that is known. */
function describeTaskManagers({ taskManagers }: Report): TaskManagerLoad[] {
  return taskManagers.flatMap(({ id, processed, cpuMs, latencyMs }) => {
    if (processed === null) return [];
    const cpuUsPerMessage = processed === 0 ? null : (cpuMs * 1_000) / processed;
    const { p50: p50Ms = null, p99: p99Ms = null } = latencyMs ?? {};
    return [{ name: id, processed, perSecond: null, p50Ms, p99Ms, cpuUsPerMessage }];
  });
}

function describePartitions({ partitions, durationMs }: Report, seconds: RunSeconds | null): PartitionMeasure[] {
  const lags = new Map(seconds?.partitions().map(({ p, lagMax }) => [p, lagMax]));
  return partitions.map(({ p, count }) => {
    const lag = lags.get(p);
    const { endToEnd } = durationMs;
    const isKnown = lag !== undefined && endToEnd !== null && count > 0;
    return { p, records: count, lagMsMax: isKnown ? (lag * endToEnd) / count : null };
  });
}
