/** What a running host is at, in a few words, for a terminal that waits for it. */
import type { RunPhase } from "../../simulator/common/contract/events.ts";
import { unreachable } from "../../simulator/common/foundation/assert.ts";
import { askRunningHost, type RunningHost } from "../control/running-host.ts";
import type { HostDescription } from "../model/description.ts";
import { listNames } from "../model/name-list.ts";
import { formatCount } from "../snapshot/format.ts";

/** Words that are older than that are none. */
const ANSWER_MS_MAX = 1_000;

/** Undefined when the host does not say: it may be about to end, or hang. */
export async function readHostWork(host: RunningHost, settled: AbortSignal): Promise<string | undefined> {
  const signal = AbortSignal.any([settled, AbortSignal.timeout(ANSWER_MS_MAX)]);
  try {
    const request = { request: "describe", showSecrets: false } as const;
    return describeHostWork((await askRunningHost(host, request, { signal })) as HostDescription);
  } catch {
    // These are words about a wait: why the host does not answer is told by the wait itself.
    return undefined;
  }
}

type Work = Pick<HostDescription, "progress"> & {
  readonly phase: RunPhase;
  readonly resources: readonly Pick<HostDescription["resources"][number], "name" | "state">[];
};

export function describeHostWork({ phase, progress, resources }: Work): string {
  switch (phase) {
    case "producing":
    case "draining": {
      if (progress == null) return phase;
      return `${phase}, ${formatCount(progress.processed)} of ${formatCount(progress.requested)} messages processed`;
    }
    case "starting":
    case "infrastructure":
      return listStates(phase, resources, ["waiting", "starting"]);
    case "stopping":
      return listStates(phase, resources, ["stopping"]);
    case "job":
    case "validating":
    case "idle":
    case "ended":
      return phase;
    default:
      return unreachable(phase);
  }
}

function listStates(phase: RunPhase, resources: Work["resources"], states: readonly string[]): string {
  const busy = resources.filter(({ state }) => states.includes(state)).map(({ name }) => name);
  return busy.length === 0 ? phase : `${phase}: ${listNames(busy)}`;
}
