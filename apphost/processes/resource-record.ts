/**
 * What is kept of a resource's bad moments: an `exit` event for each process that ended, and its faults, each open until
 * the resource is back.
 *
 *   (well) → dead → (well)          the end of a process by itself, or by a person's kill
 *   (well) → paused → (well)        a pause also ends when the process ended, and the next one is ready
 */
import type { ExitEvent } from "../../simulator/common/contract/events.ts";
import type { Fault } from "../../simulator/common/contract/files/report.ts";
import { type ChildExit, describeExit, type RunningServer } from "./child-process.ts";

export interface RecordHost {
  emitExit(exit: Omit<ExitEvent, "type">): void;
  recordFault(fault: Fault): { recoveredAfterMs(ms: number): void };
}

/** Of the log, in an event and in error messages. */
export const LAST_LINES = 20;
/** Of a line in an event: the log has the whole of it. */
const EVENT_LINE_LENGTH_MAX = 500;

interface OpenFault {
  readonly sinceMs: number;
  readonly record: { recoveredAfterMs(ms: number): void };
}

export class ResourceRecord {
  readonly #name: string;
  readonly #host: RecordHost;
  #death: OpenFault | null = null;
  #pause: OpenFault | null = null;

  constructor(name: string, host: RecordHost) {
    this.#name = name;
    this.#host = host;
  }

  /** V10 of `supervisor.ts`. A server of others has no process that could end. */
  addExit(running: RunningServer, exit: ChildExit, asked: boolean): void {
    if (!running.isOurs) return;
    const text = asked ? "" : running.newestLines(LAST_LINES);
    const lastLines = text === "" ? [] : text.split("\n").map((line) => line.slice(0, EVENT_LINE_LENGTH_MAX));
    this.#host.emitExit({ name: this.#name, pid: running.pid, detail: describeExit(exit), asked, lastLines });
  }

  /** Those that die again before they are back are one fault. */
  addDeath(fault: Pick<Fault, "planned" | "detail">): void {
    this.#death ??= this.#open({ kind: "processExit", ...fault });
  }

  /** One whose work was done needs not come back. */
  addLateDeath(detail: string): void {
    this.#open({ kind: "processExit", planned: false, detail });
  }

  addPause(): void {
    this.#pause ??= this.#open({ kind: "paused", planned: true, detail: "by the user" });
  }

  /** It serves again. */
  close(): void {
    for (const fault of [this.#death, this.#pause]) {
      fault?.record.recoveredAfterMs(Math.round(performance.now() - fault.sinceMs));
    }
    this.#death = null;
    this.#pause = null;
  }

  #open(fault: Pick<Fault, "kind" | "planned" | "detail">): OpenFault {
    const at = new Date().toISOString();
    const record = this.#host.recordFault({ ...fault, target: this.#name, at, recoveredAfterMs: null });
    return { sinceMs: performance.now(), record };
  }
}
