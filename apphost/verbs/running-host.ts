/** Finds the running host of a folder, for verbs that ask it something. */
import { createError } from "../../simulator/common/foundation/errors.ts";
import { isHostAlive, listRuns, type RunState, readState } from "../orchestrator/run-folder.ts";

export interface RunningHost {
  readonly runDir: string;
  readonly state: RunState;
}

/** Newest first. A run whose host lives but has ended its work is not listed: it can answer nothing. */
export function findRunningHosts(base: string): RunningHost[] {
  const found: RunningHost[] = [];
  for (const runDir of listRuns(base).reverse()) {
    const state = readState(runDir);
    if (state !== undefined && !state.ended && isHostAlive(state)) found.push({ runDir, state });
  }
  return found;
}

export function requireRunningHost(base: string): RunningHost {
  const host = findRunningHosts(base)[0];
  if (host === undefined) throw createError("NO_RUNNING_HOST", { folder: base });
  return host;
}
