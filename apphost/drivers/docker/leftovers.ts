/**
 * Finds and removes what runs left in an engine, by label: containers with their volumes, then networks and volumes that
 * nothing uses any more. Used by the host at the end of its run, by the watchdog, and by `up` and `down` for dead hosts.
 *
 * D-1 Only what L2 and L3 of `labels.ts` allow is removed: things of the given run, or things whose owner is dead. What carries our
 *    labels and another name is somebody else's, and is not even listed.
 * D-2 Removing is repeated until a look finds nothing, at most 10 s; "gone" is what the engine's own list says.
 */
import { setTimeout as delay } from "node:timers/promises";
import type Docker from "dockerode";
import { callEngine, callPatiently, engineMessage, statusOf } from "./calls.ts";
import { hasNameOfOurs, isOwnerDead, LABEL, type Labels, labelFilter } from "./labels.ts";

export interface EngineThing {
  readonly kind: "container" | "network" | "volume";
  readonly id: string;
  /** For a person. */
  readonly name: string;
  readonly labels: Labels;
}

export interface Removal {
  readonly removed: readonly EngineThing[];
  /** Still there after the deadline, each with the engine's reason. */
  readonly remaining: readonly string[];
}

const REMOVAL_MS_MAX = 10_000;
const LIST_MS_MAX = 10_000;
const LOOK_INTERVAL_MS = 100;
const UNSEEN_OWNER =
  "its owner may live where it cannot be seen from here; remove it there, or by hand once it is dead";
const SETTLE_MS = 1_500;
/** With it the watchdog is done before its host, which waits for it, loses patience. */
const SILENCE_MS_MAX = 4_000;

/** Everything that one run made. */
export const removeRun = (docker: Docker, runId: string): Promise<Removal> =>
  removeRepeatedly(docker, () => listThings(docker, runId), 0);

/**
 * After a host's death. It may have died while it asked for a container, which the engine makes all the same a moment
 * later: nothing must be found for a while. An engine that is silent is asked again.
 */
export const removeRunPatiently = (docker: Docker, runId: string): Promise<Removal> =>
  removeRepeatedly(
    docker,
    () => callPatiently("list the run", () => listThings(docker, runId), SILENCE_MS_MAX),
    SETTLE_MS,
  );

/**
 * Everything of one run whose host is said to be dead, by somebody who did not make it. What an owner made whom nobody
 * can see from here stays, and is told (L2 of `labels.ts`). An engine that is silent is not waited for as long as a host would.
 */
export async function removeDeadRun(docker: Docker, runId: string): Promise<Removal> {
  const list = () => callPatiently("list the run", () => listThings(docker, runId), SILENCE_MS_MAX);
  const { removed, remaining } = await removeRepeatedly(
    docker,
    async () => (await list()).filter(({ labels }) => isOwnerDead(labels)),
    0,
  );
  const kept = (await list()).filter(({ labels }) => !isOwnerDead(labels));
  return { removed, remaining: [...remaining, ...kept.map((thing) => describeRemaining(thing, UNSEEN_OWNER))] };
}

/** Everything of ours whose host is dead, whatever folder it ran in. */
export const removeOfDeadOwners = (docker: Docker): Promise<Removal> =>
  removeRepeatedly(docker, () => listOfDeadOwners(docker), 0);

export const listOfDeadOwners = async (docker: Docker): Promise<EngineThing[]> =>
  (await listThings(docker, null)).filter(({ labels }) => isOwnerDead(labels));

/** Containers first: networks and volumes cannot go while a container uses them. */
export async function listThings(docker: Docker, runId: string | null): Promise<EngineThing[]> {
  const filters = { label: labelFilter(runId) };
  const [containers, networks, volumes] = await callEngine(
    "list what carries our labels",
    () =>
      Promise.all([
        docker.listContainers({ all: true, filters }),
        docker.listNetworks({ filters }),
        docker.listVolumes({ filters }),
      ]),
    LIST_MS_MAX,
  );
  const things: EngineThing[] = [
    ...containers.map(({ Id, Names, Labels }) => {
      return { kind: "container" as const, id: Id, name: (Names[0] ?? Id).replace(/^\//, ""), labels: Labels };
    }),
    ...networks.map(({ Id, Name, Labels }) => ({ kind: "network" as const, id: Id, name: Name, labels: Labels ?? {} })),
    // The engine says null where there is none.
    ...(volumes.Volumes ?? []).map(({ Name, Labels }) => {
      return { kind: "volume" as const, id: Name, name: Name, labels: Labels ?? {} };
    }),
  ];
  const ours = things.filter(({ kind, name, labels }) => hasNameOfOurs(kind, name, labels));
  // A volume's name is 64 digits; a person tells them apart by less.
  return ours.map((thing) => (thing.kind === "volume" ? { ...thing, name: thing.name.slice(0, 12) } : thing));
}

async function removeRepeatedly(
  docker: Docker,
  list: () => Promise<EngineThing[]>,
  settleMs: number,
): Promise<Removal> {
  const endsAtMs = performance.now() + REMOVAL_MS_MAX;
  const removed = new Map<string, EngineThing>();
  let reasons = new Map<string, string>();
  let foundNothingSinceMs: number | null = null;
  for (;;) {
    const found = await list();
    const nowMs = performance.now();
    foundNothingSinceMs = found.length > 0 ? null : (foundNothingSinceMs ?? nowMs);
    const isSettled = foundNothingSinceMs !== null && nowMs - foundNothingSinceMs >= settleMs;
    if (isSettled || nowMs >= endsAtMs) {
      const remaining = found.map((thing) => describeRemaining(thing, reasons.get(thing.id)));
      return { removed: [...removed.values()].filter(({ id }) => !found.some((one) => one.id === id)), remaining };
    }
    reasons = new Map(await removeOnce(docker, found));
    for (const thing of found) removed.set(thing.id, thing);
    if (found.length === 0) await delay(LOOK_INTERVAL_MS);
  }
}

/** What could not be removed now, and why; another look follows. */
async function removeOnce(docker: Docker, things: readonly EngineThing[]): Promise<(readonly [string, string])[]> {
  const failed: (readonly [string, string])[] = [];
  for (const kind of ["container", "network", "volume"] as const) {
    const ofKind = things.filter((thing) => thing.kind === kind);
    await Promise.all(
      ofKind.map(async (thing) => {
        try {
          await callEngine(`remove ${kind} ${thing.name}`, () => removeThing(docker, thing), REMOVAL_MS_MAX);
        } catch (error) {
          // Gone already, or being removed by somebody else: the next look tells.
          if (statusOf(error) !== 404) failed.push([thing.id, engineMessage(error)]);
        }
      }),
    );
  }
  if (failed.length > 0) await delay(LOOK_INTERVAL_MS);
  return failed;
}

function removeThing(docker: Docker, { kind, id }: EngineThing): Promise<unknown> {
  switch (kind) {
    case "container":
      return docker.getContainer(id).remove({ force: true, v: true });
    case "network":
      return docker.getNetwork(id).remove();
    case "volume":
      return docker.getVolume(id).remove();
  }
}

const describeRemaining = ({ kind, name, labels }: EngineThing, reason: string | undefined): string =>
  `${kind} ${name} of run ${labels[LABEL.run] ?? "?"}${reason === undefined ? "" : `: ${reason}`}`;
