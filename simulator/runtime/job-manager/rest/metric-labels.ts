/** The scopes of Flink's metrics, as labels: whose figure it is. What this runtime does not have is left out. */
import type { TaskManagerMetrics } from "../../../common/contract/metrics.ts";
import type { MetricLabels } from "../../../common/rest/metric-family.ts";
import type { JobManager } from "../job-manager.ts";
import type { JobMaster } from "../job-master.ts";
import type { RecordMeters, RegisteredTaskManager } from "../registry.ts";
import { chainNameOf, operatorIdOf, vertexIdOf } from "./job-views.ts";

/** All processes of a run are on this machine. */
export const HOST = "127.0.0.1";

/** A TaskManager that has told its metrics since it registered. */
export interface Reporter {
  readonly metrics: TaskManagerMetrics;
  readonly meters: RecordMeters;
}

/** Null: it is away, or has told nothing yet. */
export function reporterOf(taskManager: RegisteredTaskManager | null): Reporter | null {
  if (taskManager === null || taskManager.metrics === null || taskManager.meters === null) return null;
  return { metrics: taskManager.metrics, meters: taskManager.meters };
}

export const listReporters = (manager: JobManager): Reporter[] =>
  manager.rpc.registry
    .list()
    .map(reporterOf)
    .filter((reporter) => reporter !== null);

export const jobLabelsOf = ({ graph }: JobMaster): MetricLabels => ({
  host: HOST,
  job_id: graph.jobId,
  job_name: graph.name,
});

/** A label for the incarnation: what the next one counts is another series (N4 of `metric-views.ts`). */
export const taskManagerLabelsOf = ({ metrics }: Reporter): MetricLabels => ({
  host: HOST,
  tm_id: metrics.tm,
  task_attempt_num: numberFrom0(metrics.incarnation),
});

/** A task is a TaskManager's share of the chain. */
export function taskLabelsOf(job: JobMaster, reporter: Reporter): MetricLabels {
  return {
    ...jobLabelsOf(job),
    ...taskManagerLabelsOf(reporter),
    task_id: vertexIdOf(job.graph),
    task_name: chainNameOf(job.graph),
    subtask_index: numberFrom0(reporter.metrics.tm),
  };
}

/** TaskManagers and their incarnations are numbered from 1, subtasks and attempts in Flink from 0. */
export const numberFrom0 = (name: string): string => String(Number(/\d+$/.exec(name)?.[0] ?? 1) - 1);

export const operatorLabelsOf = (job: JobMaster, reporter: Reporter, operator: string): MetricLabels => ({
  ...taskLabelsOf(job, reporter),
  operator_id: operatorIdOf(job.graph, operator),
  operator_name: operator,
});
