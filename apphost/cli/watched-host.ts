/** A running host, watched by a dashboard in this process. */

import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { sleep } from "../../simulator/common/foundation/deadline.ts";
import { describeError } from "../../simulator/common/foundation/errors.ts";
import type { WatchItem } from "../control/protocol.ts";
import { askRunningHost, followRunningHost, type RunningHost } from "../control/running-host.ts";
import type { Dashboard } from "../dashboard/dashboard.tsx";
import type { HostLink } from "../dashboard/host-link.ts";
import { formatSummary } from "../dashboard/summary.ts";
import { isHostAlive } from "../run/run-folder.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";

const RETRY_INTERVAL_MS = 1_000;

export const linkTo = (host: RunningHost): HostLink => ({
  runId: host.state.runId,
  runDir: host.runDir,
  logPath: (resource) => runFolder.log(host.runDir, resource),
  ask: (request, onAccepted) => askRunningHost(host, request, { onAccepted }),
});

/**
 * Settles when the run has ended, the host is gone, or the signal comes. A host that gives no answer, as one that was
 * stopped, is asked again for as long as it lives.
 */
export async function watchInto(dashboard: Dashboard, host: RunningHost, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const item of followRunningHost(host, { request: "watch" }, { signal })) {
        dashboard.take(item as WatchItem);
      }
      return;
    } catch (error) {
      if (signal.aborted || !isHostAlive(host.state)) return;
      dashboard.tell("warn", describeError(error));
      await sleep(RETRY_INTERVAL_MS, signal).catch(() => undefined);
    }
  }
}

/** What stays on the terminal. A host that was killed leaves the words of the run as they were, and says nothing itself. */
export function summarize(snapshot: Snapshot, { runDir, state }: RunningHost): readonly string[] {
  const summary = formatSummary(snapshot);
  if (snapshot.phase === "ended") return summary;
  return [
    `THE HOST IS GONE (pid ${state.hostPid}), in phase ${snapshot.phase}, without a word: see ${runFolder.log(runDir, "host")}`,
    ...(snapshot.verdict === null ? summary.slice(1) : summary),
  ];
}

/** The first asks for the end, and the second, as a second Ctrl+C, for one at once. */
export async function endHost(host: RunningHost, how: "stop" | "kill"): Promise<void> {
  await askRunningHost(host, { request: "down" });
  if (how === "kill" && isHostAlive(host.state)) process.kill(host.state.hostPid, "SIGINT");
}
