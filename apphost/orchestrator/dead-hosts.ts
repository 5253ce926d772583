/**
 * What hosts left that died together with their watchdogs: found by the run folders, swept by the next `up` or `down`.
 *
 * Y1 What is killed and removed is decided by S1 and S3 of `sweep.ts`, and of the engine by L2 of `labels.ts`. The
 *    record of a run tells whether its host is dead, and where to look.
 * Y2 A run counts as swept only when nothing of it is left, neither here nor in the container engine that it used.
 */
import { describeError } from "../../simulator/common/foundation/errors.ts";
import { maskTyped } from "../../simulator/common/foundation/mask.ts";
import { openEngine } from "../drivers/docker/engine.ts";
import { type EngineThing, type Removal, removeDeadRun } from "../drivers/docker/leftovers.ts";
import { createRunMark } from "../processes/process-identity.ts";
import { isLeftBehind, listRuns, type RunState, readState, writeState } from "../run/run-folder.ts";
import { sweepRun } from "../watchdog/sweep.ts";

export interface SweptRun {
  readonly runId: string;
  readonly killed: readonly number[];
  /** Containers, networks and volumes. */
  readonly removed: readonly EngineThing[];
  /** What is still there, or may be, in words. */
  readonly remaining: readonly string[];
}

/** Looks at every run of the folder, and once at each that is dead: swept, it counts as ended. */
export async function sweepDeadHosts(base: string): Promise<SweptRun[]> {
  const swept: SweptRun[] = [];
  for (const runDir of listRuns(base)) {
    const state = readState(runDir);
    if (state === undefined || !isLeftBehind(state)) continue;
    const run = await sweepDeadRun(runDir, state);
    swept.push(run);
    if (run.remaining.length === 0) writeState(runDir, { ...state, ended: true, children: [], engine: null });
  }
  return swept;
}

async function sweepDeadRun(runDir: string, state: RunState): Promise<SweptRun> {
  const { runId, children } = state;
  const mark = createRunMark(runDir, state);
  const { killed, remaining } = await sweepRun({ mark, children, spare: [process.pid] });
  const engine = await sweepEngineOf(state);
  return { runId, killed, removed: engine.removed, remaining: [...remaining, ...engine.remaining] };
}

/** What a dead host's run has in the engine that it used. */
async function sweepEngineOf({ runId, engine }: RunState): Promise<Removal> {
  if (engine === null) return { removed: [], remaining: [] };
  try {
    return await removeDeadRun(await openEngine(engine, process.env), runId);
  } catch (error) {
    return { removed: [], remaining: [`containers in ${maskTyped(engine)}, perhaps: ${describeError(error)}`] };
  }
}

export function describeSwept({ runId, killed, removed, remaining }: SweptRun): string {
  const things = removed.map(({ kind, name }) => `, ${kind} ${name} removed`).join("");
  const rest = remaining.length === 0 ? "" : `; still there: ${remaining.join("; ")}`;
  return `swept run ${runId}, whose host had died: ${killed.length} processes killed${things}${rest}`;
}
