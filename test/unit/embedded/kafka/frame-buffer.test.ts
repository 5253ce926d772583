import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FrameBuffer } from "../../../../simulator/embedded/kafka/frame-buffer.ts";

const seed = process.env["TEST_SEED"] === undefined ? {} : { seed: Number(process.env["TEST_SEED"]) };

function frameOf(body: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
}

describe("frames of a connection", () => {
  test("every frame comes out whole and in order, however the bytes arrive", () => {
    const lengths = fc.array(fc.oneof(fc.nat(40), fc.nat(3_000), fc.integer({ min: 60_000, max: 300_000 })), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(lengths, fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1 }), (bodies, reads) => {
        const sent = bodies.map((length, i) => Buffer.alloc(length, i + 1));
        const stream = Buffer.concat(sent.map(frameOf));
        const frames = new FrameBuffer(1_000_000);
        const received: Buffer[] = [];
        let at = 0;
        for (let i = 0; at < stream.length; i += 1) {
          const space = frames.reserve();
          expect(space.length).toBeGreaterThan(0);
          const copied = stream.copy(space, 0, at, at + (reads[i % reads.length] as number));
          frames.commit(copied);
          at += copied;
          for (let next = frames.next(); next.kind === "frame"; next = frames.next()) {
            received.push(Buffer.from(frames.buffer.subarray(next.start, next.end)));
          }
        }
        expect(received.length).toBe(sent.length);
        for (const [i, body] of received.entries()) expect(body.equals(sent[i] as Buffer)).toBe(true);
        expect(frames.bytesPending).toBe(0);
      }),
      { numRuns: 50, ...seed },
    );
  });

  test("B1: what was reserved stays the place of the next bytes while frames are taken", () => {
    const frames = new FrameBuffer(1_000);
    const stream = Buffer.concat([frameOf(Buffer.from("one")), frameOf(Buffer.from("two"))]);
    frames.commit(stream.copy(frames.reserve(), 0, 0, 9));
    const space = frames.reserve();
    expect(frames.next().kind).toBe("frame");
    frames.commit(stream.copy(space, 0, 9));
    const next = frames.next();
    expect(next.kind === "frame" && frames.buffer.toString("utf8", next.start, next.end)).toBe("two");
  });

  test("B2: a claimed length is refused above the limit, and allocates nothing below it", () => {
    const claim = (length: number) => {
      const frames = new FrameBuffer(100_000_000);
      const head = Buffer.alloc(4);
      head.writeInt32BE(length);
      frames.commit(head.copy(frames.reserve()));
      return { next: frames.next(), capacity: frames.buffer.length };
    };
    expect(claim(100_000_001).next).toEqual({ kind: "invalid", length: 100_000_001 });
    expect(claim(-1).next).toEqual({ kind: "invalid", length: -1 });
    const large = claim(100_000_000);
    expect(large.next).toEqual({ kind: "incomplete" });
    expect(large.capacity).toBeLessThan(1_000_000);
  });
});
