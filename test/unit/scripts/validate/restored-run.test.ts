/** A run whose job started from a savepoint: what was counted before has no rows here, and all of the topic counts. */
import { expect, it } from "vitest";
import { evaluateFacts } from "../../../../scripts/validate/evaluate.ts";
import { parseJobState, partitionField } from "../../../../simulator/common/contract/state/redis-state.ts";
import { check, failedIds } from "./run-changes.ts";
import { makeRun, type SyntheticRun, toFacts } from "./synthetic-run.ts";

/** A savepoint had the first rows of the run. */
function makeRestored(rowsBefore: number): SyntheticRun {
  const run = makeRun([100]);
  const before = run.applies.splice(0, rowsBefore);
  const fields: Record<string, string> = { ...run.hash, total: "0" };
  for (const name of Object.keys(fields)) if (/^(offset|count|by):/.test(name)) fields[name] = "0";
  const add = (field: string, n: number) => {
    fields[field] = String(Number(fields[field]) + n);
  };
  for (const { p, next, n, tm } of before) {
    fields[partitionField("offset", p)] = String(next);
    add(partitionField("count", p), n);
    add(`by:${tm}`, n);
    add("total", n);
  }
  const parsed = parseJobState(fields, run.config.partitions);
  run.restored = parsed.kind === "complete" ? parsed.state : null;
  return run;
}

it("passes, and tells as its own only what it applied itself", () => {
  const run = makeRestored(5);
  expect(failedIds(run)).toEqual([]);
  expect(check(run, "I5-ordered-ids")).toMatchObject({ expected: "36 to 100" });
  const { restored, byTaskManager, messages } = evaluateFacts(toFacts(run), { durationMs: 1 });
  expect([restored, messages.processed]).toEqual([35, 100]);
  expect(Object.values(byTaskManager).reduce((sum, n) => sum + n, 0)).toBe(65);
});

it("finds a row that is missing behind the savepoint, and one that repeats what the savepoint had", () => {
  const missing = makeRestored(5);
  missing.applies.splice(0, 1);
  expect(failedIds(missing)).toEqual(["by-task-manager-rows", "I5-ordered-ids", "I5-offset-ranges"]);
  const repeated = makeRestored(5);
  repeated.applies.unshift(...makeRun([100]).applies.slice(4, 5));
  expect(failedIds(repeated)).toEqual(["by-task-manager-rows", "I5-ordered-ids", "I5-offset-ranges"]);
});

it("finds a savepoint whose counts were not those of the topic", () => {
  const run = makeRestored(5);
  run.topic[0]?.splice(0, 1, "not a message");
  expect(failedIds(run)).toEqual(expect.arrayContaining(["I4-redis-vs-topic"]));
});

it("passes where the savepoint had all of it: nothing was applied, and the whole topic was compared", () => {
  const run = makeRestored(0);
  run.restored = makeRestored(run.applies.length).restored;
  run.applies = [];
  for (const { p } of run.restored?.partitions ?? []) run.hash[`last:${p}`] = "";
  expect(failedIds(run)).toEqual([]);
});
