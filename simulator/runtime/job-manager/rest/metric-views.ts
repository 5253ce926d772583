/**
 * What /metrics tells. Pure: JobManager in, metric families out.
 *
 * N1 Where Flink has a metric that means the same, it has the name, the labels and the type that Flink's own
 *    PrometheusReporter gives it (Flink 2.2). That one writes every number as a gauge, its counters too.
 * N2 All else is named `flink_apphost_…`, in Prometheus' base units, and what only rises is a counter.
 * N3 Label values are the names as they are, as Flink writes them with `filterLabelValueCharacters: false`.
 * N4 A TaskManager has figures while it is registered, of its present incarnation, which is a label (`task_attempt_num`).
 *    The next incarnation is another series that begins at 0, as after a restart in Flink. Under the same labels it could
 *    have counted more than the one before by the next scrape, and then nobody sees that it began again.
 * N5 What is not known has no sample. A 0 instead would be taken for a count that began again.
 */

import { type MetricFamily, toFlinkGauge } from "../../../common/rest/metric-family.ts";
import type { JobManager } from "../job-manager.ts";
import type { JobMaster } from "../job-master.ts";
import { HOST, jobLabelsOf, listReporters } from "./metric-labels.ts";
import { listClusterFigures, listJobFigures } from "./metric-values.ts";
import { viewLatency, viewProcesses, viewTasks } from "./task-metric-views.ts";

/** `nowMs`: run time, in ms since 1970. */
export function viewMetricFamilies(manager: JobManager, nowMs: number): MetricFamily[] {
  const { job } = manager;
  const reporters = listReporters(manager);
  const families = [...viewCluster(manager), ...viewProcesses(reporters)];
  return job === null
    ? families
    : [...families, ...viewJob(job, nowMs), ...viewLatency(job, reporters), ...viewTasks(job, reporters)];
}

const viewCluster = (manager: JobManager): MetricFamily[] =>
  listClusterFigures(manager).map(([name, value]) =>
    toFlinkGauge("jobmanager", name, [{ labels: { host: HOST }, value }]),
  );

function viewJob(job: JobMaster, nowMs: number): MetricFamily[] {
  const labels = jobLabelsOf(job);
  return [
    ...listJobFigures(job, nowMs).map(([name, value]) => toFlinkGauge("jobmanager_job", name, [{ labels, value }])),
    {
      name: "flink_apphost_job_processed_records",
      help: "Records whose effect stands in Redis, by the newest checkpoint. It falls where lost state is restored.",
      type: "gauge",
      // Before that a JobManager has not read it yet (N5).
      samples: job.status.state === "INITIALIZING" ? [] : [{ labels, value: job.snapshot().total }],
    },
  ];
}
