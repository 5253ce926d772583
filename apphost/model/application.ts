/**
 * An application: the resources and who waits for whom, as a checked graph. Pure: building one starts nothing.
 *
 * A1 Names are unique, and each wait names a resource or group that exists (`checks.ts`).
 * A2 Nobody waits for itself, directly or through others: the graph is acyclic (`checks.ts`).
 * A3 `order` lists every resource after all that it waits for; stopping goes through it backwards.
 */
import { taskManagerName } from "../../simulator/common/contract/names.ts";
import { assert } from "../../simulator/common/foundation/assert.ts";
import type { DeclaredProcess, DeclaredResource } from "./builder.ts";
import type { ResourceDeclaration } from "./resource.ts";

export interface Application {
  readonly order: readonly ResourceDeclaration[];
  /** The members of a group, or the one resource of that name. */
  members(nameOrGroup: string): readonly ResourceDeclaration[];
}

/** Of resources that `findProblems` has nothing against. */
export function createApplication(resources: readonly ResourceDeclaration[]): Application {
  const members = (nameOrGroup: string) =>
    resources.filter(({ name, group }) => name === nameOrGroup || group === nameOrGroup);
  return { order: sortByWaits(resources, members), members };
}

/** The same application with these members of a group, in the place of the old ones and declared like them. */
export function resizeGroup(application: Application, group: string, names: readonly string[]): Application {
  const template = application.order.find((one) => one.group === group);
  const order = application.order.flatMap((one) => {
    if (one.group !== group) return [one];
    return one === template ? names.map((name) => ({ ...one, name })) : [];
  });
  return createApplication(order);
}

/** Depth first: a resource is placed after everything it waits for. */
function sortByWaits(
  declared: readonly ResourceDeclaration[],
  members: (name: string) => readonly ResourceDeclaration[],
): ResourceDeclaration[] {
  const order = new Set<ResourceDeclaration>();
  const visit = (resource: ResourceDeclaration, depth: number): void => {
    if (order.has(resource)) return;
    assert(depth <= declared.length, `the waits of ${resource.name} are acyclic (A2)`);
    for (const { on } of resource.waitsFor) for (const target of members(on)) visit(target, depth + 1);
    order.add(resource);
  };
  for (const resource of declared) visit(resource, 0);
  return [...order];
}

const REPLICAS_MAX = 64;
export const isReplicaCount = (count: number): boolean =>
  Number.isInteger(count) && count >= 1 && count <= REPLICAS_MAX;

/** Each replica is a resource; an impossible number of them counts as one. The file's number of TaskManagers may have been overruled, so it is given. */
export function expandReplicas(
  resources: readonly DeclaredResource[],
  options: { readonly taskManagers: number },
): ResourceDeclaration[] {
  return resources.flatMap((resource) => {
    if (resource.kind === "taskmanager") return replicate(resource, options.taskManagers, taskManagerName);
    if (resource.replicas === 1 || !isReplicaCount(resource.replicas))
      return [toDeclaration(resource, resource.name, null, 1)];
    const nameOf = (number: number) => `${resource.name}-${String(number).padStart(2, "0")}`;
    return replicate(resource, resource.replicas, nameOf);
  });
}

const replicate = (resource: DeclaredResource, count: number, nameOf: (number: number) => string) =>
  Array.from({ length: count }, (_, index) => toDeclaration(resource, nameOf(index + 1), resource.name, index + 1));

function toDeclaration(
  { kind, life, waitsFor, process }: DeclaredResource,
  name: string,
  group: string | null,
  replica: number,
): ResourceDeclaration {
  return {
    name,
    kind,
    life,
    group,
    waitsFor,
    // Only our own programs can be loaded before they are told to begin.
    loadsEarly: life === "standing" && waitsFor.length > 0 && LOADING_EARLY.includes(kind),
    ...(process === null ? {} : { process: withReplica(process, replica) }),
  };
}

const LOADING_EARLY: readonly string[] = ["jobmanager", "taskmanager", "flink-job-simulator"];

const withReplica = (process: DeclaredProcess, replica: number) => ({ ...process, replica });
