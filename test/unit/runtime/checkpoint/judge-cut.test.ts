import { expect, test } from "vitest";
import { parseJobState } from "../../../../simulator/common/contract/state/redis-state.ts";
import { type Acknowledgement, judgeCut } from "../../../../simulator/runtime/checkpoint/checkpoint-coordinator.ts";
import { buildInitialFields } from "../../../../simulator/runtime/checkpoint/recovery-state.ts";

const life = { life: "life-1", redisRunId: "run-1" };
const hash = buildInitialFields({ ...life, epoch: 1 }, [10, 20]);
const input = { hash, partitions: 2, life, runId: "run-1", acknowledgements: [], previous: undefined };
const acknowledged = (p: number, offset: number, ofLife = "life-1"): Acknowledgement => ({
  type: "checkpointAcknowledged",
  checkpointId: 1,
  life: ofLife,
  offsets: [{ p, offset }],
});

test("a complete state of this life at or above every acknowledged offset is accepted", () => {
  expect(judgeCut({ ...input, acknowledgements: [acknowledged(0, 10), acknowledged(1, 19)] }).kind).toBe("accepted");
});

test.each([
  ["no state", { ...input, hash: {} }, "gone"],
  ["a missing field", { ...input, hash: { ...hash, "count:1": "" } }, "count:1"],
  ["another life", { ...input, hash: { ...hash, life: "life-9" } }, "life-9"],
  ["another server", { ...input, runId: "run-2" }, "run-2"],
  ["less than acknowledged", { ...input, acknowledgements: [acknowledged(1, 21)] }, "partition 1"],
])("a checkpoint is declined for %s", (_, changed, said) => {
  const verdict = judgeCut(changed);
  expect(verdict.kind).toBe("lost");
  expect(JSON.stringify(verdict)).toContain(said);
});

test("a checkpoint never goes back within a life, but a new life may begin below", () => {
  const parsed = parseJobState({ ...hash, "offset:0": "11" }, 2);
  if (parsed.kind !== "complete") throw new Error("incomplete");
  expect(judgeCut({ ...input, previous: parsed.state }).kind).toBe("lost");
  expect(judgeCut({ ...input, previous: { ...parsed.state, life: "life-0" } }).kind).toBe("accepted");
});

test("an acknowledgement of an older life says nothing", () => {
  expect(judgeCut({ ...input, acknowledgements: [acknowledged(0, 999, "life-0")] }).kind).toBe("accepted");
});
