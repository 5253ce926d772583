/**
 * What a connection has still to send, in order: small texts joined, large ones as they are.
 *
 *   begin → add … add (→ undo) → send → (the socket is full) → send at its drain → … → empty
 *
 * O1 A large value is kept as a reference and leaves in pieces: however many clients are sent it, and however slowly they
 *    read, there is one copy of it.
 * O2 The socket gets the next piece only when it has passed on the last one: it keeps a copy of what it was given.
 * O3 `undo` takes back all that was added since `begin`: after a failure in its middle nobody gets half a reply.
 */
import type { TextSink } from "./reply.ts";

/** A longer text is large. So much is handed to the socket at once. */
const PIECE_BYTES = 65_536;

interface OutputSocket {
  readonly writableNeedDrain: boolean;
  write(text: string, encoding: "latin1"): boolean;
}

export class Output implements TextSink {
  readonly #texts: string[] = [];
  /** How much of the first text has been sent. */
  #sentBytes = 0;
  /** Behind the texts. */
  #tail = "";
  #bytes = 0;
  #beginning = { texts: 0, tail: "", bytes: 0 };

  get bytes(): number {
    return this.#bytes;
  }

  /** From here on until something is sent, `undo` goes back to this state. */
  begin(): void {
    this.#beginning.texts = this.#texts.length;
    this.#beginning.tail = this.#tail;
    this.#beginning.bytes = this.#bytes;
  }

  undo(): void {
    this.#texts.length = this.#beginning.texts;
    this.#tail = this.#beginning.tail;
    this.#bytes = this.#beginning.bytes;
  }

  add(text: string): void {
    this.#bytes += text.length;
    if (text.length > PIECE_BYTES) {
      this.#endTail();
      this.#texts.push(text);
      return;
    }
    this.#tail += text;
    if (this.#tail.length > PIECE_BYTES) this.#endTail();
  }

  /** Hands on as much as the socket takes. The rest follows when it drains. */
  send(socket: OutputSocket): void {
    while (this.#bytes > 0 && !socket.writableNeedDrain) {
      const piece = this.#take();
      this.#bytes -= piece.length;
      socket.write(piece, "latin1");
    }
  }

  #take(): string {
    const [next] = this.#texts;
    if (next === undefined) {
      const tail = this.#tail;
      this.#tail = "";
      this.#beginning.tail = "";
      return tail;
    }
    const from = this.#sentBytes;
    const to = Math.min(next.length, from + PIECE_BYTES);
    this.#sentBytes = to;
    if (to === next.length) {
      this.#texts.shift();
      this.#sentBytes = 0;
    }
    // Of a text of one piece this is the text itself, and of a longer one a reference to it.
    return next.slice(from, to);
  }

  #endTail(): void {
    if (this.#tail === "") return;
    // The engine keeps a sum as a tree of its parts, many times as large; reading a character makes it plain text.
    this.#tail.charCodeAt(0);
    this.#texts.push(this.#tail);
    this.#tail = "";
  }
}
