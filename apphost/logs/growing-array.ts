/** Numbers that become more, in typed chunks: growing never copies what is there, and a number takes its own bytes alone. */

const CHUNK_BITS = 12;
const CHUNK_LENGTH = 2 ** CHUNK_BITS;
const WITHIN_CHUNK = CHUNK_LENGTH - 1;

type Chunk = Float64Array | Uint32Array | Uint16Array;

export class GrowingArray {
  readonly #createChunk: (length: number) => Chunk;
  readonly #chunks: Chunk[] = [];
  #length = 0;

  constructor(createChunk: (length: number) => Chunk) {
    this.#createChunk = createChunk;
  }

  get length(): number {
    return this.#length;
  }

  get(index: number): number {
    return (this.#chunks[index >>> CHUNK_BITS] as Chunk)[index & WITHIN_CHUNK] as number;
  }

  push(value: number): void {
    const chunk = this.#length >>> CHUNK_BITS;
    if (chunk === this.#chunks.length) this.#chunks.push(this.#createChunk(CHUNK_LENGTH));
    (this.#chunks[chunk] as Chunk)[this.#length & WITHIN_CHUNK] = value;
    this.#length += 1;
  }

  /** Of what is there already. */
  set(index: number, value: number): void {
    (this.#chunks[index >>> CHUNK_BITS] as Chunk)[index & WITHIN_CHUNK] = value;
  }

  truncate(length: number): void {
    this.#length = length;
    this.#chunks.length = Math.ceil(length / CHUNK_LENGTH);
  }
}

export const createOffsets = (): GrowingArray => new GrowingArray((length) => new Float64Array(length));
export const createCounts = (): GrowingArray => new GrowingArray((length) => new Uint32Array(length));
export const createSmallCounts = (): GrowingArray => new GrowingArray((length) => new Uint16Array(length));

const WORD_BITS = 5;

/** One bit for each of many lines; what was never set is false. */
export class GrowingBits {
  readonly #words = createCounts();

  get(index: number): boolean {
    const word = index >>> WORD_BITS;
    return word < this.#words.length && ((this.#words.get(word) >>> (index & 31)) & 1) === 1;
  }

  set(index: number, isSet: boolean): void {
    const word = index >>> WORD_BITS;
    while (word >= this.#words.length) this.#words.push(0);
    const bit = 1 << (index & 31);
    const bits = this.#words.get(word);
    this.#words.set(word, isSet ? bits | bit : bits & ~bit);
  }
}

/** The first of `length` ascending places at which `isReached` holds; `length` when it holds nowhere. */
export function findFirst(length: number, isReached: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (isReached(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
