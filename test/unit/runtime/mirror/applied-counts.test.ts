import { expect, it } from "vitest";
import { parseCounts } from "../../../../simulator/common/contract/job/counts.ts";
import { SUM_MODULUS } from "../../../../simulator/common/contract/message.ts";
import { addChange, planApply } from "../../../../simulator/runtime/mirror/applied-counts.ts";

const applied = { start: 0, offset: 10, count: 10, rejected: 0, skipped: 0, idSum: 55 };
const counts = { p: 0, records: 30, messages: 29, idSum: 500, highestId: 29, highestOffset: 29 };

it("brings a partition to the newest counts, however many rows came since (A1)", () => {
  const plan = planApply(applied, counts);
  expect(plan).toMatchObject({
    kind: "apply",
    change: { prev: 10, next: 30, n: 19, rejected: 1, skipped: 0, idSum: 445, lastId: 29 },
  });
  if (plan.kind !== "apply") throw new Error(plan.kind);
  const after = addChange(applied, plan.change);
  expect(after).toEqual({ start: 0, offset: 30, count: 29, rejected: 1, skipped: 0, idSum: 500 });
  expect(planApply(after, counts)).toEqual({ kind: "none" });
});

it("has sums that wrapped around, and offsets without a record", () => {
  const near = { ...applied, idSum: SUM_MODULUS - 5 };
  const plan = planApply(near, { ...counts, records: 28, messages: 28, idSum: 7 });
  expect(plan).toMatchObject({ change: { idSum: 12, skipped: 2 } });
});

it.each([
  ["counts of an older checkpoint, after Flink went back to it", { ...counts, messages: 5, highestOffset: 5 }, "none"],
  ["fewer messages further on", { ...counts, messages: 9 }, "wentBack"],
])("%s", (_, row, kind) => {
  expect(planApply(applied, row).kind).toBe(kind);
});

it("applies what does not fit as it is, for the validator to find (A2)", () => {
  const plan = planApply(applied, { ...counts, records: 40, messages: 40 });
  expect(plan).toMatchObject({ change: { prev: 10, next: 30, n: 30, skipped: 0 } });
});

it("reads a row as Flink writes it, sums over nothing included, and says what is wrong with another one", () => {
  const row = '{"partition_number":1,"records":2,"messages":0,"id_sum":null,"highest_id":null,"highest_offset":1}';
  expect(parseCounts(row, 2)).toEqual({
    kind: "valid",
    value: { p: 1, records: 2, messages: 0, idSum: 0, highestId: 0, highestOffset: 1 },
  });
  expect(parseCounts(row, 1)).toEqual({ kind: "malformed", reason: "partition_number is 1, expected 0 to 0" });
  expect(parseCounts("null", 1)).toMatchObject({ kind: "malformed" });
});
