/** `up` and `stress`: a run from its start to its exit code, with output, signals and the control socket around it. */
import { present } from "../../simulator/common/foundation/assert.ts";
import { createError, describeError } from "../../simulator/common/foundation/errors.ts";
import { resolveUiMode, startOutput } from "../dashboard/output.ts";
import type { HostOptions, Verb } from "../options.ts";
import { type ControlServer, removeStaleSockets, startControlServer } from "../orchestrator/control-socket.ts";
import { Host } from "../orchestrator/host.ts";
import { chooseDrivers } from "../orchestrator/infrastructure.ts";

export async function runUp(verb: Verb, options: HostOptions): Promise<number> {
  const { env, stdin, stdout, stderr } = process;
  // Both refuse wrong usage, and must do so before a run exists.
  resolveUiMode({ ui: options.ui, stdin, stdout, env });
  const early: [level: "info" | "warn", resource: string, text: string][] = [];
  const drivers = await chooseDrivers(options, {
    notice: (...notice) => early.push(notice),
    progress: (text) => void (options.ui === "quiet" || stderr.write(`flink-apphost: ${text}\n`)),
  });
  // Listening begins before there is a host: a signal is only heard between two turns of the event loop.
  const signals: { host: Host | null } = { host: null };
  const removeSignals = listenToSignals(() => present(signals.host, "the host"));
  const host = new Host(verb, options, drivers);
  signals.host = host;
  const { run } = host;
  const output = await startOutput({
    ui: options.ui,
    feed: run.feed,
    ...{ stdin, stdout, stderr, env },
    nowUs: () => run.clock.nowUs(),
    onStop: () => host.requestStop("SIGINT"),
  });
  for (const notice of early) run.notice(...notice);
  let control: ControlServer | undefined;
  try {
    await removeStaleSockets();
    control = await startControlServer({
      path: run.state.socket,
      token: run.token,
      handle: (request, accept) => host.handleRequest(request, accept),
    });
    return await host.execute();
  } finally {
    await control?.close();
    await run.close();
    await output.close();
    removeSignals();
  }
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
