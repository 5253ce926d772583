/**
 * Long polls: fetches that found fewer bytes than they asked for, and wait for appends.
 *
 * F1 A waiter is settled exactly once: by enough appended bytes, by its deadline, by a change that it must learn of at
 *    once (its topic is deleted), or by cancel. Cancel alone does not call back.
 * F2 A settled waiter is in no list.
 * F3 Who reads only committed records waits for the last stable offset: what an open transaction holds back does not
 *    count, and settles it as soon as it is held back no longer.
 * F4 Callbacks run after the append that caused them is answered: never inside of `appended`.
 */
import type { PartitionLog } from "./partition-log.ts";

export interface FetchWaiter {
  cancel(): void;
}

interface Waiter {
  bytesMissing: number;
  state: "waiting" | "ready" | "done";
  readonly committedOnly: boolean;
  readonly logs: readonly PartitionLog[];
  readonly timer: NodeJS.Timeout;
  readonly onReady: () => void;
}

export class FetchWaiters {
  readonly #byLog = new Map<PartitionLog, Set<Waiter>>();

  /** Calls `onReady` once, when `bytesMissing` more bytes are in these logs or `maxWaitMs` has passed. */
  wait(options: {
    logs: readonly PartitionLog[];
    bytesMissing: number;
    committedOnly: boolean;
    maxWaitMs: number;
    onReady: () => void;
  }): FetchWaiter {
    const { logs, bytesMissing, committedOnly, maxWaitMs, onReady } = options;
    const timer = setTimeout(() => this.#settle(waiter), maxWaitMs);
    const waiter: Waiter = { bytesMissing, committedOnly, state: "waiting", logs, timer, onReady };
    for (const log of logs) {
      const waiters = this.#byLog.get(log);
      if (waiters === undefined) this.#byLog.set(log, new Set([waiter]));
      else waiters.add(waiter);
    }
    return {
      cancel: () => {
        this.#remove(waiter);
        waiter.state = "done";
      },
    };
  }

  /** `bytes` were appended to this log; `unstable`: beyond its last stable offset. */
  appended(log: PartitionLog, bytes: number, unstable: boolean): void {
    const waiters = this.#byLog.get(log);
    if (waiters === undefined) return;
    for (const waiter of waiters) {
      if (unstable && waiter.committedOnly) continue;
      waiter.bytesMissing -= bytes;
      if (waiter.bytesMissing <= 0) this.#settle(waiter);
    }
  }

  /** The last stable offset of this log has risen over what was held back (F3). */
  stabilised(log: PartitionLog): void {
    for (const waiter of this.#byLog.get(log) ?? []) if (waiter.committedOnly) this.#settle(waiter);
  }

  /** This log is gone: whoever waits for it must be told. */
  closed(log: PartitionLog): void {
    for (const waiter of this.#byLog.get(log) ?? []) this.#settle(waiter);
  }

  get waiting(): number {
    return new Set([...this.#byLog.values()].flatMap((waiters) => [...waiters])).size;
  }

  #settle(waiter: Waiter): void {
    if (waiter.state !== "waiting") return;
    this.#remove(waiter);
    waiter.state = "ready";
    setImmediate(() => {
      // A cancel may have come in between: the connection closed.
      if (waiter.state !== "ready") return;
      waiter.state = "done";
      waiter.onReady();
    });
  }

  #remove(waiter: Waiter): void {
    clearTimeout(waiter.timer);
    for (const log of waiter.logs) {
      const waiters = this.#byLog.get(log);
      waiters?.delete(waiter);
      if (waiters?.size === 0) this.#byLog.delete(log);
    }
  }
}
