import { expect, it } from "vitest";
import { unwrapSequence } from "../../../../simulator/clients/kafka/own-batches.ts";

const WRAP = 2 ** 31;

it.each([
  [5, 7, 5],
  [7, 0, 7],
  [0, WRAP, WRAP],
  [WRAP - 1, WRAP, WRAP - 1],
  [WRAP - 1, WRAP - 5, WRAP - 1],
  [3, 2 * WRAP - 1, 2 * WRAP + 3],
  [WRAP - 2, 3 * WRAP + 1, 3 * WRAP - 2],
])("sequence %i of a batch near sequence %i is %i", (sequence, near, expected) => {
  expect(unwrapSequence(sequence, near)).toBe(expected);
});
