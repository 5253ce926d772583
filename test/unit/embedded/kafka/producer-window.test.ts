import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type ProducedBatch,
  ProducerWindow,
  type SequenceVerdict,
} from "../../../../simulator/embedded/kafka/producer-window.ts";

const seed = process.env["TEST_SEED"] === undefined ? {} : { seed: Number(process.env["TEST_SEED"]) };
const SEQUENCES = 2 ** 31;

const batch = (firstSequence: number, records = 10, producerEpoch = 0, producerId = 7): ProducedBatch => ({
  producerId,
  producerEpoch,
  firstSequence,
  records,
});

/** Appends what `check` allows, at offset 1000 + sequence. */
function send(window: ProducerWindow, sent: ProducedBatch): SequenceVerdict {
  const verdict = window.check(sent);
  if (verdict.kind === "append") window.record(sent, 1000 + sent.firstSequence);
  return verdict;
}

describe("the idempotence window", () => {
  test("W1: each of the last five batches is recognised with its own offset, a sixth is not", () => {
    const window = new ProducerWindow(10);
    for (let i = 0; i < 6; i += 1) expect(send(window, batch(i * 10))).toEqual({ kind: "append" });
    for (let i = 1; i < 6; i += 1) {
      expect(window.check(batch(i * 10))).toEqual({ kind: "duplicate", baseOffset: 1000 + i * 10 });
    }
    expect(window.check(batch(0))).toEqual({ kind: "outOfOrder", expected: 60 });
  });

  test("W1: a repeat with another number of records is no duplicate", () => {
    const window = new ProducerWindow(10);
    send(window, batch(0, 10));
    expect(window.check(batch(0, 5))).toEqual({ kind: "outOfOrder", expected: 10 });
  });

  test("W2: a gap is refused, and what comes after it too", () => {
    const window = new ProducerWindow(10);
    send(window, batch(0));
    expect(send(window, batch(20))).toEqual({ kind: "outOfOrder", expected: 10 });
    expect(send(window, batch(30))).toEqual({ kind: "outOfOrder", expected: 10 });
    expect(send(window, batch(10))).toEqual({ kind: "append" });
    expect(send(window, batch(20))).toEqual({ kind: "append" });
  });

  test("W2: sequences go on at 0 after 2^31 - 1, also within a batch", () => {
    const atEnd = new ProducerWindow(10);
    send(atEnd, batch(SEQUENCES - 10));
    expect(send(atEnd, batch(0))).toEqual({ kind: "append" });
    const across = new ProducerWindow(10);
    send(across, batch(SEQUENCES - 4));
    expect(across.check(batch(SEQUENCES - 4)).kind).toBe("duplicate");
    expect(send(across, batch(6))).toEqual({ kind: "append" });
  });

  test("W3: a new epoch starts at 0, and the epoch before it is refused from then on", () => {
    const window = new ProducerWindow(10);
    send(window, batch(0));
    expect(send(window, batch(10, 10, 1))).toEqual({ kind: "outOfOrder", expected: 0 });
    expect(send(window, batch(0, 10, 1))).toEqual({ kind: "append" });
    expect(send(window, batch(10, 10, 0))).toEqual({ kind: "staleEpoch", current: 1 });
    expect(send(window, batch(0, 10, 0))).toEqual({ kind: "staleEpoch", current: 1 });
  });

  test("W4: an unknown producer may start at any sequence", () => {
    const window = new ProducerWindow(10);
    expect(send(window, batch(5_000))).toEqual({ kind: "append" });
    expect(send(window, batch(5_020))).toEqual({ kind: "outOfOrder", expected: 5_010 });
  });

  test("W6: a marker's epoch fences the producer before it, and the next one begins at sequence 0", () => {
    const window = new ProducerWindow(10);
    send(window, batch(0));
    window.recordMarker(7, 0);
    expect(window.check(batch(10))).toEqual({ kind: "append" });
    window.recordMarker(7, 1);
    expect(window.check(batch(10))).toEqual({ kind: "staleEpoch", current: 1 });
    expect(window.check(batch(10, 10, 1))).toEqual({ kind: "outOfOrder", expected: 0 });
    expect(window.list()).toEqual([{ producerId: 7, epoch: 1, lastSequence: -1 }]);
    expect(send(window, batch(0, 10, 1))).toEqual({ kind: "append" });
    // A producer that never wrote here is not remembered for a marker.
    window.recordMarker(8, 0);
    expect(window.size).toBe(1);
  });

  test("W5: of too many producers the one that appended longest ago is forgotten", () => {
    const window = new ProducerWindow(2);
    send(window, batch(0, 10, 0, 1));
    send(window, batch(0, 10, 0, 2));
    send(window, batch(10, 10, 0, 1));
    send(window, batch(0, 10, 0, 3));
    expect(window.size).toBe(2);
    expect(window.check(batch(0, 10, 0, 1)).kind).toBe("duplicate");
    expect(window.check(batch(90, 10, 0, 2)).kind).toBe("append");
  });

  test("it agrees with a plain model over random producers", () => {
    const step = fc.record({
      producerId: fc.integer({ min: 1, max: 2 }),
      move: fc.oneof(
        { weight: 6, arbitrary: fc.constant("next" as const) },
        { weight: 2, arbitrary: fc.constant("repeat" as const) },
        fc.constant("gap" as const),
        fc.constant("newEpoch" as const),
        fc.constant("oldEpoch" as const),
      ),
      back: fc.integer({ min: 1, max: 8 }),
      records: fc.integer({ min: 1, max: 50 }),
    });
    const start = fc.constantFrom(0, 17, SEQUENCES - 100);
    fc.assert(
      fc.property(start, fc.array(step, { maxLength: 60 }), (firstSequence, steps) => {
        const window = new ProducerWindow(10);
        const model = new Model();
        let offset = 0;
        for (const each of steps) {
          const sent = model.choose(each, firstSequence);
          const verdict = window.check(sent);
          expect(verdict).toEqual(model.judge(sent));
          if (verdict.kind !== "append") continue;
          window.record(sent, offset);
          model.history.push({ ...sent, offset });
          offset += sent.records;
        }
      }),
      { numRuns: 300, ...seed },
    );
  });
});

/** Remembers everything, and decides by the rules as they are written in Kafka's documentation. */
class Model {
  readonly history: (ProducedBatch & { offset: number })[] = [];

  choose(step: { producerId: number; move: string; back: number; records: number }, start: number): ProducedBatch {
    const { producerId, records } = step;
    const mine = this.history.filter((each) => each.producerId === producerId);
    const last = mine.at(-1);
    if (last === undefined) return { producerId, producerEpoch: 3, firstSequence: start, records };
    const next = (last.firstSequence + last.records) % SEQUENCES;
    const producerEpoch = last.producerEpoch;
    switch (step.move) {
      case "repeat": {
        const { firstSequence, records: count, producerEpoch: epoch } = mine.at(-step.back) ?? last;
        return { producerId, producerEpoch: epoch, firstSequence, records: count };
      }
      case "gap":
        return { producerId, producerEpoch, firstSequence: (next + step.back) % SEQUENCES, records };
      case "newEpoch":
        return { producerId, producerEpoch: producerEpoch + 1, firstSequence: step.back > 4 ? 0 : next, records };
      case "oldEpoch":
        return { producerId, producerEpoch: producerEpoch - 1, firstSequence: next, records };
      default:
        return { producerId, producerEpoch, firstSequence: next, records };
    }
  }

  judge(sent: ProducedBatch): SequenceVerdict {
    const mine = this.history.filter((each) => each.producerId === sent.producerId);
    if (mine.length === 0) return { kind: "append" };
    const current = Math.max(...mine.map((each) => each.producerEpoch));
    if (sent.producerEpoch < current) return { kind: "staleEpoch", current };
    if (sent.producerEpoch > current) {
      return sent.firstSequence === 0 ? { kind: "append" } : { kind: "outOfOrder", expected: 0 };
    }
    const ofEpoch = mine.filter((each) => each.producerEpoch === current);
    const same = ofEpoch
      .slice(-5)
      .find((each) => each.firstSequence === sent.firstSequence && each.records === sent.records);
    if (same !== undefined) return { kind: "duplicate", baseOffset: same.offset };
    const all = ofEpoch.reduce((sum, each) => sum + each.records, ofEpoch[0]?.firstSequence ?? 0);
    const expected = all % SEQUENCES;
    return sent.firstSequence === expected ? { kind: "append" } : { kind: "outOfOrder", expected };
  }
}
