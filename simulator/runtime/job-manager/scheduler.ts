/**
 * Gives partitions to TaskManagers and keeps what they were told in line with who is there.
 *
 * Phases: idle (no state yet) → gathering → assigning → ended.
 *
 * G1 Nothing is sent before the state is current, nor while it is being recovered, nor after the end.
 * G2 After a restart, partitions that their holders still process are not touched: the TaskManagers have
 *    HEARTBEAT_TIMEOUT_MS to come back before anything is given away. A first start gathers in the same way.
 * G3 A TaskManager that leaves is told so by an assignment without partitions: each goes on being processed there until
 *    it is released, and then at its new owner. Its process is stopped after that, by the host.
 */
import { isDeepStrictEqual } from "node:util";
import type { JobManagerMessage } from "../../common/contract/child/child-messages.ts";
import { HEARTBEAT_TIMEOUT_MS, type HeldPartition } from "../../common/contract/job/rpc.ts";
import type { StoreLife } from "../../common/contract/state/redis-state.ts";
import { PartitionTable } from "./partition-table.ts";
import type { TaskManagerPort } from "./task-manager-port.ts";

export interface SchedulerOptions {
  readonly partitions: number;
  /** How many TaskManagers the job expects; it may change. */
  readonly parallelism: () => number;
  readonly nextGeneration: () => number;
  /** Monotonic, in ms. */
  readonly nowMs: () => number;
  /** Run time. */
  readonly nowUs: () => number;
  readonly taskManagers: TaskManagerPort;
  /** The current life of the state; null while there is none. */
  readonly life: () => StoreLife | null;
  readonly tell: (message: JobManagerMessage) => void;
  readonly onAllOwned: () => void;
}

type Phase =
  | { readonly kind: "idle" }
  | { readonly kind: "gathering"; readonly sinceMs: number }
  | { readonly kind: "assigning" }
  | { readonly kind: "ended" };

export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #table: PartitionTable;
  #phase: Phase = { kind: "idle" };
  #leaving: ReadonlySet<string> = new Set();
  #told: Readonly<Record<string, readonly number[]>> = {};

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#table = new PartitionTable(options);
  }

  /** The state is current: whoever is registered keeps what it holds, if its generation is not below the fence. */
  begin(fences: readonly number[]): void {
    const { taskManagers, nowMs } = this.#options;
    this.#table.raiseKnown(fences);
    this.#phase = { kind: "gathering", sinceMs: nowMs() };
    for (const tm of taskManagers.names()) this.#table.adopt(tm, taskManagers.heldBy(tm));
    this.tick();
  }

  end(): void {
    this.#phase = { kind: "ended" };
  }

  taskManagerRegistered(tm: string): void {
    // Before the state is current nobody is adopted: `begin` does it for all that are registered then.
    if (this.#phase.kind === "idle") return;
    this.#table.adopt(tm, this.#options.taskManagers.heldBy(tm));
    this.#reconcile();
  }

  taskManagerLost(tm: string): void {
    this.#table.taskManagerLost(tm);
    this.#reconcile();
  }

  /** From now on nobody else leaves (G3). */
  setLeaving(names: readonly string[]): void {
    this.#leaving = new Set(names);
    this.#reconcile();
  }

  isLeaving(tm: string): boolean {
    return this.#leaving.has(tm);
  }

  /** Each partition is processed by one that stays. */
  get settled(): boolean {
    return this.#phase.kind === "assigning" && this.#table.isOwnedBy(this.#staying());
  }

  owned(tm: string, held: HeldPartition): void {
    this.#table.owned(tm, held);
    this.#settle();
  }

  released(tm: string, held: HeldPartition): void {
    this.#table.released(tm, held);
    this.flush();
  }

  lost(tm: string, held: HeldPartition): void {
    this.#table.lost(tm, held);
    this.flush();
  }

  /** New generations for all partitions, or for one TaskManager's. Sent by the next `flush`. */
  renew(tm?: string): void {
    this.#table.renew(tm);
  }

  /** Sends this TaskManager its assignment again. */
  resend(tm: string): void {
    this.#table.resend(tm);
    this.flush();
  }

  tick(): void {
    if (this.#phase.kind === "gathering" && this.#isGathered(this.#phase.sinceMs)) {
      this.#phase = { kind: "assigning" };
      for (const tm of this.#options.taskManagers.names()) this.#table.resend(tm);
      this.#reconcile();
    }
    this.#table.expireRevocations();
    if (this.#table.isChanged) this.flush();
  }

  /** Sends each changed assignment (G1). */
  flush(): void {
    const { taskManagers, tell, nowUs } = this.#options;
    const life = this.#options.life();
    if (this.#phase.kind !== "assigning" || life === null) return;
    const registered = taskManagers.names();
    const changed = this.#table.takeChanged().filter((tm) => registered.includes(tm));
    const planned = this.#table.planned(this.#staying());
    // One that had no partition may leave: nobody must be sent anything, but the host must know.
    if (changed.length === 0 && isDeepStrictEqual(planned, this.#told)) return;
    const atUs = nowUs();
    for (const tm of changed) {
      taskManagers.send(tm, { type: "assignment", ...life, partitions: this.#table.assignmentOf(tm) });
    }
    this.#told = planned;
    tell({ type: "assignment", byTaskManager: planned, atUs });
  }

  /** Partitions that are processed now. */
  get ownedCount(): number {
    return this.#table.ownedCount;
  }

  assignmentOf(tm: string): readonly HeldPartition[] {
    return this.#table.assignmentOf(tm);
  }

  /** G2. */
  #isGathered(sinceMs: number): boolean {
    const { taskManagers, parallelism, nowMs } = this.#options;
    const registered = taskManagers.names().length;
    return registered >= parallelism() || (registered > 0 && nowMs() - sinceMs >= HEARTBEAT_TIMEOUT_MS);
  }

  #reconcile(): void {
    if (this.#phase.kind !== "assigning") return;
    this.#table.rebalance(this.#staying());
    this.flush();
    this.#settle();
  }

  #staying(): string[] {
    return this.#options.taskManagers.names().filter((tm) => !this.#leaving.has(tm));
  }

  #settle(): void {
    if (this.#phase.kind === "assigning" && this.#table.allOwned) this.#options.onAllOwned();
  }
}
