/** A1 to A3: invariants of `groups/assignors.ts`. */
import fc from "fast-check";
import { expect, it } from "vitest";
import {
  ASSIGNORS,
  assignPartitions,
  keyOf,
  type SubscribedTopic,
  type Subscriber,
} from "../../../../../simulator/embedded/kafka/groups/assignors.ts";

const seed = process.env["TEST_SEED"] === undefined ? {} : { seed: Number(process.env["TEST_SEED"]) };
const TOPICS: readonly SubscribedTopic[] = [
  { id: "a", partitions: 7 },
  { id: "b", partitions: 7 },
  { id: "c", partitions: 1 },
];
const subscriber = (memberId: string, topics: readonly SubscribedTopic[], target = new Set<string>()): Subscriber => ({
  memberId,
  order: memberId,
  topics,
  target,
});
const loads = (targets: ReadonlyMap<string, Set<string>>) => [...targets.values()].map(({ size }) => size);

const subscribers = fc
  .array(fc.subarray([...TOPICS], { minLength: 1 }), { minLength: 1, maxLength: 9 })
  .map((all) => all.map((topics, index) => subscriber(`m${index}`, topics)));

it.each(ASSIGNORS)("%s gives every partition to exactly one of those who subscribe to it (A1)", (name) => {
  fc.assert(
    fc.property(subscribers, (members) => {
      const targets = assignPartitions(name, members);
      const subscribed = new Map(members.flatMap(({ topics }) => topics.map((topic) => [topic.id, topic] as const)));
      const all = [...subscribed.values()].flatMap(({ id, partitions }) =>
        Array.from({ length: partitions }, (_, p) => keyOf(id, p)),
      );
      expect([...targets.values()].flatMap((target) => [...target]).sort()).toEqual(all.sort());
      for (const { memberId, topics } of members) {
        for (const key of targets.get(memberId) ?? [])
          expect(topics.some(({ id }) => key.startsWith(`${id}/`))).toBe(true);
      }
    }),
    seed,
  );
});

it("uniform is even, and moves no partition without need (A2)", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.boolean(), (count, grows) => {
      const names = Array.from({ length: count }, (_, index) => `m${index}`);
      const before = assignPartitions(
        "uniform",
        names.map((name) => subscriber(name, TOPICS)),
      );
      expect(Math.max(...loads(before)) - Math.min(...loads(before))).toBeLessThanOrEqual(1);
      const staying = grows ? names : names.slice(1);
      const others = grows ? [subscriber("x", TOPICS)] : [];
      const after = assignPartitions("uniform", [
        ...staying.map((name) => subscriber(name, TOPICS, before.get(name))),
        ...others,
      ]);
      if (after.size > 0) expect(Math.max(...loads(after)) - Math.min(...loads(after))).toBeLessThanOrEqual(1);
      // Who stays gives partitions only to one that came, and to nobody when one left.
      const kept = staying.map((name) => before.get(name)?.intersection(after.get(name) ?? new Set()).size ?? 0);
      const given = staying.reduce((sum, name, index) => sum + (before.get(name)?.size ?? 0) - (kept[index] ?? 0), 0);
      expect(given).toBe(grows ? (after.get("x")?.size ?? 0) : 0);
    }),
    seed,
  );
});

it("range gives neighbouring partitions, and equal ones of equal topics to one member (A3)", () => {
  const targets = assignPartitions(
    "range",
    ["m1", "m0", "m2"].map((name) => subscriber(name, TOPICS.slice(0, 2))),
  );
  expect([...(targets.get("m0") ?? [])].sort()).toEqual(["a/0", "a/1", "a/2", "b/0", "b/1", "b/2"]);
  expect([...(targets.get("m1") ?? [])].sort()).toEqual(["a/3", "a/4", "b/3", "b/4"]);
  expect([...(targets.get("m2") ?? [])].sort()).toEqual(["a/5", "a/6", "b/5", "b/6"]);
});
