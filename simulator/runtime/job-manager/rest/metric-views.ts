/**
 * What /metrics tells. Pure: JobManager in, metric families out.
 *
 * N1 Where Flink has a metric that means the same, it has the name, the labels and the type that Flink's own
 *    PrometheusReporter gives it (Flink 2.2). That one writes every number as a gauge, its counters too.
 * N2 All else is named `flink_apphost_…`, in Prometheus' base units, and what only rises is a counter.
 * N3 Label values are the names as they are, as Flink writes them with `filterLabelValueCharacters: false`.
 * N4 A TaskManager has figures while it is registered, of its present incarnation, which is a label of its tasks
 *    (`task_attempt_num`): the next incarnation is another series that begins at 0, as after a restart in Flink. Its
 *    processes' counters have no such label; they begin again at 0, which `rate()` and `increase()` know how to read.
 * N5 What is not known has no sample. A 0 instead would be taken for a count that began again.
 */
import type { JobManager } from "../job-manager.ts";
import type { JobMaster } from "../job-master.ts";
import { countCluster } from "./cluster-views.ts";
import { type MetricFamily, toFlinkGauge } from "./metric-family.ts";
import { HOST, jobLabelsOf, listReporters } from "./metric-labels.ts";
import { viewLatency, viewProcesses, viewTasks } from "./task-metric-views.ts";

/** What Flink tells where there is nothing yet, or nothing any more. */
const NONE = -1;

/** `nowMs`: run time, in ms since 1970. */
export function viewMetricFamilies(manager: JobManager, nowMs: number): MetricFamily[] {
  const { job } = manager;
  const reporters = listReporters(manager);
  const families = [...viewCluster(manager), ...viewProcesses(reporters)];
  return job === null
    ? families
    : [...families, ...viewJob(job, nowMs), ...viewLatency(job, reporters), ...viewTasks(job, reporters)];
}

function viewCluster(manager: JobManager): MetricFamily[] {
  const counts = countCluster(manager);
  const gauge = (name: string, value: number) => toFlinkGauge("jobmanager", name, [{ labels: { host: HOST }, value }]);
  return [
    gauge("numRegisteredTaskManagers", counts.taskManagers),
    gauge("numRunningJobs", counts.jobsRunning),
    gauge("taskSlotsTotal", counts.slotsTotal),
    gauge("taskSlotsAvailable", counts.slotsAvailable),
  ];
}

function viewJob(job: JobMaster, nowMs: number): MetricFamily[] {
  const labels = jobLabelsOf(job);
  const gauge = (name: string, value: number) => toFlinkGauge("jobmanager_job", name, [{ labels, value }]);
  const { state, timestampsMs, terminal } = job.status;
  const runningMs = state === "RUNNING" ? nowMs - (timestampsMs.RUNNING ?? nowMs) : 0;
  const { counts, inProgress, latestCompleted, restored } = job.checkpoints.history;
  return [
    gauge("uptime", terminal ? NONE : runningMs),
    gauge("runningTime", runningMs),
    gauge("totalNumberOfCheckpoints", counts.total),
    gauge("numberOfInProgressCheckpoints", inProgress),
    gauge("numberOfCompletedCheckpoints", counts.completed),
    gauge("numberOfFailedCheckpoints", counts.failed),
    gauge("lastCheckpointDuration", latestCompleted?.durationMs ?? NONE),
    gauge("lastCheckpointSize", latestCompleted?.bytes ?? NONE),
    gauge("lastCompletedCheckpointId", latestCompleted?.id ?? NONE),
    gauge("lastCheckpointRestoreTimestamp", restored?.atMs ?? NONE),
    {
      name: "flink_apphost_job_processed_records",
      help: "Records whose effect stands in Redis, by the newest checkpoint. It falls where lost state is restored.",
      type: "gauge",
      // Before that a JobManager has not read it yet (N5).
      samples: state === "INITIALIZING" ? [] : [{ labels, value: job.snapshot().total }],
    },
  ];
}
