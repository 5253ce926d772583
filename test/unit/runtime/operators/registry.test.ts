import { describe, expect, it } from "vitest";
import { OPERATOR_NAMES } from "../../../../simulator/common/contract/job/operators.ts";
import { createOperatorChain } from "../../../../simulator/runtime/operators/registry.ts";
import { createRecordColumns } from "../../../../simulator/runtime/source/record-set-decoder.ts";

function columnsOf(ids: readonly number[]) {
  const columns = createRecordColumns(ids.length);
  ids.forEach((id, i) => {
    columns.ids[i] = id;
    columns.timestampsUs[i] = id * 10;
  });
  return Object.assign(columns, { count: ids.length, rejected: 2, skipped: 3 });
}

const run = (names: readonly string[], ids: readonly number[]) => {
  const kept = createOperatorChain(names)(columnsOf(ids));
  expect({ rejected: kept.rejected, skipped: kept.skipped }).toEqual({ rejected: 2, skipped: 3 });
  expect([...kept.timestampsUs.subarray(0, kept.count)]).toEqual(
    [...kept.ids.subarray(0, kept.count)].map((id) => id * 10),
  );
  return [...kept.ids.subarray(0, kept.count)];
};

describe("operators", () => {
  it("has every operator that a job may name", () => {
    for (const name of OPERATOR_NAMES) expect(() => createOperatorChain([name])).not.toThrow();
    expect(() => createOperatorChain(["eval"])).toThrow(/"eval"/);
  });

  it("keeps each record, also without any operator", () => {
    expect(run([], [1, 2, 3])).toEqual([1, 2, 3]);
    expect(run(["identity", "identity"], [1, 2, 3])).toEqual([1, 2, 3]);
  });

  it("drops or repeats the message with id 1 and no other, in any number of batches", () => {
    expect(run(["test-drop-one"], [1, 21, 41])).toEqual([21, 41]);
    expect(run(["test-drop-one"], [2, 22])).toEqual([2, 22]);
    expect(() => run(["test-fail-late"], [1_999, 2_000])).toThrow("no record with id 2000");
    expect(run(["identity", "test-repeat-one"], [1, 21])).toEqual([1, 1, 21]);
    expect(run(["test-repeat-one", "test-repeat-one"], [1])).toEqual([1, 1, 1, 1]);
    const chain = createOperatorChain(["test-drop-one"]);
    expect([chain(columnsOf([1, 3])).count, chain(columnsOf([5, 7, 9])).count]).toEqual([1, 3]);
  });
});
