/**
 * The host's side of OpenTelemetry: hands the run's events to a worker, which makes traces, metrics and logs of them.
 *
 * T1 Nothing of the SDK is loaded in the host, nor in a user's process that uses the library: it would be another second
 *    there, its settings are global, and its sockets and timers would keep the process. A worker can be ended.
 * T2 The run never waits for a collector, but for CLOSE_MS_MAX at its end. Of events that the worker has not taken at most
 *    UNTAKEN_EVENTS_MAX are kept; further ones are dropped and counted.
 * T3 A collector that does not take what it is sent is one notice, and so is a worker that ends. Neither fails a run.
 */
import { Worker } from "node:worker_threads";
import { withDeadline } from "../../simulator/common/foundation/deadline.ts";
import { describeError } from "../../simulator/common/foundation/errors.ts";
import { readPackageVersion } from "../package-version.ts";
import { entryPoint } from "../processes/entry-point.ts";
import type { RunContext } from "../run/run-context.ts";
import type { FromWorker, TelemetryTask, ToWorker } from "./messages.ts";

const CLOSE_MS_MAX = 2_000;
const UNTAKEN_EVENTS_MAX = 10_000;
const NAME = "telemetry";

export interface Telemetry {
  /** Exports what is left, and ends in CLOSE_MS_MAX in any case. */
  close(): Promise<void>;
}

const NO_TELEMETRY: Telemetry = { close: () => Promise.resolve() };

export function startTelemetry(run: RunContext): Telemetry {
  const { telemetry: settings, runId, runDir, verb, startedAtUs } = run;
  if (settings === null) return NO_TELEMETRY;
  for (const problem of settings.problems) run.notice("warn", NAME, problem);
  if (Object.values(settings.protocols).every((protocol) => protocol === null)) return NO_TELEMETRY;
  const task: TelemetryTask = {
    settings,
    runId,
    runDir,
    startedAtUs,
    command: verb,
    version: readPackageVersion(),
  };
  const worker = new Worker(entryPoint("apphost/telemetry/main"), { workerData: task, name: NAME });
  const closed = Promise.withResolvers<void>();
  let isTold = false;
  const tellOnce = (text: string) => {
    if (isTold) return;
    isTold = true;
    run.notice("warn", NAME, text);
  };
  let untaken = 0;
  let droppedEvents = 0;
  const post = (message: ToWorker) => worker.postMessage(message);
  worker.on("message", (message: FromWorker) => {
    switch (message.type) {
      case "taken":
        untaken -= message.events;
        break;
      case "exportFailed":
        tellOnce(`an export of ${message.signal} failed: ${message.reason}; further failures are not told`);
        break;
      case "closed":
        if (message.droppedLogLines > 0) {
          tellOnce(`${message.droppedLogLines} log lines were not exported: they came faster than they were taken`);
        }
        closed.resolve();
        break;
    }
  });
  worker.on("error", (error) => tellOnce(`nothing is exported any more: ${describeError(error)}`));
  worker.on("exit", () => closed.resolve());
  const unsubscribe = run.feed.subscribe((event) => {
    if (untaken >= UNTAKEN_EVENTS_MAX) {
      droppedEvents += 1;
      return;
    }
    untaken += 1;
    post({ type: "event", event });
  });
  return {
    async close() {
      unsubscribe();
      post({ type: "close" });
      const what = "the collector to take the rest";
      await withDeadline(closed.promise, { what, deadlineMs: CLOSE_MS_MAX }).catch(() =>
        tellOnce(`the collector did not take everything within ${CLOSE_MS_MAX} ms of the end`),
      );
      if (droppedEvents > 0) tellOnce(`${droppedEvents} events are missing in what was exported`);
      await worker.terminate();
    },
  };
}
