/**
 * The client's side of the Redis protocol (RESP2): requests encoded, replies cut out of a byte stream. Pure.
 *
 *   request = "*" count CRLF, count × ( "$" bytes CRLF, text CRLF )
 *   reply   = "+" line CRLF | "-" line CRLF | ":" integer CRLF
 *           | "$" bytes CRLF, text CRLF | "$-1" CRLF                  a bulk string, or null
 *           | "*" count CRLF, count × reply  | "*-1" CRLF             an array, or null
 *
 * Source: https://redis.io/docs/latest/develop/reference/protocol-spec/
 */

/** An error that the server replied. The name is the one by which `server-replies.ts` knows such errors. */
export class ReplyError extends Error {
  override readonly name = "ReplyError";
}

/** The peer does not speak this protocol: nothing that follows has a meaning. */
export class RespMalformedError extends Error {
  override readonly name = "RespMalformedError";
}

/** A reply within an array may be an error, too. */
export type Reply = string | number | null | ReplyError | readonly Reply[];

export function encodeCommand(parts: readonly string[]): string {
  let text = `*${parts.length}\r\n`;
  for (const part of parts) text += `$${Buffer.byteLength(part)}\r\n${part}\r\n`;
  return text;
}

/** Far above the largest reply here, a state hash of some hundred partitions. */
const REPLY_BYTES_MAX = 64 * 1024 * 1024;
const DEPTH_MAX = 8;
const CR = 13;

/** The reply is not complete yet. */
const INCOMPLETE = Symbol("incomplete");

export class ReplyParser {
  readonly #onReply: (reply: Reply) => void;
  /** What came of a reply that is not complete. */
  #chunks: Buffer[] = [];
  #buffered = 0;
  /** Do not look again before so many bytes are there: a long text is joined once, not at each chunk. */
  #needed = 0;
  /** Of the read under way: where it stands. */
  #at = 0;

  constructor(onReply: (reply: Reply) => void) {
    this.#onReply = onReply;
  }

  /** Hands on each complete reply, in order. The chunk may be used again afterwards. Throws RespMalformedError. */
  push(chunk: Buffer): void {
    let buffer = chunk;
    if (this.#buffered > 0) {
      this.#chunks.push(Buffer.from(chunk));
      this.#buffered += chunk.length;
      if (this.#buffered < this.#needed) return;
      buffer = Buffer.concat(this.#chunks, this.#buffered);
    }
    let done = 0;
    this.#needed = 0;
    while (done < buffer.length) {
      this.#at = done;
      const reply = this.#read(buffer, 0);
      if (reply === INCOMPLETE) break;
      done = this.#at;
      this.#onReply(reply);
    }
    this.#keep(buffer, done);
  }

  #keep(buffer: Buffer, done: number): void {
    const left = buffer.length - done;
    if (left > REPLY_BYTES_MAX) throw new RespMalformedError(`a reply of more than ${REPLY_BYTES_MAX} bytes`);
    this.#chunks = left === 0 ? [] : [Buffer.from(buffer.subarray(done))];
    this.#buffered = left;
    this.#needed -= done;
  }

  #read(buffer: Buffer, depth: number): Reply | typeof INCOMPLETE {
    const lineEnd = buffer.indexOf(CR, this.#at);
    if (lineEnd < 0 || lineEnd + 1 >= buffer.length) return INCOMPLETE;
    const type = buffer[this.#at];
    const line = buffer.toString("latin1", this.#at + 1, lineEnd);
    this.#at = lineEnd + 2;
    switch (type) {
      case 0x2b: // +
        return line;
      case 0x2d: // -
        return new ReplyError(line);
      case 0x3a: // :
        return parseInteger(line);
      case 0x24: // $
        return this.#readText(buffer, parseInteger(line));
      case 0x2a: // *
        return this.#readArray(buffer, parseInteger(line), depth);
      default:
        throw new RespMalformedError(`a reply that begins with the byte ${type}`);
    }
  }

  #readText(buffer: Buffer, bytes: number): string | null | typeof INCOMPLETE {
    if (bytes === -1) return null;
    if (bytes < 0 || bytes > REPLY_BYTES_MAX) throw new RespMalformedError(`a text of ${bytes} bytes`);
    const from = this.#at;
    const end = from + bytes;
    if (end + 2 > buffer.length) {
      this.#needed = end + 2;
      return INCOMPLETE;
    }
    if (buffer[end] !== CR) throw new RespMalformedError("a text that does not end where its length says");
    this.#at = end + 2;
    return buffer.toString("utf8", from, end);
  }

  #readArray(buffer: Buffer, count: number, depth: number): Reply | typeof INCOMPLETE {
    if (count === -1) return null;
    if (count < 0 || depth === DEPTH_MAX) throw new RespMalformedError(`an array of ${count} at depth ${depth}`);
    const replies: Reply[] = [];
    for (let i = 0; i < count; i += 1) {
      const reply = this.#read(buffer, depth + 1);
      if (reply === INCOMPLETE) return INCOMPLETE;
      replies.push(reply);
    }
    return replies;
  }
}

function parseInteger(line: string): number {
  const value = Number(line);
  if (line === "" || !Number.isInteger(value))
    throw new RespMalformedError(`${line.slice(0, 40)} where a number belongs`);
  return value;
}
