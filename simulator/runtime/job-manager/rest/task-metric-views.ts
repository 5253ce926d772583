/** The metrics of TaskManagers: of their tasks by Flink's names, of their processes by ours (N1, N2 of `metric-views.ts`). */
import {
  createLatencyCounts,
  latencyQuantileUs,
  mergeSparseLatency,
} from "../../../common/contract/latency-histogram.ts";
import type { ApplyCounts, PartitionPosition } from "../../../common/contract/metrics.ts";
import { type MetricFamily, type MetricSample, toFlinkGauge } from "../../../common/rest/metric-family.ts";
import type { JobMaster } from "../job-master.ts";
import { countPendingRecords, countRecordsIn } from "../registry.ts";
import { SINK, SOURCE } from "./job-views.ts";
import { jobLabelsOf, operatorLabelsOf, type Reporter, taskLabelsOf, taskManagerLabelsOf } from "./metric-labels.ts";

const OPERATOR_SCOPE = "taskmanager_job_task_operator";
const SOURCE_READER_SCOPE = `${OPERATOR_SCOPE}_KafkaSourceReader`;
const PARTITION_SCOPE = `${SOURCE_READER_SCOPE}_topic_partition`;
const QUANTILES = [0.5, 0.9, 0.99, 0.999];
/** Flink's offset of a partition of which nothing was read or committed. */
const NO_OFFSET = -1;

type Figure = (reporter: Reporter) => number;

/**
 * Between source and sink each operator of the chain is called for every record, and only what comes out is counted: so
 * these two have figures, and those between them have none.
 */
const OPERATOR_FIGURES: readonly (readonly [name: string, operator: string, figure: Figure])[] = [
  ["numRecordsIn", SOURCE, ({ metrics }) => countRecordsIn(metrics)],
  ["numRecordsIn", SINK, ({ metrics }) => metrics.processed],
  ["numRecordsInPerSecond", SOURCE, ({ meters }) => meters.recordsIn.perSecond],
  ["numRecordsInPerSecond", SINK, ({ meters }) => meters.recordsOut.perSecond],
  ["numRecordsOut", SOURCE, ({ metrics }) => metrics.processed],
  ["numRecordsOutPerSecond", SOURCE, ({ meters }) => meters.recordsOut.perSecond],
  ["numRecordsSend", SINK, ({ metrics }) => metrics.processed],
  ["numRecordsSendPerSecond", SINK, ({ meters }) => meters.recordsOut.perSecond],
  ["numRecordsInErrors", SOURCE, ({ metrics }) => metrics.rejected],
  ["numBytesIn", SOURCE, ({ metrics }) => metrics.bytes],
  ["numBytesInPerSecond", SOURCE, ({ meters }) => meters.bytesIn.perSecond],
  ["pendingRecords", SOURCE, ({ metrics }) => countPendingRecords(metrics)],
];

export function viewTasks(job: JobMaster, reporters: readonly Reporter[]): MetricFamily[] {
  const ofOperator = (operator: string, figure: Figure): MetricSample[] =>
    reporters.map((reporter) => ({ labels: operatorLabelsOf(job, reporter, operator), value: figure(reporter) }));
  const names = new Set(OPERATOR_FIGURES.map(([name]) => name));
  const byOperator = [...names].map((name) =>
    toFlinkGauge(
      OPERATOR_SCOPE,
      name,
      OPERATOR_FIGURES.filter((row) => row[0] === name).flatMap(([, operator, figure]) => ofOperator(operator, figure)),
    ),
  );
  const ofPartitions = (value: (position: PartitionPosition) => number): MetricSample[] =>
    reporters.flatMap((reporter) => {
      const labels = { ...operatorLabelsOf(job, reporter, SOURCE), topic: job.graph.source.topic };
      return reporter.metrics.partitions.map((position) => ({
        labels: { ...labels, partition: String(position.p) },
        value: value(position),
      }));
    });
  return [
    ...byOperator,
    toFlinkGauge(
      SOURCE_READER_SCOPE,
      "commitsFailed",
      ofOperator(SOURCE, ({ metrics }) => metrics.offsetCommitsFailed ?? 0),
    ),
    // Flink's is the offset of the last record, and ours is that of the next.
    toFlinkGauge(
      PARTITION_SCOPE,
      "currentOffset",
      ofPartitions(({ offset }) => offset - 1),
    ),
    toFlinkGauge(
      PARTITION_SCOPE,
      "committedOffset",
      ofPartitions(({ committedOffset }) => committedOffset ?? NO_OFFSET),
    ),
    toFlinkGauge(
      "taskmanager_job_task",
      "accumulateBusyTimeMs",
      reporters.map((reporter) => ({ labels: taskLabelsOf(job, reporter), value: reporter.metrics.busyMs })),
    ),
  ];
}

/** Percentiles of all TaskManagers together are of their merged histograms; those of each could not be averaged. */
export function viewLatency(job: JobMaster, reporters: readonly Reporter[]): MetricFamily[] {
  const merged = createLatencyCounts();
  for (const { metrics } of reporters) mergeSparseLatency(merged, metrics.latency, metrics.latencyUsMax);
  const samples = QUANTILES.flatMap((quantile): MetricSample[] => {
    const latencyUs = latencyQuantileUs(merged, quantile);
    if (latencyUs === null) return [];
    return [{ labels: { ...jobLabelsOf(job), quantile: String(quantile) }, value: latencyUs / 1_000_000 }];
  });
  return [
    {
      name: "flink_apphost_job_record_latency_seconds",
      help: "From a message's sending to its effect in Redis, of all that the registered TaskManagers processed.",
      type: "gauge",
      samples,
    },
  ];
}

export function viewProcesses(reporters: readonly Reporter[]): MetricFamily[] {
  const perProcess = (name: string, type: MetricFamily["type"], help: string, figure: Figure): MetricFamily => ({
    name: `flink_apphost_taskmanager_${name}`,
    help,
    type,
    samples: reporters.map((reporter) => ({ labels: taskManagerLabelsOf(reporter), value: figure(reporter) })),
  });
  return [
    perProcess("cpu_seconds_total", "counter", "CPU time of the process.", ({ metrics }) => metrics.cpuMs / 1_000),
    perProcess("resident_memory_bytes", "gauge", "Memory of the process.", ({ metrics }) => metrics.rssBytes),
    perProcess(
      "event_loop_lag_seconds",
      "gauge",
      "The longest time that its event loop was busy, since the metrics before.",
      ({ metrics }) => metrics.eventLoopLagMsMax / 1_000,
    ),
    {
      name: "flink_apphost_taskmanager_applies_total",
      help: "Atomic writes of a batch's effect and its offset, by their outcome.",
      type: "counter",
      samples: reporters.flatMap((reporter) =>
        OUTCOMES.map((outcome) => ({
          labels: { ...taskManagerLabelsOf(reporter), outcome },
          value: reporter.metrics.applies[outcome],
        })),
      ),
    },
  ];
}

const OUTCOMES: readonly (keyof ApplyCounts)[] = ["ok", "dup", "seek", "fenced", "storeLost"];
