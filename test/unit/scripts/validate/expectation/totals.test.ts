/** Totals by key: the newest of each key in the output is the sum of the input, and what is not is named. */
import { expect, it } from "vitest";
import { createRecord } from "../../../../../scripts/validate/expectation/record-reader.ts";
import { Totals } from "../../../../../scripts/validate/expectation/totals.ts";
import type { TopicRecord } from "../../../../../simulator/common/contract/expectation.ts";

type Row = [key: string, amount: number | null];

const read = (record: TopicRecord) => {
  const [key, amount] = record.json<Row>();
  return amount === null ? null : { key, amount };
};

function total(inputs: readonly Row[], outputs: readonly (readonly [p: number, row: Row])[]): string[] {
  const totals = new Totals({ input: read, output: read });
  for (const [offset, row] of inputs.entries()) totals.takeInput(createRecord(0, offset, null, JSON.stringify(row)));
  for (const [offset, [p, row]] of outputs.entries()) {
    totals.takeOutput(createRecord(p, offset, null, JSON.stringify(row)));
  }
  totals.settle();
  expect(totals.differences.count).toBe(totals.differences.first.length);
  return totals.differences.first.map(({ text }) => text);
}

const INPUTS: readonly Row[] = [
  ["a", 1],
  ["b", 10],
  ["a", 2],
  ["c", null],
];

it.each<[string, (readonly [number, Row])[], string[]]>([
  [
    "nothing in the newest of each key",
    [
      [0, ["a", 1]],
      [1, ["b", 10]],
      [0, ["a", 3]],
    ],
    [],
  ],
  [
    "a wrong total",
    [
      [0, ["a", 4]],
      [1, ["b", 10]],
    ],
    ['output partition 0 offset 0 has 4 as the newest total of key "a"; expected 3'],
  ],
  [
    "a key without a total",
    [[0, ["a", 3]]],
    ['input partition 0 offset 1 is the first of key "b", which has no total in the output; expected 10'],
  ],
  [
    "a key that the input lacks",
    [
      [0, ["a", 3]],
      [0, ["b", 10]],
      [0, ["d", 0]],
    ],
    [
      'output partition 0 offset 2 has 0 as the newest total of key "d"; expected none, since the input has no such key',
    ],
  ],
  [
    "a key in two partitions",
    [
      [0, ["a", 3]],
      [1, ["b", 10]],
      [1, ["a", 3]],
    ],
    [
      'output partition 1 offset 2 has a total of key "a", as has output partition 0 offset 0: which is the newer one is not to be known',
    ],
  ],
  [
    "an amount that is not whole",
    [
      [0, ["a", 3]],
      [0, ["b", 10.5]],
    ],
    [
      'output partition 0 offset 1: totals.output threw, its amount is 10.5, and must be a whole number up to 2^53, or a bigint; it holds "[\\"b\\",10.5]"',
      'input partition 0 offset 1 is the first of key "b", which has no total in the output; expected 10',
    ],
  ],
])("finds %s", (_, outputs, expected) => {
  expect(total(INPUTS, outputs)).toEqual(expected);
});

it("sums exactly beyond 2^53, and does not know of more keys than it holds", () => {
  const big = new Totals({
    input: () => ({ key: "a", amount: 2n ** 60n }),
    output: () => ({ key: "a", amount: 2n ** 61n }),
  });
  const record = createRecord(0, 0, null, null);
  big.takeInput(record);
  big.takeInput(record);
  big.takeOutput(record);
  big.settle();
  expect(big.differences.count).toBe(0);
  const byOffset = new Totals({ input: ({ offset }) => ({ key: offset, amount: 1 }), output: () => null }, 3);
  for (let offset = 0; offset < 4; offset += 1) byOffset.takeInput(createRecord(0, offset, null, null));
  byOffset.settle();
  expect(byOffset.unknown).toMatch(/^more than 3 keys/);
  expect(byOffset.differences.count).toBe(0);
});
