/**
 * What hosts left that died together with their watchdogs: found by the run folders, swept by the next `up` or `down`.
 *
 * Y1 A process is killed only by its recorded pid and start time, or because it carries a dead host's run.
 */
import { isHostAlive, listRuns, readState, writeState } from "./run-folder.ts";
import { sweepRun } from "./sweep.ts";

export interface SweptRun {
  readonly runId: string;
  readonly killed: readonly number[];
  /** Still there after SIGKILL. */
  readonly remaining: readonly number[];
}

/** Looks at every run of the folder, and once at each that is dead: swept, it counts as ended. */
export async function sweepDeadHosts(base: string): Promise<SweptRun[]> {
  const swept: SweptRun[] = [];
  for (const runDir of listRuns(base)) {
    const state = readState(runDir);
    if (state === undefined || state.ended || isHostAlive(state)) continue;
    const { runId, children, paths } = state;
    const result = await sweepRun({ runId, children, paths, spare: [process.pid] });
    swept.push({ runId, ...result });
    if (result.remaining.length === 0) writeState(runDir, { ...state, ended: true, children: [] });
  }
  return swept;
}
