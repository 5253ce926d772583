/**
 * A host with everything around it, assembled here for `up` and for the library alike:
 *
 *   claimed → drivers chosen → swept → open (folder, watchdog, feed) → served (control socket, rounds) → closed
 *
 * B1 One host per folder, unless it is isolated: the claim decides between two that start at the same moment. It is given
 *    up when the run is closed, or when there will be none.
 * B2 What dead hosts left is swept before a run exists. What was said before there was a run is said again in it.
 * B3 However a run ends, its control socket goes first, then what tells a collector of it, and then the run.
 */
import { createError, describeError } from "../../simulator/common/foundation/errors.ts";
import { describeLongWait, type LongWait, tellLongWait } from "../../simulator/common/foundation/long-wait.ts";
import { findRunningHosts } from "../control/running-host.ts";
import { startControlServer } from "../control/server.ts";
import { findSocketFolderProblem, linkRun, removeStaleSockets } from "../files/socket-files.ts";
import type { Application } from "../model/application.ts";
import type { HostOptions, Verb } from "../options.ts";
import { type ChosenDrivers, chooseDrivers } from "../resources/driver-choice.ts";
import { claimFolder } from "../run/host-claim.ts";
import { findFolderProblems, requireOwnBase } from "../run/run-folder.ts";
import { startTelemetry } from "../telemetry/telemetry.ts";
import { describeSwept, sweepDeadHosts } from "./dead-hosts.ts";
import { Host } from "./host.ts";

/** What a host stands on: the folder is its own, and it is known where Kafka and Redis come from. */
export interface HostGround {
  readonly drivers: ChosenDrivers;
  readonly notices: readonly Parameters<Host["run"]["notice"]>[];
  /** B1. */
  release(): void;
}

/** `onProgress`: what takes long before there is a run, an image's pull above all. */
export async function prepareGround(options: HostOptions, onProgress: (text: string) => void): Promise<HostGround> {
  requireOwnBase(options.runDir);
  // A run that could not be asked for anything would end a moment later, with words of the system.
  const problem = findSocketFolderProblem();
  if (problem !== null) throw createError("USAGE_CONFLICT", problem);
  const release = options.isolated ? () => undefined : claimBase(options.runDir);
  try {
    const notices: Parameters<Host["run"]["notice"]>[] = [];
    const drivers = await chooseDrivers(options, {
      notice: (...notice) => void notices.push(notice),
      progress: onProgress,
    });
    const sweep = { what: "what dead hosts left in this folder to be swept", deadlineMs: null };
    const tell = (wait: LongWait) => onProgress(describeLongWait(wait));
    const swept = await tellLongWait(sweepDeadHosts(options.runDir), sweep, tell);
    for (const problem of findFolderProblems(options.runDir)) notices.push(["warn", "host", problem]);
    for (const one of swept) notices.push(["warn", "host", describeSwept(one)]);
    return { drivers, notices, release };
  } catch (error) {
    release();
    throw error;
  }
}

/** Throws HOST_RUNS_ALREADY. Returns what gives the claim up. */
function claimBase(base: string): () => void {
  const claim = claimFolder(base);
  const hosts = findRunningHosts(base);
  if (claim.kind === "held") {
    const { pid } = claim.owner;
    const host = hosts.find(({ state }) => state.hostPid === pid);
    const run = host === undefined ? "a run that is just starting" : `run ${host.state.runId}`;
    throw createError("HOST_RUNS_ALREADY", { run, pid, folder: base });
  }
  // A host that runs without the claim was isolated, or comes from a version that made none.
  const [other] = hosts;
  if (other === undefined) return claim.release;
  claim.release();
  const { runId, hostPid } = other.state;
  throw createError("HOST_RUNS_ALREADY", { run: `run ${runId}`, pid: hostPid, folder: base });
}

export interface HostPlace {
  readonly verb: Verb;
  readonly options: HostOptions;
  readonly application: Application;
  /** When a user began to wait for it, by `performance.now()`. */
  readonly startedAtMs: number;
  /** Where the text report is copied to; null for none. */
  readonly textFolder: string | null;
}

/** The run exists from here on. Nothing is started yet, and no time passes: whoever must hear signals listens before. */
export function openHost({ verb, ...place }: HostPlace, { drivers }: HostGround): Host {
  return new Host(verb, { ...place, drivers });
}

/** Runs it to its end, and gives its exit code. Call it once for an open host. */
export async function serveHost(host: Host, ground: HostGround): Promise<number> {
  const { run } = host;
  try {
    for (const notice of ground.notices) run.notice(...notice);
    await removeStaleSockets();
    const control = await startControlServer({
      path: run.state.socket,
      token: run.token,
      handle: (request, accept, sink) => host.handleRequest(request, accept, sink),
    });
    const telemetry = startTelemetry(run);
    try {
      offerLink(host);
      return await host.execute();
    } finally {
      await control.close();
      await telemetry.close();
    }
  } finally {
    await run.close();
    ground.release();
  }
}

/** Only `ps --all` needs it. */
function offerLink({ run: { state, runDir, notice } }: Host): void {
  try {
    linkRun(state.socket, runDir);
  } catch (error) {
    notice("warn", "host", `"ps --all" will not show this run from other folders: ${describeError(error)}`);
  }
}
