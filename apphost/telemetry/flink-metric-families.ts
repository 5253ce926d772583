/**
 * What `/metrics` tells of a job on Apache Flink. Pure: what was seen of it in, metric families out. Names, labels and
 * types are those under which a JobManager of ours tells the same (`simulator/runtime/job-manager/rest/metric-views.ts`).
 *
 * N1 Flink's own names are of what its REST API tells under them, at the last look: a count of records is that of a subtask's
 *    present attempt, which is a label. A source is the first operator of its vertex, and has the vertex's id.
 * N2 What is not known has no sample. A 0 instead would be taken for a count that began again.
 */
import {
  type MetricFamily,
  type MetricLabels,
  type MetricSample,
  toFlinkGauge,
} from "../../simulator/common/rest/metric-family.ts";
import type { FlinkFigures, FlinkSubtaskFigures } from "../run/observations.ts";

export interface FlinkFacts {
  /** Of the JobManager. */
  readonly host: string;
  readonly jobId: string;
  readonly jobName: string;
  /** Null: it was not asked yet. */
  readonly figures: FlinkFigures | null;
  /** Whose effect stands in Redis; null: not known. */
  readonly processed: number | null;
  /** Of TaskManagers that are processes of this host. */
  readonly processes: readonly { readonly name: string; readonly rssBytes: number; readonly restarts: number }[];
}

type Read = (subtask: FlinkSubtaskFigures) => number;

const TASK_FIGURES: readonly (readonly [name: string, read: Read])[] = [
  ["numRecordsIn", ({ readRecords }) => readRecords],
  ["numRecordsOut", ({ writeRecords }) => writeRecords],
  ["accumulateBusyTimeMs", ({ busyMs }) => busyMs],
  ["accumulateIdleTimeMs", ({ idleMs }) => idleMs],
  ["accumulateBackPressuredTimeMs", ({ backPressuredMs }) => backPressuredMs],
];

export function viewFlinkFamilies(facts: FlinkFacts): readonly MetricFamily[] {
  const { host, jobId, jobName, figures, processed } = facts;
  const ofJob = { host, job_id: jobId, job_name: jobName };
  const gauges = (scope: string, values: Readonly<Record<string, number>>, labels: MetricLabels) =>
    Object.entries(values).map(([name, value]) => toFlinkGauge(scope, name, [{ labels, value }]));
  const ofFlink =
    figures === null
      ? []
      : [
          ...gauges("jobmanager", figures.cluster, { host }),
          ...gauges("jobmanager_job", figures.job, ofJob),
          ...viewTasks(ofJob, figures.subtasks),
        ];
  return [
    ...ofFlink,
    {
      name: "flink_apphost_job_processed_records",
      help: "Records whose effect stands in Redis.",
      type: "gauge",
      samples: processed === null ? [] : [{ labels: ofJob, value: processed }],
    },
    {
      name: "flink_apphost_taskmanager_resident_memory_bytes",
      help: "Resident memory.",
      type: "gauge",
      samples: facts.processes.map(({ name, rssBytes, restarts }) => ({
        labels: { host, tm_id: name, task_attempt_num: String(restarts) },
        value: rssBytes,
      })),
    },
  ];
}

function viewTasks(ofJob: MetricLabels, subtasks: readonly FlinkSubtaskFigures[]): readonly MetricFamily[] {
  const labelsOf = ({ taskManager, subtask, attempt, vertex }: FlinkSubtaskFigures): MetricLabels => ({
    ...ofJob,
    tm_id: taskManager,
    task_attempt_num: String(attempt),
    task_id: vertex.id,
    task_name: vertex.name,
    subtask_index: String(subtask),
  });
  const sources = subtasks.filter(({ vertex }) => vertex.isSource);
  const ofSources = sources.map(
    (one): MetricSample => ({
      labels: { ...labelsOf(one), operator_id: one.vertex.id, operator_name: firstOperator(one.vertex.name) },
      value: one.readRecords,
    }),
  );
  return [
    toFlinkGauge("taskmanager_job_task_operator", "numRecordsIn", ofSources),
    ...TASK_FIGURES.map(([name, read]) =>
      toFlinkGauge(
        "taskmanager_job_task",
        name,
        subtasks.map((one) => ({ labels: labelsOf(one), value: read(one) })),
      ),
    ),
  ];
}

const firstOperator = (chain: string): string => chain.split(" -> ", 1)[0] ?? "";
