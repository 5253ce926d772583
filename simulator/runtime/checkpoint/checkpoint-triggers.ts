/**
 * Checkpoints that somebody asked for by REST, by their trigger ids: what became of each. Pure bookkeeping.
 *
 * T1 A trigger that is repeated is the same one: whoever got no answer asks again.
 * T2 All that wait when a checkpoint begins share it, so however many ask, at most one is taken and one waits.
 * T3 The newest TRIGGERS_MAX are known; older ones are unknown, as to a JobManager that was started anew.
 */
export type TriggerStatus =
  | { readonly kind: "inProgress" }
  | { readonly kind: "completed"; readonly checkpointId: number }
  | { readonly kind: "failed"; readonly reason: string };

const TRIGGERS_MAX = 100;

export class CheckpointTriggers {
  readonly #statuses = new Map<string, TriggerStatus>();
  /** Of the next checkpoint. */
  #waiting: string[] = [];

  get(triggerId: string): TriggerStatus | undefined {
    return this.#statuses.get(triggerId);
  }

  /** True when it is the first that waits: then a checkpoint must be taken (T1, T2). */
  add(triggerId: string): boolean {
    if (this.#statuses.has(triggerId)) return false;
    this.#statuses.set(triggerId, { kind: "inProgress" });
    for (const oldest of this.#statuses.keys()) {
      if (this.#statuses.size <= TRIGGERS_MAX) break;
      this.#statuses.delete(oldest);
    }
    this.#waiting.push(triggerId);
    return this.#waiting.length === 1;
  }

  /** A checkpoint begins: those that wait are its own. */
  take(): readonly string[] {
    const taken = this.#waiting;
    this.#waiting = [];
    return taken;
  }

  settle(triggerIds: readonly string[], status: TriggerStatus): void {
    for (const triggerId of triggerIds) if (this.#statuses.has(triggerId)) this.#statuses.set(triggerId, status);
  }
}
