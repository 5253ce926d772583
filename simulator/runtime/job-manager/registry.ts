/** The TaskManagers that are registered now, with what their heartbeats said last. Plain bookkeeping. */

import type { HeldPartition, JobManagerToTaskManager } from "../../common/contract/job/rpc.ts";
import type { TaskManagerMetrics } from "../../common/contract/metrics.ts";
import type { JsonLines } from "../rpc/json-lines.ts";
import { LoadView } from "./load-view.ts";
import { MeterView } from "./meter-view.ts";

/** What each of them counts, as an operator does: the source reads rejected records, too, and they go no further. */
export interface RecordMeters {
  readonly recordsIn: MeterView;
  readonly recordsOut: MeterView;
  readonly bytesIn: MeterView;
  readonly load: LoadView;
}

export const countRecordsIn = ({ processed, rejected }: TaskManagerMetrics): number => processed + rejected;

/** Between its positions and the ends of its partitions; an end is not known before the first answer to a fetch. */
export const countPendingRecords = ({ partitions }: TaskManagerMetrics): number =>
  partitions.reduce((sum, { offset, endOffset }) => sum + Math.max(0, endOffset - offset), 0);

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
  /** Null as long as there are no metrics. */
  meters: RecordMeters | null;
}

/** Takes in a heartbeat. One without metrics means that the newest still hold: then the rates go down. */
export function noteHeartbeat(entry: RegisteredTaskManager, told: TaskManagerMetrics | null, nowMs: number): void {
  const metrics = told ?? entry.metrics;
  if (metrics === null) return;
  entry.metrics = metrics;
  entry.meters ??= {
    recordsIn: new MeterView(countRecordsIn(metrics), nowMs),
    recordsOut: new MeterView(metrics.processed, nowMs),
    bytesIn: new MeterView(metrics.bytes, nowMs),
    load: new LoadView(metrics, nowMs),
  };
  entry.meters.recordsIn.update(countRecordsIn(metrics), nowMs);
  entry.meters.recordsOut.update(metrics.processed, nowMs);
  entry.meters.bytesIn.update(metrics.bytes, nowMs);
  entry.meters.load.update(metrics, nowMs);
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
