/**
 * Savepoints that somebody asked for by REST, by their trigger ids: what became of each. Pure bookkeeping.
 *
 * States of a trigger: in progress → completed | failed; the first end that is told is the one that stays.
 *
 * V1 A trigger that is repeated is the same one: whoever got no answer asks again.
 * V2 Each has a place of its own, so none is shared: WAITING_MAX may be in progress, and a further one is refused.
 * V3 The newest TRIGGERS_MAX are known, and all that are in progress; older ones are unknown.
 */
export type SavepointStatus =
  | { readonly kind: "inProgress" }
  | { readonly kind: "completed"; readonly location: string }
  | { readonly kind: "failed"; readonly reason: string };

const TRIGGERS_MAX = 100;
const WAITING_MAX = 10;

export class SavepointTriggers {
  readonly #statuses = new Map<string, SavepointStatus>();

  get(triggerId: string): SavepointStatus | undefined {
    return this.#statuses.get(triggerId);
  }

  /** "new" ones are to be worked for (V1, V2). */
  add(triggerId: string): "new" | "known" | "full" {
    if (this.#statuses.has(triggerId)) return "known";
    if (this.#listInProgress().length >= WAITING_MAX) return "full";
    this.#statuses.set(triggerId, { kind: "inProgress" });
    this.#forgetOldest();
    return "new";
  }

  /** Also of a trigger that the JobManager before took. */
  settle(triggerId: string, status: SavepointStatus): void {
    if ((this.#statuses.get(triggerId)?.kind ?? "inProgress") !== "inProgress") return;
    this.#statuses.set(triggerId, status);
    this.#forgetOldest();
  }

  /** Nothing that was asked for is done any more. */
  failAll(reason: string): void {
    for (const triggerId of this.#listInProgress()) this.settle(triggerId, { kind: "failed", reason });
  }

  #listInProgress(): string[] {
    return [...this.#statuses].filter(([, { kind }]) => kind === "inProgress").map(([triggerId]) => triggerId);
  }

  #forgetOldest(): void {
    for (const [triggerId, { kind }] of this.#statuses) {
      if (this.#statuses.size <= TRIGGERS_MAX) return;
      if (kind !== "inProgress") this.#statuses.delete(triggerId);
    }
  }
}
