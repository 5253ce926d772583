/**
 * What one partition remembers of its idempotent producers: per producer id the epoch and its last five batches. With
 * it a batch that is sent again after a lost answer is recognised, and a batch that would leave a gap is refused.
 *
 * W1 A batch equal to one of the last five (epoch, first and last sequence) is answered with that batch's offset and is
 *    not appended again.
 * W2 Within an epoch the sequences appended are consecutive, modulo 2^31.
 * W3 A new epoch starts at sequence 0; an epoch below the newest one is refused.
 * W4 A producer id that is not remembered may start at any sequence, as in Kafka: the state of its producer may have
 *    expired here, and the producer knows better.
 * W5 At most `producersMax` ids are remembered; the one that appended longest ago is forgotten first.
 * W6 A marker's epoch is the producer's newest one, although it has no sequence: an abort from outside fences with it.
 */
const BATCHES_REMEMBERED = 5;
const SEQUENCES = 2 ** 31;

export interface ProducedBatch {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly firstSequence: number;
  readonly records: number;
}

export type SequenceVerdict =
  | { readonly kind: "append" }
  | { readonly kind: "duplicate"; readonly baseOffset: number }
  | { readonly kind: "outOfOrder"; readonly expected: number }
  | { readonly kind: "staleEpoch"; readonly current: number };

interface AppendedBatch {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly baseOffset: number;
}

interface ProducerState {
  epoch: number;
  /** Oldest first. Empty after a marker that began the epoch (W6). */
  batches: AppendedBatch[];
}

export class ProducerWindow {
  readonly #producersMax: number;
  /** In the order of the last append, oldest first: a Map keeps insertion order. */
  readonly #producers = new Map<number, ProducerState>();

  constructor(producersMax: number) {
    this.#producersMax = producersMax;
  }

  /** What must happen to a batch. It changes nothing: the batch may still be refused for another reason. */
  check(batch: ProducedBatch): SequenceVerdict {
    const state = this.#producers.get(batch.producerId);
    if (state === undefined) return { kind: "append" };
    if (batch.producerEpoch < state.epoch) return { kind: "staleEpoch", current: state.epoch };
    if (batch.producerEpoch > state.epoch) {
      return batch.firstSequence === 0 ? { kind: "append" } : { kind: "outOfOrder", expected: 0 };
    }
    const last = lastSequenceOf(batch);
    const known = state.batches.find((b) => b.firstSequence === batch.firstSequence && b.lastSequence === last);
    if (known !== undefined) return { kind: "duplicate", baseOffset: known.baseOffset };
    const expected = ((state.batches.at(-1)?.lastSequence ?? -1) + 1) % SEQUENCES;
    return batch.firstSequence === expected ? { kind: "append" } : { kind: "outOfOrder", expected };
  }

  /** Remembers a batch that `check` allowed and that is now in the log. */
  record(batch: ProducedBatch, baseOffset: number): void {
    const appended = { firstSequence: batch.firstSequence, lastSequence: lastSequenceOf(batch), baseOffset };
    const state = this.#producers.get(batch.producerId);
    this.#producers.delete(batch.producerId);
    if (state === undefined || state.epoch !== batch.producerEpoch) {
      this.#producers.set(batch.producerId, { epoch: batch.producerEpoch, batches: [appended] });
    } else {
      state.batches.push(appended);
      if (state.batches.length > BATCHES_REMEMBERED) state.batches.shift();
      this.#producers.set(batch.producerId, state);
    }
    if (this.#producers.size > this.#producersMax) this.#forgetOldest();
  }

  /** Remembers the epoch of a marker (W6). */
  recordMarker(producerId: number, epoch: number): void {
    const state = this.#producers.get(producerId);
    if (state === undefined || state.epoch >= epoch) return;
    this.#producers.set(producerId, { epoch, batches: [] });
  }

  /** Those that are remembered, with the newest sequence of each; -1: none in this epoch. */
  list(): { readonly producerId: number; readonly epoch: number; readonly lastSequence: number }[] {
    return [...this.#producers].map(([producerId, { epoch, batches }]) => {
      return { producerId, epoch, lastSequence: batches.at(-1)?.lastSequence ?? -1 };
    });
  }

  get size(): number {
    return this.#producers.size;
  }

  #forgetOldest(): void {
    for (const producerId of this.#producers.keys()) {
      this.#producers.delete(producerId);
      return;
    }
  }
}

function lastSequenceOf(batch: ProducedBatch): number {
  return (batch.firstSequence + batch.records - 1) % SEQUENCES;
}
