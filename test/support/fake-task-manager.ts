/**
 * A TaskManager for tests of the JobManager: real TCP, real messages, and a real store for ACQUIRE and APPLY, but
 * records only when the test says so. What it does by itself can be switched off to play a slow or deaf one.
 */
import { connect } from "node:net";
import type { StateStore } from "../../simulator/clients/redis/state-store.ts";
import type {
  HeldPartition,
  JobManagerToTaskManager,
  TaskManagerToJobManager,
} from "../../simulator/common/contract/job/rpc.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { type JsonLines, openJsonLines } from "../../simulator/runtime/rpc/json-lines.ts";
import { decodeJobManagerMessage } from "../../simulator/runtime/rpc/messages.ts";

type Assignment = Extract<JobManagerToTaskManager, { type: "assignment" }>;

export interface FakeTaskManagerOptions {
  readonly port: number;
  readonly token: string;
  readonly tm: string;
  readonly store: StateStore;
  readonly incarnation?: string;
  readonly held?: readonly HeldPartition[];
  /** Default true: release what an assignment no longer names. */
  readonly releases?: boolean;
  /** Default true: answer triggerCheckpoint. */
  readonly acknowledges?: boolean;
}

export class FakeTaskManager {
  readonly tm: string;
  readonly received: JobManagerToTaskManager[] = [];
  /** What it owns by ACQUIRE, and the next offset of each. */
  readonly owned = new Map<number, { g: number; offset: number }>();
  closedBecause: string | null = null;
  readonly #options: FakeTaskManagerOptions;
  readonly #lines: JsonLines<TaskManagerToJobManager>;
  #life = "";
  #closed = false;
  #work: Promise<unknown> = Promise.resolve();

  constructor(options: FakeTaskManagerOptions) {
    this.#options = options;
    this.tm = options.tm;
    for (const { p, g } of options.held ?? []) this.owned.set(p, { g, offset: 0 });
    this.#lines = openJsonLines<JobManagerToTaskManager, TaskManagerToJobManager>(connect(options.port, "127.0.0.1"), {
      decode: decodeJobManagerMessage,
      onMessage: (message) => this.#receive(message),
      onClose: (reason) => {
        this.closedBecause = reason;
      },
    });
    const { token, tm, incarnation = "inc-1", held = [] } = options;
    this.send({ type: "register", token, tm, incarnation, pid: process.pid, slots: 1, held });
  }

  send(message: TaskManagerToJobManager): void {
    this.#lines.send(message);
  }

  /** What is in flight then need not be answered: the test closes the store too. */
  close(): void {
    this.#closed = true;
    this.#lines.close("the test is done with it");
  }

  get held(): HeldPartition[] {
    return [...this.owned].map(([p, { g }]) => ({ p, g })).toSorted((a, b) => a.p - b.p);
  }

  get assignment(): Assignment | undefined {
    return this.received.findLast((message) => message.type === "assignment") as Assignment | undefined;
  }

  /** Applies `n` records to a partition it owns. */
  async apply(p: number, n: number): Promise<string> {
    const position = this.owned.get(p);
    if (position === undefined) throw new Error(`${this.tm} does not own partition ${p}`);
    const prev = position.offset;
    const answer = await this.#options.store.apply({
      life: this.#life,
      p,
      g: position.g,
      tm: this.tm,
      prev,
      next: prev + n,
      n,
      rejected: 0,
      skipped: 0,
      idSum: 0,
      idMix: 0,
      lastId: prev + n,
      disorder: 0,
      sentAtUs: 0,
    });
    if (answer.kind === "ok") position.offset = prev + n;
    return answer.kind;
  }

  /** Waits for a message of this kind. */
  async expect<T extends JobManagerToTaskManager["type"]>(
    type: T,
  ): Promise<Extract<JobManagerToTaskManager, { type: T }>> {
    const found = await waitUntil(() => this.received.find((message) => message.type === type), {
      what: `${this.tm} gets ${type}`,
      deadlineMs: 10_000,
    });
    return found as Extract<JobManagerToTaskManager, { type: T }>;
  }

  async owns(count: number): Promise<void> {
    await waitUntil(() => (this.owned.size === count ? true : undefined), {
      what: `${this.tm} owns ${count} partitions`,
      deadlineMs: 10_000,
    });
  }

  #receive(message: JobManagerToTaskManager): void {
    this.received.push(message);
    if (message.type === "heartbeat") this.send({ type: "heartbeat", metrics: null });
    if (message.type === "assignment") this.#work = this.#work.then(() => this.#followUntilClosed(message));
    if (message.type === "triggerCheckpoint" && this.#options.acknowledges !== false) {
      const offsets = [...this.owned].map(([p, { offset }]) => ({ p, offset }));
      this.send({ type: "checkpointAcknowledged", checkpointId: message.checkpointId, life: this.#life, offsets });
    }
  }

  async #followUntilClosed(assignment: Assignment): Promise<void> {
    try {
      await this.#follow(assignment);
    } catch (error) {
      if (!this.#closed) throw error;
    }
  }

  async #follow({ life, redisRunId, partitions }: Assignment): Promise<void> {
    const renewed = life !== this.#life && this.#life !== "";
    this.#life = life;
    this.#options.store.expect({ life, redisRunId });
    for (const { p, g } of this.held) {
      if (partitions.some((named) => named.p === p) || this.#options.releases === false) continue;
      this.owned.delete(p);
      this.send({ type: "released", p, g });
    }
    for (const { p, g } of partitions) {
      if (!renewed && this.owned.get(p)?.g === g) continue;
      const answer = await this.#options.store.acquire({ life, p, g });
      if (answer.kind === "acquired") {
        this.owned.set(p, { g, offset: answer.offset });
        this.send({ type: "owned", p, g, offset: answer.offset });
      } else if (answer.kind === "fenced") {
        this.send({ type: "lost", p, g });
      } else {
        this.send({ type: "storeLost", life });
      }
    }
  }
}
