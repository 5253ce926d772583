/**
 * One partition of this TaskManager: who may write it, and what happens when that changes. All events come in here, and
 * each transition is made in one place, so the order of the steps can be read.
 *
 * States, beside the claim (life, g) that the JobManager wants (`desired`; null = none):
 *   gone       not ours: nothing is read, nothing is in flight
 *   acquiring  ACQUIRE is in flight for a claim
 *   running    the claim is held: records flow from the source into the sink
 *   releasing  no longer read; an APPLY is in flight and is awaited
 *
 *   gone → acquiring                desired is set
 *   acquiring → running             ACQUIRE succeeded and the claim is still desired
 *   acquiring → gone                fenced (lost is reported), the store is lost, or the claim is not desired any more
 *   running → acquiring             SEEK: the store stands elsewhere, so ask it where
 *   running → releasing → gone      desired changed; released is reported if nothing is desired
 *   running → gone                  fenced or the store is lost
 *
 * P1 The source starts at the offset that ACQUIRE returned, after the rows of ACQUIRE are appended.
 * P2 A new claim is acquired only when the old one has no APPLY in flight.
 * P3 The same claim again changes nothing while it is acquired or held: records go on without a pause.
 * P4 Records reach the sink in offset order without a gap: a record set that was fetched from elsewhere is refused.
 * P5 Batches before one that cannot be read are applied all the same, so that the store stands where the trouble begins.
 */
import type { FetchedRecords } from "../../clients/kafka/assigned-partition.ts";
import type { AppliedLogRow } from "../../common/contract/files/applied-log.ts";
import type { AcquireAnswer } from "../../common/contract/state/redis-scripts.ts";
import type { LastBatch } from "../../common/contract/state/redis-state.ts";
import { unreachable } from "../../common/foundation/assert.ts";
import { PartitionSink, type SinkEnd } from "../sink/partition-sink.ts";
import type { PartitionContext } from "./partition-context.ts";

/** What the JobManager assigns: the right to write the partition in one life of the data. */
export interface Claim {
  readonly life: string;
  readonly g: number;
}

type State =
  | { readonly kind: "gone" }
  | { readonly kind: "acquiring"; readonly claim: Claim }
  | { readonly kind: "running"; readonly claim: Claim; readonly sink: PartitionSink }
  | { readonly kind: "releasing"; readonly claim: Claim; readonly sink: PartitionSink };

const GONE: State = { kind: "gone" };

const isSameClaim = (a: Claim | null, b: Claim | null): boolean =>
  a === b || (a !== null && b !== null && a.g === b.g && a.life === b.life);

export class PartitionTask {
  readonly p: number;
  readonly #context: PartitionContext;
  #desired: Claim | null = null;
  /** True if the end of the claim answers an assignment, and not a failure that was reported already. */
  #reportsRelease = false;
  #state: State = GONE;
  /** Last stable offset that Kafka reported; −1 = not known yet. */
  endOffset = -1;

  constructor(p: number, context: PartitionContext) {
    this.p = p;
    this.#context = context;
  }

  get kind(): State["kind"] {
    return this.#state.kind;
  }

  /** The claim that this partition has or may get by an answer that is under way. */
  get held(): Claim | null {
    return this.#state.kind === "gone" ? null : this.#state.claim;
  }

  /** Next offset to apply, where it is known. */
  get appliedOffset(): number | undefined {
    return this.#state.kind === "running" || this.#state.kind === "releasing"
      ? this.#state.sink.appliedOffset
      : undefined;
  }

  /** Sets what the JobManager wants. Null: stop, and report `released`. */
  assign(claim: Claim | null): void {
    if (isSameClaim(claim, this.#desired)) return;
    this.#desired = claim;
    this.#reportsRelease = claim === null;
    if (this.#state.kind === "gone") this.#acquireDesired();
    // The other states move on by the answer that is under way.
    else if (this.#state.kind === "running" && !isSameClaim(this.#state.claim, claim)) this.#startRelease();
  }

  /** Forgets a claim of a life that is lost, or any claim (`life` = null), without a report. */
  drop(life: string | null): void {
    if (life === null || this.#desired?.life === life) this.#desired = null;
    if (this.#state.kind === "running" && !isSameClaim(this.#state.claim, this.#desired)) this.#startRelease();
  }

  /** Takes fetched records in: the decoder reads them, runs the operators, and adds to the sink. */
  receive(fetched: FetchedRecords): void {
    const state = this.#state;
    if (state.kind !== "running") return;
    this.endOffset = fetched.lastStableOffset;
    const { sink } = state;
    const { decoder, source, counters } = this.#context;
    if (fetched.fetchOffset !== sink.nextOffset) {
      // A fetch of before a seek, which the reader should have dropped: read where we stand (P4).
      source.restoreFromCheckpoint([{ p: this.p, offset: sink.nextOffset }]);
      return;
    }
    counters.bytes += fetched.end - fetched.start;
    try {
      decoder.decode(fetched, sink);
    } finally {
      sink.flush();
    }
  }

  #acquireDesired(): void {
    const claim = this.#desired;
    if (claim === null) return;
    this.#state = { kind: "acquiring", claim };
    this.#context.store
      .acquire({ life: claim.life, p: this.p, g: claim.g })
      .then((answer) => this.#receiveAcquired(claim, answer))
      .catch((error: unknown) => this.#fail(error));
  }

  #receiveAcquired(claim: Claim, answer: AcquireAnswer): void {
    const context = this.#context;
    this.#state = GONE;
    switch (answer.kind) {
      case "acquired":
        this.#appendAcquired(claim, answer.offset, answer.last);
        if (isSameClaim(claim, this.#desired)) this.#run(claim, answer.offset, answer.lastId);
        else this.#reportReleased(claim);
        break;
      case "fenced":
        this.#giveUp(claim);
        context.report({ type: "lost", p: this.p, g: claim.g });
        break;
      case "storeLost":
        this.#giveUp(claim);
        context.onStoreLost(claim.life);
        break;
      default:
        unreachable(answer);
    }
    if (this.#state.kind === "gone") this.#acquireDesired();
  }

  /** The row of ACQUIRE, and once more the newest apply row: its writer may have died between APPLY and its row. */
  #appendAcquired({ life, g }: Claim, offset: number, last: LastBatch | null): void {
    const { p } = this;
    const acquired = { kind: "acquire", life, p, g, offset } as const;
    const rows: AppliedLogRow[] = [acquired];
    if (last !== null) {
      const { prev, next, n, base, tm } = last;
      rows.push({ kind: "apply", life, p, g: last.g, prev, next, n, base, tm, appliedAtUs: 0 });
    }
    this.#context.appliedLog.append(...rows);
  }

  #run(claim: Claim, offset: number, lastId: number): void {
    const { p } = this;
    const { store, appliedLog, counters, clock, tm, source, report } = this.#context;
    const sink: PartitionSink = new PartitionSink({
      store,
      appliedLog,
      counters,
      clock,
      tm,
      life: claim.life,
      p,
      g: claim.g,
      offset,
      lastId,
      pauseSource: () => {
        counters.times.pause(this);
        source.pause(p);
      },
      resumeSource: () => {
        counters.times.resume(this);
        if (this.#state.kind === "running") source.resume(p);
      },
      onEnd: (end) => this.#receiveEnd(sink, claim, end),
    });
    this.#state = { kind: "running", claim, sink };
    source.restoreFromCheckpoint([{ p, offset }]);
    report({ type: "owned", p, g: claim.g, offset });
  }

  /** Stops reading, and goes on once no APPLY is in flight. */
  #startRelease(): void {
    if (this.#state.kind !== "running") return;
    const { claim, sink } = this.#state;
    this.#state = { kind: "releasing", claim, sink };
    this.#context.counters.times.resume(this);
    this.#context.source.release(this.p);
    sink.close(() => this.#finishRelease(claim));
  }

  #finishRelease(claim: Claim): void {
    this.#state = GONE;
    this.#reportReleased(claim);
    this.#acquireDesired();
  }

  #reportReleased(claim: Claim): void {
    if (this.#desired !== null || !this.#reportsRelease) return;
    this.#reportsRelease = false;
    this.#context.report({ type: "released", p: this.p, g: claim.g });
  }

  /** The sink ended by itself. In `releasing`, its settling follows and decides the state. */
  #receiveEnd(sink: PartitionSink, claim: Claim, end: SinkEnd): void {
    const running = this.#state.kind === "running" && this.#state.sink === sink;
    if (running) {
      this.#state = GONE;
      this.#context.counters.times.resume(this);
      this.#context.source.release(this.p);
    }
    switch (end.kind) {
      case "seek":
        break;
      case "fenced":
        this.#giveUp(claim);
        this.#context.report({ type: "lost", p: this.p, g: claim.g });
        break;
      case "storeLost":
        this.#giveUp(claim);
        this.#context.onStoreLost(claim.life);
        break;
      case "failed":
        this.#fail(end.error);
        break;
      default:
        unreachable(end);
    }
    if (running) this.#acquireDesired();
  }

  /** The claim is worth nothing any more; a newer one that came meanwhile stays desired. */
  #giveUp(claim: Claim): void {
    if (isSameClaim(claim, this.#desired)) this.#desired = null;
  }

  #fail(error: unknown): void {
    this.#desired = null;
    if (this.#state.kind === "acquiring") this.#state = GONE;
    this.#context.onFailed(error);
  }
}
