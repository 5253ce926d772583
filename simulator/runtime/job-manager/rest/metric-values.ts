/**
 * The figures of the cluster, a TaskManager, the job and a subtask by Flink's names, for its metric queries. Where Flink
 * names a part of the Java machine, it is what takes its place here: the heap is that of the JavaScript engine. What this
 * runtime does not have is left out of the lists, as Flink leaves out what is not registered. Pure.
 */
import { getHeapStatistics } from "node:v8";
import { type CollectorUsage, type EngineUsage, readEngineUsage } from "../../../common/foundation/engine-usage.ts";
import type { JobManager } from "../job-manager.ts";
import type { JobMaster } from "../job-master.ts";
import { countPendingRecords, countRecordsIn } from "../registry.ts";
import { countCluster } from "./cluster-views.ts";
import { SINK, SOURCE } from "./job-views.ts";
import type { Reporter } from "./metric-labels.ts";
import type { MetricValues } from "./metric-query.ts";

/** What Flink tells where there is nothing yet, or nothing any more. */
const NONE = -1;

type Figures = readonly (readonly [name: string, value: number])[];

/** What Prometheus gets of the cluster, too. */
export function listClusterFigures(manager: JobManager): Figures {
  const counts = countCluster(manager);
  return [
    ["numRegisteredTaskManagers", counts.taskManagers],
    ["numRunningJobs", counts.jobsRunning],
    ["taskSlotsTotal", counts.slotsTotal],
    ["taskSlotsAvailable", counts.slotsAvailable],
  ];
}

export function listJobManagerMetrics(manager: JobManager, collectors: readonly CollectorUsage[]): MetricValues {
  const cpu = process.cpuUsage();
  const memory = process.memoryUsage();
  return new Map<string, number>([
    ...listClusterFigures(manager),
    ["Status.JVM.CPU.Time", (cpu.user + cpu.system) * 1_000],
    ["Status.JVM.Memory.Heap.Used", memory.heapUsed],
    ["Status.JVM.Memory.Heap.Committed", memory.heapTotal],
    ["Status.JVM.Memory.Heap.Max", getHeapStatistics().heap_size_limit],
    ...listEngineFigures(readEngineUsage(memory)),
    ...collectors.flatMap(
      ({ name, count, timeMs }): Figures => [
        [`Status.JVM.GarbageCollector.${name}.Count`, count],
        [`Status.JVM.GarbageCollector.${name}.Time`, timeMs],
      ],
    ),
    ["Status.Node.Memory.Resident", memory.rss],
  ]);
}

/** Buffers are not counted by the engine, and it does not bound what is outside its heap. Node maps no file. */
const listEngineFigures = ({ nonHeapBytes, bufferBytes, threads }: EngineUsage): Figures => [
  ["Status.JVM.Memory.NonHeap.Used", nonHeapBytes],
  ["Status.JVM.Memory.NonHeap.Committed", nonHeapBytes],
  ["Status.JVM.Memory.NonHeap.Max", NONE],
  ["Status.JVM.Memory.Direct.MemoryUsed", bufferBytes],
  ["Status.JVM.Memory.Direct.TotalCapacity", bufferBytes],
  ["Status.JVM.Memory.Mapped.Count", 0],
  ["Status.JVM.Memory.Mapped.MemoryUsed", 0],
  ["Status.JVM.Memory.Mapped.TotalCapacity", 0],
  ...(threads === undefined ? [] : ([["Status.JVM.Threads.Count", threads]] as const)),
];

export function listTaskManagerMetrics({ metrics, meters }: Reporter, monotonicMs: number): MetricValues {
  const heap: [string, number][] =
    metrics.heap === undefined
      ? []
      : [
          ["Status.JVM.Memory.Heap.Used", metrics.heap.usedBytes],
          ["Status.JVM.Memory.Heap.Committed", metrics.heap.committedBytes],
          ["Status.JVM.Memory.Heap.Max", metrics.heap.maxBytes],
        ];
  return new Map<string, number>([
    ["Status.JVM.CPU.Load", meters.load.perSecond(monotonicMs).cpuLoad],
    ["Status.JVM.CPU.Time", metrics.cpuMs * 1_000_000],
    ...heap,
    ...(metrics.engine === undefined ? [] : listEngineFigures(metrics.engine)),
    ["Status.Node.Memory.Resident", metrics.rssBytes],
    ["Status.Node.EventLoopLagMs", metrics.eventLoopLagMsMax],
  ]);
}

/** What Prometheus gets of the job, too. `nowMs`: run time, in ms since 1970. */
export function listJobFigures(job: JobMaster, nowMs: number): Figures {
  const { counts, inProgress, latestCompleted, restored } = job.checkpoints.history;
  const { state, timestampsMs, terminal } = job.status;
  const runningMs = state === "RUNNING" ? nowMs - (timestampsMs.RUNNING ?? nowMs) : 0;
  return [
    ["uptime", terminal ? NONE : runningMs],
    ["runningTime", runningMs],
    ["totalNumberOfCheckpoints", counts.total],
    ["numberOfInProgressCheckpoints", inProgress],
    ["numberOfCompletedCheckpoints", counts.completed],
    ["numberOfFailedCheckpoints", counts.failed],
    ["lastCheckpointDuration", latestCompleted?.durationMs ?? NONE],
    ["lastCheckpointSize", latestCompleted?.bytes ?? NONE],
    ["lastCompletedCheckpointId", latestCompleted?.id ?? NONE],
    ["lastCheckpointRestoreTimestamp", restored?.atMs ?? NONE],
  ];
}

export function listJobMetrics(job: JobMaster, nowMs: number): MetricValues {
  const { latestCompleted } = job.checkpoints.history;
  return new Map<string, number | string>([
    // A lost TaskManager's partitions go to the others: this job never restarts as a whole.
    ["numRestarts", 0],
    ["downtime", 0],
    ...listJobFigures(job, nowMs),
    ["lastCheckpointFullSize", latestCompleted?.bytes ?? NONE],
    ["lastCheckpointExternalPath", latestCompleted?.location ?? "n/a"],
  ]);
}

/** Of one TaskManager's share of the chain: the task's own figures, and those of its source and sink. */
export function listSubtaskMetrics({ metrics, meters }: Reporter, monotonicMs: number): MetricValues {
  const load = meters.load.perSecond(monotonicMs);
  const source = operatorMetricName(SOURCE);
  const sink = operatorMetricName(SINK);
  return new Map<string, number>([
    ["numRecordsIn", countRecordsIn(metrics)],
    ["numRecordsInPerSecond", meters.recordsIn.perSecond],
    ["numRecordsOut", metrics.processed],
    ["numRecordsOutPerSecond", meters.recordsOut.perSecond],
    ["numBytesIn", metrics.bytes],
    ["numBytesInPerSecond", meters.bytesIn.perSecond],
    ["busyTimeMsPerSecond", load.busyMs],
    ["idleTimeMsPerSecond", load.idleMs],
    ["backPressuredTimeMsPerSecond", load.backPressuredMs],
    ["accumulateBusyTimeMs", metrics.busyMs],
    ["accumulateIdleTimeMs", metrics.idleMs ?? 0],
    ["accumulateBackPressuredTimeMs", metrics.backPressuredMs ?? 0],
    [`${source}.numRecordsIn`, countRecordsIn(metrics)],
    [`${source}.numRecordsOut`, metrics.processed],
    [`${source}.numRecordsInErrors`, metrics.rejected],
    [`${source}.pendingRecords`, countPendingRecords(metrics)],
    [`${source}.KafkaSourceReader.commitsFailed`, metrics.offsetCommitsFailed ?? 0],
    [`${sink}.numRecordsSend`, metrics.processed],
    [`${sink}.numRecordsSendPerSecond`, meters.recordsOut.perSecond],
  ]);
}

/** Flink replaces in names of metrics what would end a part of them. */
const operatorMetricName = (operator: string): string => operator.replace(/[^\w-]/g, "_");

/** As `/vertices/:id/metrics` names them: with the subtask's number before. */
export const withSubtask = (subtask: number, values: MetricValues): [string, number | string][] =>
  [...values].map(([name, value]) => [`${subtask}.${name}`, value]);
