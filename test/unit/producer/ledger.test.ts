/** The ledger of a round: acknowledgements, foreign records, a lost process, and what Kafka lost. */
import { describe, expect, it } from "vitest";
import { RoundLedger } from "../../../producer/ledger.ts";
import { splitRound, sumIds } from "../../../producer/load-profile.ts";
import { findLedgerProblem } from "../../../producer/run-files.ts";
import type { Ledger } from "../../../simulator/common/contract/files/ledger.ts";

const producer = { topic: "t", producerId: 1, producerEpoch: 0 };
const layout = { partitions: 2, stickyIds: 1 };
const noneOpen = { unknown: 0, refused: 0 };

function createLedger(task = { round: 1, firstId: 1, messages: 1_000 }): RoundLedger {
  return new RoundLedger({ ...task, messageSize: 64, producer }, layout, splitRound(task, layout));
}

const acknowledge = (ledger: RoundLedger, p: number, records: number, baseOffset: number) =>
  ledger.acknowledgeBatch(p, { records, baseOffset, sentAtUs: 5_000, nowUs: 6_000 });

/** A ledger of which partition 0 has 100 and partition 1 has 60 acknowledged records, behind 5 foreign ones. */
function createBegun(): RoundLedger {
  const ledger = createLedger();
  ledger.begin([0, 5]);
  ledger.startClock(4_711);
  acknowledge(ledger, 0, 100, 0);
  acknowledge(ledger, 1, 60, 5);
  return ledger;
}

describe("the ledger of a round", () => {
  it("notes a foreign record by the offset that moved, and goes on", () => {
    const ledger = createLedger();
    ledger.begin([0, 2]);
    acknowledge(ledger, 0, 500, 0);
    acknowledge(ledger, 1, 500, 2);
    ledger.finish([500, 503]);
    expect(ledger.toFile(noneOpen)).toMatchObject({
      outcome: "finished",
      acknowledged: 1_000,
      foreignCount: 2,
      foreign: [
        { p: 1, expected: 0, actual: 2 },
        { p: 1, expected: 502, actual: 503 },
      ],
      partitions: [
        { nextOffset: 500, endOffset: 500 },
        { nextOffset: 502, endOffset: 503 },
      ],
    });
  });

  it("counts each message of the round once: acknowledged, unknown, refused or never sent", () => {
    const counts = createBegun().toFile({ unknown: 20, refused: 5 });
    expect(counts).toMatchObject({ messages: 1_000, acknowledged: 160, unknown: 20, refused: 5, unsent: 815 });
  });

  it("tells latencies of messages, and not of batches", () => {
    const ledger = createLedger();
    ledger.begin([0, 0]);
    ledger.acknowledgeBatch(0, { records: 4, baseOffset: 0, sentAtUs: 0, nowUs: 31 });
    ledger.acknowledgeBatch(1, { records: 16, baseOffset: 0, sentAtUs: 0, nowUs: 20_000_000 });
    const { acknowledgeMs } = ledger.toFile(noneOpen);
    expect(acknowledgeMs).toEqual({ p50: 20_000, p95: 20_000, p99: 20_000, p999: 20_000, max: 20_000 });
    ledger.acknowledgeBatch(0, { records: 80, baseOffset: 4, sentAtUs: 0, nowUs: 31 });
    expect(ledger.toFile(noneOpen).acknowledgeMs).toMatchObject({ p50: 0.031, p95: 20_000 });
  });

  it("is taken over by the next process of the round, with what only the topic tells of as resumed", () => {
    const ledger = createLedger();
    const begun = createBegun();
    ledger.restore(begun.toFile(noneOpen), begun.partitions, 9_000);
    expect(ledger.toFile(noneOpen)).toMatchObject({ acknowledged: 160, firstSendAtUs: 4_711, restarts: 1 });
    // The last one that was acknowledged, two that were not, and three foreign records in between.
    ledger.resumeBatch(0, { firstIndex: 60, records: 40, baseOffset: 60 }, 9_000);
    ledger.resumeBatch(0, { firstIndex: 100, records: 30, baseOffset: 100 }, 9_000);
    ledger.resumeBatch(0, { firstIndex: 130, records: 10, baseOffset: 133 }, 9_000);
    const file = ledger.toFile(noneOpen);
    expect(file).toMatchObject({
      acknowledged: 200,
      foreignCount: 2,
      foreign: [{ p: 1 }, { p: 0, expected: 130, actual: 133 }],
    });
    expect(file.partitions).toMatchObject([
      { acknowledged: 140, resumed: 40, nextOffset: 143, shift: 3 },
      { acknowledged: 60, resumed: 0, nextOffset: 65, shift: 5 },
    ]);
    for (const { p, acknowledged, idSum, idMix } of file.partitions) {
      expect({ idSum, idMix }).toEqual(sumIds(p, 0, acknowledged, layout));
    }
  });

  it("is taken over with the acknowledgements that are newer than its file, and what they say of foreign records", () => {
    const begun = createBegun();
    const file = begun.toFile(noneOpen);
    const noted: [number, { nextIndex: number; nextOffset: number }][] = [];
    begun.noteInto((p, { nextIndex, nextOffset }) => noted.push([p, { nextIndex, nextOffset }]));
    acknowledge(begun, 0, 10, 100);
    acknowledge(begun, 1, 20, 67);
    expect(noted).toEqual([
      [0, { nextIndex: 110, nextOffset: 110 }],
      [1, { nextIndex: 80, nextOffset: 87 }],
    ]);
    const ledger = createLedger();
    ledger.restore(file, begun.partitions, 9_000);
    const { acknowledged, foreignCount, partitions } = ledger.toFile(noneOpen);
    expect([acknowledged, foreignCount]).toEqual([190, 2]);
    expect(partitions).toEqual(begun.toFile(noneOpen).partitions);
  });

  it("goes on in the next round behind the foreign records of the one before", () => {
    const first = createLedger();
    first.begin([0, 0]);
    acknowledge(first, 0, 500, 0);
    acknowledge(first, 1, 500, 0);
    first.finish([500, 510]);
    const second = createLedger({ round: 2, firstId: 1_001, messages: 10 });
    second.follow(first.toFile(noneOpen));
    second.begin([500, 510]);
    acknowledge(second, 1, 5, 510);
    expect(second.toFile(noneOpen)).toMatchObject({
      foreignCount: 0,
      partitions: [{ nextOffset: 500 }, { nextOffset: 515 }],
    });
  });
});

describe("acknowledged records that Kafka lost", () => {
  const lost = (p: number, acknowledged: number, endOffset: number) =>
    expect.objectContaining({
      code: "PRODUCER_RECORDS_LOST",
      category: "exactlyOnce",
      message: expect.stringContaining(
        `of t-${p}: they reach to offset ${acknowledged}, and the log ends at offset ${endOffset}`,
      ),
    });

  it("are told when the topic ends below them, at the start of a round and at its end", () => {
    const first = createLedger();
    first.begin([0, 0]);
    acknowledge(first, 0, 500, 0);
    acknowledge(first, 1, 500, 0);
    expect(() => first.finish([500, 499])).toThrow(lost(1, 500, 499));
    first.finish([510, 500]);
    const second = createLedger({ round: 2, firstId: 1_001, messages: 10 });
    second.follow(first.toFile(noneOpen));
    // Foreign records hide the loss from whoever compares with the index.
    expect(() => second.begin([499, 500])).toThrow(lost(0, 500, 499));
  });

  it("are told when a later batch is appended below them, and stay in the ledger as acknowledged", () => {
    const ledger = createBegun();
    expect(() => acknowledge(ledger, 0, 10, 40)).toThrow(lost(0, 100, 40));
    expect(ledger.toFile(noneOpen).partitions[0]).toMatchObject({ acknowledged: 110, nextOffset: 100 });
  });
});

describe("a ledger that was found in the run's folder", () => {
  const expected = {
    path: "ledger-1.json",
    round: 1,
    producer,
    shares: splitRound({ round: 1, firstId: 1, messages: 1_000 }, layout),
  };
  const good: Ledger = createBegun().toFile(noneOpen);
  const [first, second] = good.partitions as [Ledger["partitions"][number], Ledger["partitions"][number]];

  it("is believed when it is this producer's, in this round", () => {
    expect(findLedgerProblem(good, expected)).toBeUndefined();
    expect(findLedgerProblem(JSON.parse(JSON.stringify(good)) as Ledger, expected)).toBeUndefined();
  });

  it.each<[string, Partial<Record<keyof Ledger, unknown>>, RegExp]>([
    ["of another topic", { topic: "other" }, /its schema, round, topic, .* are 1, 1, other, 1, 0/],
    ["of another producer", { producerEpoch: 1 }, /1, 1, t, 1, 1, and this producer's are 1, 1, t, 1, 0/],
    ["of another round", { round: 2 }, /are 1, 2, t/],
    ["without its partitions", { partitions: undefined }, /does not have the 2 partitions/],
    ["with a partition too few", { partitions: [first] }, /does not have the 2 partitions/],
    ["with partitions in another order", { partitions: [second, first] }, /partition 0 does not begin at 0/],
    ["with a missing number", { partitions: [first, { ...second, nextOffset: null }] }, /a number of partition 1/],
    [
      "with more than the round has",
      { partitions: [{ ...first, acknowledged: 501 }, second] },
      /501 records of partition 0/,
    ],
    ["with another total", { acknowledged: 161 }, /its partitions sum to 160, and its total is 161/],
  ])("is refused %s", (_, change, problem) => {
    expect(findLedgerProblem({ ...good, ...change } as Ledger, expected)).toMatch(problem);
  });
});
