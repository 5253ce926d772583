import { describe, expect, it } from "vitest";
import { splitRound, sumIds } from "../../../../producer/load-profile.ts";
import { countPlanned, lastPlannedId, sumPlan } from "../../../../scripts/validate/round-plan.ts";

const ROUNDS = [
  { round: 1, firstId: 1, messages: 103 },
  { round: 2, firstId: 104, messages: 1 },
  { round: 3, firstId: 105, messages: 58 },
];

describe("sumPlan", () => {
  it.each([
    [1, 1],
    [3, 1],
    [7, 5],
    [20, 4],
    [3, 50],
  ])("lays ids out over %i partitions, %i in turn, as the producer's own code does", (partitions, stickyIds) => {
    const layout = { partitions, stickyIds };
    const shares = sumPlan(ROUNDS, layout, new Array(partitions).fill(Infinity));
    const whole = splitRound({ round: 1, firstId: 1, messages: 162 }, layout);
    expect(shares).toEqual(
      whole.map(({ p, endIndex }) => ({ planned: endIndex, messages: endIndex, ...sumIds(p, 0, endIndex, layout) })),
    );
  });

  it("sums the first messages of a partition, up to its limit, over rounds", () => {
    const layout = { partitions: 3, stickyIds: 4 };
    const limits = [0, 37, 1_000];
    const shares = sumPlan(ROUNDS, layout, limits);
    const whole = splitRound({ round: 1, firstId: 1, messages: 162 }, layout);
    expect(shares).toEqual(
      whole.map(({ p, endIndex }) => {
        const messages = Math.min(endIndex, limits[p] as number);
        return { planned: endIndex, messages, ...sumIds(p, 0, messages, layout) };
      }),
    );
  });

  it("counts what was asked for", () => {
    expect([countPlanned(ROUNDS), lastPlannedId(ROUNDS), countPlanned([]), lastPlannedId([])]).toEqual([
      162, 162, 0, 0,
    ]);
  });
});
