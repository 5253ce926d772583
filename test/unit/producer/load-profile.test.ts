import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dueAtUs, lastIdDue, splitRound, stepUs, sumIds } from "../../../producer/load-profile.ts";
import {
  chooseStickyIds,
  idOfIndex,
  messagesInPartition,
  mix32,
  SUM_MODULUS,
} from "../../../simulator/common/contract/message.ts";

describe("splitRound", () => {
  it("gives each id of consecutive rounds to exactly one index, also with fewer messages than partitions", () => {
    const rounds = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 25 }),
        fc.integer({ min: 1, max: 9 }),
        rounds,
        (partitions, stickyIds, sizes) => {
          const layout = { partitions, stickyIds };
          let firstId = 1;
          const nextIndex = new Array<number>(partitions).fill(0);
          for (const messages of sizes) {
            const ids: number[] = [];
            for (const share of splitRound({ round: 1, firstId, messages }, layout)) {
              expect(share.firstIndex).toBe(nextIndex[share.p]);
              for (let k = share.firstIndex; k < share.endIndex; k += 1) ids.push(idOfIndex(share.p, k, layout));
              nextIndex[share.p] = share.endIndex;
            }
            expect(ids.sort((a, b) => a - b)).toEqual(Array.from({ length: messages }, (_, i) => firstId + i));
            firstId += messages;
          }
        },
      ),
    );
  });

  it.each([0, -1, 1.5, Number.NaN])("refuses %s messages, naming the value", (messages) => {
    expect(() => splitRound({ round: 1, firstId: 1, messages }, { partitions: 20, stickyIds: 1 })).toThrow(
      `--messages is "${messages}"`,
    );
  });
});

describe("sumIds", () => {
  it("equals the sums over single ids, modulo 2^48", () => {
    const ids = [999_999_999_900, 999_999_999_920, 999_999_999_940];
    const p = (999_999_999_900 - 1) % 20;
    const from = (999_999_999_900 - p - 1) / 20;
    const sums = sumIds(p, from, from + 3, { partitions: 20, stickyIds: 1 });
    expect(sums.idSum).toBe(ids.reduce((sum, id) => sum + id, 0) % SUM_MODULUS);
    expect(sums.idMix).toBe(ids.reduce((sum, id) => sum + mix32(id), 0) % SUM_MODULUS);
  });
});

describe("the layout of ids", () => {
  it("gives each partition its ids in turns, and sums over the borders of turns", () => {
    const layout = { partitions: 3, stickyIds: 2 };
    const idsOf = (p: number) => [0, 1, 2, 3].map((index) => idOfIndex(p, index, layout));
    expect([0, 1, 2].map(idsOf)).toEqual([
      [1, 2, 7, 8],
      [3, 4, 9, 10],
      [5, 6, 11, 12],
    ]);
    expect([6, 7, 8, 9].map((lastId) => messagesInPartition(0, lastId, layout))).toEqual([2, 3, 4, 4]);
    const sums = sumIds(1, 1, 4, layout);
    expect(sums.idSum).toBe(4 + 9 + 10);
    expect(sums.idMix).toBe(mix32(4) + mix32(9) + mix32(10));
  });

  it.each([
    [{ rate: 0, messages: 10_000_000 }, 1],
    [{ rate: 100, messages: 10_000 }, 1],
    [{ rate: 10_000, messages: 1_000_000 }, 50],
    [{ rate: 100_000, messages: 0 }, 500],
    [{ rate: 100_000, messages: 4_000 }, 200],
    [{ rate: 100_000, messages: 7 }, 1],
    [{ rate: 1_000_000_000, messages: 0 }, 5_000],
  ])("has turns of what is due in 5 ms: %j", (load, stickyIds) => {
    expect(chooseStickyIds({ ...load, partitions: 20 })).toBe(stickyIds);
  });
});

describe("the open schedule", () => {
  const schedule = { firstId: 101, ratePerSecond: 1_000, startUs: 5_000_000 };

  it("makes record i due at start + i/rate, however late it is asked", () => {
    expect(dueAtUs(schedule, 101)).toBe(5_000_000);
    expect(dueAtUs(schedule, 1_101)).toBe(6_000_000);
    expect(lastIdDue(schedule, 4_999_999)).toBe(100);
    expect(lastIdDue(schedule, 5_000_000)).toBe(101);
    expect(lastIdDue(schedule, 5_000_999)).toBe(101);
    expect(lastIdDue(schedule, 65_000_000)).toBe(60_101);
    expect(stepUs(schedule)).toBe(1_000);
  });
});
