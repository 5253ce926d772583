import { expect, it } from "vitest";
import { decodeCounts } from "../../../../simulator/runtime/mirror/counts-decoder.ts";
import { batchOf, fetchedOf, withAttributes } from "../../../support/record-sets.ts";

const source = { topic: "counts", partitions: 2 };
const row = (p: number, messages: number): string =>
  JSON.stringify({
    partition_number: p,
    records: messages,
    messages,
    id_sum: messages,
    highest_id: messages,
    highest_offset: messages - 1,
  });

it("gives the committed rows in their order, from the offset that was asked for", () => {
  const bytes = Buffer.concat([
    batchOf(0, [row(0, 1), row(1, 2)]),
    withAttributes(batchOf(2, ["a marker"]), 0x30),
    batchOf(3, [row(0, 3)]),
  ]);
  const pick = (from: number) => decodeCounts(source, fetchedOf(bytes, from)).map(({ p, messages }) => [p, messages]);
  expect(pick(0)).toEqual([
    [0, 1],
    [1, 2],
    [0, 3],
  ]);
  expect(pick(1)).toEqual([
    [1, 2],
    [0, 3],
  ]);
});

it("leaves out what an aborted transaction wrote (D1)", () => {
  const aborted = withAttributes(batchOf(0, [row(0, 9)]), "transactional");
  const fetched = fetchedOf(aborted, 0, { abortedTransactions: [{ producerId: -1, firstOffset: 0 }] });
  expect(decodeCounts(source, fetched)).toEqual([]);
});

it.each([
  ["a value of somebody else", "hello", /offset 5 of counts .*it is not JSON/],
  ["a deletion", null, /offset 5 of counts .*it is null, expected an object/],
  ["a partition that the input does not have", row(2, 1), /partition_number is 2/],
])("refuses %s by its offset (D2)", (_, value, message) => {
  expect(() => decodeCounts(source, fetchedOf(batchOf(5, [value]), 5))).toThrow(message);
});

it("refuses bytes whose checksum does not match", () => {
  const batch = batchOf(0, [row(0, 1)]);
  batch[batch.length - 2] = 0;
  expect(() => decodeCounts(source, fetchedOf(batch, 0))).toThrow(/checksum/);
});
