/**
 * Writes the primitives of Kafka's protocol. Small pieces go into one growing buffer; `reference` puts a large buffer
 * (a record batch) between them without copying it, so a frame is a list of chunks for one corked write.
 */
import { assert } from "../../../common/foundation/assert.ts";
import { writeInt64 } from "./int64.ts";

const INITIAL_BYTES = 512;

export class Writer {
  #buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  /** First byte of #buffer that is not yet in #chunks. */
  #chunkStart = 0;
  #position = 0;
  #chunkBytes = 0;
  readonly #chunks: Buffer[] = [];

  /** Bytes written so far, referenced ones included. */
  get byteLength(): number {
    return this.#chunkBytes + this.#position - this.#chunkStart;
  }

  int8(value: number): void {
    const at = this.#take(1);
    this.#buffer.writeInt8(value, at);
  }

  int16(value: number): void {
    const at = this.#take(2);
    this.#buffer.writeInt16BE(value, at);
  }

  int32(value: number): void {
    const at = this.#take(4);
    this.#buffer.writeInt32BE(value, at);
  }

  int64(value: number): void {
    const at = this.#take(8);
    writeInt64(this.#buffer, value, at);
  }

  boolean(value: boolean): void {
    this.int8(value ? 1 : 0);
  }

  string(value: string): void {
    const length = Buffer.byteLength(value);
    this.int16(length);
    const at = this.#take(length);
    this.#buffer.write(value, at, length, "utf8");
  }

  nullableString(value: string | null): void {
    if (value === null) this.int16(-1);
    else this.string(value);
  }

  array<T>(elements: readonly T[], writeElement: (element: T) => void): void {
    this.int32(elements.length);
    for (const element of elements) writeElement(element);
  }

  nullableArray<T>(elements: readonly T[] | null, writeElement: (element: T) => void): void {
    if (elements === null) this.int32(-1);
    else this.array(elements, writeElement);
  }

  /** BYTES whose content stays where it is: it must not change until the frame is written to the socket. */
  referenceBytes(parts: readonly Buffer[]): void {
    this.int32(parts.reduce((sum, part) => sum + part.length, 0));
    for (const part of parts) this.#reference(part);
  }

  /** The frame: 4 bytes of size before what was written. The writer must have begun with `int32(0)` for it. */
  finishFrame(): Buffer[] {
    this.#endChunk();
    const first = this.#chunks[0];
    assert(first !== undefined && first.length >= 4, "a frame begins with room for its size");
    first.writeInt32BE(this.#chunkBytes - 4, 0);
    return this.#chunks;
  }

  #reference(part: Buffer): void {
    if (part.length === 0) return;
    this.#endChunk();
    this.#chunks.push(part);
    this.#chunkBytes += part.length;
  }

  #endChunk(): void {
    if (this.#position === this.#chunkStart) return;
    this.#chunks.push(this.#buffer.subarray(this.#chunkStart, this.#position));
    this.#chunkBytes += this.#position - this.#chunkStart;
    this.#chunkStart = this.#position;
  }

  #take(length: number): number {
    const at = this.#position;
    if (at + length <= this.#buffer.length) {
      this.#position = at + length;
      return at;
    }
    // Finished chunks keep the old buffer alive by themselves; only the unfinished tail moves.
    const tail = this.#buffer.subarray(this.#chunkStart, at);
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, tail.length + length));
    tail.copy(grown);
    this.#buffer = grown;
    this.#chunkStart = 0;
    this.#position = tail.length + length;
    return tail.length;
  }
}
