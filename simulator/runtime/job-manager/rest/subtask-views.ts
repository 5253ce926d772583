/**
 * Flink's JSON for the vertex and its subtasks. A subtask is one TaskManager's share of the chain; one whose TaskManager
 * is away has no place ("(unassigned)") and counts nothing. Pure: JobMaster and registry in, JSON out.
 */
import type { JobMaster } from "../job-master.ts";
import type { RegisteredTaskManager } from "../registry.ts";
import { distribute } from "./aggregates.ts";
import { IO_FIGURES, viewIo } from "./io-figures.ts";
import {
  chainNameOf,
  startTimeOf,
  TASK_STATES,
  type TaskState,
  taskStateOf,
  vertexIdOf,
  viewTimes,
} from "./job-views.ts";
import { numberFrom0, reporterOf } from "./metric-labels.ts";

const UNASSIGNED = "(unassigned)";
/** Flink's bounds of the levels, as the share of time that a subtask is held back. */
const LOW_ABOVE = 0.1;
const HIGH_ABOVE = 0.5;

export interface Subtask {
  readonly index: number;
  readonly state: TaskState;
  readonly taskManager: RegisteredTaskManager | null;
}

/** One for each of the job's parallelism. */
export function listSubtasks(job: JobMaster, taskManagers: readonly RegisteredTaskManager[]): Subtask[] {
  const state = taskStateOf(job.status.state);
  return placeByNumber(job.graph.parallelism, taskManagers).map((taskManager, index) => {
    return { index, taskManager, state: state === "RUNNING" && taskManager === null ? "SCHEDULED" : state };
  });
}

/** The subtasks of TaskManagers: each has the number of its name, where that is free, else a free one. Null: nobody's. */
export function placeByNumber<T extends { readonly tm: string }>(places: number, all: readonly T[]): (T | null)[] {
  const placed: (T | null)[] = Array.from({ length: places }, () => null);
  const others: T[] = [];
  for (const one of all) {
    const index = Number(numberFrom0(one.tm));
    if (index < places && placed[index] === null) placed[index] = one;
    else others.push(one);
  }
  return placed.map((place) => place ?? others.shift() ?? null);
}

export function viewVertex(job: JobMaster, subtasks: readonly Subtask[], nowMs: number): object {
  return {
    ...viewName(job, nowMs),
    parallelism: job.graph.parallelism,
    maxParallelism: job.graph.source.partitions,
    subtasks: subtasks.map((subtask) => viewSubtask(job, subtask, nowMs)),
    aggregated: viewAggregated(job, subtasks, nowMs),
  };
}

export function viewSubtask(job: JobMaster, subtask: Subtask, nowMs: number): object {
  return {
    subtask: subtask.index,
    status: subtask.state,
    attempt: attemptOf(subtask),
    endpoint: endpointOf(subtask),
    ...viewTimes(job, nowMs),
    metrics: viewIo([subtask.taskManager]),
    "taskmanager-id": subtask.taskManager?.tm ?? UNASSIGNED,
    "status-duration": viewStatusDurations(job, nowMs),
    start_time: startTimeOf(job, nowMs),
  };
}

export function viewSubtaskTimes(job: JobMaster, subtasks: readonly Subtask[], nowMs: number): object {
  const timestamps = Object.fromEntries(listStateTimes(job));
  return {
    ...viewName(job, nowMs),
    subtasks: subtasks.map((subtask) => ({
      subtask: subtask.index,
      endpoint: endpointOf(subtask),
      duration: viewTimes(job, nowMs).duration,
      timestamps,
    })),
  };
}

export function viewVertexTaskManagers(job: JobMaster, subtasks: readonly Subtask[], nowMs: number): object {
  return {
    ...viewName(job, nowMs),
    taskmanagers: subtasks.map((subtask) => ({
      endpoint: endpointOf(subtask),
      status: subtask.state,
      ...viewTimes(job, nowMs),
      metrics: viewIo([subtask.taskManager]),
      "status-counts": Object.fromEntries(TASK_STATES.map((state) => [state, state === subtask.state ? 1 : 0])),
      "taskmanager-id": subtask.taskManager?.tm ?? UNASSIGNED,
      aggregated: viewAggregated(job, [subtask], nowMs),
    })),
  };
}

/** `monotonicMs` is the clock of heartbeats. */
export function viewBackPressure(subtasks: readonly Subtask[], nowMs: number, monotonicMs: number): object {
  const rows = subtasks.map((subtask) => {
    const load = reporterOf(subtask.taskManager)?.meters.load.perSecond(monotonicMs);
    const ratio = (load?.backPressuredMs ?? 0) / 1_000;
    const level = levelOf(ratio);
    const busyRatio = (load?.busyMs ?? 0) / 1_000;
    const idleRatio = (load?.idleMs ?? 0) / 1_000;
    return {
      subtask: subtask.index,
      backpressureLevel: level,
      ratio,
      idleRatio,
      busyRatio,
      "backpressure-level": level,
    };
  });
  const worst = levelOf(Math.max(0, ...rows.map(({ ratio }) => ratio)));
  return {
    status: "ok",
    backpressureLevel: worst,
    "end-timestamp": nowMs,
    subtasks: rows,
    "backpressure-level": worst,
  };
}

export const viewVertexAccumulators = (job: JobMaster): object => ({
  id: vertexIdOf(job.graph),
  "user-accumulators": [],
});

export const viewSubtasksAccumulators = (job: JobMaster, subtasks: readonly Subtask[]): object => ({
  id: vertexIdOf(job.graph),
  parallelism: job.graph.parallelism,
  subtasks: subtasks.map((subtask) => ({
    subtask: subtask.index,
    attempt: attemptOf(subtask),
    host: endpointOf(subtask),
    "user-accumulators": [],
  })),
});

function levelOf(ratio: number): "ok" | "low" | "high" {
  if (ratio > HIGH_ABOVE) return "high";
  return ratio > LOW_ABOVE ? "low" : "ok";
}

const viewName = ({ graph }: JobMaster, nowMs: number): object => ({
  id: vertexIdOf(graph),
  name: chainNameOf(graph),
  now: nowMs,
});

const attemptOf = ({ taskManager }: Subtask): number => Number(numberFrom0(taskManager?.incarnation ?? ""));
const endpointOf = ({ taskManager }: Subtask): string => taskManager?.address ?? UNASSIGNED;

function viewAggregated(job: JobMaster, subtasks: readonly Subtask[], nowMs: number): object {
  const told = subtasks.flatMap(({ taskManager }) => taskManager?.metrics ?? []);
  const durations = Object.entries(viewStatusDurations(job, nowMs));
  return {
    metrics: Object.fromEntries(IO_FIGURES.map(([name, of]) => [name, distribute(told.map(of))])),
    "status-duration": Object.fromEntries(
      durations.map(([state, durationMs]) => [state, distribute(subtasks.map(() => durationMs))]),
    ),
  };
}

/** Subtasks move with their job, so their states were entered when the job's were; 0: never. */
function listStateTimes(job: JobMaster): [TaskState, number][] {
  const { timestampsMs } = job.status;
  const enteredMs: Partial<Record<TaskState, number | undefined>> = {
    CREATED: timestampsMs.INITIALIZING,
    DEPLOYING: timestampsMs.CREATED,
    RUNNING: timestampsMs.RUNNING,
    CANCELING: timestampsMs.CANCELLING ?? timestampsMs.FAILING,
    CANCELED: timestampsMs.CANCELED,
    FAILED: timestampsMs.FAILED,
    FINISHED: timestampsMs.FINISHED,
  };
  return TASK_STATES.map((state) => [state, enteredMs[state] ?? 0]);
}

/** For how long each of the states before the end took; −1: it did not begin. */
function viewStatusDurations(job: JobMaster, nowMs: number): Readonly<Record<string, number>> {
  const entered = listStateTimes(job)
    .filter(([, atMs]) => atMs > 0)
    .toSorted((a, b) => a[1] - b[1]);
  const durations: Record<string, number> = {};
  for (const state of ["CREATED", "SCHEDULED", "DEPLOYING", "INITIALIZING", "RUNNING"]) {
    const at = entered.findIndex(([name]) => name === state);
    durations[state] = at < 0 ? -1 : (entered[at + 1]?.[1] ?? nowMs) - (entered[at]?.[1] ?? nowMs);
  }
  return durations;
}
