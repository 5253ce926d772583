/** What dead hosts left: processes, files, sockets, and things in the container engine. Nothing is removed here. */

import type { EngineLookup } from "../drivers/docker/engine.ts";
import { listOfDeadOwners } from "../drivers/docker/leftovers.ts";
import { findStaleSockets } from "../files/socket-files.ts";
import { createRunMark } from "../processes/process-identity.ts";
import { isLeftBehind, listRuns, readState } from "../run/run-folder.ts";
import { listLiving, listRemains } from "../watchdog/sweep.ts";
import { type CheckPlan, type Finding, ok, warning } from "./check.ts";

const DEFAULT_BASE = ".flink-apphost";

export interface RunLeftovers {
  readonly runId: string;
  readonly processes: readonly number[];
  readonly paths: readonly string[];
}

export interface Leftovers {
  readonly runs: readonly RunLeftovers[];
  readonly sockets: readonly string[];
  /** `container flink-apphost-kafka-3f9c2a1b`. */
  readonly engineThings: readonly string[];
}

export function planLeftoverCheck(base: string, engine: () => Promise<EngineLookup>): CheckPlan {
  return {
    id: "leftovers",
    title: "Leftovers",
    neededFor: "every run",
    isAskedInfrastructure: false,
    async examine() {
      const [sockets, engineThings] = await Promise.all([findStaleSockets(), listEngineThings(await engine())]);
      return judgeLeftovers({ runs: listRunLeftovers(base), sockets, engineThings }, base);
    },
  };
}

function listRunLeftovers(base: string): RunLeftovers[] {
  const found: RunLeftovers[] = [];
  for (const runDir of listRuns(base)) {
    const state = readState(runDir);
    if (state === undefined || !isLeftBehind(state)) continue;
    const mark = createRunMark(runDir, state);
    const processes = listLiving({ mark, children: state.children, spare: [process.pid] });
    const paths = listRemains(mark);
    if (processes.length > 0 || paths.length > 0) found.push({ runId: state.runId, processes, paths });
  }
  return found;
}

async function listEngineThings(lookup: EngineLookup): Promise<string[]> {
  if (lookup.kind === "none") return [];
  return (await listOfDeadOwners(lookup.engine.docker)).map(({ kind, name }) => `${kind} ${name}`);
}

export function judgeLeftovers({ runs, sockets, engineThings }: Leftovers, base: string): Finding {
  const ofRuns = new Set(runs.flatMap(({ paths }) => paths));
  const parts = [
    ...runs.map(({ runId, processes, paths }) => {
      const alive = processes.length === 0 ? [] : [`processes ${processes.join(", ")}`];
      return `run ${runId}: ${[...alive, ...paths].join(", ")}`;
    }),
    ...sockets.filter((path) => !ofRuns.has(path)),
    ...engineThings,
  ];
  if (parts.length === 0) return ok("none of runs in this folder");
  const where = base === DEFAULT_BASE ? "" : ` --run-dir ${base}`;
  const count = runs.length + sockets.filter((path) => !ofRuns.has(path)).length + engineThings.length;
  return warning(`${count} of dead hosts`, parts.join("; "), `npx flink-apphost down${where}`);
}
