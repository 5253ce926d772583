/**
 * The published view: the job's own key, and the counter and the sequence that all jobs on a Redis share. Pure.
 *
 * One MSET of PUBLISH writes the same text to all three. So when the job's own key is right and a shared one differs,
 * somebody else wrote that one afterwards. On a Redis that others may use that is named, and no fault of this job; on one
 * that this run started it is a fault, unless another job left a key of its own there.
 */
import { CHECKS } from "../../../simulator/common/contract/files/check-catalogue.ts";
import type { Check } from "../../../simulator/common/contract/files/report.ts";
import type { JobState } from "../../../simulator/common/contract/state/redis-state.ts";
import { listUncovered, selectCovered } from "../coverage.ts";
import { type Facts, isMoving, sumOver } from "../facts.ts";
import { checkState, type Finding } from "./check.ts";

export function checkPublished(facts: Facts): Check[] {
  return [checkState(facts, CHECKS.published, (state) => findPublished(facts, state))];
}

function findPublished(facts: Facts, state: JobState): Finding {
  const { own, counter, sequence } = facts.published;
  const { total } = state;
  // A job that was ended early may have ended between an APPLY and the next PUBLISH; one that runs publishes at each
  // checkpoint. Then the view is behind, and never ahead.
  const mayLag = facts.task.mode === "prefix" || isMoving(facts, state);
  const shared = compareShared(facts);
  const covered = selectCovered(facts, "applied");
  const inTopic = sumOver(covered, ({ below }) => below.messages);
  const isWhole = covered.length === facts.topic.tallies.length;
  const problems = [
    ...compareOwn(facts, state, mayLag),
    ...shared.problems,
    ...(isWhole && total !== inTopic && own === String(total)
      ? [`${facts.config.publishedKey} is ${own}, the re-read topic has ${inTopic} messages below the applied offsets`]
      : []),
  ];
  return {
    expected: `${mayLag ? "at most " : ""}${total}`,
    actual: [own, counter, sequence].map((value) => value ?? "missing").join(", "),
    examined: 3,
    problems,
    unknowns: isWhole ? [] : listUncovered(facts, "applied"),
    compared: "the job's own key, the counter and the sequence with the total and the topic",
    notes: shared.notes,
  };
}

function compareOwn(facts: Facts, { total, life }: JobState, mayLag: boolean): string[] {
  const { own } = facts.published;
  const { publishedKey } = facts.config;
  if (own === String(total)) return [];
  // The PUBLISH of a new life follows its first write, and a run may end between the two: what is there, or is not there
  // yet, is the view of before.
  const isNew = total === 0 || facts.recoveries.some((recovery) => recovery.life === life);
  if (facts.task.mode === "prefix" && isNew) return [];
  if (own === null) return [`${publishedKey} is missing, the total is ${total}`];
  const isBehind = /^\d{1,16}$/.test(own) && Number(own) < total;
  return mayLag && isBehind ? [] : [`${publishedKey} is ${own}, the total is ${total}`];
}

function compareShared(facts: Facts): { readonly problems: string[]; readonly notes: string[] } {
  const { own, counter, sequence, otherJobs } = facts.published;
  const { counterKey, sequenceKey } = facts.config;
  const keys = [
    { key: counterKey, value: counter },
    { key: sequenceKey, value: sequence },
  ];
  const differing = keys
    .filter(({ value }) => value !== own)
    .map(({ key, value }) => `${key} is ${value ?? "missing"}, where this job's PUBLISH wrote ${own ?? "nothing"}`);
  if (differing.length === 0) return { problems: [], notes: [] };
  const what = differing.join(", ");
  if (otherJobs.length > 0) {
    return { problems: [], notes: [`${what}: another job writes it, too, one of ${otherJobs.join(", ")}`] };
  }
  if (facts.task.sharedRedis) {
    return { problems: [], notes: [`${what}: somebody else who uses this Redis wrote it later; who is not known`] };
  }
  return { problems: [`${what}: somebody wrote to a Redis that only this run should use`], notes: [] };
}
