/** Frames come out whole and in order, however the stream is cut into chunks. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameAssembler } from "../../../../../simulator/clients/kafka/wire/frame-assembler.ts";

const seed = process.env["TEST_SEED"] === undefined ? {} : { seed: Number(process.env["TEST_SEED"]) };

function frame(content: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(content.length);
  return Buffer.concat([size, content]);
}

describe("FrameAssembler", () => {
  it("delivers every frame once, in order, for any cut", () => {
    const contents = fc.array(
      fc.integer({ min: 0, max: 200_000 }).map((length) => Buffer.alloc(length, length % 251)),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(
        contents,
        fc.integer({ min: 1, max: 300_000 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
        (frames, chunkBytes, cuts) => {
          const stream = Buffer.concat(frames.map(frame));
          const seen: string[] = [];
          const assembler = new FrameAssembler(300_000, (buffer, start, end) => {
            seen.push(`${end - start}:${buffer.subarray(start, end).every((byte) => byte === (end - start) % 251)}`);
          });
          // One buffer is reused for every chunk, as the socket does.
          const chunk = Buffer.alloc(300_000);
          for (let at = 0; at < stream.length; ) {
            const cut = cuts.next().value ?? 1;
            const length = Math.min(stream.length - at, cut < 5 ? cut : chunkBytes);
            const rest = cut % 2 === 0 ? undefined : assembler.rest();
            if (rest !== undefined) {
              const copied = stream.copy(rest, 0, at, at + length);
              assembler.advance(copied);
              at += copied;
              continue;
            }
            stream.copy(chunk, 0, at, at + length);
            assembler.push(chunk, length);
            chunk.fill(0xee, 0, length);
            at += length;
          }
          expect(seen).toEqual(frames.map((content) => `${content.length}:true`));
        },
      ),
      { numRuns: 40, ...seed },
    );
  });

  it("delivers nothing after a stop, also of what is read into a frame that had begun", () => {
    let delivered = 0;
    const assembler = new FrameAssembler(1_000, () => {
      delivered += 1;
    });
    assembler.push(frame(Buffer.alloc(10)), 6);
    expect(assembler.rest()).toHaveLength(8);
    assembler.stop();
    assembler.advance(8);
    expect(assembler.rest()).toBeUndefined();
    expect(delivered).toBe(0);
  });

  it("refuses a size above the limit, and a negative one, and delivers nothing more", () => {
    for (const size of [1_001, -1, 0x7fffffff]) {
      let delivered = 0;
      const assembler = new FrameAssembler(1_000, () => {
        delivered += 1;
      });
      const head = Buffer.alloc(4);
      head.writeInt32BE(size);
      expect(() => assembler.push(head, 4)).toThrow(new RegExp(`${size} bytes`));
      assembler.push(frame(Buffer.alloc(3)), 7);
      expect(delivered).toBe(0);
    }
  });
});
