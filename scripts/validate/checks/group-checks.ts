/**
 * The group's committed offsets: what monitoring tools see of the job. Nothing restarts from them, but each must be the
 * position of a completed checkpoint. Pure.
 *
 * Kafka was asked first, Redis and the checkpoints after it, so of a job that runs each is at or above what was
 * committed. A TaskManager that was late may commit more than the cut of its checkpoint; the final checkpoint, and the
 * one that drained the job, are above that, too.
 */
import { CHECKS } from "../../../simulator/common/contract/files/check-catalogue.ts";
import type { CheckpointFile } from "../../../simulator/common/contract/files/checkpoint.ts";
import type { Check } from "../../../simulator/common/contract/files/report.ts";
import { type JobState, partitionField } from "../../../simulator/common/contract/state/redis-state.ts";
import { type CommitExcuses, type FactsBeforeTopic, isMoving } from "../facts.ts";
import { checkState, type Finding, notApplicable } from "./check.ts";

export function checkCommitted(facts: FactsBeforeTopic): Check[] {
  const { group } = facts;
  if (group.kind === "refused") {
    return [notApplicable(CHECKS.committed, `Kafka does not tell the group's offsets: ${group.reason}`)];
  }
  const { committed, excuses } = group;
  return [
    checkState(facts, CHECKS.committed, (state) =>
      findCommitted(facts, state, committed, excuses === null ? null : describeExcuse(excuses, state)),
    ),
  ];
}

/** A TaskManager that was lost could not commit, nor could one that has not ended with its job. */
function describeExcuse({ failedCommits, replaced, unended }: CommitExcuses, { phase }: JobState): string | null {
  if (failedCommits > 0) return `${failedCommits} commits failed, as TaskManagers say`;
  const lost = replaced + (phase === "stopped" ? unended : 0);
  return lost > 0 ? `${lost} lives of TaskManagers ended before they could commit` : null;
}

function findCommitted(
  facts: FactsBeforeTopic,
  state: JobState,
  committed: readonly number[],
  excuse: string | null,
): Finding {
  const ceiling = findCeiling(facts, state);
  const none = state.partitions.filter(({ p }) => (committed[p] ?? -1) === -1).map(({ p }) => p);
  const isDue = facts.checkpoint !== null && facts.checkpoint.kind !== "initial" && facts.task.mode === "drained";
  const named = `nothing is committed for partitions ${none.join(", ")}`;
  const missing = none.length === 0 || !isDue ? [] : [named];
  return {
    expected: "of each partition, at least its start and at most what was applied and checkpointed",
    actual: committed.map((offset) => (offset === -1 ? "none" : offset)).join(" "),
    examined: state.partitions.length,
    problems: [
      ...state.partitions.flatMap(({ p, start, offset }) => {
        const found = committed[p] ?? -1;
        if (found === -1) return [];
        if (found < start) return [`partition ${p}: ${found} is committed, below the start offset ${start}`];
        if (found > offset) return [`partition ${p}: ${found} is committed, above the applied offset ${offset}`];
        const checkpointed = ceiling?.offsets[p];
        if (checkpointed === undefined || found <= checkpointed) return [];
        return [`partition ${p}: ${found} is committed, above the offset ${checkpointed} of checkpoint ${ceiling?.id}`];
      }),
      ...(excuse === null ? missing.map((text) => `${text}, though checkpoint ${facts.checkpoint?.id} completed`) : []),
    ],
    compared: `${committed.length - none.length} committed offsets with the applied ones${ceiling === null ? "" : ` and checkpoint ${ceiling.id}`}`,
    notes: none.length === 0 ? [] : [excuse === null ? named : `${named}: ${excuse}`],
  };
}

/** The newest checkpoint, where nothing may have been committed beyond its cut. */
function findCeiling(
  facts: FactsBeforeTopic,
  state: JobState,
): { readonly id: number; readonly offsets: number[] } | null {
  const { checkpoint } = facts;
  // Flink's checkpoints are in its own files: what is compared there is what was applied.
  if (checkpoint === null || isMoving(facts, state) || facts.config.engine === "flink") return null;
  if (facts.task.mode === "prefix" && checkpoint.kind !== "final") return null;
  return { id: checkpoint.id, offsets: readOffsets(checkpoint, state.partitions.length) };
}

const readOffsets = ({ state }: CheckpointFile, partitions: number): number[] =>
  Array.from({ length: partitions }, (_, p) => Number(state[partitionField("offset", p)] ?? 0));
