/**
 * Cuts a byte stream into frames, without copying a frame that arrives whole, or the rest of one that has begun.
 *
 * F1 A frame's size is checked against the limit before anything is allocated for it.
 * F2 `onFrame` gets buffer, start and end of the frame without its size, valid during the call only.
 * F3 After an error, or after `stop`, no frame is delivered any more.
 */
import { createError } from "../../../common/foundation/errors.ts";

const SIZE_BYTES = 4;
const INITIAL_BYTES = 64 * 1024;

export class FrameAssembler {
  readonly #frameBytesMax: number;
  readonly #onFrame: (buffer: Buffer, start: number, end: number) => void;
  /** Holds a frame that arrives in pieces, its size included. Grows to the largest frame seen. */
  #buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  #filled = 0;
  #stopped = false;

  constructor(frameBytesMax: number, onFrame: (buffer: Buffer, start: number, end: number) => void) {
    this.#frameBytesMax = frameBytesMax;
    this.#onFrame = onFrame;
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Where the rest of a frame belongs that has begun; undefined between frames. `advance` tells how much was put there. */
  rest(): Buffer | undefined {
    if (this.#filled < SIZE_BYTES || this.#stopped) return undefined;
    return this.#buffer.subarray(this.#filled, this.#frameBytes());
  }

  /** So many bytes were put where `rest` said. */
  advance(bytes: number): void {
    if (this.#stopped) return;
    this.#filled += bytes;
    if (this.#isComplete()) this.#deliver(0);
  }

  /** Takes received bytes, which the caller may reuse afterwards. Throws KAFKA_MALFORMED for an impossible size. */
  push(chunk: Buffer, chunkBytes: number): void {
    let at = 0;
    while (at < chunkBytes && !this.#stopped) {
      at = this.#filled > 0 ? this.#continueFrame(chunk, at, chunkBytes) : this.#beginFrame(chunk, at, chunkBytes);
    }
  }

  /** Delivers a frame that lies whole in the chunk in place; otherwise keeps its first part. */
  #beginFrame(chunk: Buffer, at: number, chunkBytes: number): number {
    if (chunkBytes - at < SIZE_BYTES) return this.#keep(chunk, at, chunkBytes);
    const frameEnd = at + SIZE_BYTES + this.#checkSize(chunk.readInt32BE(at));
    if (frameEnd > chunkBytes) {
      this.#reserve(frameEnd - at);
      return this.#keep(chunk, at, chunkBytes);
    }
    this.#onFrame(chunk, at + SIZE_BYTES, frameEnd);
    return frameEnd;
  }

  #continueFrame(chunk: Buffer, at: number, chunkBytes: number): number {
    if (this.#filled < SIZE_BYTES) {
      const next = this.#keep(chunk, at, Math.min(chunkBytes, at + SIZE_BYTES - this.#filled));
      if (this.#filled === SIZE_BYTES) this.#reserve(SIZE_BYTES + this.#checkSize(this.#buffer.readInt32BE(0)));
      // A frame of size zero is complete here already.
      return this.#isComplete() ? this.#deliver(next) : next;
    }
    const next = this.#keep(chunk, at, Math.min(chunkBytes, at + this.#frameBytes() - this.#filled));
    return this.#isComplete() ? this.#deliver(next) : next;
  }

  #isComplete(): boolean {
    return this.#filled >= SIZE_BYTES && this.#filled === this.#frameBytes();
  }

  /** Of the frame that has begun, its size included. */
  #frameBytes(): number {
    return SIZE_BYTES + this.#buffer.readInt32BE(0);
  }

  #deliver(next: number): number {
    const end = this.#filled;
    this.#filled = 0;
    this.#onFrame(this.#buffer, SIZE_BYTES, end);
    return next;
  }

  #keep(chunk: Buffer, from: number, to: number): number {
    chunk.copy(this.#buffer, this.#filled, from, to);
    this.#filled += to - from;
    return to;
  }

  #checkSize(size: number): number {
    if (size >= 0 && size <= this.#frameBytesMax) return size;
    this.#stopped = true;
    const what = `a frame of ${size} bytes (the limit is ${this.#frameBytesMax})`;
    throw createError("KAFKA_MALFORMED", { what, position: 0 });
  }

  /** Growth doubles, so that a slowly rising frame size does not allocate each time. */
  #reserve(bytes: number): void {
    if (bytes <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(bytes, Math.min(this.#buffer.length * 2, this.#frameBytesMax)));
    this.#buffer.copy(grown, 0, 0, this.#filled);
    this.#buffer = grown;
  }
}
