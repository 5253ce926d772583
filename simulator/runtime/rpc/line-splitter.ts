/**
 * Cuts a byte stream into lines. Pure but for the bytes of an unfinished line, of which there are never more than
 * `lineBytesMax`: a peer that sends no end of line cannot make us remember more than that.
 */
const END_OF_LINE = 0x0a;

export class LineSplitter {
  readonly #lineBytesMax: number;
  #parts: Buffer[] = [];
  #partsBytes = 0;

  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax;
  }

  /** Hands every line that is complete now to `onLine`, without its end. False when a line is too long. */
  push(chunk: Buffer, onLine: (line: string) => void): boolean {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(END_OF_LINE, from);
      const piece = chunk.subarray(from, end === -1 ? chunk.length : end);
      if (this.#partsBytes + piece.length > this.#lineBytesMax) return false;
      if (end === -1) {
        if (piece.length > 0) this.#keep(piece);
        return true;
      }
      onLine(this.#take(piece));
      from = end + 1;
    }
  }

  #keep(piece: Buffer): void {
    this.#parts.push(piece);
    this.#partsBytes += piece.length;
  }

  /** The kept bytes and the last piece as text. A line is decoded as a whole: a chunk may end inside a character. */
  #take(piece: Buffer): string {
    if (this.#partsBytes === 0) return piece.toString("utf8");
    const line = Buffer.concat([...this.#parts, piece]).toString("utf8");
    this.#parts = [];
    this.#partsBytes = 0;
    return line;
  }
}
