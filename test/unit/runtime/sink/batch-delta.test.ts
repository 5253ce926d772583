import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countLatencies, createLatencyCounts } from "../../../../simulator/common/contract/latency-histogram.ts";
import { MESSAGE, mix32 } from "../../../../simulator/common/contract/message.ts";
import {
  addToDelta,
  createDelta,
  recordDeltaLatency,
  resetDelta,
} from "../../../../simulator/runtime/sink/batch-delta.ts";
import { columnsOf } from "../../../support/record-columns.ts";

const seed = process.env["TEST_SEED"] === undefined ? {} : { seed: Number(process.env["TEST_SEED"]) };

describe("BatchDelta", () => {
  it("has exact sums and disorder however the records are cut into batches", () => {
    const id = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: MESSAGE.idMax }));
    const batches = fc.array(fc.array(id, { maxLength: 30 }), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(batches, fc.nat(9), (ids, lastId) => {
        const delta = createDelta();
        resetDelta(delta, 100, lastId);
        let next = 100;
        for (const batch of ids) {
          next += batch.length;
          addToDelta(delta, columnsOf(batch), next);
        }
        const all = ids.flat();
        const modulus = 1n << 48n;
        expect(delta.n).toBe(all.length);
        expect(delta.next).toBe(100 + all.length);
        expect(BigInt(delta.idSum)).toBe(all.reduce((sum, one) => sum + BigInt(one), 0n) % modulus);
        expect(BigInt(delta.idMix)).toBe(all.reduce((sum, one) => sum + BigInt(mix32(one)), 0n) % modulus);
        expect(delta.disorder).toBe(all.filter((one, i) => one <= (all[i - 1] ?? lastId)).length);
        expect(delta.lastId).toBe(all.at(-1) ?? lastId);
      }),
      seed,
    );
  });

  it("keeps equal neighbouring stamps as one run, across batches, and forgets them on reset", () => {
    const delta = createDelta();
    resetDelta(delta, 0, 0);
    addToDelta(delta, columnsOf([1, 2, 3], [50, 50, 70]), 3);
    addToDelta(delta, columnsOf([4, 5], [70, 0]), 5);
    expect(delta.runs).toBe(3);
    const counts = createLatencyCounts();
    recordDeltaLatency(delta, 100, counts);
    // The record without a stamp takes no part.
    expect(countLatencies(counts)).toBe(4);
    expect(counts.maxUs).toBe(50);
    resetDelta(delta, 5, 5);
    expect([delta.runs, delta.n, delta.prev, delta.next]).toEqual([0, 0, 5, 5]);
  });

  it("has room for a stamp of its own on every record", () => {
    const delta = createDelta();
    resetDelta(delta, 0, 0);
    const ids = Array.from({ length: 1_000 }, (_, i) => i + 1);
    addToDelta(delta, columnsOf(ids, ids), 1_000);
    const counts = createLatencyCounts();
    recordDeltaLatency(delta, 2_000, counts);
    expect([delta.runs, countLatencies(counts)]).toEqual([1_000, 1_000]);
  });
});
