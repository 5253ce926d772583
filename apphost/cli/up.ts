/**
 * `up` and `stress` without a dashboard: a run from its start to its exit code in this process, with its output and the
 * signals of a terminal around it. With a dashboard it is started by `terminal-run.ts`, which shows it.
 */
import { present } from "../../simulator/common/foundation/assert.ts";
import { createError, describeError } from "../../simulator/common/foundation/errors.ts";
import { findOwner } from "../control/owner.ts";
import { type RunOutput, startOutput } from "../dashboard/output.ts";
import type { LineMode } from "../dashboard/ui-mode.ts";
import { EXIT } from "../exit-code.ts";
import type { Verb } from "../options.ts";
import type { Host } from "../orchestrator/host.ts";
import { openHost, prepareGround, serveHost } from "../orchestrator/hosting.ts";
import type { PreparedRun } from "../preparation.ts";

export async function runUp(verb: Verb, ui: LineMode, { options, application }: PreparedRun): Promise<number> {
  const { env, stdout, stderr } = process;
  const owner = findOwner(env, () => process.kill(process.pid, "SIGTERM"));
  const ground = await prepareGround(options, (text) => {
    owner?.tell({ type: "preparing", text });
    if (ui !== "quiet") stderr.write(`flink-apphost: ${text}\n`);
  });
  // Listening begins before there is a host: a signal is only heard between two turns of the event loop.
  const signals: { host: Host | null } = { host: null };
  const removeSignals = listenToSignals(() => present(signals.host, "the host"));
  // Loading the program belongs to the time that a user waits.
  const host = openHost({ verb, options, application, startedAtMs: 0, textFolder: process.cwd() }, ground);
  signals.host = host;
  owner?.tell({ type: "open", runDir: host.run.runDir });
  const onLost = (loss: NodeJS.ErrnoException) => void stderr.write(`flink-apphost: ${describeLoss(loss, host)}\n`);
  const output = startOutput({ ui, feed: host.run.feed, stdout, stderr, env, onLost });
  let exitCode: number;
  try {
    exitCode = await serveHost(host, ground);
  } finally {
    await output.close();
    removeSignals();
  }
  // The log of a host with a dashboard is not what was asked for.
  if (owner === null) requireOutput(output, exitCode);
  return exitCode;
}

/** O1 of `dashboard/output.ts`. */
function describeLoss({ code, message }: NodeJS.ErrnoException, { run: { runDir } }: Host): string {
  const what = code === "EPIPE" ? "nobody reads standard output any more" : `standard output is lost (${message})`;
  return `${what}; the run goes on, and its events and its report are in ${runDir}`;
}

/** A pass whose words were lost must not look like one that was told. Any other end keeps its own exit code. */
function requireOutput({ failure }: RunOutput, exitCode: number): void {
  if (failure !== null && exitCode === EXIT.passed) throw createError("OUTPUT_FAILED", {}, failure);
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
