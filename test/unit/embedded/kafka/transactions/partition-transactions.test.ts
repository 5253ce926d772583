import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AbortedTransactions } from "../../../../../simulator/clients/kafka/wire/aborted-transactions.ts";
import { PartitionTransactions } from "../../../../../simulator/embedded/kafka/transactions/partition-transactions.ts";

const seed = process.env["TEST_SEED"] === undefined ? {} : { seed: Number(process.env["TEST_SEED"]) };

describe("the transactions of a partition", () => {
  test("T2: the last stable offset is the start of the oldest one that is open", () => {
    const transactions = new PartitionTransactions();
    expect(transactions.lastStableOffset(10)).toBe(10);
    transactions.recordBatch(1, 10);
    transactions.recordBatch(2, 20);
    transactions.recordBatch(1, 30);
    expect(transactions.lastStableOffset(40)).toBe(10);
    transactions.recordMarker(1, 40, true);
    expect(transactions.lastStableOffset(41)).toBe(20);
    transactions.recordBatch(1, 41);
    transactions.recordMarker(2, 42, false);
    expect(transactions.lastStableOffset(43)).toBe(41);
    expect(transactions.firstOffsetOf(1)).toBe(41);
  });

  test("T2, T3: where the log begins behind an open transaction, nothing before its beginning is left", () => {
    const transactions = new PartitionTransactions();
    transactions.recordBatch(1, 10);
    transactions.recordMarker(1, 11, false);
    transactions.recordBatch(2, 20);
    transactions.deleteBefore(30);
    expect(transactions.lastStableOffset(40)).toBe(30);
    expect(transactions.anyAborted).toBe(false);
    transactions.recordMarker(2, 40, false);
    expect(transactions.listAborted(30, 41)).toEqual([{ producerId: 2, firstOffset: 20 }]);
  });

  test("a marker where nothing was written aborts nothing", () => {
    const transactions = new PartitionTransactions();
    transactions.recordMarker(1, 0, false);
    expect(transactions.anyAborted).toBe(false);
    expect(transactions.listAborted(0, 1)).toEqual([]);
  });

  test("a reader of any part drops exactly the batches that were aborted", () => {
    const step = fc.record({
      producerId: fc.integer({ min: 1, max: 4 }),
      act: fc.constantFrom("write", "write", "write", "commit", "abort"),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat(60), fc.nat(60), (steps, first, second) => {
        const transactions = new PartitionTransactions();
        // One offset a batch. What a batch came to is known once its transaction is over.
        const log: { producerId: number; marker: boolean; aborted: boolean }[] = [];
        const open = new Map<number, (typeof log)[number][]>();
        for (const { producerId, act } of steps) {
          const batch = { producerId, marker: act !== "write", aborted: false };
          if (act === "write") {
            transactions.recordBatch(producerId, log.length);
            open.set(producerId, [...(open.get(producerId) ?? []), batch]);
          } else {
            for (const written of open.get(producerId) ?? []) written.aborted = act === "abort";
            open.delete(producerId);
            transactions.recordMarker(producerId, log.length, act === "commit");
          }
          log.push(batch);
        }
        const stable = transactions.lastStableOffset(log.length);
        expect(stable).toBe(
          Math.min(log.length, ...[...open.values()].map(([oldest]) => log.indexOf(oldest as never))),
        );
        const from = Math.min(first, second, stable);
        const to = Math.min(Math.max(first, second), stable);
        const aborted = AbortedTransactions.of(transactions.listAborted(from, to));
        const dropped: number[] = [];
        for (let offset = from; offset < to; offset += 1) {
          const { producerId, marker } = log[offset] as (typeof log)[number];
          if (marker) aborted?.end(producerId, offset + 1);
          else if (aborted?.covers(producerId, offset + 1) === true) dropped.push(offset);
        }
        const expected = log.flatMap((batch, i) => (batch.aborted && i >= from && i < to ? [i] : []));
        expect(dropped).toEqual(expected);
      }),
      { numRuns: 500, ...seed },
    );
  });
});
