/**
 * What Flink's REST API tells of a running job by TaskManager, and of the job as a whole: the same answers of which its own
 * dashboard makes its tables.
 *
 * R1 Records that came in are those that the sources read, and times are theirs too: what is behind a source waits for it.
 *    Records that went out are those of the last vertices of the plan.
 * R2 Counts are of the present attempt of each subtask.
 */
import type { FlinkTaskManagerFigures } from "../../../simulator/common/contract/events.ts";
import { type Fields, readValue } from "../../../simulator/common/foundation/json-fields.ts";
import { readFlinkAnswer } from "./flink-rest.ts";

export interface FlinkMetrics {
  readonly taskManagers: readonly FlinkTaskManager[];
  /** Those that are deployed. */
  readonly subtasks: readonly FlinkSubtask[];
  /** By Flink's names. */
  readonly cluster: Readonly<Record<string, number>>;
  /** By Flink's names. What it does not have is left out. */
  readonly job: Readonly<Record<string, number>>;
}

export interface FlinkTaskManager {
  readonly name: string;
  readonly figures: FlinkTaskManagerFigures;
}

/** Our own runtime has them under the same names. */
const JOB_METRICS = [
  "numRestarts",
  "uptime",
  "runningTime",
  "totalNumberOfCheckpoints",
  "numberOfInProgressCheckpoints",
  "numberOfCompletedCheckpoints",
  "numberOfFailedCheckpoints",
  "lastCheckpointDuration",
  "lastCheckpointSize",
  "lastCompletedCheckpointId",
  "lastCheckpointRestoreTimestamp",
] as const;

/** Of the job with this id. Throws what kept it from being read. */
export async function readFlinkMetrics(restUrl: string, jobId: string, signal: AbortSignal): Promise<FlinkMetrics> {
  const jobUrl = `${restUrl}/jobs/${jobId}`;
  const vertices = read(await readFlinkAnswer(jobUrl, signal), readPlan);
  const [overview, job, ...answers] = await Promise.all([
    readFlinkAnswer(`${restUrl}/overview`, signal),
    readFlinkAnswer(`${jobUrl}/metrics?get=${JOB_METRICS.join(",")}`, signal),
    ...vertices.map(async (vertex) => {
      const found = read(await readFlinkAnswer(`${jobUrl}/vertices/${vertex.id}`, signal), readSubtasks);
      return found.map((subtask) => ({ ...subtask, vertex }));
    }),
  ]);
  const subtasks = answers.flat().filter(({ taskManager }) => taskManager !== UNASSIGNED);
  return {
    taskManagers: sumByTaskManager(subtasks),
    subtasks,
    cluster: read(overview, readCluster),
    job: readJobMetrics(job),
  };
}

export const readCluster = (overview: Fields): Readonly<Record<string, number>> => ({
  numRegisteredTaskManagers: overview.whole("taskmanagers"),
  numRunningJobs: overview.whole("jobs-running"),
  taskSlotsTotal: overview.whole("slots-total"),
  taskSlotsAvailable: overview.whole("slots-available"),
});

export interface PlannedVertex {
  readonly id: string;
  /** Of all operators in it, in Flink's words. */
  readonly name: string;
  readonly isSource: boolean;
  readonly isLast: boolean;
}

/** From the plan, which names for each vertex those before it. */
export function readPlan(fields: Fields): readonly PlannedVertex[] {
  const nodes = fields.object("plan").list("nodes", (node) => ({
    id: node.text("id", /^[0-9a-f]{32}$/),
    inputs: node.nullable("inputs", () => node.list("inputs", (input) => input.text("id"))) ?? [],
  }));
  const names = new Map(fields.list("vertices", (vertex) => [vertex.text("id"), vertex.text("name")] as const));
  const before = new Set(nodes.flatMap(({ inputs }) => inputs));
  return nodes.map(({ id, inputs }) => ({
    id,
    name: names.get(id) ?? "",
    isSource: inputs.length === 0,
    isLast: !before.has(id),
  }));
}

export interface SubtaskFigures {
  readonly taskManager: string;
  /** From 0, as its attempt is. */
  readonly subtask: number;
  readonly attempt: number;
  readonly readRecords: number;
  readonly writeRecords: number;
  readonly busyMs: number;
  readonly backPressuredMs: number;
  readonly idleMs: number;
}

export interface FlinkSubtask extends SubtaskFigures {
  readonly vertex: PlannedVertex;
}

export const readSubtasks = (fields: Fields): readonly SubtaskFigures[] =>
  fields.list("subtasks", (subtask) => {
    const metrics = subtask.object("metrics");
    return {
      taskManager: subtask.text("taskmanager-id"),
      subtask: subtask.whole("subtask"),
      attempt: subtask.whole("attempt"),
      readRecords: metrics.whole("read-records"),
      writeRecords: metrics.whole("write-records"),
      busyMs: readMs(metrics, "accumulated-busy-time"),
      backPressuredMs: readMs(metrics, "accumulated-backpressured-time"),
      idleMs: readMs(metrics, "accumulated-idle-time"),
    };
  });

/** Busy time is a fraction to Flink, and `"NaN"` until it has been measured. */
function readMs(metrics: Fields, name: string): number {
  const value = metrics.as<Readonly<Record<string, unknown>>>()[name];
  return typeof value === "number" && value >= 0 ? Math.round(value) : 0;
}

/** R1. Sorted by name. */
export function sumByTaskManager(
  subtasks: readonly (Omit<SubtaskFigures, "subtask" | "attempt"> & {
    readonly vertex: Pick<PlannedVertex, "isSource" | "isLast">;
  })[],
): readonly FlinkTaskManager[] {
  const byName = new Map<string, FlinkTaskManagerFigures>();
  for (const { taskManager, vertex, ...one } of subtasks) {
    const sum = byName.get(taskManager) ?? NOTHING;
    const ofSource = vertex.isSource ? 1 : 0;
    byName.set(taskManager, {
      subtasks: sum.subtasks + 1,
      recordsIn: sum.recordsIn + ofSource * one.readRecords,
      recordsOut: sum.recordsOut + (vertex.isLast ? one.writeRecords : 0),
      busyMs: sum.busyMs + ofSource * one.busyMs,
      backPressuredMs: sum.backPressuredMs + ofSource * one.backPressuredMs,
      idleMs: sum.idleMs + ofSource * one.idleMs,
    });
  }
  return [...byName].map(([name, figures]) => ({ name, figures })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** In the place of a TaskManager's id while a subtask has none. */
const UNASSIGNED = "(unassigned)";
const NOTHING: FlinkTaskManagerFigures = {
  subtasks: 0,
  recordsIn: 0,
  recordsOut: 0,
  busyMs: 0,
  backPressuredMs: 0,
  idleMs: 0,
};

/** A list of `{"id", "value"}`, values as texts; one that cannot be had yet is missing. */
export function readJobMetrics(answer: unknown): Readonly<Record<string, number>> {
  const figures = read({ metrics: answer }, (fields) =>
    fields.list("metrics", (metric) => [metric.text("id"), Number(metric.text("value"))] as const),
  );
  return Object.fromEntries(figures.filter(([, value]) => Number.isFinite(value)));
}

function read<T>(value: unknown, as: (fields: Fields) => T): T {
  const parsed = readValue(value, as);
  if (parsed.kind === "valid") return parsed.value;
  throw new Error(`an answer of Flink is another one: ${parsed.reason}`);
}
