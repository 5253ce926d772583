/**
 * Who holds which partition, and the hand-over of one from owner to owner. Decides nothing about Redis and sends
 * nothing: events go in, and `takeChanged` says which TaskManagers must be sent their assignment again.
 *
 * States of a partition:
 *   free       nobody has it
 *   assigned   given to a TaskManager under g, which has not said `owned` yet
 *   owned      processed under g
 *   revoking   its holder was told to let go of it; `to` gets it then, under a new g
 *
 * T1 A generation is issued for one partition and one TaskManager incarnation, and never again.
 * T2 A partition moves only after its holder released it, died, or let REVOKE_TIMEOUT_MS pass. The fence makes the last
 *    case safe: from the new owner's ACQUIRE on the old one's writes fail.
 * T3 A holder that reports (p, g) keeps p only if no higher generation of p is known.
 */
import { HEARTBEAT_TIMEOUT_MS, type HeldPartition } from "../../common/contract/job/rpc.ts";
import { assert, present } from "../../common/foundation/assert.ts";
import { planAssignment } from "./assignment.ts";

export const REVOKE_TIMEOUT_MS = HEARTBEAT_TIMEOUT_MS;

type Slot =
  | { readonly kind: "free" }
  | { readonly kind: "assigned" | "owned"; readonly tm: string; readonly g: number }
  | {
      readonly kind: "revoking";
      readonly tm: string;
      readonly g: number;
      readonly to: string;
      readonly sinceMs: number;
    };

export interface PartitionTableOptions {
  readonly partitions: number;
  readonly nextGeneration: () => number;
  /** Monotonic, in ms. */
  readonly nowMs: () => number;
}

export class PartitionTable {
  readonly #options: PartitionTableOptions;
  readonly #slots: Slot[];
  /** The highest generation known of each partition (T3). */
  readonly #known: number[];
  readonly #changed = new Set<string>();

  constructor(options: PartitionTableOptions) {
    this.#options = options;
    this.#slots = new Array<Slot>(options.partitions).fill({ kind: "free" });
    this.#known = new Array<number>(options.partitions).fill(0);
  }

  /** Fences found in the store: a holder below them is not the holder any more. */
  raiseKnown(fences: readonly number[]): void {
    for (const [p, fence] of fences.entries()) this.#known[p] = Math.max(this.#known[p] ?? 0, fence);
  }

  /** A TaskManager says what it holds from before (T3). */
  adopt(tm: string, held: readonly HeldPartition[]): void {
    this.#changed.add(tm);
    for (const { p, g } of held) {
      const slot = this.#slots[p];
      if (slot === undefined || g < (this.#known[p] ?? 0)) continue;
      // A holder with a lower g loses: the next assignment it gets does not name p any more.
      if (slot.kind !== "free") this.#changed.add(slot.tm);
      this.#known[p] = g;
      this.#slots[p] = { kind: "owned", tm, g };
    }
  }

  taskManagerLost(tm: string): void {
    this.#changed.delete(tm);
    for (const [p, slot] of this.#slots.entries()) {
      if (slot.kind === "free" || slot.tm !== tm) continue;
      if (slot.kind === "revoking" && slot.to !== tm) this.#assign(p, slot.to);
      else this.#slots[p] = { kind: "free" };
    }
  }

  /** Brings everything in line with the plan for these TaskManagers. */
  rebalance(taskManagers: readonly string[]): void {
    const current = this.#slots.map(targetOf);
    const plan = planAssignment({ partitions: this.#slots.length, taskManagers, current });
    for (const [p, to] of plan.entries()) this.#move(p, to, taskManagers);
  }

  owned(tm: string, { p, g }: HeldPartition): void {
    const slot = this.#slots[p];
    if (slot?.kind === "assigned" && slot.tm === tm && slot.g === g) this.#slots[p] = { kind: "owned", tm, g };
  }

  released(tm: string, { p, g }: HeldPartition): void {
    const slot = this.#slots[p];
    if (slot?.kind === "revoking" && slot.tm === tm && slot.g === g) this.#assign(p, slot.to);
  }

  /** The holder was fenced. It is still the owner we want, so it gets a generation above the fence. */
  lost(tm: string, { p, g }: HeldPartition): void {
    const slot = this.#slots[p];
    if (slot === undefined || slot.kind === "free" || slot.tm !== tm || slot.g !== g) return;
    this.#assign(p, slot.kind === "revoking" ? slot.to : tm);
  }

  /** Hands over what was not released in time (T2). */
  expireRevocations(): void {
    const nowMs = this.#options.nowMs();
    for (const [p, slot] of this.#slots.entries()) {
      if (slot.kind === "revoking" && nowMs - slot.sinceMs >= REVOKE_TIMEOUT_MS) this.#assign(p, slot.to);
    }
  }

  /** New generations for all partitions, or for one TaskManager's: after a RECOVER the old ones are void. */
  renew(tm?: string): void {
    for (const [p, slot] of this.#slots.entries()) {
      if (slot.kind === "free" || (tm !== undefined && slot.tm !== tm)) continue;
      this.#changed.add(slot.tm);
      this.#assign(p, slot.kind === "revoking" ? slot.to : slot.tm);
    }
  }

  /** Asks for the assignment to be sent, changed or not. */
  resend(tm: string): void {
    this.#changed.add(tm);
  }

  get isChanged(): boolean {
    return this.#changed.size > 0;
  }

  /** TaskManagers whose assignment differs from the one they were sent; empty afterwards. */
  takeChanged(): string[] {
    const changed = [...this.#changed].toSorted();
    this.#changed.clear();
    return changed;
  }

  assignmentOf(tm: string): HeldPartition[] {
    const partitions: HeldPartition[] = [];
    for (const [p, slot] of this.#slots.entries()) {
      if ((slot.kind === "assigned" || slot.kind === "owned") && slot.tm === tm) partitions.push({ p, g: slot.g });
    }
    return partitions;
  }

  /** Who owns what once all hand-overs are through. Every given TaskManager has an entry. */
  planned(taskManagers: readonly string[]): Record<string, number[]> {
    const plan: Record<string, number[]> = Object.fromEntries(taskManagers.toSorted().map((tm) => [tm, []]));
    for (const [p, slot] of this.#slots.entries()) {
      const target = targetOf(slot);
      if (target !== null) plan[target]?.push(p);
    }
    return plan;
  }

  get allOwned(): boolean {
    return this.ownedCount === this.#slots.length;
  }

  /** Whether each partition is processed by one of these. */
  isOwnedBy(taskManagers: readonly string[]): boolean {
    return this.#slots.every((slot) => slot.kind === "owned" && taskManagers.includes(slot.tm));
  }

  get ownedCount(): number {
    return this.#slots.filter((slot) => slot.kind === "owned").length;
  }

  #move(p: number, to: string | null, taskManagers: readonly string[]): void {
    const slot = present(this.#slots[p], "slot");
    if (to === null) {
      assert(taskManagers.length === 0, "a plan leaves a partition free only without TaskManagers");
      return;
    }
    if (slot.kind === "free") this.#assign(p, to);
    else if (slot.kind === "revoking") this.#slots[p] = { ...slot, to };
    else if (slot.tm !== to) {
      this.#changed.add(slot.tm);
      this.#slots[p] = { kind: "revoking", tm: slot.tm, g: slot.g, to, sinceMs: this.#options.nowMs() };
    }
  }

  #assign(p: number, tm: string): void {
    const g = this.#options.nextGeneration();
    this.#known[p] = g;
    this.#slots[p] = { kind: "assigned", tm, g };
    this.#changed.add(tm);
  }
}

function targetOf(slot: Slot): string | null {
  if (slot.kind === "free") return null;
  return slot.kind === "revoking" ? slot.to : slot.tm;
}
