/** The bound on stored record bytes over all partitions. What does not fit is refused before anything is copied. */
export class MemoryBudget {
  readonly bytesMax: number;
  #bytesUsed = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  /** Takes `bytes` of the budget; false when they do not fit, and then nothing is taken. */
  reserve(bytes: number): boolean {
    if (this.#bytesUsed + bytes > this.bytesMax) return false;
    this.#bytesUsed += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#bytesUsed -= bytes;
  }

  get bytesUsed(): number {
    return this.#bytesUsed;
  }
}
