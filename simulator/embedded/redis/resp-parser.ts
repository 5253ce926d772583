/**
 * Requests of the Redis protocol (RESP2), cut out of a byte stream.
 *
 *   request = array | inline
 *   array   = "*" count CRLF, count × ( "$" length CRLF, length bytes, CRLF )
 *   inline  = words separated by blanks, CR? LF          typed by a person, for example through telnet
 *
 * Arguments are latin1 strings: one character a byte, so that any bytes survive. Every length is checked before anything
 * is kept for it. After a RespError the stream has no meaning any more, and the connection must be closed.
 */
export class RespError extends Error {
  override readonly name = "RespError";
}

export interface RespLimits {
  readonly argumentsMax: number;
  readonly bulkBytesMax: number;
  /** All arguments of one request together. */
  readonly requestBytesMax: number;
}

const INLINE_BYTES_MAX = 65_536;
/** Roughly what a Buffer and a string cost beside their bytes: a request that comes byte by byte costs mostly these. */
const CHUNK_OVERHEAD_BYTES = 256;
const ARGUMENT_OVERHEAD_BYTES = 32;
/** A bulk string of more bytes is gathered in one buffer of its size: it would take several reads of a socket. */
const GATHERED_BYTES_MIN = 65_536;
const LF = 10;
const CR = 13;

/** A large argument that is under way, and how much of it and of its line end has come. */
interface Gathering {
  readonly bytes: Buffer;
  filled: number;
}

export class RespParser {
  /** May be changed between requests: whoever has not authenticated gets less. */
  limits: RespLimits;
  #chunks: Buffer[] = [];
  #buffered = 0;
  /** Do not look again before so many bytes are there: an argument is joined once, not at each chunk. */
  #needed = 1;
  #gathering: Gathering | undefined;
  /** Arguments of the array that is being read; null between requests. */
  #arguments: string[] | null = null;
  #argumentsLeft = 0;
  #requestBytes = 0;

  constructor(limits: RespLimits) {
    this.limits = limits;
  }

  /** What is kept of requests that are not complete, with what keeping it costs beside the bytes themselves. */
  get pendingBytes(): number {
    const held = (this.#arguments?.length ?? 0) * ARGUMENT_OVERHEAD_BYTES + this.#chunks.length * CHUNK_OVERHEAD_BYTES;
    const gathered = this.#gathering?.bytes.length ?? 0;
    return this.#buffered + gathered + held + (this.#arguments === null ? 0 : this.#requestBytes);
  }

  /** Hands on each complete request, in order. Throws RespError. */
  push(chunk: Buffer, onRequest: (request: string[]) => void): void {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    if (this.#buffered < this.#needed) return;
    const buffer = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#buffered);
    const rest = keepRest(buffer, this.#readAll(buffer, onRequest));
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#buffered = rest.length;
    this.#needed = Math.max(this.#needed, rest.length + 1);
  }

  /** Returns the position behind all that could be read. */
  #readAll(buffer: Buffer, onRequest: (request: string[]) => void): number {
    let at = 0;
    this.#needed = 1;
    while (at < buffer.length) {
      if (this.#gathering !== undefined) {
        at = this.#gather(this.#gathering, buffer, at, onRequest);
        continue;
      }
      const next = this.#arguments === null ? this.#readHead(buffer, at, onRequest) : this.#readBulk(buffer, at);
      if (next === undefined) break;
      at = next;
      this.#endRequest(onRequest);
    }
    return at;
  }

  /** Fills the large argument that is under way; returns the position behind what was taken. */
  #gather(gathering: Gathering, buffer: Buffer, at: number, onRequest: (request: string[]) => void): number {
    const { bytes } = gathering;
    const taken = buffer.copy(bytes, gathering.filled, at);
    gathering.filled += taken;
    if (gathering.filled < bytes.length) return at + taken;
    this.#gathering = undefined;
    this.#endBulk(bytes, 0, bytes.length - 2);
    // Given back at once: the collector sees a small object, and learns late of the bytes behind it.
    (bytes.buffer as ArrayBuffer).transfer(0);
    this.#endRequest(onRequest);
    return at + taken;
  }

  #endRequest(onRequest: (request: string[]) => void): void {
    if (this.#arguments === null || this.#argumentsLeft > 0) return;
    const request = this.#arguments;
    this.#arguments = null;
    onRequest(request);
  }

  /** The start of a request; returns the position behind it, or undefined when it is not complete yet. */
  #readHead(buffer: Buffer, at: number, onRequest: (request: string[]) => void): number | undefined {
    const end = findLine(buffer, at);
    if (end === undefined) return undefined;
    const line = readLine(buffer, at, end);
    if (!line.startsWith("*")) {
      const words = line.split(/[ \t]+/).filter((word) => word !== "");
      if (words.length > this.limits.argumentsMax) throw new RespError("Protocol error: too many words");
      if (words.length > 0) onRequest(words.map(copyText));
      return end + 1;
    }
    const count = parseLength(line);
    if (count === undefined || count > this.limits.argumentsMax) {
      throw new RespError("Protocol error: invalid multibulk length");
    }
    if (count > 0) {
      this.#arguments = [];
      this.#argumentsLeft = count;
      this.#requestBytes = 0;
    }
    return end + 1;
  }

  /** One argument; returns the position behind it, or undefined when it is not complete yet. */
  #readBulk(buffer: Buffer, at: number): number | undefined {
    const end = findLine(buffer, at);
    if (end === undefined) return undefined;
    const line = readLine(buffer, at, end);
    if (!line.startsWith("$")) {
      throw new RespError(`Protocol error: expected '$', got '${line.slice(0, 1)}'`);
    }
    const length = parseLength(line);
    if (length === undefined || length < 0 || length > this.limits.bulkBytesMax) {
      throw new RespError("Protocol error: invalid bulk length");
    }
    if (this.#requestBytes + length > this.limits.requestBytesMax) {
      throw new RespError(`Protocol error: a request has more than ${this.limits.requestBytesMax} bytes`);
    }
    const from = end + 1;
    const to = from + length;
    if (buffer.length < to + 2) {
      if (length < GATHERED_BYTES_MIN) {
        this.#needed = to + 2 - at;
        return undefined;
      }
      this.#gathering = { bytes: Buffer.allocUnsafeSlow(length + 2), filled: 0 };
      return from;
    }
    this.#endBulk(buffer, from, to);
    return to + 2;
  }

  #endBulk(buffer: Buffer, from: number, to: number): void {
    if (buffer[to] !== CR || buffer[to + 1] !== LF) {
      throw new RespError("Protocol error: a bulk string does not end where its length says");
    }
    this.#arguments?.push(buffer.toString("latin1", from, to));
    this.#argumentsLeft -= 1;
    this.#requestBytes += to - from;
  }
}

/** The bytes from the position on. Few bytes are copied, so that they do not hold all of a large buffer. */
function keepRest(buffer: Buffer, at: number): Buffer {
  const rest = buffer.subarray(at);
  if (rest.length === 0 || rest.length > buffer.length / 2) return rest;
  const own = Buffer.allocUnsafeSlow(rest.length);
  rest.copy(own);
  return own;
}

/** The engine keeps a part of a line as a reference to the whole line: a short value would hold 64 KiB. */
function copyText(word: string): string {
  return Buffer.from(word, "latin1").toString("latin1");
}

/** The position of the line's LF; undefined when it has not come yet. */
function findLine(buffer: Buffer, at: number): number | undefined {
  const end = buffer.indexOf(LF, at);
  if ((end === -1 ? buffer.length : end) - at > INLINE_BYTES_MAX) {
    throw new RespError("Protocol error: too big inline request");
  }
  return end === -1 ? undefined : end;
}

function readLine(buffer: Buffer, at: number, end: number): string {
  return buffer.toString("latin1", at, end > at && buffer[end - 1] === CR ? end - 1 : end);
}

/** The number behind `*` or `$`. Undefined when it is none. -1 and 0 mean nothing for an array of a request. */
function parseLength(line: string): number | undefined {
  return /^.-?\d{1,10}$/.test(line) ? Number(line.slice(1)) : undefined;
}
