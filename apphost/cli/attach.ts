/**
 * `attach`: the dashboard of a running host, in another terminal. Several may be attached at once, and each leaves as it
 * likes; the run goes on.
 *
 * Ctrl+C and a closed terminal leave, too: whoever only looked in ends nothing by going away. What ends the run here is `q`,
 * which asks.
 */
import { createInterface } from "node:readline/promises";
import { createError, describeError } from "../../simulator/common/foundation/errors.ts";
import {
  describeHost,
  findRunningHosts,
  type HostChoice,
  type RunningHost,
  requireRunningHost,
} from "../control/running-host.ts";
import type { Ending } from "../dashboard/dashboard.tsx";
import { formatSummary } from "../dashboard/summary.ts";
import { EXIT } from "../exit-code.ts";
import type { ThemeName } from "../options.ts";
import { openDashboard } from "./open-dashboard.ts";
import { endHost, linkTo, watchInto } from "./watched-host.ts";

export async function runAttach(choice: HostChoice, theme: ThemeName): Promise<number> {
  const { stdin, stdout } = process;
  if (!(stdin.isTTY && stdout.isTTY)) {
    throw createError("USAGE_CONFLICT", {
      what: "attach needs a terminal as standard input and output",
      advice: "use flink-apphost describe --follow, or logs --follow",
    });
  }
  const host = await chooseHost(choice);
  const over = new AbortController();
  let isLeft = false;
  const leave = () => {
    isLeft = true;
    over.abort();
  };
  const onEnd = (ending: Ending) => {
    if (ending === "leave") leave();
    else endHost(host, ending).catch((error: unknown) => dashboard.tell("error", describeError(error)));
  };
  const dashboard = await openDashboard({ theme, isOwner: false, onEnd });
  dashboard.connect(linkTo(host));
  const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of SIGNALS) process.once(signal, leave);
  try {
    await watchInto(dashboard, host, over.signal);
  } finally {
    for (const signal of SIGNALS) process.removeListener(signal, leave);
    const { runId } = host.state;
    await dashboard.close((snapshot) => (isLeft ? [`run ${runId} goes on`] : formatSummary(snapshot)));
  }
  return isLeft ? EXIT.passed : (dashboard.snapshot.verdict?.exitCode ?? EXIT.passed);
}

/** Of several, the one that is chosen from the list. Throws HOST_AMBIGUOUS when none is. */
async function chooseHost(choice: HostChoice): Promise<RunningHost> {
  const hosts = choice.run === null ? findRunningHosts(choice.base) : [];
  if (hosts.length < 2) return requireRunningHost(choice);
  hosts.forEach(
    (host, index) => void process.stdout.write(`${String(index + 1).padStart(3)}  ${describeHost(host)}\n`),
  );
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await lines.question(`which one, 1 to ${hosts.length}? `);
    return hosts[Number(answer) - 1] ?? requireRunningHost(choice);
  } finally {
    lines.close();
  }
}
