/** What a vertex or a subtask read and wrote, and how its time went, by Flink's names. Pure. */
import type { TaskManagerMetrics } from "../../../common/contract/metrics.ts";
import { countRecordsIn, type RegisteredTaskManager } from "../registry.ts";

export const IO_FIGURES: readonly (readonly [name: string, of: (metrics: TaskManagerMetrics) => number])[] = [
  ["read-bytes", ({ bytes }) => bytes],
  // To other vertices, of which there is none: what a sink writes, Flink does not count here.
  ["write-bytes", () => 0],
  ["read-records", countRecordsIn],
  ["write-records", ({ processed }) => processed],
  ["accumulated-backpressured-time", ({ backPressuredMs }) => backPressuredMs ?? 0],
  ["accumulated-idle-time", ({ idleMs }) => idleMs ?? 0],
  ["accumulated-busy-time", ({ busyMs }) => busyMs],
];
/** Sums; complete when each of them is there and has told its metrics. */
export function viewIo(taskManagers: readonly (RegisteredTaskManager | null)[]): object {
  const told = taskManagers.flatMap((taskManager) => taskManager?.metrics ?? []);
  const isComplete = told.length === taskManagers.length;
  const view: Record<string, number | boolean> = {};
  for (const [name, of] of IO_FIGURES) {
    view[name] = told.reduce((total, metrics) => total + of(metrics), 0);
    if (!name.startsWith("accumulated")) view[`${name}-complete`] = isComplete;
  }
  return view;
}
