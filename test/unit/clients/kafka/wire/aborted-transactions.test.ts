/** Which batches of a fetch answer belong to aborted transactions (T1 to T3), against a plain model of a log. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type AbortedTransaction,
  AbortedTransactions,
} from "../../../../../simulator/clients/kafka/wire/aborted-transactions.ts";

describe("aborted transactions", () => {
  it("are none where the answer lists none", () => {
    expect(AbortedTransactions.of([])).toBeNull();
  });

  it("cover the batches of their producer from the first offset to its marker, and no others", () => {
    const aborted = AbortedTransactions.of([
      { producerId: 2, firstOffset: 20 },
      { producerId: 1, firstOffset: 0 },
    ]);
    expect(aborted?.covers(1, 10)).toBe(true);
    // Of a transaction before: the one of this producer that was aborted lies ahead.
    expect(aborted?.covers(2, 20)).toBe(false);
    aborted?.end(2, 20);
    expect(aborted?.covers(2, 25)).toBe(true);
    expect(aborted?.covers(1, 30)).toBe(true);
    aborted?.end(1, 31);
    expect(aborted?.covers(1, 40)).toBe(false);
    expect(aborted?.covers(2, 50)).toBe(true);
  });

  it("agree with the log, wherever in it the answer begins", () => {
    const step = fc.record({
      producerId: fc.integer({ min: 1, max: 3 }),
      act: fc.constantFrom("send", "commit", "abort"),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.nat(40), (steps, from) => {
        const open = new Map<number, number[]>();
        const isAborted = steps.map(() => false);
        const listed: AbortedTransaction[] = [];
        for (const [offset, { producerId, act }] of steps.entries()) {
          const written = open.get(producerId) ?? [];
          if (act === "send") open.set(producerId, [...written, offset]);
          else open.delete(producerId);
          if (act !== "abort" || written.length === 0) continue;
          for (const each of written) isAborted[each] = true;
          // What a broker lists: those that end at or after where the answer begins.
          if (offset >= from) listed.push({ producerId, firstOffset: written[0] as number });
        }
        const aborted = AbortedTransactions.of(listed);
        for (const [offset, { producerId, act }] of steps.entries()) {
          if (offset < from) continue;
          if (act === "send") expect(aborted?.covers(producerId, offset + 1) ?? false).toBe(isAborted[offset]);
          else aborted?.end(producerId, offset + 1);
        }
      }),
    );
  });
});
