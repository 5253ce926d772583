/** Who asked for a checkpoint, and what became of it: one is taken for all that wait, and little is remembered. */
import { expect, it } from "vitest";
import { CheckpointTriggers } from "../../../../simulator/runtime/checkpoint/checkpoint-triggers.ts";

it("all that wait when a checkpoint begins share it, and later ones wait for the next (T1, T2)", () => {
  const triggers = new CheckpointTriggers();
  expect(["a", "b", "a"].map((id) => triggers.add(id))).toEqual([true, false, false]);
  const taken = triggers.take();
  expect(taken).toEqual(["a", "b"]);
  expect(triggers.add("c")).toBe(true);
  triggers.settle(taken, { kind: "completed", checkpointId: 7 });
  expect(["a", "b", "c", "d"].map((id) => triggers.get(id))).toEqual([
    { kind: "completed", checkpointId: 7 },
    { kind: "completed", checkpointId: 7 },
    { kind: "inProgress" },
    undefined,
  ]);
});

it("remembers the newest, however many ask (T3)", () => {
  const triggers = new CheckpointTriggers();
  for (let i = 0; i < 1_000; i += 1) triggers.add(String(i));
  triggers.settle(triggers.take(), { kind: "failed", reason: "the store is away" });
  const known = Array.from({ length: 1_000 }, (_, i) => triggers.get(String(i))).filter(
    (status) => status !== undefined,
  );
  expect(known).toHaveLength(100);
  expect(triggers.get("999")).toEqual({ kind: "failed", reason: "the store is away" });
});
