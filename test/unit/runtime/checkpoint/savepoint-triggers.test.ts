/** The bookkeeping of savepoints that were asked for: V1 to V3. */
import { expect, test } from "vitest";
import { SavepointTriggers } from "../../../../simulator/runtime/checkpoint/savepoint-triggers.ts";

const idOf = (number: number): string => number.toString(16).padStart(32, "0");
const done = { kind: "completed", location: "file:///x" } as const;

test("a repeated trigger is the same one, and its first end stays (V1)", () => {
  const triggers = new SavepointTriggers();
  expect([triggers.add("a"), triggers.add("a")]).toEqual(["new", "known"]);
  triggers.settle("a", done);
  triggers.failAll("the job is FAILED");
  expect([triggers.get("a"), triggers.add("a")]).toEqual([done, "known"]);
});

test("ten may be under way, and there is room again once one has ended (V2)", () => {
  const triggers = new SavepointTriggers();
  for (let i = 0; i < 10; i += 1) expect(triggers.add(idOf(i))).toBe("new");
  expect(triggers.add("more")).toBe("full");
  expect(triggers.get("more")).toBeUndefined();
  triggers.settle(idOf(3), done);
  expect(triggers.add("more")).toBe("new");
});

test("the newest hundred are known, and one that is under way is never forgotten (V3)", () => {
  const triggers = new SavepointTriggers();
  triggers.add("slow");
  for (let i = 0; i < 150; i += 1) {
    triggers.add(idOf(i));
    triggers.settle(idOf(i), done);
  }
  expect(triggers.get("slow")).toEqual({ kind: "inProgress" });
  expect([triggers.get(idOf(50)), triggers.get(idOf(51))]).toEqual([undefined, done]);
  triggers.failAll("the job is CANCELED");
  expect(triggers.get("slow")).toEqual({ kind: "failed", reason: "the job is CANCELED" });
});
