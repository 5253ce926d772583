/**
 * The state of a job as the outside sees it, with the time of each transition. Flink's states, as far as we have them:
 *
 *   INITIALIZING → CREATED → RUNNING → CANCELLING → FINISHED | CANCELED
 *   any of them before the end → FAILING → FAILED
 */
import type { JobState } from "../../common/contract/child/child-messages.ts";
import type { ErrorCategory } from "../../common/foundation/error-row.ts";

const NEXT: Readonly<Record<JobState, readonly JobState[]>> = {
  INITIALIZING: ["CREATED", "CANCELLING", "FAILING", "FAILED", "FINISHED", "CANCELED"],
  CREATED: ["RUNNING", "CANCELLING", "FAILING"],
  RUNNING: ["CANCELLING", "FAILING"],
  CANCELLING: ["FINISHED", "CANCELED", "FAILING"],
  FAILING: ["FAILED"],
  FAILED: [],
  CANCELED: [],
  FINISHED: [],
};

export class JobStatus {
  /** When each state was entered, in ms since 1970. */
  readonly timestampsMs: Partial<Record<JobState, number>> = {};
  readonly #nowMs: () => number;
  /** Each ends one `leaves`. */
  readonly #waits = new Set<() => void>();
  #state: JobState = "INITIALIZING";
  #reason: string | null = null;
  #category: ErrorCategory | null = null;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.timestampsMs.INITIALIZING = nowMs();
  }

  get state(): JobState {
    return this.#state;
  }
  get reason(): string | null {
    return this.#reason;
  }
  get category(): ErrorCategory | null {
    return this.#category;
  }
  /** No state follows this one. */
  get terminal(): boolean {
    return NEXT[this.#state].length === 0;
  }

  /** Settles once the state is another than this one, and after `waitMs` in any case. */
  leaves(state: string, waitMs: number): Promise<void> {
    if (this.#state !== state) return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#waits.delete(end);
        resolve();
      };
      // Whoever asks may be gone by then, and a JobManager that ends does not wait for that.
      const timer = setTimeout(end, waitMs).unref();
      this.#waits.add(end);
    });
  }

  /** False when this transition does not exist: what was asked for is overtaken by what happened. */
  enter(state: JobState, why: { reason: string; category: ErrorCategory } | null = null): boolean {
    if (!NEXT[this.#state].includes(state)) return false;
    this.#state = state;
    this.timestampsMs[state] = this.#nowMs();
    if (why !== null) {
      this.#reason = why.reason;
      this.#category = why.category;
    }
    for (const end of [...this.#waits]) end();
    return true;
  }
}
