/**
 * The labels on everything that we make in a container engine, and whose they say it is. Pure but for the look at this
 * machine's processes.
 *
 * L1 Everything that we make carries all labels, from its creation on.
 * L2 Only what carries our labels and a name of ours, and whose owner is dead, may be removed by somebody else than its owner. An owner is a
 *    pid and its start time. Where we cannot see the owner's processes (another container, user, or machine whose engine
 *    is reached through a tunnel), it counts as alive: hence the owner's view of processes is a label, too.
 * L3 Labels alone prove nothing: a container takes over those of its image, which may have been made of one of ours. Its
 *    name is its own, and ours are made from the run and the resource. An anonymous volume has labels of its own only.
 */
import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { readPackageVersion } from "../../package-version.ts";
import { isRunning, readProcessView, readStartTime } from "../../processes/process-identity.ts";

const PREFIX = "dev.flink-apphost";

export const LABEL = {
  apphostId: `${PREFIX}.apphost-id`,
  run: `${PREFIX}.run`,
  resource: `${PREFIX}.resource`,
  ownerPid: `${PREFIX}.owner-pid`,
  ownerStarted: `${PREFIX}.owner-started`,
  ownerView: `${PREFIX}.owner-view`,
  version: `${PREFIX}.version`,
} as const;

export type Labels = Readonly<Record<string, string>>;

/** `base` is the folder that keeps the runs. */
export function createLabels(owner: { base: string; runId: string; resource: string }): Labels {
  return {
    [LABEL.apphostId]: createHash("sha256").update(resolve(owner.base)).digest("hex").slice(0, 16),
    [LABEL.run]: owner.runId,
    [LABEL.resource]: owner.resource,
    [LABEL.ownerPid]: String(process.pid),
    [LABEL.ownerStarted]: readStartTime(process.pid) ?? "",
    [LABEL.ownerView]: readProcessView(),
    [LABEL.version]: readPackageVersion(),
  };
}

/** `flink-apphost-3f9c2a1b-kafka`; without a resource, the run's network. */
export const nameInEngine = (runId: string, resource?: string): string =>
  `flink-apphost-${runId}${resource === undefined ? "" : `-${resource}`}`;

export const NETWORK_RESOURCE = "network";
/** As engines name volumes that nobody gave a name. */
const ANONYMOUS_VOLUME = /^[0-9a-f]{64}$/;

/** L3. */
export function hasNameOfOurs(kind: "container" | "network" | "volume", name: string, labels: Labels): boolean {
  const { [LABEL.run]: run = "", [LABEL.resource]: resource = "" } = labels;
  switch (kind) {
    case "container":
      return name === nameInEngine(run, resource);
    case "network":
      return resource === NETWORK_RESOURCE && name === nameInEngine(run);
    case "volume":
      return ANONYMOUS_VOLUME.test(name);
  }
}

/** What the engine is asked for: everything of ours, or of one run. */
export const labelFilter = (runId: string | null): string[] => [runId === null ? LABEL.run : `${LABEL.run}=${runId}`];

/** L2. False also for what is not ours, or is not labelled as it should be. */
export function isOwnerDead(labels: Labels | null | undefined, view = readProcessView()): boolean {
  const pid = Number(labels?.[LABEL.ownerPid]);
  const startTime = labels?.[LABEL.ownerStarted] ?? "";
  if (!Number.isSafeInteger(pid) || pid <= 0 || startTime === "") return false;
  if (labels?.[LABEL.ownerView] !== view) return false;
  return !isRunning({ pid, startTime });
}
