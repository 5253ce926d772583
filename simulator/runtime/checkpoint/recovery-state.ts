/**
 * What a RECOVER puts into the store. Pure: the choice between what Redis has and what the newest checkpoint has, and
 * the fields of the new life.
 *
 * R1 Redis's own state is eligible only when it is complete and I1 and I2 hold in it: anything else may be torn. Nor may
 *    it stand above a cut recorded after its life: the rows of the applied log above that cut are void.
 * R2 Of the eligible ones the one with the larger sum of offsets wins: both are true cuts, and more is done in it.
 * R3 The new life has every field of the chosen state, and zero for each `by:` field that Redis has beyond those: the
 *    HSET overlays an old hash, and I9 must hold afterwards.
 */
import type { RecoveriesFile } from "../../common/contract/files/checkpoint.ts";
import {
  byField,
  isConsistent,
  type JobState,
  parseJobState,
  partitionField,
  type StoreLife,
} from "../../common/contract/state/redis-state.ts";

export interface RecoveryChoice {
  readonly from: "redis" | "checkpoint";
  /** The fields as they were read. */
  readonly fields: Readonly<Record<string, string>>;
  readonly state: JobState;
}

interface Candidate {
  readonly fields: Readonly<Record<string, string>>;
  readonly state: JobState;
}

/** Undefined when neither can be used. */
export function chooseRecovery(
  hash: Readonly<Record<string, string>>,
  partitions: number,
  checkpoint: Candidate | undefined,
  recoveries: RecoveriesFile["recoveries"],
): RecoveryChoice | undefined {
  const parsed = parseJobState(hash, partitions);
  const redis = parsed.kind === "complete" && isEligible(parsed.state, recoveries) ? parsed.state : undefined;
  if (redis !== undefined && (checkpoint === undefined || sumOffsets(redis) >= sumOffsets(checkpoint.state))) {
    return { from: "redis", fields: hash, state: redis };
  }
  return checkpoint === undefined ? undefined : { from: "checkpoint", ...checkpoint };
}

/** R1. */
function isEligible(state: JobState, recoveries: RecoveriesFile["recoveries"]): boolean {
  const later = recoveries.slice(recoveries.findLastIndex(({ life }) => life === state.life) + 1);
  const belowCuts = later.every(({ offsets }) =>
    state.partitions.every(({ p, offset }) => offset <= (offsets[p] ?? 0)),
  );
  return belowCuts && isConsistent(state);
}

export const sumOffsets = (state: JobState): number => state.partitions.reduce((sum, { offset }) => sum + offset, 0);

/** R3. Fences are new ones that no TaskManager holds, so every writer of before is fenced. */
export function buildRecoveredFields(
  choice: RecoveryChoice,
  present: Readonly<Record<string, string>>,
  renewed: StoreLife & { readonly epoch: number; readonly nextGeneration: () => number },
): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const name of Object.keys(present)) if (name.startsWith(byField(""))) fields[name] = "0";
  Object.assign(fields, choice.fields, {
    life: renewed.life,
    redisRunId: renewed.redisRunId,
    epoch: String(renewed.epoch),
  });
  for (const { p } of choice.state.partitions) fields[partitionField("fence", p)] = String(renewed.nextGeneration());
  return fields;
}

/**
 * The state of a savepoint for another job, before its first life: it runs, and nothing of the former writers is left by
 * which a fence or a repeated batch could be mistaken for one of its own.
 */
export function buildFieldsOfSavepoint(
  fields: Readonly<Record<string, string>>,
  partitions: number,
): Record<string, string> {
  const state: Record<string, string> = { ...fields, phase: "running" };
  for (let p = 0; p < partitions; p += 1) {
    state[partitionField("fence", p)] = "0";
    state[partitionField("last", p)] = "";
  }
  return state;
}

/** The hash that INIT would create: checkpoint 0, before there is any. */
export function buildInitialFields(
  life: StoreLife & { readonly epoch: number },
  startOffsets: readonly number[],
): Record<string, string> {
  const fields: Record<string, string> = {
    life: life.life,
    redisRunId: life.redisRunId,
    phase: "running",
    epoch: String(life.epoch),
    total: "0",
  };
  for (const [p, start] of startOffsets.entries()) {
    const values = { start, offset: start, count: 0, rejected: 0, skipped: 0, idSum: 0, idMix: 0, lastId: 0 };
    for (const [name, value] of Object.entries({ ...values, disorder: 0, fence: 0, last: "" })) {
      fields[`${name}:${p}`] = String(value);
    }
  }
  return fields;
}
