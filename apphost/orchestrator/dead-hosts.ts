/**
 * What hosts left that died together with their watchdogs: found by the run folders, swept by the next `up` or `down`.
 *
 * Y1 A process is killed only by its recorded pid and start time, or because it carries a dead host's run.
 * Y2 A run counts as swept only when nothing of it is left, neither here nor in the container engine that it used.
 */
import { describeError } from "../../simulator/common/foundation/errors.ts";
import { openEngine } from "../drivers/docker-engine.ts";
import { type EngineThing, type Removal, removeDeadRun } from "../drivers/docker-leftovers.ts";
import { isLeftBehind, listRuns, type RunState, readState, writeState } from "./run-folder.ts";
import { sweepRun } from "./sweep.ts";

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
    const run = await sweepDeadRun(state);
    swept.push(run);
    if (run.remaining.length === 0) writeState(runDir, { ...state, ended: true, children: [], engine: null });
  }
  return swept;
}

async function sweepDeadRun(state: RunState): Promise<SweptRun> {
  const { runId, children, paths } = state;
  const { killed, remaining } = await sweepRun({ runId, children, paths, spare: [process.pid] });
  const engine = await sweepEngineOf(state);
  const processes = remaining.map((pid) => `process ${pid}, after SIGKILL`);
  return { runId, killed, removed: engine.removed, remaining: [...processes, ...engine.remaining] };
}

/** What a dead host's run has in the engine that it used. */
async function sweepEngineOf({ runId, engine }: RunState): Promise<Removal> {
  // Runs of earlier versions have no such field.
  if ((engine ?? null) === null) return { removed: [], remaining: [] };
  try {
    return await removeDeadRun(await openEngine(engine as string, process.env), runId);
  } catch (error) {
    return { removed: [], remaining: [`containers in ${engine}, perhaps: ${describeError(error)}`] };
  }
}

export function describeSwept({ runId, killed, removed, remaining }: SweptRun): string {
  const things = removed.map(({ kind, name }) => `, ${kind} ${name} removed`).join("");
  const rest = remaining.length === 0 ? "" : `; still there: ${remaining.join("; ")}`;
  return `swept run ${runId}, whose host had died: ${killed.length} processes killed${things}${rest}`;
}
