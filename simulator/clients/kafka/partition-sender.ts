/**
 * What may be sent next for one partition of an idempotent producer. Pure: sockets and clocks are the producer's.
 *
 *   flowing      up to 5 batches in flight
 *   careful      one batch in flight: before the first acknowledgement, and after a failure
 *   draining     a batch failed or its outcome is unknown: nothing is sent until all in flight have ended
 *   waiting      nothing is in flight; the same batches go out again, in order, when `retry` is called
 *   failed       given up: everything unsettled is rejected, and so is what comes later
 *
 * S1 Batches are sent in the order they were added, and a batch again before any later one.
 * S2 A batch that is sent again has the same bytes, so a broker that has it answers with its first offset: it knows a
 *    producer's last five batches of a partition, which is why no more than five are ever in flight.
 * S3 While careful, a later batch cannot arrive without the one before it. A broker that knows nothing of a producer
 *    accepts any first sequence; with several in flight it could take the second batch for the first.
 * S4 Each batch is settled exactly once: acknowledged, or rejected with its fate.
 * S5 Batches are acknowledged to whoever added them in the order in which they were added. A broker may say of one that it
 *    timed out while its replicas were awaited, though it has appended it, and acknowledge the next: that answer is held
 *    until the one before is settled. When that is given up, the log may hold the later one: its fate is unknown.
 */
import { assert, present } from "../../common/foundation/assert.ts";
import type { AppError } from "../../common/foundation/errors.ts";

export const IN_FLIGHT_MAX = 5;
/** A caller that adds more does not wait for acknowledgements at all. */
const UNSETTLED_MAX = 1_024;

/**
 * What is known of a batch that is not acknowledged:
 *
 *   unsent    it never went out
 *   refused   each time it went out, the answer was that the log did not take it
 *   unknown   it went out, and the log may hold it
 */
export type Fate = "unsent" | "refused" | "unknown";

export interface SendEntry {
  readonly batch: Buffer;
  readonly records: number;
  readonly firstSequence: number;
  readonly resolve: (result: { baseOffset: number }) => void;
  readonly reject: (error: AppError, fate: Fate) => void;
}

interface Slot {
  readonly entry: SendEntry;
  inFlight: boolean;
  /** Of what ended so far; while in flight it is unknown besides. */
  fate: Fate;
  /** Where the broker has it, while an earlier batch is not settled (S5). -1: it no longer knows. */
  heldOffset: number | undefined;
}

const fateOf = ({ inFlight, fate, heldOffset }: Slot): Fate =>
  inFlight || heldOffset !== undefined ? "unknown" : fate;

const isToSend = ({ inFlight, heldOffset }: Slot): boolean => !inFlight && heldOffset === undefined;

type SenderState =
  | { readonly kind: "flowing" }
  | { readonly kind: "careful" }
  | { readonly kind: "draining"; readonly givingUp: AppError | undefined }
  | { readonly kind: "waiting" }
  | { readonly kind: "failed"; readonly error: AppError };

export class PartitionSender {
  /** Unsettled batches, oldest first. The oldest one is never held. */
  readonly #slots: Slot[] = [];
  #acknowledgedOffset = -1;
  #state: SenderState = { kind: "careful" };

  get kind(): SenderState["kind"] {
    return this.#state.kind;
  }

  /** Offset after the last batch that was acknowledged, of those whose place the broker knew; -1 before the first. */
  get acknowledgedOffset(): number {
    return this.#acknowledgedOffset;
  }

  get unsettled(): number {
    return this.#slots.length;
  }

  /** The oldest unsettled batch. */
  get head(): SendEntry | undefined {
    return this.#slots[0]?.entry;
  }

  get inFlight(): number {
    return this.#slots.reduce((count, slot) => count + (slot.inFlight ? 1 : 0), 0);
  }

  /** Of the oldest unsettled batch. */
  get headFate(): Fate | undefined {
    const [head] = this.#slots;
    return head === undefined ? undefined : fateOf(head);
  }

  /** Records of the unsettled batches with this fate, as it is now. */
  countRecords(fate: Fate): number {
    return this.#slots.reduce((sum, slot) => sum + (fateOf(slot) === fate ? slot.entry.records : 0), 0);
  }

  add(entry: SendEntry): void {
    if (this.#state.kind === "failed") {
      entry.reject(this.#state.error, "unsent");
      return;
    }
    assert(this.#slots.length < UNSETTLED_MAX, `at most ${UNSETTLED_MAX} batches of a partition wait`);
    this.#slots.push({ entry, inFlight: false, fate: "unsent", heldOffset: undefined });
  }

  /** The batch to send now, or undefined. Call it until it gives none. */
  next(): SendEntry | undefined {
    if (this.#state.kind !== "flowing" && this.#state.kind !== "careful") return undefined;
    const limit = this.#state.kind === "careful" ? 1 : IN_FLIGHT_MAX;
    // What is in flight is always the oldest part of those that are not held (S1), so the next one stands right behind it.
    const slot = this.inFlight < limit ? this.#slots.find(isToSend) : undefined;
    if (slot === undefined) return undefined;
    slot.inFlight = true;
    return slot.entry;
  }

  acknowledged(entry: SendEntry, baseOffset: number): void {
    const slot = this.#slotOf(entry);
    slot.inFlight = false;
    slot.heldOffset = baseOffset;
    this.#settleHeld();
    // Careful until the last batch that ever went out is settled.
    const next = this.headFate;
    if (this.#state.kind === "careful" && (next === undefined || next === "unsent")) this.#state = { kind: "flowing" };
    this.#endDraining();
  }

  /** While waiting, the oldest batch was found in the log: it counts as acknowledged. */
  found(entry: SendEntry, baseOffset: number): void {
    assert(this.#state.kind === "waiting" && this.#slots[0]?.entry === entry, "only the oldest batch is looked for");
    present(this.#slots[0], "the oldest batch").heldOffset = baseOffset;
    this.#settleHeld();
  }

  /**
   * It will be sent again: the broker refused it for now, the connection went with it (unknown), or before it (unsent).
   * A batch that the log may hold since an earlier time stays unknown.
   */
  unsettledAgain(entry: SendEntry, ended: Fate): void {
    const slot = this.#slotOf(entry);
    slot.inFlight = false;
    if (slot.fate !== "unknown" && ended !== "unsent") slot.fate = ended;
    this.interrupt();
  }

  /** The leader cannot be reached: nothing more is sent until `retry`. */
  interrupt(): void {
    if (this.#state.kind === "flowing" || this.#state.kind === "careful") {
      this.#state = { kind: "draining", givingUp: undefined };
    }
    this.#endDraining();
  }

  /** A retry is hopeless. What is in flight still ends first, so that each acknowledged batch is known as such. */
  giveUp(error: AppError): void {
    if (this.#state.kind === "failed") return;
    // The first reason counts.
    if (this.#state.kind !== "draining" || this.#state.givingUp === undefined) {
      this.#state = { kind: "draining", givingUp: error };
    }
    this.#endDraining();
  }

  /** Ends the waiting: the unsettled batches go out again, one by one. */
  retry(): void {
    if (this.#state.kind === "waiting") this.#state = { kind: "careful" };
  }

  /** S5. */
  #settleHeld(): void {
    for (let [head] = this.#slots; head?.heldOffset !== undefined; [head] = this.#slots) {
      const { entry, heldOffset: baseOffset } = head;
      this.#slots.shift();
      if (baseOffset !== -1) this.#acknowledgedOffset = baseOffset + entry.records;
      entry.resolve({ baseOffset });
    }
  }

  #endDraining(): void {
    if (this.#state.kind !== "draining" || this.inFlight > 0) return;
    const { givingUp } = this.#state;
    if (givingUp === undefined) {
      this.#state = { kind: "waiting" };
      return;
    }
    this.#state = { kind: "failed", error: givingUp };
    for (const slot of this.#slots.splice(0)) slot.entry.reject(givingUp, fateOf(slot));
  }

  #slotOf(entry: SendEntry): Slot {
    return present(
      this.#slots.find((slot) => slot.entry === entry && slot.inFlight),
      "the batch that was answered",
    );
  }
}
