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
import { describeCause, type ProcessEnd } from "./resource-plan.ts";

export interface RecordHost {
  emitExit(exit: Omit<ExitEvent, "type">): void;
  recordFault(fault: Fault): { recoveredAfterMs(ms: number): void };
}

/** Of the log, in an event and in error messages. */
export const LAST_LINES = 20;
/** Of a line in an event: the log has the whole of it. */
const EVENT_LINE_LENGTH_MAX = 500;

type FaultFacts = Pick<Fault, "kind" | "planned" | "detail">;

interface OpenFault {
  readonly sinceMs: number;
  readonly record: { recoveredAfterMs(ms: number): void };
}

export class ResourceRecord {
  readonly #name: string;
  readonly #host: RecordHost;
  /** At most one of each kind, planned and not: no crash hides behind a kill. */
  readonly #open = new Map<string, OpenFault>();

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
  addDeath(end: ProcessEnd): void {
    this.#openOnce({ kind: "processExit", planned: end.isPlanned, detail: describeCause(end) });
  }

  /** One that was killed after its last word did its work all the same, and need not come back. */
  addFinish(end: ProcessEnd): void {
    const { killReason, isPlanned: planned } = end;
    if (killReason === null && !planned) return;
    this.#record({ kind: "processExit", planned, detail: `${describeCause(end)}; its work was done` });
  }

  addPause(): void {
    this.#openOnce({ kind: "paused", planned: true, detail: "until it is resumed" });
  }

  /** It serves again. */
  close(): void {
    for (const { record, sinceMs } of this.#open.values()) {
      record.recoveredAfterMs(Math.round(performance.now() - sinceMs));
    }
    this.#open.clear();
  }

  #openOnce(fault: FaultFacts): void {
    const key = `${fault.kind}, ${fault.planned ? "planned" : "not planned"}`;
    if (!this.#open.has(key)) this.#open.set(key, { sinceMs: performance.now(), record: this.#record(fault) });
  }

  #record(fault: FaultFacts): OpenFault["record"] {
    const at = new Date().toISOString();
    return this.#host.recordFault({ ...fault, target: this.#name, at, recoveredAfterMs: null });
  }
}
