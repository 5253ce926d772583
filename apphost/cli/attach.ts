/**
 * `attach`: the dashboard of a running host, in another terminal. Several may be attached at once, and each leaves as it
 * likes; the run goes on.
 *
 * Ctrl+C and a closed terminal leave, too: whoever only looked in ends nothing by going away. A signal leaves with its own
 * exit code. What ends the run here is `q`, which asks.
 */
import { createInterface } from "node:readline";
import { describeError } from "../../simulator/common/foundation/errors.ts";
import {
  describeHost,
  findRunningHosts,
  type HostChoice,
  type RunningHost,
  requireRunningHost,
  waitForStartingHost,
} from "../control/running-host.ts";
import type { Ending } from "../dashboard/dashboard.tsx";
import { requireScreen } from "../dashboard/ui-mode.ts";
import { EXIT } from "../exit-code.ts";
import type { ThemeName } from "../options.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";
import { openDashboard } from "./open-dashboard.ts";
import { noteLongWait, type Terminal } from "./terminal.ts";
import { endHost, linkTo, summarize, watchInto } from "./watched-host.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** How it ended: by a person who left, by a signal, or with the run. */
type Left = { readonly exitCode: number } | null;

export async function runAttach(choice: HostChoice, theme: ThemeName, terminal: Terminal): Promise<number> {
  requireScreen("attach", process, "use flink-apphost describe --follow, or logs --follow");
  await waitForStartingHost(choice, noteLongWait(terminal));
  const host = await chooseHost(choice);
  if (host === null) return EXIT.interrupted;
  const over = new AbortController();
  let left: Left = null;
  const leave = (exitCode: number) => {
    left ??= { exitCode };
    over.abort();
  };
  const onSignal = (signal: NodeJS.Signals) => {
    if (!dashboard.lends(signal)) leave(signal === "SIGINT" ? EXIT.interrupted : EXIT.terminated);
  };
  const onEnd = (ending: Ending) => {
    if (ending === "leave") leave(EXIT.passed);
    else endHost(host, ending).catch((error: unknown) => dashboard.tell("error", describeError(error)));
  };
  const dashboard = await openDashboard({ theme, isOwner: false, onEnd });
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    dashboard.connect(linkTo(host));
    await watchInto(dashboard, host, over.signal);
  } finally {
    await dashboard.close((snapshot) => describeEnd(left, snapshot, host));
    for (const signal of SIGNALS) process.removeListener(signal, onSignal);
  }
  return exitCodeOf(left, dashboard.snapshot);
}

function describeEnd(left: Left, snapshot: Snapshot, host: RunningHost): readonly string[] {
  return left === null ? summarize(snapshot, host) : [`run ${host.state.runId} goes on`];
}

/** A host that was killed has no word for how its run ended. */
function exitCodeOf(left: Left, { phase, verdict }: Snapshot): number {
  if (left !== null) return left.exitCode;
  return phase === "ended" ? (verdict?.exitCode ?? EXIT.passed) : EXIT.unexpected;
}

/** Of several, the one that is chosen from the list. Null at Ctrl+C; throws HOST_AMBIGUOUS when none is chosen. */
async function chooseHost(choice: HostChoice): Promise<RunningHost | null> {
  const hosts = choice.run === null ? findRunningHosts(choice.base) : [];
  if (hosts.length < 2) return requireRunningHost(choice);
  hosts.forEach(
    (host, index) => void process.stdout.write(`${String(index + 1).padStart(3)}  ${describeHost(host)}\n`),
  );
  const answer = await readAnswer(`which one, 1 to ${hosts.length}? `);
  if (answer === "interrupted") return null;
  return hosts[Number(answer) - 1] ?? requireRunningHost(choice);
}

/** Empty when the input ended without one (Ctrl+D). */
async function readAnswer(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  const answer = Promise.withResolvers<string>();
  const endLine = (text: string) => {
    process.stdout.write("\n");
    answer.resolve(text);
  };
  lines.once("line", answer.resolve);
  lines.once("SIGINT", () => endLine("interrupted"));
  const onClose = () => endLine("");
  lines.once("close", onClose);
  lines.setPrompt(question);
  lines.prompt();
  try {
    return await answer.promise;
  } finally {
    lines.off("close", onClose);
    lines.close();
  }
}
