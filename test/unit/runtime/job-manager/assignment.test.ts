import fc from "fast-check";
import { expect, test } from "vitest";
import { planAssignment } from "../../../../simulator/runtime/job-manager/assignment.ts";

const seed = process.env["TEST_SEED"] === undefined ? {} : { seed: Number(process.env["TEST_SEED"]) };
const name = (i: number) => `taskmanager-${String(i + 1).padStart(2, "0")}`;

/** A history of memberships: each plan is the next one's `current`. */
const histories = fc.record({
  partitions: fc.integer({ min: 1, max: 40 }),
  memberships: fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 24 }), { maxLength: 25 }), {
    minLength: 1,
    maxLength: 8,
  }),
});

test("every plan is balanced, complete, sticky and the same twice", () => {
  fc.assert(
    fc.property(histories, ({ partitions, memberships }) => {
      let current: (string | null)[] = new Array<null>(partitions).fill(null);
      for (const members of memberships) {
        const taskManagers = members.map(name);
        const plan = planAssignment({ partitions, taskManagers, current });
        expect(planAssignment({ partitions, taskManagers: taskManagers.toReversed(), current })).toEqual(plan);
        if (taskManagers.length === 0) {
          expect(plan.every((owner) => owner === null)).toBe(true);
        } else {
          const counts = taskManagers.map((tm) => plan.filter((owner) => owner === tm).length);
          expect(counts.reduce((a, b) => a + b)).toBe(partitions);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
          expect(countMoved(current, plan, taskManagers)).toBe(leastMoves(current, partitions, taskManagers));
        }
        current = plan;
      }
    }),
    { ...seed, numRuns: 300 },
  );
});

test("with more TaskManagers than partitions some idle, and nobody has two", () => {
  const taskManagers = [0, 1, 2, 3, 4].map(name);
  const plan = planAssignment({ partitions: 2, taskManagers, current: [null, null] });
  expect(new Set(plan).size).toBe(2);
});

test("a joining TaskManager takes one partition from one other, and the rest stay", () => {
  const before = planAssignment({ partitions: 4, taskManagers: ["a", "b"], current: [null, null, null, null] });
  const after = planAssignment({ partitions: 4, taskManagers: ["a", "b", "c"], current: before });
  expect(countMoved(before, after, ["a", "b", "c"])).toBe(1);
});

function countMoved(
  from: readonly (string | null)[],
  to: readonly (string | null)[],
  alive: readonly string[],
): number {
  return from.filter((owner, p) => owner !== null && alive.includes(owner) && owner !== to[p]).length;
}

/** By the definition: whoever has more than its quota gives the excess; the larger quotas are dealt out best. */
function leastMoves(current: readonly (string | null)[], partitions: number, alive: readonly string[]): number {
  const counts = alive.map((tm) => current.filter((owner) => owner === tm).length).toSorted((a, b) => b - a);
  const quota = Math.floor(partitions / alive.length);
  const larger = partitions % alive.length;
  return counts.reduce((moves, count, rank) => moves + Math.max(0, count - (rank < larger ? quota + 1 : quota)), 0);
}
