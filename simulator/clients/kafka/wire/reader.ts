/**
 * Reads the primitives of Kafka's protocol from a range of a Buffer. Big-endian, no copies. Every read checks its
 * length first, so a wrong length in a frame gives KAFKA_MALFORMED and never reads a neighbour's bytes.
 */
import { createError } from "../../../common/foundation/errors.ts";
import { readInt64 } from "./int64.ts";

/** Bytes within a buffer that somebody else owns. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export class Reader {
  readonly buffer: Buffer;
  readonly end: number;
  position: number;
  /** What follows is of a flexible version: lengths are compact, structs end with tagged fields. */
  flexible = false;

  constructor(buffer: Buffer, start = 0, end = buffer.length) {
    this.buffer = buffer;
    this.position = start;
    this.end = end;
  }

  int8(): number {
    return this.buffer.readInt8(this.#take(1));
  }

  int16(): number {
    return this.buffer.readInt16BE(this.#take(2));
  }

  int32(): number {
    return this.buffer.readInt32BE(this.#take(4));
  }

  /** As a number; beyond ±2^53 it would not be exact and is malformed for our purposes. */
  int64(): number {
    const at = this.#take(8);
    const value = readInt64(this.buffer, at);
    if (!Number.isSafeInteger(value)) throw createError("KAFKA_MALFORMED", { what: "int64 above 2^53", position: at });
    return value;
  }

  boolean(): boolean {
    return this.int8() !== 0;
  }

  string(): string {
    const value = this.nullableString();
    if (value === null) throw this.#malformed("null where a string must be");
    return value;
  }

  /** From 0 to 2^32 - 1, seven bits a byte. */
  unsignedVarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.buffer[this.#take(1)] as number;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw this.#malformed("a varint of more than 5 bytes");
  }

  /** As 32 hexadecimal digits. */
  uuid(): string {
    const at = this.#take(16);
    return this.buffer.toString("hex", at, at + 16);
  }

  nullableString(): string | null {
    const length = this.flexible ? this.unsignedVarint() - 1 : this.int16();
    if (length === -1) return null;
    const at = this.#take(length);
    return this.buffer.toString("utf8", at, at + length);
  }

  /** Null gives undefined. The range lies in this reader's buffer. */
  nullableBytes(): ByteRange | undefined {
    const length = this.#length();
    if (length === -1) return undefined;
    const start = this.#take(length);
    return { start, end: start + length };
  }

  array<T>(readElement: () => T): T[] {
    return this.nullableArray(readElement) ?? [];
  }

  nullableArray<T>(readElement: () => T): T[] | null {
    const count = this.#length();
    if (count === -1) return null;
    // An element has at least one byte, so a count above the rest of the frame is a lie: refuse before allocating.
    if (count < 0 || count > this.end - this.position) throw this.#malformed(`an array of ${count} elements`);
    const elements: T[] = [];
    for (let i = 0; i < count; i += 1) elements.push(readElement());
    return elements;
  }

  /** Ends a struct: tagged fields are optional by their nature, and none of them is needed here. */
  endStruct(): void {
    if (!this.flexible) return;
    for (let fields = this.unsignedVarint(); fields > 0; fields -= 1) {
      this.unsignedVarint();
      this.#take(this.unsignedVarint());
    }
  }

  /** A frame with bytes left over was written in another version than the one it names. */
  expectEnd(): void {
    if (this.position !== this.end) throw this.#malformed(`${this.end - this.position} bytes too many`);
  }

  #length(): number {
    return this.flexible ? this.unsignedVarint() - 1 : this.int32();
  }

  #take(length: number): number {
    const at = this.position;
    if (length < 0 || length > this.end - at) throw this.#malformed(`a length of ${length} bytes`);
    this.position = at + length;
    return at;
  }

  #malformed(what: string): Error {
    return createError("KAFKA_MALFORMED", { what, position: this.position });
  }
}
