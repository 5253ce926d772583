/** How tests change a synthetic run, and what its checks then say. */
import { runChecks } from "../../../../scripts/validate/evaluate.ts";
import type { Check, CheckStatus } from "../../../../simulator/common/contract/files/report.ts";
import { makeRun, message, type SyntheticRun, toFacts } from "./synthetic-run.ts";

const idsWith = (run: SyntheticRun, wanted: CheckStatus): string[] =>
  runChecks(toFacts(run))
    .filter(({ status }) => status === wanted)
    .map(({ id }) => id);
export const failedIds = (run: SyntheticRun): string[] => idsWith(run, "failed");
export const unknownIds = (run: SyntheticRun): string[] => idsWith(run, "unknown");
export const check = (run: SyntheticRun, id: string): Check | undefined =>
  runChecks(toFacts(run)).find((one) => one.id === id);

export const set = <T extends object>(target: T, change: Partial<T>): T => Object.assign(target, change);

/** Adds to a whole-number field of the hash. */
export function addTo(run: SyntheticRun, field: string, delta: number): void {
  run.hash[field] = String(Number(run.hash[field]) + delta);
}

type Row = SyntheticRun["applies"][number];
export const row = (run: SyntheticRun, i: number): Row => run.applies[i] as Row;
export const lastRow = (run: SyntheticRun, p: number): Row => run.applies.findLast((one) => one.p === p) as Row;
/** As the field `last:<p>` of the hash. */
export const describeLast = ({ prev, next, n, base, g, tm, appliedAtUs }: Row): string =>
  `${prev}:${next}:${n}:${base}:${g}:${tm}:${appliedAtUs - 500}`;
export const acquire = (run: SyntheticRun, i: number) => run.acquires[i] as SyntheticRun["acquires"][number];
export const ledger = (run: SyntheticRun) => run.ledgers[0] as Exclude<SyntheticRun["ledgers"][number], undefined>;
export const part = (run: SyntheticRun, p: number) =>
  ledger(run).partitions[p] as ReturnType<typeof ledger>["partitions"][number];
export const round = (run: SyntheticRun) => run.task.rounds[0] as SyntheticRun["task"]["rounds"][number];

export function setFences(run: SyntheticRun, fence: number): void {
  for (const p of run.topic.keys()) run.hash[`fence:${p}`] = String(fence);
}

export function commit(run: SyntheticRun, p: number, offset: number): void {
  if (run.group.kind === "read") run.group.committed[p] = offset;
}

/** A run of 500 messages that was ended early: 130 are in Kafka, 100 of them applied and in the ledger. */
export function makePrefix(): SyntheticRun {
  const run = makeRun([100]);
  run.task.mode = "prefix";
  run.hash["phase"] = "running";
  for (const [p, g] of [1_000_001, 1_000_002, 1_000_003].entries()) run.hash[`fence:${p}`] = String(g);
  // The producer's process was killed before its ledger said so.
  for (let id = 101; id <= 130; id += 1) run.topic[(id - 1) % 3]?.push(message(id));
  set(ledger(run), { messages: 500, outcome: "running" });
  round(run).messages = 500;
  return run;
}
