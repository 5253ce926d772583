/**
 * The bytes that all connections together make the server hold: requests that are not complete, and replies that have
 * not been read. They count against the memory of the data, with SLACK_BYTES so that a full server still answers.
 */
import type { MemoryUse } from "./keyspace.ts";

const HELD_BYTES_MIN = 67_108_864;
const HELD_BYTES_MAX = 134_217_728;

export interface Holder {
  readonly heldBytes: number;
  /** Closes the connection: it holds more than any other when there is no room left. */
  evict(): void;
}

export class HeldBytes {
  readonly #memory: MemoryUse;
  readonly #holders = new Map<Holder, number>();
  #bytes = 0;

  constructor(memory: MemoryUse) {
    this.#memory = memory;
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
    const room = this.#memory.bytesMax - this.#memory.bytes;
    const bytesMax = Math.min(HELD_BYTES_MAX, Math.max(HELD_BYTES_MIN, room));
    if (held > before && this.#bytes > bytesMax) this.#evictLargest();
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
