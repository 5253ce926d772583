/**
 * The bytes that all connections together make a server hold: requests that are not complete, and replies that have not
 * been read. They count against the memory of its data. Where they do not fit, whoever holds most is closed.
 */
export interface Holder {
  readonly heldBytes: number;
  /** Closes the connection: it holds more than any other when there is no room left. */
  evict(): void;
}

export class HeldBytes {
  readonly #bytesMax: () => number;
  readonly #holders = new Map<Holder, number>();
  #bytes = 0;

  /** `bytesMax` is asked anew each time, as it follows what the data leave free. */
  constructor(bytesMax: () => number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** To be called whenever the holder may hold more or less than before. */
  update(holder: Holder): void {
    const held = holder.heldBytes;
    const before = this.#holders.get(holder) ?? 0;
    if (held === before) return;
    if (held === 0) this.#holders.delete(holder);
    else this.#holders.set(holder, held);
    this.#bytes += held - before;
    if (held > before) this.enforce();
  }

  /** To be called when the data may have grown. */
  enforce(): void {
    while (this.#bytes > this.#bytesMax() && this.#holders.size > 0) this.#evictLargest();
  }

  remove(holder: Holder): void {
    this.#bytes -= this.#holders.get(holder) ?? 0;
    this.#holders.delete(holder);
  }

  #evictLargest(): void {
    let largest: Holder | undefined;
    let most = 0;
    for (const [holder, held] of this.#holders) {
      if (held <= most) continue;
      largest = holder;
      most = held;
    }
    if (largest === undefined) return;
    this.remove(largest);
    largest.evict();
  }
}
