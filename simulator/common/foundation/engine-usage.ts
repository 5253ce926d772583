/**
 * What the JavaScript engine of this process uses beside its heap, and what its garbage collectors did.
 *
 * E1 To be told of a collection costs about a tenth of a millisecond of CPU time, as Node makes an entry of each in a turn
 *    of the event loop after it. So only a process that no record goes through has a CollectionMeter.
 */
import { existsSync, readdirSync } from "node:fs";
import { constants, type NodeGCPerformanceDetail, type PerformanceEntry, PerformanceObserver } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";

export interface EngineUsage {
  /** What V8 keeps for itself outside its heap. */
  readonly nonHeapBytes: number;
  /** Contents of buffers, which are outside the heap, too. */
  readonly bufferBytes: number;
  /** Absent where the system does not tell it. */
  readonly threads?: number;
}

export interface CollectorUsage {
  readonly name: string;
  readonly count: number;
  /** In whole ms. */
  readonly timeMs: number;
}

/** The types of Node leave the detail out. */
type Collection = PerformanceEntry & { readonly detail: NodeGCPerformanceDetail };

/** V8's collectors in Flink's form of names. */
const COLLECTORS: readonly (readonly [kind: number, name: string])[] = [
  [constants.NODE_PERFORMANCE_GC_MINOR, "Scavenger"],
  [constants.NODE_PERFORMANCE_GC_MAJOR, "Mark_Compact"],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, "Incremental_Marking"],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, "Weak_Callbacks"],
];
/** The sum of them, a kind that a later Node may add included. */
const ALL = "All";
const THREADS_FOLDER = "/proc/self/task";
const TELLS_THREADS = existsSync(THREADS_FOLDER);

export const readEngineUsage = ({ arrayBuffers }: { readonly arrayBuffers: number }): EngineUsage => ({
  nonHeapBytes: getHeapStatistics().malloced_memory,
  bufferBytes: arrayBuffers,
  ...(TELLS_THREADS ? { threads: readdirSync(THREADS_FOLDER).length } : {}),
});

/** Since it was made, which is once in the life of a process: it looks until the end. */
export class CollectionMeter {
  readonly #totals = new Map([ALL, ...COLLECTORS.map(([, name]) => name)].map((name) => [name, { count: 0, ms: 0 }]));

  constructor() {
    const observer = new PerformanceObserver((list) => {
      for (const collection of list.getEntries() as Collection[])
        this.#add(collection.detail.kind, collection.duration);
    });
    observer.observe({ entryTypes: ["gc"] });
  }

  read(): readonly CollectorUsage[] {
    return [...this.#totals].map(([name, { count, ms }]) => ({ name, count, timeMs: Math.round(ms) }));
  }

  #add(kind: number, durationMs: number): void {
    const name = COLLECTORS.find(([known]) => known === kind)?.[1];
    for (const total of [this.#totals.get(ALL), name === undefined ? undefined : this.#totals.get(name)]) {
      if (total === undefined) continue;
      total.count += 1;
      total.ms += durationMs;
    }
  }
}
