/** The TaskManagers that are registered now, with what their heartbeats said last. Plain bookkeeping. */

import type { HeldPartition, JobManagerToTaskManager } from "../../common/contract/job/rpc.ts";
import type { TaskManagerMetrics } from "../../common/contract/metrics.ts";
import type { JsonLines } from "../rpc/json-lines.ts";

export interface RegisteredTaskManager {
  readonly tm: string;
  readonly incarnation: string;
  readonly pid: number;
  readonly slots: number;
  readonly held: readonly HeldPartition[];
  readonly address: string;
  readonly lines: JsonLines<JobManagerToTaskManager>;
  /** Monotonic, in ms. */
  lastHeardMs: number;
  metrics: TaskManagerMetrics | null;
}

export class TaskManagerRegistry {
  readonly #entries = new Map<string, RegisteredTaskManager>();

  /** In the order of names. */
  list(): RegisteredTaskManager[] {
    return [...this.#entries.values()].toSorted((a, b) => (a.tm < b.tm ? -1 : 1));
  }

  names(): string[] {
    return [...this.#entries.keys()].toSorted();
  }

  get(tm: string): RegisteredTaskManager | undefined {
    return this.#entries.get(tm);
  }

  add(entry: RegisteredTaskManager): void {
    this.#entries.set(entry.tm, entry);
  }

  /** False when another registration of that name has taken its place. */
  remove(entry: RegisteredTaskManager): boolean {
    return this.#entries.get(entry.tm) === entry && this.#entries.delete(entry.tm);
  }
}
