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
  /** What follows is of a flexible version: lengths are compact, structs end with tagged fields. */
  flexible = false;

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

  unsignedVarint(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#byte((rest % 0x80) | 0x80);
    this.#byte(rest);
  }

  /** Given as 32 hexadecimal digits. */
  uuid(value: string): void {
    const at = this.#take(16);
    this.#buffer.write(value, at, 16, "hex");
  }

  string(value: string): void {
    const length = Buffer.byteLength(value);
    if (this.flexible) this.unsignedVarint(length + 1);
    else this.int16(length);
    const at = this.#take(length);
    this.#buffer.write(value, at, length, "utf8");
  }

  nullableString(value: string | null): void {
    if (value !== null) this.string(value);
    else if (this.flexible) this.unsignedVarint(0);
    else this.int16(-1);
  }

  array<T>(elements: readonly T[], writeElement: (element: T) => void): void {
    this.#length(elements.length);
    for (const element of elements) writeElement(element);
  }

  nullableArray<T>(elements: readonly T[] | null, writeElement: (element: T) => void): void {
    if (elements === null) this.#length(-1);
    else this.array(elements, writeElement);
  }

  /** BYTES whose content stays where it is: it must not change until the frame is written to the socket. */
  referenceBytes(parts: readonly Buffer[]): void {
    this.#length(parts.reduce((sum, part) => sum + part.length, 0));
    for (const part of parts) this.#reference(part);
  }

  /** BYTES, copied. */
  nullableBytes(value: Buffer | null): void {
    this.#length(value === null ? -1 : value.length);
    if (value === null) return;
    const at = this.#take(value.length);
    value.copy(this.#buffer, at);
  }

  /** Ends a struct, without tagged fields. */
  endStruct(): void {
    if (this.flexible) this.unsignedVarint(0);
  }

  /** The frame: 4 bytes of size before what was written. The writer must have begun with `int32(0)` for it. */
  finishFrame(): Buffer[] {
    this.#endChunk();
    const first = this.#chunks[0];
    assert(first !== undefined && first.length >= 4, "a frame begins with room for its size");
    first.writeInt32BE(this.#chunkBytes - 4, 0);
    return this.#chunks;
  }

  #byte(value: number): void {
    const at = this.#take(1);
    this.#buffer[at] = value;
  }

  /** Of an array or of bytes; -1: null. */
  #length(length: number): void {
    if (this.flexible) this.unsignedVarint(length + 1);
    else this.int32(length);
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
