/**
 * The faults of a run, for its report: the newest FAULTS_MAX, and how many there were before those. All of them are in
 * `events.ndjson`.
 */
import type { Fault } from "../../simulator/common/contract/files/report.ts";

const FAULTS_MAX = 1_000;

export class FaultList {
  #entries: { fault: Fault }[] = [];
  #dropped = 0;

  add(fault: Fault): { recoveredAfterMs(ms: number): void } {
    const entry = { fault };
    this.#entries.push(entry);
    if (this.#entries.length > FAULTS_MAX) {
      this.#entries.shift();
      this.#dropped += 1;
    }
    return {
      recoveredAfterMs(ms) {
        entry.fault = { ...fault, recoveredAfterMs: ms };
      },
    };
  }

  /** Oldest first. */
  get newest(): readonly Fault[] {
    return this.#entries.map(({ fault }) => fault);
  }

  get dropped(): number {
    return this.#dropped;
  }
}
