/**
 * How the time of a TaskManager's thread went. Node counts by itself for how long its event loop ran and for how long it
 * waited, so nothing is measured per record or per fetch: the clock is read when the first source pauses and when the
 * last one goes on.
 *
 * T1 busy: the thread ran. backPressured: it waited while at least one source was held back by its sink, whose APPLY
 *    was unanswered. idle: it waited for anything else, records above all. The three add up to the time that went by.
 */
export interface ThreadTimes {
  /** In ms since the begin of the process. */
  readonly active: number;
  readonly idle: number;
}

export interface TaskTimesView {
  readonly busyMs: number;
  readonly backPressuredMs: number;
  readonly idleMs: number;
}

export class TaskTimes {
  readonly #read: () => ThreadTimes;
  readonly #paused = new Set<object>();
  #backPressuredMs = 0;
  /** What the thread had waited for when the first source paused. */
  #waitedBeforeMs = 0;

  constructor(read: () => ThreadTimes = () => performance.eventLoopUtilization()) {
    this.#read = read;
  }

  /** `source` is any object that stands for it; to pause what is paused changes nothing. */
  pause(source: object): void {
    if (this.#paused.size === 0) this.#waitedBeforeMs = this.#read().idle;
    this.#paused.add(source);
  }

  /** The source goes on, or is gone. */
  resume(source: object): void {
    if (!this.#paused.delete(source) || this.#paused.size > 0) return;
    this.#backPressuredMs += this.#read().idle - this.#waitedBeforeMs;
  }

  view(): TaskTimesView {
    const { active, idle } = this.#read();
    const heldBackMs = this.#paused.size > 0 ? idle - this.#waitedBeforeMs : 0;
    const backPressuredMs = this.#backPressuredMs + heldBackMs;
    return { busyMs: active, backPressuredMs, idleMs: idle - backPressuredMs };
  }
}
