/**
 * What a run did in each of its seconds, and each TaskManager and partition in all of them: from the lines of
 * `metrics.ndjson` and `events.ndjson`, in the order in which the host wrote them. Pure.
 *
 * R1 Counts are cumulative over an incarnation, so what happened since the message before is the difference. It is laid
 *    evenly over that time, of which at most two seconds count: a TaskManager that has nothing to do says nothing.
 * R2 Seconds without a message are idle and are left out, and the first and the last of the others, which are not whole.
 * R3 What processes used since the look before is laid over the seconds in the same way. Runs of earlier versions have
 *    only what TaskManagers say of themselves.
 * R4 Only the newest eight seconds are open, for messages that come late: of the others their few figures stay, so a day
 *    takes a few megabytes.
 */
import type { HostEvent, UsageEvent } from "../../../simulator/common/contract/events.ts";
import {
  createLatencyCounts,
  type LatencyCounts,
  latenciesSince,
  latencyQuantileUs,
  mergeSparseLatency,
  toSparseLatency,
} from "../../../simulator/common/contract/latency-histogram.ts";
import type { TaskManagerMetrics } from "../../../simulator/common/contract/metrics.ts";
import { PROCESS_KINDS, type ProcessKind, processKindOf } from "./process-kinds.ts";

const SECOND_US = 1_000_000;
const LAID_OVER_US_MAX = 2 * SECOND_US;
const OPEN_SECONDS_MAX = 8;

/** Values of whole seconds under load. */
export interface LoadSeconds {
  readonly processed: readonly number[];
  readonly acknowledged: readonly number[];
  readonly p50Ms: readonly number[];
  readonly p99Ms: readonly number[];
  readonly p999Ms: readonly number[];
  readonly taskManagerCpuUsPerMessage: readonly number[];
  /** R3, by kind of process and of all; empty where nobody looked. */
  readonly cpuUsPerMessage: ReadonlyMap<ProcessKind | "all", readonly number[]>;
}

export interface TaskManagerLoad {
  readonly name: string;
  readonly processed: number;
  /** Over its seconds with a message; null when they are too few. */
  readonly perSecond: number | null;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly cpuUsPerMessage: number | null;
}

export interface PartitionLoad {
  readonly p: number;
  /** Largest lag that its owner told. */
  readonly lagMax: number;
}

type CpuMsByKind = Partial<Record<ProcessKind, number>>;

interface OpenSecond {
  processed: number;
  /** As TaskManagers say of themselves. */
  cpuMs: number;
  /** R3. */
  readonly usedMs: CpuMsByKind;
  readonly latency: LatencyCounts;
}

interface ClosedSecond {
  readonly processed: number;
  readonly cpuMs: number;
  readonly usedMs: Readonly<CpuMsByKind>;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly p999Ms: number | null;
}

interface KnownTaskManager {
  newest: TaskManagerMetrics;
  newestLatency: LatencyCounts;
  processed: number;
  cpuMs: number;
  loadUs: number;
  readonly latency: LatencyCounts;
}

export class RunSeconds {
  readonly #open = new Map<number, OpenSecond>();
  readonly #closed: ClosedSecond[] = [];
  readonly #taskManagers = new Map<string, KnownTaskManager>();
  readonly #lagMax = new Map<number, number>();
  readonly #acknowledged: number[] = [];
  readonly #checkpointMs: number[] = [];
  #usedUntilUs: number | null = null;

  addMetrics(metrics: TaskManagerMetrics): void {
    const known = this.#taskManagers.get(metrics.tm);
    const before = known?.newest.incarnation === metrics.incarnation ? known : undefined;
    const latency = createLatencyCounts();
    mergeSparseLatency(latency, metrics.latency, metrics.latencyUsMax);
    const since = before === undefined ? latency : latenciesSince(latency, before.newestLatency);
    const processed = metrics.processed - (before?.newest.processed ?? 0);
    // What a process used before its first message was its start.
    const cpuMs = before === undefined ? 0 : metrics.cpuMs - before.newest.cpuMs;
    const fromUs = Math.max(before?.newest.atUs ?? metrics.atUs - SECOND_US, metrics.atUs - LAID_OVER_US_MAX);
    if (processed > 0) {
      const lengthUs = metrics.atUs - fromUs;
      this.#eachSecond(fromUs, metrics.atUs, (second, overlapUs) => {
        second.processed += (processed * overlapUs) / lengthUs;
        second.cpuMs += (cpuMs * overlapUs) / lengthUs;
      });
      const { latency: ofSecond } = this.#second(Math.floor(metrics.atUs / SECOND_US));
      mergeSparseLatency(ofSecond, toSparseLatency(since), since.maxUs);
    }
    const entry = known ?? { processed: 0, cpuMs: 0, loadUs: 0, latency: createLatencyCounts() };
    mergeSparseLatency(entry.latency, toSparseLatency(since), since.maxUs);
    this.#taskManagers.set(metrics.tm, {
      newest: metrics,
      newestLatency: latency,
      processed: entry.processed + processed,
      cpuMs: entry.cpuMs + (processed > 0 ? cpuMs : 0),
      loadUs: entry.loadUs + (processed > 0 ? metrics.atUs - fromUs : 0),
      latency: entry.latency,
    });
    for (const { p, offset, endOffset } of metrics.partitions) {
      if (endOffset >= 0) this.#lagMax.set(p, Math.max(this.#lagMax.get(p) ?? 0, endOffset - offset));
    }
  }

  addEvent(event: HostEvent): void {
    if (event.type === "checkpoint" && event.status === "completed") this.#checkpointMs.push(event.durationMs);
    if (event.type === "progress" && event.acknowledgedPerSecond > 0) {
      this.#acknowledged.push(event.acknowledgedPerSecond);
    }
    if (event.type === "usage") this.#addUsage(event);
  }

  /** Of completed checkpoints, in the order in which they were taken. */
  get checkpointMs(): readonly number[] {
    return this.#checkpointMs;
  }

  /** R2. */
  loadSeconds(): LoadSeconds {
    const open = [...this.#open].sort(([a], [b]) => a - b).map(([, second]) => closeSecond(second));
    const whole = withoutEnds([...this.#closed, ...open].filter(({ processed }) => processed > 0));
    const listKnown = (read: (second: ClosedSecond) => number | null) =>
      whole.map(read).filter((value) => value !== null);
    return {
      processed: whole.map(({ processed }) => processed),
      acknowledged: withoutEnds(this.#acknowledged),
      p50Ms: listKnown(({ p50Ms }) => p50Ms),
      p99Ms: listKnown(({ p99Ms }) => p99Ms),
      p999Ms: listKnown(({ p999Ms }) => p999Ms),
      taskManagerCpuUsPerMessage: whole.map(({ cpuMs, processed }) => (cpuMs * 1_000) / processed),
      cpuUsPerMessage: listCpuByKind(whole),
    };
  }

  /** By name. */
  taskManagers(): TaskManagerLoad[] {
    return [...this.#taskManagers]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { processed, cpuMs, loadUs, latency }]) => ({
        name,
        processed,
        perSecond: loadUs < LAID_OVER_US_MAX ? null : (processed * SECOND_US) / loadUs,
        p50Ms: toMs(latencyQuantileUs(latency, 0.5)),
        p99Ms: toMs(latencyQuantileUs(latency, 0.99)),
        cpuUsPerMessage: processed === 0 ? null : (cpuMs * 1_000) / processed,
      }));
  }

  partitions(): PartitionLoad[] {
    return [...this.#lagMax].sort(([a], [b]) => a - b).map(([p, lagMax]) => ({ p, lagMax }));
  }

  /** R3. */
  #addUsage({ atUs, processes }: UsageEvent & { readonly atUs: number }): void {
    const fromUs = Math.max(this.#usedUntilUs ?? atUs - SECOND_US, atUs - LAID_OVER_US_MAX);
    this.#usedUntilUs = atUs;
    this.#eachSecond(fromUs, atUs, (second, overlapUs) => {
      for (const { name, cpuPercent } of processes) {
        const kind = processKindOf(name);
        if (kind === null) continue;
        second.usedMs[kind] = (second.usedMs[kind] ?? 0) + (cpuPercent / 100) * (overlapUs / 1_000);
      }
    });
  }

  /** Calls with each second from one time to another, and how much of it lies between them. */
  #eachSecond(fromUs: number, toUs: number, take: (second: OpenSecond, overlapUs: number) => void): void {
    for (let number = Math.floor(fromUs / SECOND_US); number * SECOND_US < toUs; number += 1) {
      const overlapUs = Math.min(toUs, (number + 1) * SECOND_US) - Math.max(fromUs, number * SECOND_US);
      take(this.#second(number), overlapUs);
    }
  }

  /** R4. */
  #second(number: number): OpenSecond {
    const known = this.#open.get(number) ?? { processed: 0, cpuMs: 0, usedMs: {}, latency: createLatencyCounts() };
    this.#open.set(number, known);
    if (this.#open.size > OPEN_SECONDS_MAX) {
      const oldest = Math.min(...this.#open.keys());
      this.#closed.push(closeSecond(this.#open.get(oldest) ?? known));
      this.#open.delete(oldest);
    }
    return known;
  }
}

const closeSecond = ({ processed, cpuMs, usedMs, latency }: OpenSecond): ClosedSecond => ({
  processed,
  cpuMs,
  usedMs,
  p50Ms: toMs(latencyQuantileUs(latency, 0.5)),
  p99Ms: toMs(latencyQuantileUs(latency, 0.99)),
  p999Ms: toMs(latencyQuantileUs(latency, 0.999)),
});

function listCpuByKind(seconds: readonly ClosedSecond[]): LoadSeconds["cpuUsPerMessage"] {
  // A second at which nobody looked tells nothing of any kind.
  const looked = seconds.filter(({ usedMs }) => Object.keys(usedMs).length > 0);
  const list = (read: (usedMs: Readonly<CpuMsByKind>) => number) =>
    looked.map(({ usedMs, processed }) => (read(usedMs) * 1_000) / processed);
  const sum = (usedMs: Readonly<CpuMsByKind>) => Object.values(usedMs).reduce((total, ms) => total + ms, 0);
  const byKind = PROCESS_KINDS.map((kind) => [kind, list((usedMs) => usedMs[kind] ?? 0)] as const);
  return new Map([...byKind, ["all", list(sum)] as const]);
}

const withoutEnds = <T>(values: readonly T[]): readonly T[] => values.slice(1, -1);

const toMs = (us: number | null): number | null => (us === null ? null : us / 1_000);
