import { describe, expect, it } from "vitest";
import { createIdBitmap, IdBitmap } from "../../../../scripts/validate/id-bitmap.ts";
import { SampleCollector } from "../../../../scripts/validate/samples.ts";
import { createPartitionTally, skipUnread, TopicTally } from "../../../../scripts/validate/topic-tally.ts";
import { BATCH, patchBatchHeader, sealBatch } from "../../../../simulator/clients/kafka/wire/record-batch.ts";
import { encodeRecordBatch } from "../../../../simulator/clients/kafka/wire/records.ts";
import { mix32 } from "../../../../simulator/common/contract/message.ts";
import { fetchedOf } from "../../../support/record-sets.ts";
import { message } from "./synthetic-run.ts";

const batch = (baseOffset: number, values: (string | null)[]) =>
  encodeRecordBatch({
    baseOffset,
    timestampMs: 1,
    records: values.map((value) => ({ value: value === null ? null : Buffer.from(value) })),
  });

function tallyOf(
  range: { start: number; end: number; cut: number },
  sets: Buffer[],
  { idMax = 100, producerId = null }: { idMax?: number; producerId?: number | null } = {},
) {
  const bitmap = new IdBitmap(idMax);
  const tally = new TopicTally({ topic: "t", bitmap, samples: new SampleCollector([], "job"), producerId });
  const partition = createPartitionTally({ p: 0, ...range });
  for (const set of sets) tally.add(partition, fetchedOf(set, 0));
  return { partition, bitmap };
}

describe("TopicTally", () => {
  it("divides a batch at the cut, and counts what came twice or was not asked for", () => {
    const values = [message(1), message(3), message(3), '{"id":2}', "rubbish", null, message(101)];
    const { partition, bitmap } = tallyOf({ start: 0, end: 7, cut: 4 }, [batch(0, values)]);
    const ids = [1, 3, 3, 2];
    expect(partition.below).toEqual({
      messages: 4,
      rejected: 0,
      tombstones: 0,
      skipped: 0,
      disorder: 2,
      idSum: 9,
      idMix: ids.reduce((sum, id) => sum + mix32(id), 0),
    });
    expect(partition.above).toMatchObject({ messages: 1, rejected: 2, tombstones: 1, skipped: 0 });
    expect([bitmap.duplicated, bitmap.beyond, bitmap.has(2), bitmap.has(4)]).toEqual([1, 1, true, false]);
    expect(bitmap.countMissing(0, 0, 5, { partitions: 1, stickyIds: 1 })).toEqual({ count: 2, first: 4 });
  });

  it("skips records below its position, beyond its end, and in a batch that is cut short", () => {
    const first = batch(0, [message(1), message(2), message(3)]);
    const second = batch(3, [message(4), message(5)]);
    const { partition } = tallyOf({ start: 2, end: 4, cut: 4 }, [
      first,
      first,
      Buffer.concat([second, second]).subarray(0, -9),
    ]);
    expect(partition.below).toMatchObject({ messages: 2, idSum: 7, skipped: 0 });
    expect(partition.position).toBe(4);
  });

  it("counts offsets without a record as skipped: markers and gaps", () => {
    const marker = batch(2, ["marker"]);
    marker.writeInt16BE(0x20, BATCH.attributes);
    sealBatch(marker, 0, marker.length);
    const { partition } = tallyOf({ start: 0, end: 8, cut: 8 }, [
      batch(0, [message(1)]),
      marker,
      batch(7, [message(2)]),
    ]);
    expect(partition.below).toMatchObject({ messages: 2, rejected: 0, skipped: 6 });
  });

  it("leaves out what could not be read, and goes on behind it", () => {
    const { partition } = tallyOf({ start: 0, end: 6, cut: 4 }, []);
    skipUnread(partition, 2, "gone");
    skipUnread(partition, 1, "it lies behind");
    const set = batch(0, [message(1), message(2), message(3), message(4), message(5)]);
    const samples = new SampleCollector([], "job");
    new TopicTally({ topic: "t", bitmap: null, samples, producerId: null }).add(partition, fetchedOf(set, 0));
    skipUnread(partition, 9, "not answered");
    expect(partition.unread).toEqual([
      { from: 0, to: 2, why: "gone" },
      { from: 5, to: 6, why: "not answered" },
    ]);
    expect([partition.below.messages, partition.above.messages, partition.position]).toEqual([2, 1, 6]);
    expect([partition.lastIdBelow, partition.lastId]).toEqual([4, 5]);
  });

  it("tells whose batches are not this producer's, and where they begin", () => {
    const sets = [batch(0, [message(1)]), batch(1, [message(2), message(3)]), batch(3, [message(4)])];
    for (const [i, producerId] of [7, 8, -1].entries()) {
      const set = sets[i] as Buffer;
      patchBatchHeader(set, 0, { producerId });
      sealBatch(set, 0, set.length);
    }
    const range = { start: 0, end: 4, cut: 4 };
    expect(tallyOf(range, sets, { producerId: 7 }).partition.foreign).toEqual({ records: 3, firstOffset: 1 });
    expect(tallyOf(range, sets, { producerId: null }).partition.foreign).toBeNull();
  });

  it("refuses a batch whose checksum does not match, and one of a codec that it does not know", () => {
    const corrupt = batch(0, [message(1)]);
    corrupt[80] = (corrupt[80] as number) ^ 1;
    expect(() => tallyOf({ start: 0, end: 1, cut: 1 }, [corrupt])).toThrow("batch at offset 0 of t-0 is corrupt");
    const compressed = batch(0, [message(1)]);
    compressed.writeInt16BE(7, BATCH.attributes);
    sealBatch(compressed, 0, compressed.length);
    expect(() => tallyOf({ start: 0, end: 1, cut: 1 }, [compressed])).toThrow("compression codec 7 is not supported");
  });

  it("marks ids far above 32 bits, and misses none of them", () => {
    const first = 2 ** 32 - 1;
    const bitmap = createIdBitmap({ ownTopic: true }, [{ round: 1, firstId: 1, messages: first + 3 }]) as IdBitmap;
    const samples = new SampleCollector([], "job");
    const partition = createPartitionTally({ p: 0, start: 0, end: 5, cut: 5 });
    const set = batch(
      0,
      [first, first + 1, first + 3, first + 3, first + 4].map((id) => message(id)),
    );
    new TopicTally({ topic: "t", bitmap, samples, producerId: null }).add(partition, fetchedOf(set, 0));
    expect([bitmap.idMax, bitmap.duplicated, bitmap.beyond]).toEqual([first + 3, 1, 1]);
    expect([first, first + 1, first + 2, first + 3].map((id) => bitmap.has(id))).toEqual([true, true, false, true]);
    // Ids that share their lowest 32 bits with these have bits of their own.
    expect([1, 2, 3].map((id) => bitmap.has(id))).toEqual([false, false, false]);
    expect(bitmap.countMissing(0, first - 1, first + 3, { partitions: 1, stickyIds: 1 })).toEqual({
      count: 1,
      first: first + 2,
    });
    expect(createIdBitmap({ ownTopic: false }, [])).toBeNull();
  });

  it("says how much memory it would need when it does not get it", () => {
    const rounds = [{ round: 1, firstId: 1, messages: 2 ** 50 }];
    expect(() => createIdBitmap({ ownTopic: true }, rounds)).toThrow(
      /does not give the 140737488355332 bytes in which .* each id up to 1125899906842624/,
    );
  });
});
