/** Random histories of joins, deaths, releases and fences: no two holders, no generation twice, all owned in the end. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { HeldPartition } from "../../../../simulator/common/contract/job/rpc.ts";
import { PartitionTable, REVOKE_TIMEOUT_MS } from "../../../../simulator/runtime/job-manager/partition-table.ts";

const seed = process.env["TEST_SEED"] === undefined ? {} : { seed: Number(process.env["TEST_SEED"]) };

function createTable(partitions: number) {
  let k = 0;
  const issued: number[] = [];
  const clock = { nowMs: 0 };
  const table = new PartitionTable({
    partitions,
    nextGeneration: () => {
      k += 1;
      issued.push(k);
      return k;
    },
    nowMs: () => clock.nowMs,
  });
  return { table, clock, issued };
}

test("a new owner gets a partition only after the old one released it, under a higher generation", () => {
  const { table } = createTable(2);
  table.rebalance(["a"]);
  const [first, second] = table.assignmentOf("a") as [HeldPartition, HeldPartition];
  table.owned("a", first);
  table.owned("a", second);
  expect(table.allOwned).toBe(true);
  table.takeChanged();

  table.rebalance(["a", "b"]);
  expect(table.takeChanged()).toEqual(["a"]);
  const kept = table.assignmentOf("a");
  expect(kept).toHaveLength(1);
  expect(table.assignmentOf("b")).toEqual([]);
  const moving = [first, second].find(({ p }) => p !== kept[0]?.p) as HeldPartition;
  table.released("a", moving);
  const [given] = table.assignmentOf("b") as [HeldPartition];
  expect(given.p).toBe(moving.p);
  expect(given.g).toBeGreaterThan(moving.g);
  expect(table.assignmentOf("a")).toEqual(kept);
});

test("a holder that does not release in time is passed over", () => {
  const { table, clock } = createTable(2);
  table.rebalance(["a"]);
  table.rebalance(["a", "b"]);
  clock.nowMs = REVOKE_TIMEOUT_MS - 1;
  table.expireRevocations();
  expect(table.assignmentOf("b")).toEqual([]);
  clock.nowMs = REVOKE_TIMEOUT_MS;
  table.expireRevocations();
  expect(table.assignmentOf("b")).toHaveLength(1);
});

test("of two that report the same partition the higher generation keeps it", () => {
  const { table } = createTable(1);
  table.adopt("a", [{ p: 0, g: 7 }]);
  table.adopt("b", [{ p: 0, g: 9 }]);
  table.adopt("c", [{ p: 0, g: 8 }]);
  expect(table.assignmentOf("a")).toEqual([]);
  expect(table.assignmentOf("b")).toEqual([{ p: 0, g: 9 }]);
  expect(table.assignmentOf("c")).toEqual([]);
});

test("a holder below the store's fence is not believed, and a partition that does not exist is ignored", () => {
  const { table } = createTable(1);
  table.raiseKnown([10]);
  table.adopt("a", [
    { p: 0, g: 9 },
    { p: 5, g: 99 },
  ]);
  expect(table.assignmentOf("a")).toEqual([]);
});

test("a fenced holder gets a new generation; a stale report changes nothing", () => {
  const { table } = createTable(1);
  table.rebalance(["a"]);
  const [held] = table.assignmentOf("a") as [HeldPartition];
  table.lost("a", held);
  const [renewed] = table.assignmentOf("a") as [HeldPartition];
  expect(renewed.g).toBeGreaterThan(held.g);
  table.lost("a", held);
  expect(table.assignmentOf("a")).toEqual([renewed]);
});

test("random histories never give a partition to two, and settle with all owned", () => {
  const step = fc.record({
    kind: fc.constantFrom("join", "die", "release", "own", "fence", "late"),
    tm: fc.integer({ min: 0, max: 5 }),
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.array(step, { maxLength: 60 }), (partitions, steps) => {
      const { table, clock, issued } = createTable(partitions);
      const alive = new Set<string>();
      /** What each TaskManager was told last, and what it still holds. */
      const held = new Map<string, HeldPartition[]>();
      const deliver = () => {
        for (const tm of table.takeChanged()) if (alive.has(tm)) held.set(tm, table.assignmentOf(tm));
      };
      for (const { kind, tm: i } of steps) {
        const tm = `tm-${i}`;
        clock.nowMs += 100;
        if (kind === "join" && !alive.has(tm)) {
          alive.add(tm);
          table.rebalance([...alive]);
        } else if (kind === "die" && alive.delete(tm)) {
          held.delete(tm);
          table.taskManagerLost(tm);
          table.rebalance([...alive]);
        } else if (kind === "own") for (const one of held.get(tm) ?? []) table.owned(tm, one);
        else if (kind === "fence") for (const one of held.get(tm) ?? []) table.lost(tm, one);
        else if (kind === "release")
          for (const g of issued) for (let p = 0; p < partitions; p += 1) table.released(tm, { p, g });
        else if (kind === "late") {
          clock.nowMs += REVOKE_TIMEOUT_MS;
          table.expireRevocations();
        }
        deliver();
        const given = [...alive].flatMap((one) => table.assignmentOf(one).map(({ p }) => p));
        expect(new Set(given).size).toBe(given.length);
      }
      expect(new Set(issued).size).toBe(issued.length);
      if (alive.size === 0) return;
      clock.nowMs += REVOKE_TIMEOUT_MS;
      table.expireRevocations();
      for (const tm of alive) for (const one of table.assignmentOf(tm)) table.owned(tm, one);
      expect(table.allOwned).toBe(true);
      const counts = Object.values(table.planned([...alive])).map((list) => list.length);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    }),
    seed,
  );
});
