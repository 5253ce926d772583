/** Output: what is sent is what was added, piece by piece, and large values are never copied together. */
import { describe, expect, it } from "vitest";
import { Output } from "../../../../simulator/embedded/redis/output.ts";

const PIECE_BYTES = 65_536;

/** Takes `room` bytes, and then wants to be drained. */
function createSocket(room: number) {
  return {
    pieces: [] as string[],
    room,
    get writableNeedDrain() {
      return this.room <= 0;
    },
    write(text: string) {
      this.pieces.push(text);
      this.room -= text.length;
      return this.room > 0;
    },
  };
}

describe("Output", () => {
  it("joins small texts into one write", () => {
    const output = new Output();
    const socket = createSocket(1_000);
    for (const text of ["+OK\r\n", ":1\r\n", "$1\r\na\r\n"]) output.add(text);
    output.send(socket);
    expect(socket.pieces).toEqual(["+OK\r\n:1\r\n$1\r\na\r\n"]);
    expect(output.bytes).toBe(0);
  });

  it("sends all in order, in pieces, and only when the socket has passed on the last one (O2)", () => {
    const output = new Output();
    const texts = ["a", "b".repeat(200_000), "c", "d".repeat(PIECE_BYTES), "e".repeat(PIECE_BYTES + 1), "f"];
    for (const text of texts) output.add(text);
    const socket = createSocket(1);
    let turns = 0;
    for (; output.bytes > 0; turns += 1) {
      output.send(socket);
      socket.room = 1;
    }
    expect(socket.pieces.join("")).toBe(texts.join(""));
    expect(Math.max(...socket.pieces.map((piece) => piece.length))).toBeLessThanOrEqual(2 * PIECE_BYTES);
    expect(turns).toBe(socket.pieces.length);
  });

  it("takes back what a reply had added, and nothing else (O3)", () => {
    const output = new Output();
    const socket = createSocket(1_000_000);
    output.add("before ");
    output.begin();
    output.add("x".repeat(100_000));
    for (let i = 0; i < 10_000; i += 1) output.add("half a reply");
    output.undo();
    output.add("after");
    output.send(socket);
    expect(socket.pieces.join("")).toBe("before after");
    expect(output.bytes).toBe(0);
  });
});
