/**
 * An application: the resources and who waits for whom, as a checked graph. Pure: building one starts nothing.
 *
 * A1 Names are unique, and each wait names a resource or group that exists.
 * A2 Nobody waits for itself, directly or through others: the graph is acyclic.
 * A3 `order` lists every resource after all that it waits for; stopping goes through it backwards.
 */
import { createError } from "../../simulator/common/foundation/errors.ts";
import type { ResourceDeclaration } from "./resource.ts";

export interface Application {
  readonly order: readonly ResourceDeclaration[];
  /** The members of a group, or the one resource of that name. */
  members(nameOrGroup: string): readonly ResourceDeclaration[];
}

export interface ApplicationBuilder {
  add(declaration: ResourceDeclaration): ApplicationBuilder;
  build(): Application;
}

/** The same application with these members of a group, in the place of the old ones and declared like them. */
export function resizeGroup(application: Application, group: string, names: readonly string[]): Application {
  const template = application.order.find((one) => one.group === group);
  const order = application.order.flatMap((one) => {
    if (one.group !== group) return [one];
    return one === template ? names.map((name) => ({ ...one, name })) : [];
  });
  return { order, members: (name) => order.filter((one) => one.name === name || one.group === name) };
}

const NAME_FORM = /^[a-z][a-z0-9-]{0,63}$/;

export function createApplication(): ApplicationBuilder {
  const declared: ResourceDeclaration[] = [];
  const builder: ApplicationBuilder = {
    add(declaration) {
      declared.push(declaration);
      return builder;
    },
    build() {
      checkNames(declared);
      const members = (name: string) => declared.filter((one) => one.name === name || one.group === name);
      return { order: sortByWaits(declared, members), members };
    },
  };
  return builder;
}

function checkNames(declared: readonly ResourceDeclaration[]): void {
  const seen = new Set<string>();
  for (const { name, group } of declared) {
    for (const text of group === null ? [name] : [name, group]) {
      if (!NAME_FORM.test(text)) refuse(`the name "${text}"`, "use lower-case letters, digits and -, at most 64");
    }
    if (seen.has(name)) refuse(`two resources are named ${name}`, "give each its own name");
    seen.add(name);
  }
}

/** Depth first: a resource is placed after everything it waits for. Meeting one that is still open is a cycle. */
function sortByWaits(
  declared: readonly ResourceDeclaration[],
  members: (name: string) => readonly ResourceDeclaration[],
): ResourceDeclaration[] {
  const order: ResourceDeclaration[] = [];
  const open: string[] = [];
  const visit = (resource: ResourceDeclaration): void => {
    if (order.includes(resource)) return;
    if (open.includes(resource.name)) refuse(`a cycle: ${[...open, resource.name].join(" → ")}`, "break it");
    open.push(resource.name);
    for (const wait of resource.waitsFor) {
      const targets = members(wait.on);
      if (targets.length === 0) refuse(`${resource.name} waits for ${wait.on}`, "no resource or group has that name");
      for (const target of targets) visit(target);
    }
    open.pop();
    order.push(resource);
  };
  for (const resource of declared) visit(resource);
  return order;
}

function refuse(what: string, advice: string): never {
  throw createError("USAGE_CONFLICT", { what: `the application model has ${what}`, advice });
}
