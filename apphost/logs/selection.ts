/** The places of a merged log whose lines are wanted, in its order, with any of them at hand. 4 bytes each. */
import { createCounts, findFirst } from "./growing-array.ts";
import type { MergedLog } from "./merged-log.ts";

const PLACES_PER_CHECK = 10_000;

export class Selection {
  readonly #log: MergedLog;
  readonly #isWanted: (log: number, line: number) => boolean;
  readonly #positions = createCounts();
  readonly #stopListening: () => void;
  /** Places of the log that were looked at. */
  #seen = 0;

  constructor(log: MergedLog, isWanted: (log: number, line: number) => boolean) {
    this.#log = log;
    this.#isWanted = isWanted;
    this.#stopListening = log.onCut((position) => this.cut(position));
  }

  get length(): number {
    return this.#positions.length;
  }

  /** The place in the merged log. */
  at(index: number): number {
    return this.#positions.get(index);
  }

  /** Of the first that stands at this place of the merged log or behind it. */
  indexOf(position: number): number {
    return findFirst(this.length, (index) => this.at(index) >= position);
  }

  /** What is wanted may have changed from there on. */
  cut(position: number): void {
    if (position >= this.#seen) return;
    this.#seen = position;
    this.#positions.truncate(this.indexOf(position));
  }

  /** Some milliseconds of work; true when it is up to date. */
  advance(budgetMs: number): boolean {
    const endMs = performance.now() + budgetMs;
    while (this.#seen < this.#log.length) {
      const end = Math.min(this.#log.length, this.#seen + PLACES_PER_CHECK);
      for (; this.#seen < end; this.#seen += 1) {
        const { log, line } = this.#log.at(this.#seen);
        if (this.#isWanted(log, line)) this.#positions.push(this.#seen);
      }
      if (performance.now() >= endMs) return this.#seen >= this.#log.length;
    }
    return true;
  }

  close(): void {
    this.#stopListening();
  }
}
