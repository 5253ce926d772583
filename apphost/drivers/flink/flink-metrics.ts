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
  "totalNumberOfCheckpoints",
  "numberOfCompletedCheckpoints",
  "numberOfFailedCheckpoints",
  "lastCheckpointDuration",
  "lastCheckpointSize",
  "lastCompletedCheckpointId",
] as const;

/** `jobUrl`: of the job. Throws what kept it from being read. */
export async function readFlinkMetrics(jobUrl: string, signal: AbortSignal): Promise<FlinkMetrics> {
  const vertices = read(await readFlinkAnswer(jobUrl, signal), readPlan);
  const [job, ...subtasks] = await Promise.all([
    readFlinkAnswer(`${jobUrl}/metrics?get=${JOB_METRICS.join(",")}`, signal),
    ...vertices.map(async (vertex) => {
      const found = read(await readFlinkAnswer(`${jobUrl}/vertices/${vertex.id}`, signal), readSubtasks);
      return found.map((subtask) => ({ ...subtask, vertex }));
    }),
  ]);
  return { taskManagers: sumByTaskManager(subtasks.flat()), job: readJobMetrics(job) };
}

export interface PlannedVertex {
  readonly id: string;
  readonly isSource: boolean;
  readonly isLast: boolean;
}

/** From the plan, which names for each vertex those before it. */
export function readPlan(fields: Fields): readonly PlannedVertex[] {
  const nodes = fields.object("plan").list("nodes", (node) => ({
    id: node.text("id", /^[0-9a-f]{32}$/),
    inputs: node.nullable("inputs", () => node.list("inputs", (input) => input.text("id"))) ?? [],
  }));
  const before = new Set(nodes.flatMap(({ inputs }) => inputs));
  return nodes.map(({ id, inputs }) => ({ id, isSource: inputs.length === 0, isLast: !before.has(id) }));
}

export interface SubtaskFigures {
  readonly taskManager: string;
  readonly readRecords: number;
  readonly writeRecords: number;
  readonly busyMs: number;
  readonly backPressuredMs: number;
  readonly idleMs: number;
}

export const readSubtasks = (fields: Fields): readonly SubtaskFigures[] =>
  fields.list("subtasks", (subtask) => {
    const metrics = subtask.object("metrics");
    return {
      taskManager: subtask.text("taskmanager-id"),
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
  subtasks: readonly (SubtaskFigures & { readonly vertex: Pick<PlannedVertex, "isSource" | "isLast"> })[],
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
  return [...byName]
    .filter(([name]) => name !== UNASSIGNED)
    .map(([name, figures]) => ({ name, figures }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
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
