/** `up` and `stress`: a run from its start to its exit code, with output, signals and the control socket around it. */
import { present } from "../../simulator/common/foundation/assert.ts";
import { createError, describeError } from "../../simulator/common/foundation/errors.ts";
import { findRunningHosts } from "../control/running-host.ts";
import { type ControlServer, startControlServer } from "../control/server.ts";
import { linkRun, removeStaleSockets } from "../control/socket-files.ts";
import { resolveUiMode, startOutput } from "../dashboard/output.ts";
import type { Verb } from "../options.ts";
import { describeSwept, sweepDeadHosts } from "../orchestrator/dead-hosts.ts";
import { Host } from "../orchestrator/host.ts";
import type { PreparedRun } from "../preparation.ts";
import { chooseDrivers } from "../resources/server.ts";
import { claimFolder } from "../run/host-claim.ts";
import { findFolderProblems, requireOwnBase } from "../run/run-folder.ts";

export async function runUp(verb: Verb, { options, application }: PreparedRun): Promise<number> {
  const { env, stdin, stdout, stderr } = process;
  // All of them refuse wrong usage, and must do so before a run exists.
  resolveUiMode({ ui: options.ui, stdin, stdout, env });
  requireOwnBase(options.runDir);
  if (!options.isolated) requireOwnFolder(options.runDir);
  const early: [level: "info" | "warn", resource: string, text: string][] = [];
  const drivers = await chooseDrivers(options, {
    notice: (...notice) => early.push(notice),
    progress: (text) => void (options.ui === "quiet" || stderr.write(`flink-apphost: ${text}\n`)),
  });
  const swept = await sweepDeadHosts(options.runDir);
  // Listening begins before there is a host: a signal is only heard between two turns of the event loop.
  const signals: { host: Host | null } = { host: null };
  const removeSignals = listenToSignals(() => present(signals.host, "the host"));
  const host = new Host(verb, {
    options,
    application,
    drivers,
    // Loading the program belongs to the time that a user waits.
    startedAtMs: 0,
    textFolder: process.cwd(),
  });
  signals.host = host;
  const { run } = host;
  const output = await startOutput({
    ui: options.ui,
    feed: run.feed,
    stdin,
    stdout,
    stderr,
    env,
    nowUs: () => run.clock.nowUs(),
    onStop: () => host.requestStop("SIGINT"),
  });
  for (const notice of early) run.notice(...notice);
  for (const problem of findFolderProblems(options.runDir)) run.notice("warn", "host", problem);
  for (const one of swept) run.notice("warn", "host", describeSwept(one));
  let control: ControlServer | undefined;
  try {
    await removeStaleSockets();
    control = await startControlServer({
      path: run.state.socket,
      token: run.token,
      handle: (request, accept, sink) => host.handleRequest(request, accept, sink),
    });
    offerLink(run);
    return await host.execute();
  } finally {
    await control?.close();
    await run.close();
    await output.close();
    removeSignals();
  }
}

/** Only `ps --all` needs it. */
function offerLink({ state, runDir, notice }: Host["run"]): void {
  try {
    linkRun(state.socket, runDir);
  } catch (error) {
    notice("warn", "host", `"ps --all" will not show this run from other folders: ${describeError(error)}`);
  }
}

/** One host a folder, unless several are wanted: the claim decides between two that start at the same moment. */
function requireOwnFolder(base: string): void {
  const owner = claimFolder(base);
  const hosts = findRunningHosts(base);
  const other = owner === null ? hosts[0] : (hosts.find(({ state }) => state.hostPid === owner.pid) ?? null);
  if (other === undefined) return;
  const run = other === null ? "a run that is just starting" : `run ${other.state.runId}`;
  const pid = other === null ? (owner?.pid ?? 0) : other.state.hostPid;
  throw createError("HOST_RUNS_ALREADY", { run, pid, folder: base });
}

/** A closed terminal ends the run like SIGTERM; a fault of our own ends it too, after which it is taken down in order. */
function listenToSignals(host: () => Host): () => void {
  const onInterrupt = () => host().requestStop("SIGINT");
  const onTerminate = () => host().requestStop("SIGTERM");
  const onFault = (error: unknown) => {
    const { notice, ending } = host().run;
    notice("error", "host", describeError(error));
    ending.endWithError(createError("ASSERTION_FAILED", { what: describeError(error) }, error));
  };
  process.on("SIGINT", onInterrupt);
  process.on("SIGTERM", onTerminate);
  process.on("SIGHUP", onTerminate);
  process.on("uncaughtException", onFault);
  return () => {
    process.removeListener("SIGINT", onInterrupt);
    process.removeListener("SIGTERM", onTerminate);
    process.removeListener("SIGHUP", onTerminate);
    process.removeListener("uncaughtException", onFault);
  };
}
