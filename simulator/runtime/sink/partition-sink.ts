/**
 * The sink of one partition under one generation: merges what arrives into a pending delta and applies it to Redis.
 *
 * States: idle (nothing pending, nothing in flight) → applying (one APPLY in flight; what arrives is merged) → idle;
 * closed, from either: nothing more is sent, and `onSettled` is called once no APPLY is in flight.
 *
 * S1 At most one APPLY is in flight. Its arguments are made once; a retry, inside the store client, repeats them.
 * S2 Deltas tile: each APPLY's prev is the next of the one before, starting at the offset that ACQUIRE returned.
 * S3 After OK or DUP the row is appended before the next APPLY is sent, also when the sink was closed meanwhile: the
 *    effect is there, whoever owns the partition now.
 * S4 What is pending is bounded: beyond the limits the source is paused until the reply. What was fetched already still
 *    arrives, at most two record sets.
 * S5 After an answer other than OK or DUP the sink is closed: nothing of this generation is sent any more.
 */
import type { ApplyRow } from "../../common/contract/files/applied-log.ts";
import type { LatencyCounts } from "../../common/contract/latency-histogram.ts";
import type { ApplyCounts } from "../../common/contract/metrics.ts";
import type { ApplyAnswer, ApplyArguments } from "../../common/contract/state/redis-scripts.ts";
import { assert } from "../../common/foundation/assert.ts";
import type { RunClock } from "../../common/foundation/clock.ts";
import type { RecordColumns, RecordOutput } from "../source/record-set-decoder.ts";
import { addToDelta, createDelta, recordDeltaLatency, resetDelta } from "./batch-delta.ts";

/** Pending records, or runs of equal stamps, beyond which the source is paused. */
const PENDING_RECORDS_MAX = 65_536;
const PENDING_RUNS_MAX = 8_192;

/** Why a sink ended by itself. */
export type SinkEnd =
  | { readonly kind: "seek" }
  | { readonly kind: "fenced" }
  | { readonly kind: "storeLost" }
  | { readonly kind: "failed"; readonly error: unknown };

/** What sinks count, all of a process into one object. */
export interface SinkCounters {
  /** Records whose effect is in Redis through an APPLY of this process. */
  processed: number;
  rejected: number;
  skipped: number;
  readonly applies: { -readonly [K in keyof ApplyCounts]: number };
  readonly latency: LatencyCounts;
}

export interface SinkOptions {
  readonly store: { apply(a: ApplyArguments): Promise<ApplyAnswer> };
  readonly appliedLog: { append(row: ApplyRow): void };
  readonly counters: SinkCounters;
  readonly clock: RunClock;
  readonly tm: string;
  readonly life: string;
  readonly p: number;
  readonly g: number;
  /** Where ACQUIRE said the partition stands. */
  readonly offset: number;
  readonly lastId: number;
  pauseSource(): void;
  resumeSource(): void;
  onEnd(end: SinkEnd): void;
}

export class PartitionSink implements RecordOutput {
  readonly #options: SinkOptions;
  /** Two deltas take turns: one in flight, one collecting. */
  #pending = createDelta();
  #sent = createDelta();
  #applying = false;
  #closed = false;
  #paused = false;
  #appliedOffset: number;
  #onSettled: (() => void) | undefined;

  constructor(options: SinkOptions) {
    this.#options = options;
    this.#appliedOffset = options.offset;
    resetDelta(this.#pending, options.offset, options.lastId);
  }

  /** Next offset to take in: everything below it was added. */
  get nextOffset(): number {
    return this.#pending.next;
  }

  /** Next offset to apply: the rows of everything below it are appended. */
  get appliedOffset(): number {
    return this.#appliedOffset;
  }

  /** Takes in a batch that ends before `next`. */
  add(records: RecordColumns, next: number): void {
    assert(!this.#closed, `partition ${this.#options.p} takes records in though its sink is closed`);
    addToDelta(this.#pending, records, next);
  }

  /** Applies what is pending, unless an APPLY is in flight: then its answer does. Called once a fetched record set. */
  flush(): void {
    if (this.#closed || this.#pending.next === this.#pending.prev) return;
    if (!this.#applying) this.#send();
    else if (this.#pending.n >= PENDING_RECORDS_MAX || this.#pending.runs >= PENDING_RUNS_MAX) this.#pause();
  }

  /** Drops what is pending; `onSettled` is called once, as soon as no APPLY is in flight. */
  close(onSettled: () => void): void {
    this.#closed = true;
    if (this.#applying) this.#onSettled = onSettled;
    else onSettled();
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#options.pauseSource();
  }

  #send(): void {
    const delta = this.#pending;
    this.#pending = this.#sent;
    this.#sent = delta;
    resetDelta(this.#pending, delta.next, delta.lastId);
    this.#applying = true;
    const { life, p, g, tm, clock, store } = this.#options;
    const { prev, next, n, rejected, skipped, idSum, idMix, lastId, disorder } = delta;
    const sentAtUs = clock.nowUs();
    store
      .apply({ life, p, g, tm, prev, next, n, rejected, skipped, idSum, idMix, lastId, disorder, sentAtUs })
      .then((answer) => this.#receive(answer))
      .catch((error: unknown) => this.#end({ kind: "failed", error }));
  }

  #receive(answer: ApplyAnswer): void {
    const { applies } = this.#options.counters;
    applies[answer.kind] += 1;
    if (answer.kind !== "ok" && answer.kind !== "dup") {
      this.#end({ kind: answer.kind });
      return;
    }
    this.#record(answer.base);
    this.#applying = false;
    if (this.#closed) {
      this.#settle();
      return;
    }
    this.flush();
    // Nothing is pending now: what was is in flight.
    if (!this.#paused) return;
    this.#paused = false;
    this.#options.resumeSource();
  }

  /** The effect is in Redis: append its row (S3), then count it. */
  #record(base: number): void {
    const { life, p, g, tm, clock, counters, appliedLog } = this.#options;
    const { prev, next, n, rejected, skipped } = this.#sent;
    const appliedAtUs = clock.nowUs();
    appliedLog.append({ kind: "apply", life, p, g, prev, next, n, base, tm, appliedAtUs });
    this.#appliedOffset = next;
    counters.processed += n;
    counters.rejected += rejected;
    counters.skipped += skipped;
    recordDeltaLatency(this.#sent, appliedAtUs, counters.latency);
  }

  #end(end: SinkEnd): void {
    this.#applying = false;
    const closedBefore = this.#closed;
    this.#closed = true;
    // Somebody who waits for this sink must learn of the end first: it decides what the settling means.
    this.#options.onEnd(end);
    if (closedBefore) this.#settle();
  }

  #settle(): void {
    const onSettled = this.#onSettled;
    this.#onSettled = undefined;
    onSettled?.();
  }
}
