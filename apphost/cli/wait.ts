/**
 * `wait`: until every named resource, or every member of a named group, has the status.
 *
 * W1 0 when all are there; WAIT_TIMED_OUT (17) names each that is not, with its state; WAIT_FAILED (18) when one is given
 *    up for good, was scaled away, or the host ended.
 * W2 The host may be started after it: within the same time it is waited for, too. A run that is named must be there.
 * W3 One that ended with success counts as running and healthy too (R3 of `resource.ts`).
 */
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { createError, isAppError } from "../../simulator/common/foundation/errors.ts";
import { type TellLongWait, tellLongWait } from "../../simulator/common/foundation/long-wait.ts";
import {
  askRunningHost,
  followRunningHost,
  type HostChoice,
  type RunningHost,
  requireRunningHost,
} from "../control/running-host.ts";
import type { HostDescription, ResourceDescription } from "../model/description.ts";
import { hasStatus, type WaitStatus } from "../model/resource.ts";
import { noteLongWait, type Terminal } from "./terminal.ts";

/** Each look reads the records of all runs in the folder. */
const HOST_LOOK_INTERVAL_MS = 200;

export interface WaitOptions extends HostChoice {
  readonly names: readonly string[];
  readonly status: WaitStatus;
  readonly timeoutMs: number;
}

export async function runWait(options: WaitOptions, terminal: Terminal): Promise<number> {
  const { names, status, timeoutMs } = options;
  const startedAtMs = performance.now();
  const timeout = AbortSignal.timeout(timeoutMs);
  const tell = noteLongWait(terminal);
  const host = await waitForHost(options, tell, terminal.ended);
  const signal = AbortSignal.any([timeout, terminal.ended]);
  const known = new Map<string, ResourceDescription>();
  const listMissing = () =>
    known.size === 0
      ? [`the host of run ${host.state.runId} did not answer`]
      : listUnreached([...known.values()], names, status).map(describeUnreached);
  const what = () => `${names.join(", ")} to be ${status}: ${listMissing().join("; ")}`;
  const deadlineMs = timeoutMs - (performance.now() - startedAtMs);
  try {
    await tellLongWait(followUntilReached(host, options, { known, signal }), { what, deadlineMs }, tell);
    await terminal.write(`${names.join(", ")}: ${status}`);
    return 0;
  } catch (error) {
    if (terminal.ended.aborted) throw error;
    if (timeout.aborted) {
      const cause = error === timeout.reason ? undefined : error;
      throw createError("WAIT_TIMED_OUT", { status, timeoutMs, missing: listMissing() }, cause);
    }
    if (!isAppError(error) || error.code !== "CONTROL_LOST") throw error;
    // Its death is the answer to this question, not a failure to get one.
    const why = `the host of run ${host.state.runId} ended`;
    throw createError("WAIT_FAILED", { status, why, missing: known.size === 0 ? names : listMissing() });
  }
}

/** W2. */
async function waitForHost(options: WaitOptions, tell: TellLongWait, signal: AbortSignal): Promise<RunningHost> {
  const { base, status, timeoutMs } = options;
  const wait = { what: `a host in ${base} to be started`, deadlineMs: timeoutMs };
  // What is wrong with the choice is told at once: only a host that is not there yet may come.
  const look = (): RunningHost | { readonly refusal: unknown } | undefined => {
    try {
      return requireRunningHost(options);
    } catch (error) {
      return isAppError(error) && error.code === "NO_RUNNING_HOST" ? undefined : { refusal: error };
    }
  };
  const started = waitUntil(look, { ...wait, intervalMs: HOST_LOOK_INTERVAL_MS, signal });
  const found = await tellLongWait(started, wait, tell).catch((error: unknown) => {
    if (!isAppError(error) || error.code !== "DEADLINE_EXCEEDED") throw error;
    throw createError("WAIT_TIMED_OUT", { status, timeoutMs, missing: [`no host runs in ${base}`] }, error);
  });
  if ("refusal" in found) throw found.refusal;
  return found;
}

/** `known` is what the host said of its resources, also when the wait fails. */
async function followUntilReached(
  host: RunningHost,
  { names, status }: WaitOptions,
  { known, signal }: { readonly known: Map<string, ResourceDescription>; readonly signal: AbortSignal },
): Promise<void> {
  const isReached = () => listUnreached([...known.values()], names, status).length === 0;
  const answer = await askRunningHost(host, { request: "describe", showSecrets: false }, { signal });
  for (const resource of (answer as HostDescription).resources) known.set(resource.name, resource);
  checkNames(host.state.runId, [...known.values()], names);
  if (isReached()) return;
  for await (const item of followRunningHost(host, { request: "follow", showSecrets: false }, { signal })) {
    const resource = item as ResourceDescription;
    if (resource.removed) checkRemoved(resource, names, status);
    if (resource.removed) known.delete(resource.name);
    else known.set(resource.name, resource);
    if (isReached()) return;
    const unreached = listUnreached([...known.values()], names, status);
    const failed = unreached.find(({ properties }) => properties.failure !== null);
    if (failed === undefined) continue;
    const why = `${failed.name} failed`;
    throw createError("WAIT_FAILED", { status, why, missing: unreached.map(describeUnreached) });
  }
  // The host has said its last word, and not what was waited for.
  throw createError("CONTROL_LOST", { request: "follow" });
}

/** A group goes on without its member; whoever named that one waits for what will never be. */
export function checkRemoved({ name }: ResourceDescription, names: readonly string[], status: WaitStatus): void {
  if (!names.includes(name)) return;
  throw createError("WAIT_FAILED", { status, why: `${name} was scaled away`, missing: [`${name} is no longer there`] });
}

const isMeant = ({ name, properties }: ResourceDescription, wanted: string): boolean =>
  name === wanted || properties.group === wanted;

/** All that nobody has are told at once. */
export function checkNames(run: string, resources: readonly ResourceDescription[], names: readonly string[]): void {
  const unknown = names.filter((name) => !resources.some((resource) => isMeant(resource, name)));
  if (unknown.length === 0) return;
  const groups = resources.flatMap(({ properties }) => properties.group ?? []);
  const known = [...new Set([...groups, ...resources.map((resource) => resource.name)])];
  throw createError("RESOURCE_UNKNOWN", { name: unknown.join(", "), run, known });
}

/** Those of the named resources and groups that do not have the status yet. Pure. */
export function listUnreached(
  resources: readonly ResourceDescription[],
  names: readonly string[],
  status: WaitStatus,
): ResourceDescription[] {
  return resources.filter(
    (resource) =>
      names.some((name) => isMeant(resource, name)) && !hasStatus(resource.state, resource.healthStatus, status),
  );
}

function describeUnreached({ name, state, properties }: ResourceDescription): string {
  const why = properties.failure ?? properties.reason;
  return `${name} is ${state}${why === "" ? "" : ` (${why})`}`;
}
