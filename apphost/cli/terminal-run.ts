/**
 * `up` and `stress` on a terminal: the host is a process of its own session, and this one shows it.
 *
 *   starting (what it says goes to a file) → watching → ended      with the host's exit code
 *                                                    ↘ left        the host goes on
 *
 * R1 Whatever ends this process ends the run, too, except when it was left: see `control/owner.ts`.
 * R2 The signals of this process are the host's: a second Ctrl+C kills everything at once. While a pager has the terminal,
 *    its Ctrl+C is the pager's.
 * R3 A host that ended before it had a run is told of with what it said.
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { renameSync, rmSync } from "node:fs";
import { constants } from "node:os";
import { resolve } from "node:path";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { withDeadline } from "../../simulator/common/foundation/deadline.ts";
import type { OwnedHostMessage, OwnerMessage } from "../control/owner.ts";
import type { RunningHost } from "../control/running-host.ts";
import type { Dashboard, Ending } from "../dashboard/dashboard.tsx";
import { EXIT } from "../exit-code.ts";
import type { HostOptions, ThemeName } from "../options.ts";
import { readState, requireOwnBase } from "../run/run-folder.ts";
import { nameHostLog, readLastLines, startHostProcess } from "./host-process.ts";
import { openDashboard } from "./open-dashboard.ts";
import { endHost, linkTo, summarize, watchInto } from "./watched-host.ts";

/** From the last word of a host to the end of its process. */
const EXIT_MS_MAX = 30_000;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export async function runOnTerminal(args: readonly string[], options: HostOptions): Promise<number> {
  const base = resolve(options.runDir);
  requireOwnBase(base);
  const logPath = nameHostLog(base);
  const child = startHostProcess(args, options, { logPath, isOwned: true });
  const opened: { dashboard: Dashboard | null } = { dashboard: null };
  const pass = (signal: NodeJS.Signals) => {
    if (opened.dashboard?.lends(signal) !== true) child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, pass);
  try {
    const view = await openView(child, options.theme);
    opened.dashboard = view.dashboard;
    return await followHost(child, view, logPath);
  } catch (error) {
    child.kill("SIGTERM");
    throw error;
  } finally {
    for (const signal of SIGNALS) process.removeListener(signal, pass);
    rmSync(logPath, { force: true });
  }
}

interface View {
  readonly dashboard: Dashboard;
  /** Settles when a person leaves the run to itself. */
  readonly left: Promise<"left">;
  host: RunningHost | null;
}

async function openView(child: ChildProcess, theme: ThemeName): Promise<View> {
  const left = Promise.withResolvers<"left">();
  const onEnd = (ending: Ending) => {
    if (ending === "leave" && view.host === null) {
      view.dashboard.tell("warn", "there is no run to leave yet: the host is still starting");
    } else if (ending === "leave") left.resolve("left");
    // Before there is a run there is nothing to end in order.
    else if (view.host === null) child.kill("SIGTERM");
    // As a terminal would: the exit code tells an interrupt from the wish of another terminal.
    else if (ending === "stop") child.kill("SIGINT");
    else endHost(view.host, ending).catch(() => child.kill("SIGKILL"));
  };
  const view: View = {
    dashboard: await openDashboard({ theme, isOwner: true, onEnd }),
    left: left.promise,
    host: null,
  };
  return view;
}

async function followHost(child: ChildProcess, view: View, logPath: string): Promise<number> {
  const { dashboard } = view;
  const over = new AbortController();
  const exited = (async () => {
    const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  })();
  const watched = watchWhenOpen(child, view, { logPath, signal: over.signal });
  // Of a host that has ended, or was killed, nothing comes any more.
  const ended = exited.then(async (code) => {
    setTimeout(() => over.abort(), LAST_WORDS_MS_MAX).unref();
    await watched;
    return code;
  });
  const outcome = await Promise.race([ended, view.left]);
  over.abort();
  if (outcome === "left") return leave(child, view);
  await dashboard.close((snapshot) => (view.host === null ? readLastLines(logPath) : summarize(snapshot, view.host)));
  return outcome;
}

/** What is on its way in the socket when the host has ended. */
const LAST_WORDS_MS_MAX = 2_000;

async function watchWhenOpen(
  child: ChildProcess,
  view: View,
  { logPath, signal }: { readonly logPath: string; readonly signal: AbortSignal },
): Promise<void> {
  const opened = Promise.withResolvers<string | null>();
  child.on("message", (message) => {
    const told = message as OwnedHostMessage;
    if (told.type === "preparing") view.dashboard.prepare(told.text);
    else opened.resolve(told.runDir);
  });
  child.once("exit", () => opened.resolve(null));
  const runDir = await opened.promise;
  const state = runDir === null ? undefined : readState(runDir);
  if (runDir === null || state === undefined) return;
  renameSync(logPath, runFolder.log(runDir, "host"));
  view.host = { runDir, state };
  view.dashboard.connect(linkTo(view.host));
  await watchInto(view.dashboard, view.host, signal);
}

/** R1. */
async function leave(child: ChildProcess, { dashboard, host }: View): Promise<number> {
  child.send({ type: "leave" } satisfies OwnerMessage);
  // The host closes the channel when it has heard it.
  await withDeadline(once(child, "disconnect"), { what: "the host to be left", deadlineMs: EXIT_MS_MAX });
  child.unref();
  const run = host === null ? [] : [`--run ${host.state.runId}`];
  await dashboard.close(() => [
    `the run goes on (host pid ${child.pid}); come back with: flink-apphost ${["attach", ...run].join(" ")}`,
    `and end it with: flink-apphost ${["down", ...run].join(" ")}`,
  ]);
  return EXIT.passed;
}
