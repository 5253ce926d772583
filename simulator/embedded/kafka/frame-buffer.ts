/**
 * The bytes received on one connection, cut into frames in place. The socket reads straight into the free end of the
 * buffer: `reserve` gives that space, `commit` says how much of it was filled, `next` takes the next whole frame.
 *
 * B1 Bytes move only inside of `reserve`. A range that `next` gave is valid until then, and the space that `reserve`
 *    gave stays where the next bytes belong.
 * B2 The buffer grows as bytes arrive, never by a length that a client merely claims; with at most one frame
 *    pending, its capacity is at most four times that frame.
 */
/** Kafka's socket.request.max.bytes. */
export const REQUEST_BYTES_MAX = 100 * 1024 * 1024;
const CAPACITY_BYTES_MIN = 64 * 1024;
/** Less free space than this is not worth a system call. */
const READ_BYTES_MIN = 16 * 1024;
/** A buffer that grew above this for one large frame is given up once it is empty. */
const CAPACITY_BYTES_KEPT = 4 * 1024 * 1024;
const SIZE_BYTES = 4;

export type NextFrame =
  | { readonly kind: "frame"; readonly start: number; readonly end: number }
  | { readonly kind: "incomplete" }
  | { readonly kind: "invalid"; readonly length: number };

export class FrameBuffer {
  readonly #frameBytesMax: number;
  #buffer = Buffer.allocUnsafeSlow(CAPACITY_BYTES_MIN);
  #start = 0;
  #end = 0;

  constructor(frameBytesMax: number) {
    this.#frameBytesMax = frameBytesMax;
  }

  get buffer(): Buffer {
    return this.#buffer;
  }

  /** Bytes received and not yet taken. */
  get bytesPending(): number {
    return this.#end - this.#start;
  }

  /** Free space for the next read; never empty. */
  reserve(): Buffer {
    const pending = this.bytesPending;
    if (pending === 0) {
      this.#start = 0;
      this.#end = 0;
      if (this.#buffer.length > CAPACITY_BYTES_KEPT) this.#buffer = Buffer.allocUnsafeSlow(CAPACITY_BYTES_MIN);
    }
    if (this.#buffer.length - this.#end < READ_BYTES_MIN) this.#makeRoom(pending);
    return this.#buffer.subarray(this.#end);
  }

  commit(bytes: number): void {
    this.#end += bytes;
  }

  /** Takes the next whole frame, without its size field. */
  next(): NextFrame {
    if (this.bytesPending < SIZE_BYTES) return { kind: "incomplete" };
    const length = this.#buffer.readInt32BE(this.#start);
    if (length < 0 || length > this.#frameBytesMax) return { kind: "invalid", length };
    if (this.bytesPending < SIZE_BYTES + length) return { kind: "incomplete" };
    const start = this.#start + SIZE_BYTES;
    this.#start = start + length;
    return { kind: "frame", start, end: start + length };
  }

  /** Moves what is pending to the front, of a larger buffer if this one is at least half full. */
  #makeRoom(pending: number): void {
    const old = this.#buffer;
    if (pending > old.length / 2) this.#buffer = Buffer.allocUnsafeSlow(old.length * 2);
    old.copy(this.#buffer, 0, this.#start, this.#end);
    this.#start = 0;
    this.#end = pending;
  }
}
