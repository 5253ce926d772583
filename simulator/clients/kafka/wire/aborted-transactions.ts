/**
 * Which transactional batches of one fetch answer a reader of committed records does not read. Pure but for its state.
 *
 *   waiting (its first offset lies ahead) → open (its records are dropped) → over (its marker was passed)
 *
 * T1 The answer lists each aborted transaction that reaches into it: whose, and from which offset. One that is not listed
 *    is committed, since with isolation level 1 an answer ends before the first offset of any that is still open.
 * T2 Batches are shown in offset order, each once, from the first batch of the answer on.
 * T3 A producer has one transaction at a time, so the first marker of its id after a first offset ends that transaction.
 */

export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

export class AbortedTransactions {
  /** By first offset, the lowest one last. */
  readonly #waiting: AbortedTransaction[];
  readonly #open = new Set<number>();

  /** Null where nothing was aborted: then nothing has to be asked of any batch. */
  static of(listed: readonly AbortedTransaction[]): AbortedTransactions | null {
    return listed.length === 0 ? null : new AbortedTransactions(listed);
  }

  private constructor(listed: readonly AbortedTransaction[]) {
    this.#waiting = [...listed].sort((a, b) => b.firstOffset - a.firstOffset);
  }

  /** True if a transactional batch of this producer, which ends before `nextOffset`, was aborted. */
  covers(producerId: number, nextOffset: number): boolean {
    this.#openBelow(nextOffset);
    return this.#open.has(producerId);
  }

  /** A marker of this producer was passed (T3). */
  end(producerId: number, nextOffset: number): void {
    this.#openBelow(nextOffset);
    this.#open.delete(producerId);
  }

  #openBelow(nextOffset: number): void {
    let next = this.#waiting.at(-1);
    while (next !== undefined && next.firstOffset < nextOffset) {
      this.#open.add(next.producerId);
      this.#waiting.pop();
      next = this.#waiting.at(-1);
    }
  }
}
