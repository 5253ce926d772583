/**
 * The bytes received on one connection, cut into frames in place. The socket reads straight into the free end of the
 * buffer: `reserve` gives that space, `commit` says how much of it was filled, `next` takes the next whole frame.
 *
 * B1 Bytes move only inside of `reserve`. A range that `next` gave is valid until then, and the space that `reserve`
 *    gave stays where the next bytes belong.
 * B2 The buffer grows to the length that a frame claims once bytes of it have filled what there was, and is not copied
 *    again on the way. Its owner sees the claim before (`bytesHeld`), and can refuse it. Memory that no byte has come
 *    for is not touched, so it takes none of the machine's.
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

  /** What it has, or will have for the frame that is under way, beyond the space that every connection has. */
  get bytesHeld(): number {
    return Math.max(this.#buffer.length, this.#capacityNeeded()) - CAPACITY_BYTES_MIN;
  }

  /** Gives up whatever it holds: nothing more is read. */
  clear(): void {
    this.#start = 0;
    this.#end = 0;
    this.#buffer = Buffer.allocUnsafeSlow(CAPACITY_BYTES_MIN);
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

  /** Small ones so that they stay half empty, and reads need not be moved often; large ones as they are. */
  #capacityNeeded(): number {
    const pending = this.bytesPending;
    const claimed = pending < SIZE_BYTES ? 0 : SIZE_BYTES + this.#buffer.readInt32BE(this.#start);
    // Above the limit there is no frame to make room for: `next` refuses it.
    const bytes = claimed > SIZE_BYTES + this.#frameBytesMax ? pending : Math.max(pending, claimed);
    if (bytes > CAPACITY_BYTES_KEPT / 2) return bytes + READ_BYTES_MIN;
    let capacity = CAPACITY_BYTES_MIN;
    while (capacity < 2 * bytes) capacity *= 2;
    return capacity;
  }

  /** Moves what is pending to the front, of a larger buffer where this one does not suffice. */
  #makeRoom(pending: number): void {
    const old = this.#buffer;
    const needed = this.#capacityNeeded();
    if (needed > old.length) this.#buffer = Buffer.allocUnsafeSlow(needed);
    old.copy(this.#buffer, 0, this.#start, this.#end);
    this.#start = 0;
    this.#end = pending;
  }
}
