/**
 * `wait`: until every named resource, or every member of a named group, has the status.
 *
 * W1 0 when all are there; WAIT_TIMED_OUT (17) names each that is not, with its state; WAIT_FAILED (18) when one is given
 *    up for good, was scaled away, or the host ended.
 * W2 One that ended with success counts as running and healthy too (R3 of the model).
 */
import { createError, isAppError } from "../../simulator/common/foundation/errors.ts";
import { askRunningHost, followRunningHost, type HostChoice, requireRunningHost } from "../control/running-host.ts";
import type { HostDescription, ResourceDescription } from "../model/description.ts";
import { hasStatus, type WaitStatus } from "../model/resource.ts";
import type { Terminal } from "./terminal.ts";

export interface WaitOptions extends HostChoice {
  readonly names: readonly string[];
  readonly status: WaitStatus;
  readonly timeoutMs: number;
}

export async function runWait(options: WaitOptions, terminal: Terminal): Promise<number> {
  const host = requireRunningHost(options);
  const { names, status, timeoutMs } = options;
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([timeout, terminal.ended]);
  const known = new Map<string, ResourceDescription>();
  const listMissing = () => listUnreached([...known.values()], names, status).map(describeUnreached);
  try {
    const answer = await askRunningHost(host, { request: "describe", showSecrets: false }, { signal });
    for (const resource of (answer as HostDescription).resources) known.set(resource.name, resource);
    checkNames(host.state.runId, [...known.values()], names);
    if (listMissing().length === 0) return await reportReached(options, terminal);
    for await (const item of followRunningHost(host, { request: "follow", showSecrets: false }, signal)) {
      const resource = item as ResourceDescription;
      if (resource.removed) checkRemoved(resource, names, status);
      if (resource.removed) known.delete(resource.name);
      else known.set(resource.name, resource);
      const unreached = listUnreached([...known.values()], names, status);
      if (unreached.length === 0) return await reportReached(options, terminal);
      const failed = unreached.find(({ properties }) => properties.failure !== null);
      if (failed !== undefined) {
        throw createError("WAIT_FAILED", { status, why: `${failed.name} failed`, missing: listMissing() });
      }
    }
  } catch (error) {
    if (terminal.ended.aborted) throw error;
    if (timeout.aborted) {
      const missing = known.size === 0 ? [`the host of run ${host.state.runId} did not answer`] : listMissing();
      throw createError("WAIT_TIMED_OUT", { status, timeoutMs, missing }, error === timeout.reason ? undefined : error);
    }
    if (!isAppError(error) || error.code !== "CONTROL_LOST") throw error;
    // Its death is the answer to this question, not a failure to get one.
  }
  const why = `the host of run ${host.state.runId} ended`;
  throw createError("WAIT_FAILED", { status, why, missing: known.size === 0 ? names : listMissing() });
}

/** A group goes on without its member; whoever named that one waits for what will never be. */
export function checkRemoved({ name }: ResourceDescription, names: readonly string[], status: WaitStatus): void {
  if (!names.includes(name)) return;
  throw createError("WAIT_FAILED", { status, why: `${name} was scaled away`, missing: [`${name} is no longer there`] });
}

async function reportReached({ names, status }: WaitOptions, terminal: Terminal): Promise<number> {
  await terminal.write(`${names.join(", ")}: ${status}`);
  return 0;
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
