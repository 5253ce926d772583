/** What Flink's adaptive scheduler is asked for: answers and requests as Apache Flink 2.2.1 has them. */
import { expect, it } from "vitest";
import {
  areSameRequirements,
  readResourceRequirements,
  requireParallelism,
} from "../../../../../apphost/drivers/flink/resource-requirements.ts";
import { readValue } from "../../../../../simulator/common/foundation/json-fields.ts";

const SOURCE = "cbc357ccb763df2852fee8c4fc7d55f2";
const SINK = "f6dc7f4d2283f4605b127b9364e21148";
const bounds = (lowerBound: number, upperBound: number) => ({ parallelism: { lowerBound, upperBound } });

it("reads the bounds of each vertex, and says which one is none", () => {
  const answer = { [SOURCE]: bounds(1, 4), [SINK]: bounds(2, 3) };
  expect(readValue(answer, readResourceRequirements)).toEqual({ kind: "valid", value: answer });
  const broken = readValue({ [SOURCE]: { parallelism: { lowerBound: 1 } } }, readResourceRequirements);
  expect(broken).toMatchObject({ reason: expect.stringContaining(`${SOURCE}.parallelism.upperBound is missing`) });
});

it("asks for the parallelism, and never for more of a vertex that was submitted with fewer", () => {
  const submitted = { requirements: { [SOURCE]: bounds(1, 4), [SINK]: bounds(3, 3) }, parallelism: 4 };
  expect(requireParallelism(submitted, 2)).toEqual({ [SOURCE]: bounds(1, 2), [SINK]: bounds(1, 2) });
  expect(requireParallelism(submitted, 8)).toEqual({ [SOURCE]: bounds(1, 8), [SINK]: bounds(1, 3) });
});

it("takes the same bounds of the same vertices for the same", () => {
  const one = { [SOURCE]: bounds(1, 4), [SINK]: bounds(1, 4) };
  expect(areSameRequirements(one, { [SINK]: bounds(1, 4), [SOURCE]: bounds(1, 4) })).toBe(true);
  for (const other of [
    { ...one, [SINK]: bounds(1, 3) },
    { ...one, [SINK]: bounds(2, 4) },
    { [SOURCE]: bounds(1, 4) },
  ]) {
    expect(areSameRequirements(one, other)).toBe(false);
  }
});
