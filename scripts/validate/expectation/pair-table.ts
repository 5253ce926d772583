/**
 * Inputs by the digest of what identifies them, to find each one's outputs: a hash table in typed arrays, with open
 * addressing. Pure.
 *
 * T1 It takes 44 bytes for each slot, whatever texts the records hold: of a text it keeps a digest of 128 bits.
 * T2 At most nine tenths of the slots are taken; a further input is refused.
 */
import { hash } from "node:crypto";
import { createError } from "../../../simulator/common/foundation/errors.ts";

/** 128 bits, as four words. */
export type Digest = Int32Array;

const WORDS = 4;
const LOAD_MAX = 0.9;

/** Two texts with one digest do not come by chance: of 100 million, with a probability of 10^-23. */
export function digestOf(text: string): Digest {
  const bytes = hash("sha256", text, "buffer");
  return Int32Array.of(bytes.readInt32LE(0), bytes.readInt32LE(4), bytes.readInt32LE(8), bytes.readInt32LE(12));
}

export interface Place {
  readonly p: number;
  readonly offset: number;
}

export class PairTable {
  readonly #mask: number;
  readonly #digests: Int32Array;
  readonly #offsets: Float64Array;
  /** Plus 1; 0: the slot is free. */
  readonly #partitions: Int32Array;
  readonly #expected: Uint32Array;
  readonly #outputs: Uint32Array;
  /** Of what the output must be: 64 bits. */
  readonly #contents: Int32Array;
  #taken = 0;

  /** For so many inputs. */
  constructor(inputs: number) {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(16, inputs / 0.7)));
    this.#mask = slots - 1;
    this.#digests = new Int32Array(slots * WORDS);
    this.#offsets = new Float64Array(slots);
    this.#partitions = new Int32Array(slots);
    this.#expected = new Uint32Array(slots);
    this.#outputs = new Uint32Array(slots);
    this.#contents = new Int32Array(slots * 2);
  }

  get size(): number {
    return this.#taken;
  }

  /**
   * The slot of the first input with this digest, and whether this is that one. `content`: a digest of what its output must
   * be, where that is to be compared.
   */
  addInput(
    digest: Digest,
    { p, offset }: Place,
    content: Digest | null,
  ): { readonly slot: number; readonly isFirst: boolean } {
    const slot = this.#probe(digest);
    const isFirst = this.#partitions[slot] === 0;
    if (isFirst) {
      if (this.#taken >= LOAD_MAX * (this.#mask + 1)) {
        throw createError("ASSERTION_FAILED", {
          what: `${this.#taken} inputs fill a table of ${this.#mask + 1} slots`,
        });
      }
      this.#taken += 1;
      this.#digests.set(digest, slot * WORDS);
      this.#partitions[slot] = p + 1;
      this.#offsets[slot] = offset;
      if (content !== null) this.#contents.set(content.subarray(0, 2), slot * 2);
    }
    return { slot, isFirst };
  }

  /** Null: there is no input with this digest. */
  find(digest: Digest): number | null {
    const slot = this.#probe(digest);
    return this.#partitions[slot] === 0 ? null : slot;
  }

  /** One more than before. */
  expectOutput(slot: number): void {
    this.#expected[slot] = (this.#expected[slot] as number) + 1;
  }

  /** How many outputs the inputs of the slot have with this one. */
  addOutput(slot: number): number {
    const outputs = (this.#outputs[slot] as number) + 1;
    this.#outputs[slot] = outputs;
    return outputs;
  }

  placeOf(slot: number): Place {
    return { p: (this.#partitions[slot] as number) - 1, offset: this.#offsets[slot] as number };
  }

  /** How many outputs are expected. */
  expectedOf(slot: number): number {
    return this.#expected[slot] as number;
  }

  hasContent(slot: number, content: Digest): boolean {
    return this.#contents[slot * 2] === content[0] && this.#contents[slot * 2 + 1] === content[1];
  }

  /** Of each slot with fewer outputs than are expected: the place of its first input, and how many are missing. */
  *missing(): Generator<{ readonly place: Place; readonly count: number }> {
    for (let slot = 0; slot <= this.#mask; slot += 1) {
      const count = (this.#expected[slot] as number) - (this.#outputs[slot] as number);
      if (count > 0) yield { place: this.placeOf(slot), count };
    }
  }

  #probe(digest: Digest): number {
    const [a = 0, b = 0, c = 0, d = 0] = digest;
    for (let slot = a & this.#mask; ; slot = (slot + 1) & this.#mask) {
      if (this.#partitions[slot] === 0) return slot;
      const at = slot * WORDS;
      const digests = this.#digests;
      if (digests[at] === a && digests[at + 1] === b && digests[at + 2] === c && digests[at + 3] === d) return slot;
    }
  }
}
