/** The verdict on a run on Apache Flink: what it cannot give is not applicable, and what it gives is held against the topic. */
import { expect, it } from "vitest";
import { runChecks } from "../../../../scripts/validate/evaluate.ts";
import { addTo, commit } from "./run-changes.ts";
import { makeRun, type SyntheticRun, toFacts } from "./synthetic-run.ts";

/** As the mirror leaves it: no second checksum, one share, and a checkpoint 0 alone. */
function makeFlinkRun(): SyntheticRun {
  const run = makeRun();
  run.config.engine = "flink";
  for (const name of Object.keys(run.hash)) {
    if (name.startsWith("by:")) delete run.hash[name];
    if (name.startsWith("idMix:")) run.hash[name] = "0";
  }
  run.hash["by:mirror"] = run.hash["total"] as string;
  for (const row of run.applies) row.tm = "mirror";
  const zeros = Object.keys(run.hash).filter((name) => /^(offset|count):/.test(name));
  if (run.checkpoint !== null) {
    run.checkpoint.kind = "initial";
    for (const name of zeros) run.checkpoint.state[name] = "0";
  }
  return run;
}

const statusesOf = (run: SyntheticRun) => new Map(runChecks(toFacts(run)).map(({ id, status }) => [id, status]));
const idsOf = (run: SyntheticRun, wanted: string) =>
  [...statusesOf(run)].filter(([, status]) => status === wanted).map(([id]) => id);

it("passes what was examined, and says of the rest that it does not apply", () => {
  const run = makeFlinkRun();
  expect(idsOf(run, "failed")).toEqual([]);
  expect(idsOf(run, "unknown")).toEqual([]);
  expect(idsOf(run, "notApplicable")).toEqual([
    "I6-order",
    "I9-by-task-manager",
    "by-task-manager-rows",
    "I5-ordered-ids",
  ]);
  const effect = runChecks(toFacts(run)).find(({ id }) => id === "I4-redis-vs-topic");
  expect(effect?.reason).toMatch(/count, rejected, skipped, idSum and last id .*there is no idMix/);
});

it.each<[string, (run: SyntheticRun) => void, readonly string[]]>([
  ["a record that Flink did not count", (run) => addTo(run, "count:1", -1), ["I1-partition-arithmetic", "I2-total"]],
  ["an id that it summed wrongly", (run) => addTo(run, "idSum:1", 1), ["I4-redis-vs-topic"]],
  ["counts that end below the topic", (run) => addTo(run, "offset:1", -1), ["I3-drained", "I5-offset-ranges"]],
  ["an APPLY without its row", (run) => void run.applies.splice(4, 1), ["I5-offset-ranges"]],
  ["an offset that Flink committed and nobody applied", (run) => commit(run, 1, 99), ["committed-offsets"]],
])("finds %s", (_, change, ids) => {
  const run = makeFlinkRun();
  change(run);
  expect(idsOf(run, "failed")).toEqual(expect.arrayContaining([...ids]));
});
