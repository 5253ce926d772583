/**
 * How long a fault keeps Apache Flink's job from its work. A supervisor knows when a process serves again; the job may
 * have to be deployed anew after that.
 *
 *   (its resource is not back) → serving → running → recovered
 *                                   ⇡─────────┘ seen otherwise before a checkpoint completed
 *
 * T1 A fault of the JobManager, of a TaskManager, of Kafka or of Redis ends when the job is RUNNING with all subtasks; of
 *    all else when the resource serves. Before the job first ran, and when it is over, that holds for all.
 * T2 Until Flink misses the heartbeats of a process it shows what ran there as RUNNING. So what was seen counts only once
 *    a checkpoint completed that was not triggered by then: all subtasks had to answer for it. The time told is that of
 *    the look, and not that of the checkpoint.
 */
import type { ResourceKind } from "../../simulator/common/contract/events.ts";

/** What one look at Flink saw. */
export interface JobLook {
  /** By `performance.now()`, before anything was asked. */
  readonly beganAtMs: number;
  /** When the answer was there. */
  readonly answeredAtMs: number;
  /** RUNNING, with each subtask of each vertex, and as many of them as there are to be. */
  readonly isProcessing: boolean;
  readonly isOver: boolean;
  /** 0: none. */
  readonly newestTriggered: number;
  readonly newestCompleted: number;
}

interface FaultRecord {
  recoveredAfterMs(ms: number): void;
}

interface OpenFault {
  readonly record: FaultRecord;
  readonly sinceMs: number;
  readonly servingAtMs: number;
  /** Null: not seen since it serves. */
  running: { readonly atMs: number; readonly newestTriggered: number } | null;
}

/** Those whose fault may make Flink deploy the job anew, and those without which its counts go nowhere. */
export const isAwaitedByJob = (kind: ResourceKind): boolean =>
  kind === "jobmanager" || kind === "taskmanager" || kind === "kafka" || kind === "redis";

export class FlinkRecovery {
  #open: OpenFault[] = [];
  #isJobExpected = false;

  /** Whether somebody waits for the job. */
  get isOpen(): boolean {
    return this.#open.length > 0;
  }

  /** The record to give to the supervisor: that its resource serves is then not the end (T1). */
  hold(record: FaultRecord, now: () => number = () => performance.now()): FaultRecord {
    return {
      recoveredAfterMs: (ms) => {
        if (!this.#isJobExpected) return record.recoveredAfterMs(ms);
        const servingAtMs = now();
        this.#open.push({ record, sinceMs: servingAtMs - ms, servingAtMs, running: null });
      },
    };
  }

  note(look: JobLook): void {
    const wasExpected = this.#isJobExpected;
    this.#isJobExpected = !look.isOver && (wasExpected || look.isProcessing);
    this.#open = this.#open.filter((fault) => !endFault(fault, look));
  }
}

/** T2. Whether it ended. */
function endFault(fault: OpenFault, look: JobLook): boolean {
  if (fault.running !== null && look.newestCompleted > fault.running.newestTriggered) {
    fault.record.recoveredAfterMs(Math.round(fault.running.atMs - fault.sinceMs));
    return true;
  }
  if (!look.isProcessing || look.beganAtMs < fault.servingAtMs) fault.running = null;
  else fault.running ??= { atMs: look.answeredAtMs, newestTriggered: look.newestTriggered };
  return false;
}
