/**
 * Starts a model: each standing resource as soon as all that it waits for is reached, everything else in parallel. The
 * order is in the model alone.
 */
import type { Application } from "../model/application.ts";
import type { ResourceDeclaration, WaitsFor } from "../model/resource.ts";

export interface StartActions {
  /**
   * Settles when the resource is ready. Called before all that it waits for is reached only if it loads early; `reached`
   * then settles when it may begin.
   */
  start(resource: ResourceDeclaration, reached: Promise<unknown>): Promise<void>;
  /** Settles when a milestone other than "ready" is reached. */
  reach(wait: WaitsFor): Promise<void>;
  showWaiting(resource: ResourceDeclaration, reason: string): void;
}

/**
 * Settles when all that stands is ready and each of `goals` is reached. A goal is worked for as soon as its own resource is
 * ready: what others still need is none of its business.
 */
export async function startInOrder(
  application: Application,
  goals: readonly WaitsFor[],
  actions: StartActions,
): Promise<void> {
  const started = new Map<string, Promise<void>>();
  const reached = (wait: WaitsFor): Promise<unknown> => {
    const members = application.members(wait.on).map((member) => started.get(member.name));
    return wait.until === "ready" ? Promise.all(members) : Promise.all(members).then(() => actions.reach(wait));
  };
  for (const resource of application.order.filter((one) => one.life === "standing")) {
    const { waitsFor } = resource;
    const work = async () => {
      if (waitsFor.length > 0) {
        actions.showWaiting(resource, `waiting for ${waitsFor.map((wait) => `${wait.on} ${wait.until}`).join(", ")}`);
      }
      const all = Promise.all(waitsFor.map(reached));
      if (!resource.loadsEarly) await all;
      // Both are awaited: what it waits for may fail, and then it never begins.
      await Promise.all([all, actions.start(resource, all)]);
    };
    started.set(resource.name, work());
  }
  await Promise.all([...started.values(), ...goals.map(reached)]);
}
